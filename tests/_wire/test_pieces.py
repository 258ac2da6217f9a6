from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from gitlab_completions._wire.characters import whole_characters
from gitlab_completions._wire.limits import restore_line_ends
from gitlab_completions._wire.pieces import Pieces
from gitlab_completions._wire.suggestions import MAX_TEXT
from gitlab_completions._wire.unusable import NotACompletionError


def taken(*texts: str, crlf: bool = False) -> list[str]:
    pieces = Pieces(crlf=crlf)
    return [*(pieces.take(text) for text in texts), pieces.rest()]


@pytest.mark.parametrize(
    ("texts", "crlf", "pieces"),
    [
        (["a", "b"], False, ["a", "b", ""]),
        (["", "a\0b", "\0"], False, ["", "ab", "", ""]),
        (["a\ud83d", "\ude00b"], False, ["a", "😀b", ""]),
        (["a\ud83d", "\0", "\ude00b"], False, ["a", "", "😀b", ""]),
        (["a\ud83d"], False, ["a", "\ufffd"]),
        (["\ud83d", "a"], False, ["", "\ufffda", ""]),
        (["\ude00a"], False, ["\ufffda", ""]),
        (["a\r", "\nb"], False, ["a\r", "\nb", ""]),
        (["a\r", "\nb\n", "\r\n"], True, ["a", "\r\nb\r\n", "\r\n", ""]),
        (["a\r"], True, ["a", "\r"]),
        (["\r", "\r", "\n"], True, ["", "\r", "\r\n", ""]),
        (["a\n", "\nb"], True, ["a\r\n", "\r\nb", ""]),
    ],
)
def test_pieces(texts: list[str], crlf: bool, pieces: list[str]) -> None:
    assert taken(*texts, crlf=crlf) == pieces


@given(
    st.lists(
        st.text(
            st.characters(exclude_categories=())
            | st.sampled_from("\r\n\0\ud83d\ude00"),
            max_size=3,
        )
    ),
    st.booleans(),
)
def test_the_pieces_are_the_text_as_a_whole_suggestion_is(
    texts: list[str],
    crlf: bool,
) -> None:
    whole = whole_characters("".join(texts).replace("\0", ""))
    assert "".join(taken(*texts, crlf=crlf)) == restore_line_ends(whole, crlf=crlf)


def test_a_text_without_an_end_is_given_up() -> None:
    pieces = Pieces(crlf=True)
    assert pieces.take("a" * MAX_TEXT)
    with pytest.raises(NotACompletionError, match="a text too long to insert"):
        pieces.take("\0")
