"""Which answers are kept, for how long, and whom they serve."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlab_completions._records import replace
from gitlab_completions.editor import EditorPolicy
from gitlab_completions.editor._core.answers import ENTRY_BYTES, Answer, Answers
from tests.editor._core.scenes import URI, answer, completion, place

if TYPE_CHECKING:
    from gitlab_completions.editor._core.places import Place

POLICY = EditorPolicy(cache_entries=3, cache_bytes=100_000)


def answers(*kept: Answer, policy: EditorPolicy = POLICY) -> Answers:
    one = Answers(policy)
    for each in kept:
        one.keep(each, 0.0)
    return one


def found(one: Answers, where: Place, now: float = 1.0) -> list[tuple[str, ...]]:
    return [each.texts for each, _ in one.fitting(where, now)]


def test_an_answer_serves_its_place_and_what_is_typed_along_it() -> None:
    one = answers(answer("ab|\nend", "cdef"))
    assert found(one, place("ab|\nend")) == [("cdef",)]
    assert found(one, place("abcd|\nend")) == [("cdef",)]
    assert found(one, place("abx|\nend")) == []
    assert found(one, place("abcd|\nEND")) == []
    assert found(one, place("a|\nend")) == []


def test_the_nearest_answer_comes_first() -> None:
    one = answers(answer("a|", "bcd"), answer("ab|", "cx", "cy"))
    assert found(one, place("abc|")) == [("cx", "cy"), ("bcd",)]


def test_that_there_was_nothing_holds_at_the_place_only() -> None:
    one = answers(answer("ab|"))
    assert found(one, place("ab|")) == [()]
    assert found(one, place("abc|")) == []


def test_nothing_is_believed_for_less_long() -> None:
    one = answers(answer("ab|"), answer("cd|", "e"))
    assert [found(one, place("ab|"), at) for at in (9.9, 10.0)] == [[()], []]
    assert [found(one, place("cd|"), at) for at in (299.9, 300.0)] == [[("e",)], []]


def test_what_has_ended_makes_room() -> None:
    one = answers(answer("ab|"))
    one.keep(answer("cd|", "e"), 10.0)
    assert len(one) == 1


def test_the_least_recently_used_goes_first() -> None:
    one = answers(answer("a|", "1"), answer("b|", "2"), answer("c|", "3"))
    assert found(one, place("a|")) == [("1",)]
    one.keep(answer("d|", "4"), 1.0)
    kept = [each for each in "abcd" if found(one, place(f"{each}|"))]
    assert kept == ["a", "c", "d"]


def test_bytes_are_bounded_whatever_comes() -> None:
    policy = EditorPolicy(cache_entries=100, cache_bytes=5 * ENTRY_BYTES)
    one = answers(policy=policy)
    for at in range(50):
        one.keep(answer(f"{'x' * at}|", "y" * 100 * (at % 7)), 0.0)
        assert one.size_bytes <= policy.cache_bytes
    assert len(one) < 5


def test_what_gitlab_said_counts_however_little_of_it_fits() -> None:
    one = answers(policy=EditorPolicy(cache_bytes=100_000))
    for at in range(20):
        where = f"{'x' * at}|"
        said = completion("y", "z" * 30_000)
        kept = answer(where, "y")
        (candidate,) = kept.candidates
        candidates = (replace(candidate, completion=said),)
        one.keep(replace(kept, candidates=candidates), 0.0)
    assert [len(one), one.size_bytes <= 100_000] == [3, True]


def test_what_has_no_room_at_all_is_not_kept() -> None:
    one = answers(answer("a|", "x" * 200_000), answer("b|", "y"))
    assert [len(one), found(one, place("b|"))] == [1, [("y",)]]


def test_a_newer_answer_takes_the_place_of_its_like() -> None:
    one = answers(answer("a|", "1"), answer("a|", "2"))
    assert found(one, place("a|")) == [("2",)]


def test_a_document_is_forgotten() -> None:
    one = answers(answer("a|", "1"), answer("a|", "2", uri="file:///other"))
    one.forget(URI)
    assert [found(one, place("a|")), len(one)] == [[], 1]


def test_another_policy_keeps_what_it_has_room_for() -> None:
    one = answers(answer("a|", "1"), answer("b|", "2"), answer("c|", "3"))
    one.reconfigure(EditorPolicy(cache_entries=2))
    kept = [each for each in "abc" if found(one, place(f"{each}|"))]
    assert kept == ["b", "c"]


def test_what_is_left_is_an_answer_too() -> None:
    moved = answer("a|", "bcd", "bx", "b").moved(place("ab|"), "b")
    assert moved.texts == ("cd", "x")
    assert moved.anchor == place("ab|").anchor()


def test_no_text_is_shown_in_a_repr() -> None:
    shown = repr(answer("a|", "secret").candidates[0])
    assert shown == "Candidate(secret#1, text=<6 characters>)"
