"""What a session concludes from what it is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gitlab_completions.editor import EditorPolicy, Part, Source, Trigger
from gitlab_completions.errors import GitLabCompletionsError
from tests.editor._core.scenes import URI, completion, desk, key

if TYPE_CHECKING:
    from gitlab_completions.editor._core.answers import Answer
    from gitlab_completions.editor._core.commands import Offer
    from gitlab_completions.editor._core.desk import Desk, Keystroke

HERE = "total = pri|\n"
ALONG = "total = price|\n"


def asked(one: Desk, keystroke: Keystroke, now: float = 0.0) -> int:
    one.note(keystroke, now)
    return one.send(keystroke, now, 0.0).call.number


def answered(
    one: Desk, marked: str, *texts: str, trigger: Trigger = Trigger.TYPING
) -> Answer:
    number = asked(one, key(marked, trigger=trigger))
    answer = one.answered(number, completion(*texts), 0.0)
    assert answer is not None
    return answer


def offered(
    one: Desk,
    marked: str,
    *,
    trigger: Trigger = Trigger.TYPING,
    source: Source | None = None,
) -> Offer | None:
    """Return what is offered of what is at hand."""
    keystroke = key(marked, trigger=trigger)
    for answer, typed, found in one.at_hand(keystroke, 1.0):
        if source is None or found is source:
            return one.offer(answer, typed, keystroke, found)
    return None


def texts(offer: Offer | None) -> list[str]:
    return [] if offer is None else [item.text for item in offer.items]


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


# What is offered.


def test_typing_along_keeps_a_suggestions_id() -> None:
    one = desk()
    answered(one, HERE, "ce + tax")
    first, then = offered(one, HERE), offered(one, ALONG)
    assert first is not None
    assert then is not None
    assert [texts(first), texts(then)] == [["ce + tax"], [" + tax"]]
    assert first.items[0].id == then.items[0].id
    assert [first.items[0].source, then.items[0].source] == ["cache", "typed_through"]


def test_what_was_offered_is_so_again_after_other_keys() -> None:
    one = desk()
    answered(one, HERE, "ce + tax")
    assert offered(one, HERE) is not None
    assert offered(one, "total = prix|\n") is None
    assert texts(offered(one, HERE, source=Source.TYPED_THROUGH)) == ["ce + tax"]


def test_a_suggestion_is_gone_when_the_text_below_changes() -> None:
    one = desk()
    answered(one, HERE, "ce + tax")
    assert offered(one, HERE) is not None
    assert offered(one, HERE + "more") is None


def test_what_is_left_stays_as_it_was_shown_over_line_ends() -> None:
    one = desk()
    answered(one, "bar(foo|)", "(\n    a)")
    assert texts(offered(one, "bar(foo|)")) == ["(\n    a)"]
    assert texts(offered(one, "bar(foo(\n    |)")) == ["a)"]


def test_after_a_bracket_that_the_editor_closed_it_stays_as_it_is_then() -> None:
    one = desk()
    answered(one, "{ f |)", "{\n    a\n}\n}")
    assert texts(offered(one, "{ f |)")) == ["{\n    a\n}\n}"]
    closed = offered(one, "{ f {|})")
    assert texts(closed) == ["\n    a\n}\n"]
    assert texts(offered(one, "{ f {\n    |})")) == ["a\n}\n"]


def test_a_rejected_candidate_stays_away_from_what_is_typed_along_another() -> None:
    one = desk()
    answered(one, HERE, "ce + tax", "ce * 2")
    both = offered(one, HERE)
    assert both is not None
    one.rejected(both.items[0])
    other = offered(one, HERE)
    assert texts(other) == ["ce * 2"]
    assert other is not None
    along = offered(one, ALONG)
    assert texts(along) == [" * 2"]
    assert along is not None
    assert along.items[0].id == other.items[0].id


def test_only_what_fits_is_offered() -> None:
    one = desk()
    answered(one, "call(|)", "a, b)", ")", "a, b", "c")
    offer = offered(one, "call(|)")
    assert offer is not None
    assert [(item.text, item.option) for item in offer.items] == [("a, b", 1), ("c", 2)]


def test_blank_answers_are_none() -> None:
    one = desk()
    answer = answered(one, HERE, " \n", "")
    assert answer.candidates == ()
    assert not answer.unfit
    assert one.stories.news[-1].action == "suggestion_not_provided"


def test_what_fits_nowhere_is_silence() -> None:
    one = desk()
    answer = answered(one, "call(|)", ")")
    assert offered(one, "call(|)") is None
    assert answer.unfit


def test_a_rejected_suggestion_comes_back_on_request_only() -> None:
    one = desk()
    answer = answered(one, HERE, "ce + tax", trigger=Trigger.EXPLICIT)
    offer = offered(one, HERE)
    assert offer is not None
    one.rejected(offer.items[0])
    assert offered(one, HERE) is None
    assert not answer.unfit
    again = offered(one, HERE, trigger=Trigger.EXPLICIT)
    assert again is not None
    assert texts(again) == ["ce + tax"]
    assert again.items[0].id != offer.items[0].id
    assert texts(offered(one, ALONG)) == [" + tax"]


def test_rejecting_what_was_never_offered_changes_nothing() -> None:
    one = desk()
    answered(one, HERE, "ce + tax")
    stranger = desk()
    answered(stranger, HERE, "x")
    offer = offered(stranger, HERE)
    assert offer is not None
    fresh = desk()
    fresh.rejected(offer.items[0])
    assert not fresh.stories.news


def test_what_was_taken_has_another_id_when_it_is_offered_again() -> None:
    one = desk()
    answered(one, HERE, "ce + tax")
    offer = offered(one, HERE)
    assert offer is not None
    one.shown(offer.items[0])
    one.accepted(offer.items[0], Part.WORD)
    along = offered(one, ALONG)
    assert along is not None
    assert along.items[0].id == offer.items[0].id
    one.accepted(along.items[0], Part.ALL)
    undone = offered(one, HERE)
    assert undone is not None
    assert undone.items[0].id != offer.items[0].id
    assert offered(one, HERE) == undone


def test_an_explicit_answer_comes_after_what_is_on_the_screen() -> None:
    one = desk()
    answered(one, HERE, "ce + tax")
    assert offered(one, HERE) is not None
    keystroke = key(ALONG, trigger=Trigger.EXPLICIT)
    number = asked(one, keystroke)
    came = one.answered(number, completion(" * 2", " + tax", " - 1"), 1.0)
    assert came is not None
    gathered = one.gathered(came, keystroke, 1.0)
    offer = one.offer(gathered, "", keystroke, Source.NETWORK)
    assert offer is not None
    assert texts(offer) == [" + tax", " * 2", " - 1"]
    assert [item.option for item in offer.items] == [1, 2, 3]
    assert texts(offered(one, ALONG, trigger=Trigger.EXPLICIT)) == texts(offer)


def test_what_was_rejected_is_not_gathered() -> None:
    one = desk()
    answered(one, HERE, "ce + tax")
    offer = offered(one, HERE)
    assert offer is not None
    one.rejected(offer.items[0])
    keystroke = key(HERE, trigger=Trigger.EXPLICIT)
    came = one.answered(asked(one, keystroke), completion("ce * 2"), 1.0)
    assert came is not None
    assert one.gathered(came, keystroke, 1.0).texts == ("ce * 2",)


def test_one_of_several_that_is_rejected_leaves_the_others() -> None:
    one = desk()
    answered(one, HERE, "ce + tax", "ce * 2", trigger=Trigger.EXPLICIT)
    offer = offered(one, HERE)
    assert offer is not None
    one.rejected(offer.items[0])
    left = offered(one, HERE, source=Source.TYPED_THROUGH)
    assert texts(left) == ["ce * 2"]


def test_what_is_fitted_to_a_closed_bracket_stays_so() -> None:
    one = desk()
    answered(one, "total = sum|\n", "(prices, 0)")
    assert texts(offered(one, "total = sum|\n")) == ["(prices, 0)"]
    assert texts(offered(one, "total = sum(|)\n")) == ["prices, 0"]
    along = offered(one, "total = sum(prices|)\n", source=Source.TYPED_THROUGH)
    assert texts(along) == [", 0"]


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
    assert [len(one.calls), len(one.answers)] == [0, 0]
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
