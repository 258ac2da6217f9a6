"""What the page says is read with suspicion."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given, settings, strategies as st

from examples.editors.jupyterlab.gitlab_completions_jupyterlab.messages import (
    MalformedError,
    Outcome,
    closed_of,
    outcome_of,
    question_of,
)
from examples.editors.jupyterlab.gitlab_completions_jupyterlab.notebooks import (
    Cell,
    Language,
)
from gitlab_completions.editor import Part

SAID: dict[str, object] = {
    "tab": "t",
    "turn": 1,
    "path": "a.ipynb",
    "cells": [{"kind": "code", "source": "secret = "}],
    "index": 0,
    "offset": 9,
    "language": {"name": "python", "extension": ".py"},
    "explicit": False,
}
OUTCOME: dict[str, object] = {"tab": "t", "id": "i", "option": 1, "what": "shown"}
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


def body(said: object, **changes: object) -> bytes:
    return json.dumps({**said, **changes} if isinstance(said, dict) else said).encode()


def test_a_question_is_read() -> None:
    question = question_of(body(SAID))
    assert question.cells == (Cell(kind="code", source="secret = "),)
    assert question.language == Language(name="python", extension=".py")
    assert "secret" not in repr(question)


@pytest.mark.parametrize(
    ("said", "language"),
    [
        (None, None),
        ({}, Language()),
        ("python", Language()),
        ({"name": "", "extension": ".py"}, Language()),
        ({"name": "R"}, Language(name="R")),
        ({"name": "R", "extension": "r"}, Language(name="R")),
    ],
)
def test_an_odd_language_is_read_tolerantly(
    said: object, language: Language | None
) -> None:
    assert question_of(body(SAID, language=said)).language == language


@pytest.mark.parametrize(
    "changes",
    [
        {"tab": None},
        {"tab": "t" * 2_000},
        {"path": "a\0b"},
        {"path": "\ud800"},
        {"cells": []},
        {"cells": "secret"},
        {"cells": ["secret"]},
        {"cells": [{"kind": "secret", "source": ""}]},
        {"cells": [{"kind": [], "source": "secret"}]},
        {"turn": None},
        {"index": 1},
        {"index": -1},
        {"index": True},
        {"offset": 10},
        {"offset": 0.5},
    ],
)
def test_what_is_no_question_is_refused_without_a_word_of_it(
    changes: dict[str, object],
) -> None:
    with pytest.raises(MalformedError) as refused:
        question_of(body(SAID, **changes))
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("said", [b"", b"[]", b"\xff", b"[" * 100_000, b'"x"'])
def test_what_is_no_object_is_refused(said: bytes) -> None:
    for read in (question_of, outcome_of, closed_of):
        with pytest.raises(MalformedError):
            read(said)


def test_an_outcome_is_read() -> None:
    read = outcome_of(body(OUTCOME, what="accepted", part="word"))
    assert read == Outcome(tab="t", key=("i", 1), what="accepted", part=Part.WORD)
    assert outcome_of(body(OUTCOME)).part is Part.ALL


@pytest.mark.parametrize("changes", [{"what": "eaten"}, {"part": "half"}, {"id": 1}])
def test_what_is_no_outcome_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(MalformedError):
        outcome_of(body(OUTCOME, **changes))


@settings(max_examples=50)
@given(st.sampled_from([*SAID, *OUTCOME]), VALUES)
def test_nothing_but_malformed_is_ever_raised(name: str, value: object) -> None:
    for read in (question_of, outcome_of, closed_of):
        with suppress(MalformedError):
            read(body({**SAID, **OUTCOME}, **{name: value}))
