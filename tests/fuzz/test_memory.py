"""Reading takes at most ten times what was sent, and 1 MiB, whatever was sent."""

from __future__ import annotations

import gzip
import zlib
from typing import NamedTuple

import pytest
from hypothesis import given, settings, strategies as st

from gitlab_completions._transport.bodies import MAX_ANSWER
from tests.fuzz.memory import allowed, peak
from tests.fuzz.targets import TARGETS, Target

NAMES = [target.name for target in TARGETS]
OTHERS = ("refusals.decode_refusal", "streams.StreamDecoder, events")
WHOLE = [*TARGETS[-3:], *(t for t in TARGETS if t.name in OTHERS)]
"""The targets that all others are parts of, and are judged with."""
WIDE = "\U0001f600"
"""One such character makes four bytes of each in Python's strings."""


class Filling(NamedTuple):
    """A body that repeats something; small to show."""

    start: str
    unit: str
    end: str
    size: int

    def body(self, most: int) -> bytes:
        """Return it, with at most so many bytes."""
        size = min(self.size, most)
        return filled(self.start, self.unit, self.end, size)


def filled(start: str, unit: str, end: str, size: int = MAX_ANSWER) -> bytes:
    """Repeat something up to a size."""
    head, one, tail = start.encode(), unit.encode(), end.encode()
    return head + one * ((size - len(head) - len(tail)) // len(one)) + tail


def keys(size: int = MAX_ANSWER) -> bytes:
    """Return an object of nothing but keys, none twice."""
    return b"{%s}" % b",".join(b'"%x":{}' % number for number in range(size // 11))


TEXT = '{"choices":[{"text":"'
WORST = {
    "objects": filled("[", "{},", "{}]"),
    "arrays": filled("[", "[],", "[]]"),
    "objects in objects": filled("[", '{"a":{}},', "{}]"),
    "objects as choices": filled('{"choices":[', '{"text":"a"},', "{}]}"),
    "objects as a header": filled('{"token":"a","headers":[', "{},", "{}]}"),
    "objects, cut": filled("[", "{},", ""),
    "arrays in arrays": filled("", "[", "") + filled("", "]", ""),
    "arrays in arrays, few": filled("", "[", "", 900) + filled("", "]", "", 900),
    "objects that nest": filled("", '{"a":', ""),
    "numbers": filled("[", "0,", "0]"),
    "fractions": filled("[", ".1,", "0]"),
    "one number": filled("", "9", ""),
    "strings": filled("[", '"ab",', "0]"),
    "wide strings": filled("[", f'"{WIDE}",', "0]"),
    "keys": keys(),
    "keys, few": keys(40_000),
    "blanks": filled("", " ", ""),
    "a text": filled(TEXT, "a", '"}]}'),
    "a wide text": filled(TEXT + WIDE, "a", '"}]}'),
    "half a character in a wide text": filled(TEXT + WIDE + "\\ud800", "a", '"}]}'),
    "escapes in a wide text": filled(TEXT + WIDE, "a\\n", '"}]}'),
    "escapes": filled(TEXT, "\\u0041", '"}]}'),
    "line ends in a wide text": filled(TEXT + WIDE, "\\n", '."}]}'),
    "quotes without an end": filled(TEXT, '\\"', ""),
    "a wide description": filled('{"error_description":"' + WIDE, "a", '"}'),
    "a wide word": filled('{"error":"' + WIDE, "a", '"}'),
    "a long token": filled('{"token":"', "a", '"}'),
    "a long host": filled('{"token":"a","base_url":"https://', "a.", 'a"}'),
    "a wide host": filled(
        '{"token":"a","base_url":"https://' + "\xfc" + WIDE, "a", '"}'
    ),
    "a long path": filled('{"token":"a","base_url":"https://a/', "a/", '"}'),
    "a wide model": filled(
        '{"token":"a","base_url":"https://a","headers":{"X-A":"a"},'
        '"model_details":{"model_name":"a","model_provider":"' + WIDE,
        "a",
        '"}}',
    ),
    "a wide finish": filled(
        '{"choices":[{"text":"a","finish_reason":"' + WIDE, "a", '"}]}'
    ),
    "no text": b"\xff" * MAX_ANSWER,
    "html": filled("<html>", "<p>", ""),
}


@pytest.mark.parametrize("case", WORST)
@pytest.mark.parametrize("target", WHOLE, ids=[target.name for target in WHOLE])
def test_the_worst_bodies_take_no_more_than_they_may(target: Target, case: str) -> None:
    data = target.frame(WORST[case])
    target.try_out(target.frame(b"{}"))  # imports what it imports
    assert peak(target.try_out, data) <= allowed(len(data))


PARTS = st.sampled_from(
    (
        *("[", "{", "]", "}", ",", ":", '"', "\\", "0", "9,", "[],", "{},", '"",', " "),
        *('"a":', '{"a":', "\\n", "\\u0000", "\\ud800", WIDE, "a", "\xe9", '"a":{},'),
        *("null,", "1.5,", "<p>", "\n\n", ": ", ";", '{"text":"a"},', "a.", "%41", "/"),
    )
)
FILLINGS = st.builds(
    Filling,
    start=st.lists(PARTS, max_size=6).map("".join),
    unit=st.lists(PARTS, min_size=1, max_size=3).map("".join),
    end=st.lists(PARTS, max_size=3).map("".join),
    size=st.sampled_from((5_000, 70_000, MAX_ANSWER)),
)


@pytest.mark.parametrize("target", TARGETS, ids=NAMES)
@settings(max_examples=15)
@given(FILLINGS)
def test_a_target_takes_no_more_memory_than_it_may(
    target: Target, filling: Filling
) -> None:
    target.try_out(target.frame(b"{}"))
    data = target.frame(filling.body(target.most))
    assert peak(target.try_out, data) <= allowed(len(data))


@pytest.mark.parametrize("status", [b"\0", b"\1"])
@pytest.mark.parametrize("encoding", [b"\1", b"\2"])
@pytest.mark.parametrize("pieces", [b"\1", b"\xff"])
def test_a_bomb_takes_no_more_memory_than_an_answer(
    status: bytes, encoding: bytes, pieces: bytes
) -> None:
    (target,) = (target for target in TARGETS if target.name == "bodies.Body")
    compress = gzip.compress if encoding == b"\1" else zlib.compress
    bomb = compress(bytes(64 * MAX_ANSWER))
    assert len(bomb) < MAX_ANSWER // 10
    assert peak(target.try_out, status + encoding + pieces + bomb) < 3 * MAX_ANSWER
