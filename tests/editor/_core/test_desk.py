"""What a session concludes from what it is told."""

from __future__ import annotations

import pytest

from gitlab_completions.editor import EditorPolicy, Trigger
from gitlab_completions.errors import GitLabCompletionsError
from tests.editor._core.scenes import (
    HERE,
    URI,
    answered,
    asked,
    completion,
    desk,
    key,
    offered,
)

# Where the author is.


def test_who_comes_back_was_away() -> None:
    one = desk()
    away: list[bool] = []
    for at, marked in [(0.0, "a|"), (59.0, "ab|"), (119.0, "abc|"), (120.0, "abcd|")]:
        one.note(key(marked), at)
        away.append(one.was_away)
    assert away == [True, False, True, False]


def test_only_typing_has_a_rhythm() -> None:
    one = desk()
    for at in range(20):
        one.note(key("a|", trigger=Trigger.EXPLICIT), at * 0.6)
        one.note(key("a|"), at * 0.6)
    assert one.send_at(key("a|"), 0.0, 0.0) == 0.15
    for at in range(20):
        one.note(key(f"{'a' * at}|"), 100 + at * 0.6)
    assert one.send_at(key("a|"), 0.0, 0.0) == 0.025


def test_the_same_place_was_come_to_when_it_was_first_asked_for() -> None:
    one = desk()
    one.note(key("a|"), 1.0)
    one.note(key("a|"), 2.0)
    assert one.moved_at == 1.0
    one.note(key("|a"), 3.0)
    assert one.moved_at == 3.0


def test_what_diverged_is_given_up_and_told() -> None:
    one = desk()
    number = asked(one, key("ab|"))
    assert one.note(key("abc|"), 0.1) == ()
    assert one.note(key("ax|"), 0.2) == (number,)
    assert [event.action for event in one.stories.news] == [
        "suggestion_requested",
        "suggestion_cancelled",
    ]
    assert one.answered(number, completion("x"), 0.3) is None


# When to send.


@pytest.mark.parametrize(
    "marked",
    ["|", "x = 1\n|", "x = 1\n    |", "\t|", "call(|)", "a.|", "a =|", "x = [|]"],
)
def test_what_is_open_is_asked_for_at_once(marked: str) -> None:
    assert desk().send_at(key(marked), 5.0, 5.0) == 5.0


def test_an_explicit_request_goes_at_once_whatever_the_minute() -> None:
    one = desk()
    one.minute.hear(60, indirect=True)
    keystroke = key("abc|", trigger=Trigger.EXPLICIT)
    assert one.send_at(keystroke, 0.0, 5.0) == 5.0
    assert one.may_send(keystroke, 5.0)


def test_a_full_minute_slows_even_what_is_open() -> None:
    one = desk()
    one.minute.hear(49, indirect=True)
    assert one.send_at(key("a.|"), 5.0, 5.0) > 6.0
    assert one.may_send(key("a.|"), 5.0)
    one.minute.hear(50, indirect=True)
    assert not one.may_send(key("a.|"), 5.0)


def test_explicit_requests_are_not_typings() -> None:
    one = desk(EditorPolicy(indirect_per_minute=1))
    one.minute.hear(0, indirect=True)
    one.send(key("a|", trigger=Trigger.EXPLICIT), 0.0, 0.0)
    assert one.may_send(key("a|"), 0.0)
    one.send(key("a|"), 0.0, 0.0)
    assert not one.may_send(key("a|"), 0.0)


def test_several_are_asked_for_on_request_only() -> None:
    one = desk(EditorPolicy(candidates=3))
    explicit = key("a|", trigger=Trigger.EXPLICIT)
    generation = key("a|", trigger=Trigger.EXPLICIT, generates=True)
    sends = [one.send(each, 0.0, 0.0) for each in (key("a|"), explicit, generation)]
    assert [send.choices for send in sends] == [None, 3, None]


def test_a_fifth_call_costs_the_oldest() -> None:
    one = desk()
    numbers = [asked(one, key(f"{'a' * at}|")) for at in range(1, 5)]
    assert one.send(key("aaaaa|"), 0.0, 0.0).gives_up == (numbers[0],)
    assert len(one.calls) == 4


# Ends.


def test_a_failure_is_told_once() -> None:
    one = desk()
    number = asked(one, key("a|"))
    one.failed(number, GitLabCompletionsError("no"))
    one.failed(number, GitLabCompletionsError("no"))
    actions = [event.action for event in one.stories.news]
    assert actions == ["suggestion_requested", "suggestion_error"]


def test_what_has_ended_is_not_given_up() -> None:
    one = desk()
    number = asked(one, key("a|"))
    one.give_up((number,))
    one.give_up((number,))
    actions = [event.action for event in one.stories.news]
    assert actions == ["suggestion_requested", "suggestion_cancelled"]


def test_a_closed_document_is_forgotten() -> None:
    one = desk()
    answered(one, HERE, "ce + tax")
    offer = offered(one, HERE)
    assert offer is not None
    number = asked(one, key("x|"))
    assert one.closed(URI) == (number,)
    assert one.closed("file:///other") == ()
    assert offered(one, HERE) is None
    one.note(key(HERE), 5.0)
    assert one.was_away


def test_the_end_forgets_everything() -> None:
    one = desk()
    answered(one, HERE, "ce + tax")
    offer = offered(one, HERE)
    assert offer is not None
    one.shown(offer.items[0])
    asked(one, key("total = price|\n"))
    one.close()
    assert [len(one.calls), len(one.offers.answers)] == [0, 0]
    assert offered(one, HERE) is None
    assert {event.action for event in one.stories.news} >= {
        "suggestion_cancelled",
        "suggestion_rejected",
    }


def test_another_policy_holds_from_now_on() -> None:
    one = desk()
    one.reconfigure(EditorPolicy(trigger_characters=frozenset("~"), candidates=2))
    assert one.send_at(key("a.|"), 0.0, 0.0) > 0.0
    assert one.send_at(key("a~|"), 0.0, 0.0) == 0.0
