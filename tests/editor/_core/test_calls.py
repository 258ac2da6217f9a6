"""Which calls may still fit, and which go when there are too many."""

from __future__ import annotations

from gitlab_completions.editor._core.calls import MOST, Call, Calls
from tests.editor._core.scenes import URI, place

OTHER = "file:///other"


def call(number: int, marked: str, *, explicit: bool = False, uri: str = URI) -> Call:
    return Call(number=number, id="", place=place(marked, uri), explicit=explicit)


def calls(*under_way: Call) -> Calls:
    one = Calls()
    for each in under_way:
        one.add(each)
    return one


def numbers(fitting: tuple[Call, ...]) -> list[int]:
    return [each.number for each in fitting]


def test_what_was_asked_for_before_typing_may_still_fit() -> None:
    one = calls(call(1, "a|\nend"), call(2, "b|\nend"), call(3, "ab|\nend"))
    assert numbers(one.fitting(place("abc|\nend"), explicit=False)) == [1, 3]
    assert one.diverged(place("abc|\nend")) == (2,)


def test_an_explicit_request_is_served_by_explicit_ones_only() -> None:
    one = calls(call(1, "a|"), call(2, "a|", explicit=True))
    assert numbers(one.fitting(place("a|"), explicit=True)) == [2]
    assert numbers(one.fitting(place("a|"), explicit=False)) == [1, 2]


def test_other_documents_calls_go_on() -> None:
    one = calls(call(1, "a|", uri=OTHER))
    assert one.diverged(place("x|")) == ()
    assert one.of(OTHER) == (1,)
    assert one.of(URI) == ()


def test_the_oldest_goes_when_there_are_too_many_and_others_first() -> None:
    one = calls(*(call(at, f"{'a' * at}|") for at in range(1, MOST)))
    assert one.add(call(9, "a|", uri=OTHER)) == ()
    assert one.add(call(10, "aaaa|")) == (9,)
    one.end(9)
    assert one.add(call(11, "aaaaa|")) == (1,)


def test_a_call_ends_once() -> None:
    one = calls(call(1, "a|"))
    assert one.end(1) is not None
    assert one.end(1) is None
    assert [len(one), one.all()] == [0, ()]


def test_a_call_shows_no_text() -> None:
    assert repr(call(1, "secret|")) == "Call(1, )"
