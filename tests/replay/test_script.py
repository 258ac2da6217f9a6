"""What strokes make of a text, and what an author is about to write."""

from __future__ import annotations

from gitlab_completions.replay.script import Meaning, State, Stroke, after, states
from tests.replay.parts import HEAD, TAIL, script, typed

AT = len(HEAD)


def test_a_stroke_changes_the_text_and_leaves_the_cursor_behind_it() -> None:
    state = after("abcd", Stroke(gap_s=0, offset=1, removed=2, inserted="xyz"))
    assert state == State(text="axyzd", cursor=4)
    assert (state.above, state.below) == ("axyz", "d")


def test_a_stroke_may_leave_the_cursor_elsewhere() -> None:
    state = after("", Stroke(gap_s=0, offset=0, inserted="()", cursor=1))
    assert (state.above, state.below) == ("(", ")")


def test_what_a_stroke_names_beyond_the_end_is_not_there() -> None:
    stroke = Stroke(gap_s=0, offset=99, removed=5, inserted="x", cursor=500)
    assert after("ab", stroke) == State(text="abx", cursor=3)


def test_edits_and_explicit_requests_ask_and_moves_do_not() -> None:
    assert Stroke(gap_s=0, offset=0, inserted="x").asks
    assert Stroke(gap_s=0, offset=0, removed=1).asks
    assert Stroke(gap_s=0, offset=0, explicit=True).asks
    assert not Stroke(gap_s=0, offset=0).asks


def test_states_follow_each_other() -> None:
    made = list(states(script(*typed("ab"))))
    assert [state.above for state in made] == [HEAD + "a", HEAD + "ab"]
    assert {state.below for state in made} == {TAIL}


def test_what_is_meant_leaves_out_what_is_taken_back() -> None:
    wrong = Stroke(gap_s=0, offset=AT + 2, inserted="x")
    back = Stroke(gap_s=0, offset=AT + 2, removed=1)
    meaning = Meaning(script(*typed("re"), wrong, back, *typed("turn", AT + 2)))
    assert meaning.text(-1, AT) == "return"
    assert meaning.text(1, AT + 2) == "turn"
    assert meaning.text(2, AT + 3) == ""  # the author is about to take a step back


def test_what_is_meant_goes_on_when_the_author_comes_back_from_elsewhere() -> None:
    above = Stroke(gap_s=0, offset=3, inserted="zz")
    taken = Stroke(gap_s=0, offset=3, removed=1)
    below = Stroke(gap_s=0, offset=AT + 9, inserted="z")
    strokes = [*typed("a"), above, taken, below, *typed("b", AT + 2)]
    meaning = Meaning(script(*strokes))
    assert meaning.text(-1, AT) == "ab"
    # But nobody takes "ab" who is about to leave after the "a".
    assert meaning.reached_by("a", -1, AT) == 0
    assert meaning.reached_by("ab", -1, AT) is None


def test_what_is_meant_ends_where_what_was_there_before_is_changed() -> None:
    across = Stroke(gap_s=0, offset=AT - 1, removed=2, inserted="z")
    assert Meaning(script(*typed("ab"), across)).text(-1, AT) == "ab"


def test_a_text_is_reached_with_the_last_stroke_that_leaves_just_it() -> None:
    wrong = Stroke(gap_s=0, offset=AT + 2, inserted="x")
    back = Stroke(gap_s=0, offset=AT + 2, removed=1)
    meaning = Meaning(script(*typed("re"), wrong, back, *typed("turn", AT + 2)))
    assert meaning.reached_by("re", -1, AT) == 3
    assert meaning.reached_by("return", -1, AT) == 7
    assert meaning.reached_by("retire", -1, AT) is None


def test_what_the_author_wrote_is_in_no_repr() -> None:
    one = script(Stroke(gap_s=0.5, offset=0, inserted="canary"))
    assert "canary" not in repr(one) + repr(one.strokes)
    assert repr(one.strokes[0]) == (
        "Stroke(gap_s=0.5, offset=0, removed=0, inserted=<6 characters>)"
    )
    assert HEAD not in repr(one)
