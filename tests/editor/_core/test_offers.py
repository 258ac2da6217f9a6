"""What is offered of the answers that are known, and under which names."""

from __future__ import annotations

from gitlab_completions.editor import Part, Source, Trigger
from tests.editor._core.scenes import (
    ALONG,
    HERE,
    answered,
    asked,
    completion,
    desk,
    key,
    offered,
    texts,
)


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


def test_the_last_part_of_a_suggestion_is_all_that_is_left_of_it() -> None:
    one = desk()
    answered(one, HERE, "ce + tax")
    first, last = offered(one, HERE), offered(one, "total = price + |\n")
    assert first is not None
    assert last is not None
    one.accepted(first.items[0], Part.WORD)
    assert not one.stories.has_ended(first.items[0].id)
    one.accepted(last.items[0], Part.WORD)
    assert one.stories.has_ended(first.items[0].id)
    assert one.stories.news[-1].action == "suggestion_accepted"
    undone = offered(one, HERE)
    assert undone is not None
    assert undone.items[0].id != first.items[0].id


def test_an_explicit_answer_comes_after_what_is_on_the_screen() -> None:
    one = desk()
    answered(one, HERE, "ce + tax")
    assert offered(one, HERE) is not None
    keystroke = key(ALONG, trigger=Trigger.EXPLICIT)
    number = asked(one, keystroke)
    came = one.answered(number, completion(" * 2", " + tax", " - 1"), 1.0)
    assert came is not None
    gathered = one.offers.gathered(came, keystroke, 1.0)
    offer = one.offers.offer(gathered, "", keystroke, Source.NETWORK)
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
    assert one.offers.gathered(came, keystroke, 1.0).texts == ("ce * 2",)


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
