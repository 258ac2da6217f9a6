"""Documents follow the client's edits, whatever they are in and wherever they end."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given, strategies as st

from gitlab_completions.editor import PositionEncoding
from gitlab_completions.editor.positions import position_of
from gitlab_completions.lsp.conversation import RefusedError
from gitlab_completions.lsp.documents import Documents

URI = "file:///a.py"
NAMED = {"uri": URI}
TEXTS = st.text(alphabet="ab \t\n\r\f\u2028é😀", max_size=12)


def opened(text: str, encoding: PositionEncoding = "utf-16") -> Documents:
    documents = Documents(encoding)
    item = {**NAMED, "languageId": "python", "version": 1, "text": text}
    documents.open({"textDocument": item})
    return documents


def change(documents: Documents, *changes: object) -> str | None:
    documents.change({"textDocument": NAMED, "contentChanges": list(changes)})
    return documents.text_of(URI)


def reach(start: tuple[int, int], end: tuple[int, int]) -> dict[str, object]:
    places = ({"line": line, "character": at} for line, at in (start, end))
    return dict(zip(("start", "end"), places, strict=True))


def test_several_edits_follow_each_other() -> None:
    documents = opened("one\ntwo\n")
    edits = (
        {"range": reach((0, 0), (0, 3)), "text": "1\n1.5"},
        {"range": reach((2, 0), (2, 3)), "text": "2"},
        {"range": reach((3, 0), (3, 0)), "text": "3"},
    )
    assert change(documents, *edits) == "1\n1.5\n2\n3"


def test_a_document_may_be_sent_anew_as_a_whole() -> None:
    assert change(opened("one"), {"text": "two"}) == "two"
    assert change(opened("one"), {"text": "two", "range": None}) == "two"


def test_an_edit_beyond_a_line_or_the_end_is_at_that_end() -> None:
    beyond = {"range": reach((0, 99), (0, 99)), "text": "!"}
    assert change(opened("one\ntwo"), beyond) == "one!\ntwo"
    below = {"range": reach((9, 0), (9, 9)), "text": "!"}
    assert change(opened("one\ntwo"), below) == "one\ntwo!"


def test_an_edit_that_ends_before_it_begins_takes_nothing_away() -> None:
    backwards = {"range": reach((0, 2), (0, 1)), "text": "!"}
    assert change(opened("one"), backwards) == "on!e"


@pytest.mark.parametrize(
    "wrong",
    [
        {"text": 1},
        {"range": {}, "text": ""},
        {"range": reach((0, 0), (-1, 0)), "text": ""},
        "text",
        None,
    ],
    ids=str,
)
def test_a_document_with_a_wrong_edit_is_known_again_when_it_is_sent_as_a_whole(
    wrong: object,
) -> None:
    documents = opened("one")
    insertion = {"range": reach((0, 0), (0, 0)), "text": "!"}
    with pytest.raises(RefusedError):
        change(documents, insertion, wrong)
    assert documents.named({"textDocument": NAMED}) is None
    assert documents.text_of(URI) is None
    assert change(documents, insertion) is None
    assert change(documents, insertion, {"text": "two"}, insertion) == "!two"
    assert documents.named({"textDocument": NAMED}) is not None
    with pytest.raises(RefusedError):
        change(documents, wrong)
    assert documents.close({"textDocument": NAMED}) == URI


def test_what_is_not_open_is_passed_over() -> None:
    documents = Documents()
    assert change(documents, {"text": "two"}) is None
    assert documents.close({"textDocument": NAMED}) is None
    assert documents.named({"textDocument": NAMED}) is None


def test_a_closed_document_is_forgotten() -> None:
    documents = opened("one")
    assert documents.close({"textDocument": NAMED}) == URI
    assert documents.text_of(URI) is None


@given(TEXTS, TEXTS, st.data(), st.sampled_from(get_args(PositionEncoding)))
def test_an_edit_lands_where_the_client_made_it(
    text: str, new: str, data: st.DataObject, encoding: PositionEncoding
) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    # No client counts an offset within a line end.
    inside = (at for at in (start, end) if text[at - 1 : at + 1] == "\r\n" and at)
    if any(inside):
        return
    places = (position_of(text, at, encoding) for at in (start, end))
    pairs = tuple((place.line, place.character) for place in places)
    documents = opened(text, encoding)
    edit = {"range": reach(*pairs), "text": new}
    assert change(documents, edit) == text[:start] + new + text[end:]
