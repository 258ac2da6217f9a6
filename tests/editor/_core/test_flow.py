"""One keystroke's flow, step by step: what is ordered, and what follows an outcome."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest

from gitlab_completions.editor import EditorPolicy, Silence, Source, Trigger
from gitlab_completions.editor._core.commands import (
    Command,
    Ending,
    GiveUp,
    Offer,
    Outcome,
    Prepare,
    Quiet,
    Send,
    Verdict,
    Wait,
)
from gitlab_completions.editor._core.flow import Ask
from gitlab_completions.errors import ErrorCode, GitLabCompletionsError
from tests.editor._core.scenes import completion, desk, key

if TYPE_CHECKING:
    from gitlab_completions.editor._core.desk import Desk
    from gitlab_completions.editor._core.keystrokes import Keystroke

WAIT_S = 0.15
"""Of an author who is not known yet."""
PATIENCE_S = 0.2
EXPLICIT = Trigger.EXPLICIT
BROKEN = GitLabCompletionsError("no")


class Played:
    """One keystroke, played by hand.

    Args:
        on: What the session knows.
        keystroke: It.
        now: When it comes.
    """

    def __init__(self, on: Desk, keystroke: Keystroke, now: float = 0.0) -> None:
        self.desk = on
        self.ask = Ask(on, keystroke)
        self.flow = self.ask.run(now)
        self.verdict: Verdict | None = None
        self.command: Command | None = None
        self._step(None, now)

    def at(self, now: float, *endings: Ending) -> Command | Verdict | None:
        self._step(Outcome(at=now, endings=endings), now)
        return self.command or self.verdict

    def came(self, now: float, number: int, *texts: str) -> Command | Verdict | None:
        answer = self.desk.answered(number, completion(*texts), now)
        return self.at(now, Ending(number=number, answer=answer))

    def broke(
        self, now: float, number: int, problem: GitLabCompletionsError = BROKEN
    ) -> Command | Verdict | None:
        self.desk.failed(number, problem)
        return self.at(now, Ending(number=number, problem=problem))

    def sent(self) -> int:
        assert isinstance(self.command, Send)
        return self.command.call.number

    def _step(self, outcome: Outcome | None, now: float) -> None:
        try:
            command = next(self.flow) if outcome is None else self.flow.send(outcome)
            while isinstance(command, Prepare | GiveUp):
                command = self.flow.send(Outcome(at=now))
            self.command = command
        except StopIteration as end:
            self.command, self.verdict = None, end.value


def waiting(on: Desk, marked: str, now: float = 0.0) -> Played:
    """Return a keystroke that waits to be sent."""
    one = Played(on, key(marked), now)
    assert isinstance(one.command, Wait)
    return one


def under_way(on: Desk, marked: str, now: float = 0.0) -> int:
    """Return the number of a call that a keystroke has sent."""
    one = Played(on, key(marked), now)
    if not isinstance(one.command, Send):
        one.at(now + 10.0)
    number = one.sent()
    one.flow.close()
    return number


def texts(verdict: object) -> list[tuple[str, Source]]:
    assert isinstance(verdict, Offer)
    return [(item.text, item.source) for item in verdict.items]


# What is not asked for.


def test_nothing_happens_where_nothing_is_wanted() -> None:
    one = Played(desk(), key("a|b", unwanted=Silence.MID_WORD))
    assert one.verdict == Quiet(silence=Silence.MID_WORD)


def test_calls_that_diverged_are_given_up_even_then() -> None:
    on = desk()
    number = under_way(on, "ab|")
    keystroke = key("x|y", unwanted=Silence.MID_WORD)
    flow = Ask(on, keystroke).run(20.0)
    assert next(flow) == GiveUp(calls=(number,))


def test_what_is_known_costs_nothing() -> None:
    on = desk()
    on.answered(under_way(on, "pri|"), completion("ce + tax"), 10.0)
    one = Played(on, key("price|"), 11.0)
    assert texts(one.verdict) == [(" + tax", Source.CACHE)]


def test_that_there_was_nothing_is_known_too() -> None:
    on = desk()
    on.answered(under_way(on, "pri|"), completion(), 10.0)
    assert Played(on, key("pri|"), 11.0).verdict == Quiet(
        silence=Silence.NOTHING_OFFERED
    )
    assert isinstance(Played(on, key("pri|"), 21.0).command, Send)


def test_what_was_kept_and_adds_nothing_any_more_is_no_answer_here() -> None:
    on = desk()
    on.answered(under_way(on, "call|"), completion("(a)"), 10.0)
    number = under_way(on, "call(a|)", 20.0)
    assert number == 2


# The wait, and the request.


def test_a_key_amid_a_word_waits_for_the_next_one() -> None:
    one = waiting(desk(), "pri|")
    assert one.command == Wait(until=WAIT_S, calls=())
    assert one.at(0.1) == Wait(until=WAIT_S, calls=())
    assert isinstance(one.at(WAIT_S), Send)
    assert one.ask.sent_at == WAIT_S


def test_what_is_open_is_sent_at_once() -> None:
    assert isinstance(Played(desk(), key("price.|")).command, Send)
    assert isinstance(Played(desk(), key("x = 1\n|")).command, Send)


def test_an_answer_ends_it() -> None:
    one = Played(desk(), key("price.|"))
    number = one.sent()
    assert one.at(0.0) == Wait(until=math.inf, calls=(number,))
    assert texts(one.came(0.3, number, "net")) == [("net", Source.NETWORK)]


@pytest.mark.parametrize(
    ("answers", "silence"),
    [((), Silence.NOTHING_OFFERED), ((")",), Silence.DOES_NOT_FIT)],
)
def test_an_answer_without_use_ends_it_too(
    answers: tuple[str, ...], silence: Silence
) -> None:
    one = Played(desk(), key("call(|)"))
    number = one.sent()
    one.at(0.0)
    assert one.came(0.3, number, *answers) == Quiet(silence=silence)


def test_a_failure_is_a_silence_with_its_problem() -> None:
    one = Played(desk(), key("price.|"))
    number = one.sent()
    one.at(0.0)
    assert one.broke(0.3, number) == Quiet(silence=Silence.FAILED, problem=BROKEN)


def test_a_file_on_the_clients_ignore_list_is_excluded() -> None:
    problem = GitLabCompletionsError("no", code=ErrorCode.FILE_IGNORED)
    one = Played(desk(), key("price.|"))
    number = one.sent()
    one.at(0.0)
    excluded = Quiet(silence=Silence.FILE_EXCLUDED, problem=problem)
    assert one.broke(0.3, number, problem) == excluded


def test_a_call_that_is_given_up_for_others_leaves_its_keystroke() -> None:
    one = Played(desk(), key("price.|"))
    number = one.sent()
    one.at(0.0)
    one.desk.give_up((number,))
    assert one.at(0.1, Ending(number=number)) == Quiet(silence=Silence.GIVEN_UP)


def test_what_the_minute_has_no_room_for_is_saved() -> None:
    on = desk(EditorPolicy(indirect_per_minute=1))
    on.minute.hear(1, indirect=True)
    one = waiting(on, "price.|")
    assert one.at(61.0) == Quiet(silence=Silence.SAVED_FOR_LATER)
    assert isinstance(Played(on, key("price.|", trigger=EXPLICIT)).command, Send)


def test_only_who_comes_back_and_waits_has_a_connection_warmed() -> None:
    on = desk()
    commands = [
        next(Ask(on, key(marked)).run(at))
        for marked, at in [("a|", 0.0), ("ab|", 1.0), ("abc|", 99.0), ("a.|", 999.0)]
    ]
    assert commands == [Prepare(warms=each) for each in (True, False, True, False)]


# What is under way.


def test_what_was_asked_for_before_gets_a_while() -> None:
    on = desk()
    number = under_way(on, "pri|")
    one = waiting(on, "price|", 20.0)
    assert one.command == Wait(until=20.0 + PATIENCE_S, calls=(number,))
    assert texts(one.came(20.1, number, "ce + tax")) == [(" + tax", Source.IN_FLIGHT)]


def test_what_does_not_fit_ends_that_while() -> None:
    on = desk()
    number = under_way(on, "pri|")
    one = waiting(on, "price|", 20.0)
    assert one.came(20.05, number, "or art") == Wait(until=20.0 + WAIT_S, calls=())


def test_what_fails_ends_that_while() -> None:
    on = desk()
    number = under_way(on, "pri|")
    one = waiting(on, "price|", 20.0)
    assert one.broke(20.18, number) is one.command
    assert isinstance(one.command, Send)


def test_an_older_answer_that_comes_first_is_taken() -> None:
    on = desk()
    older = under_way(on, "pri|")
    one = waiting(on, "price|", 20.0)
    one.at(20.0 + PATIENCE_S)
    own = one.sent()
    assert one.at(20.2) == Wait(until=math.inf, calls=(older, own))
    assert texts(one.came(20.3, older, "ce + tax")) == [(" + tax", Source.IN_FLIGHT)]


def test_an_older_answer_that_does_not_fit_leaves_its_own_to_come() -> None:
    on = desk()
    older = under_way(on, "pri|")
    one = waiting(on, "price|", 20.0)
    one.at(20.0 + PATIENCE_S)
    own = one.sent()
    one.at(20.2)
    assert one.came(20.3, older, "or art") == Wait(until=math.inf, calls=(own,))
    assert texts(one.came(20.4, own, "s")) == [("s", Source.NETWORK)]


def test_a_failure_waits_for_what_may_still_fit() -> None:
    on = desk()
    older = under_way(on, "pri|")
    one = waiting(on, "price|", 20.0)
    one.at(20.0 + PATIENCE_S)
    own = one.sent()
    one.at(20.2)
    assert one.broke(20.3, own) == Wait(until=math.inf, calls=(older,))
    failed = Quiet(silence=Silence.FAILED, problem=BROKEN)
    assert one.broke(20.4, older) == failed


def test_of_two_answers_at_once_the_one_that_fits_counts() -> None:
    on = desk()
    older = under_way(on, "pri|")
    one = waiting(on, "price|", 20.0)
    one.at(20.0 + PATIENCE_S)
    own = one.sent()
    one.at(20.2)
    endings = [
        Ending(number=number, answer=on.answered(number, completion(text), 20.3))
        for number, text in [(own, ""), (older, "ce + tax")]
    ]
    assert texts(one.at(20.3, *endings)) == [(" + tax", Source.IN_FLIGHT)]


def test_one_place_is_asked_for_once() -> None:
    on = desk()
    number = under_way(on, "pri|")
    one = waiting(on, "pri|", 20.0)
    assert one.command == Wait(until=math.inf, calls=(number,))
    failed = Quiet(silence=Silence.FAILED, problem=BROKEN)
    assert one.broke(25.0, number) == failed


def test_what_another_call_finds_at_hand_is_not_sent() -> None:
    on = desk()
    first, second = waiting(on, "pri|"), waiting(on, "pri|")
    first.at(WAIT_S)
    number = first.sent()
    assert second.at(WAIT_S) == Wait(until=math.inf, calls=(number,))


# On request.


def test_an_explicit_request_is_not_content_with_what_typing_got() -> None:
    on = desk()
    on.answered(under_way(on, "pri|"), completion("ce + tax"), 10.0)
    one = Played(on, key("pri|", trigger=EXPLICIT), 11.0)
    number = one.sent()
    one.at(11.0)
    both = [("ce * 2", Source.NETWORK), ("ce + tax", Source.NETWORK)]
    assert texts(one.came(11.4, number, "ce * 2", "ce + tax")) == both


def test_an_explicit_answer_serves_the_next_request() -> None:
    on = desk()
    one = Played(on, key("pri|", trigger=EXPLICIT))
    number = one.sent()
    one.at(0.0)
    one.came(0.4, number, "ce * 2", "ce + tax")
    again = Played(on, key("pri|", trigger=EXPLICIT), 1.0)
    assert [text for text, _ in texts(again.verdict)] == ["ce * 2", "ce + tax"]
    along = Played(on, key("price |"), 2.0)
    assert [text for text, _ in texts(along.verdict)] == ["* 2", "+ tax"]


def test_what_was_asked_for_amid_a_line_is_typed_along_there() -> None:
    on = desk()
    one = Played(on, key("pri|x", trigger=EXPLICIT))
    one.came(0.4, one.sent(), "ce + ", "me")
    along = Played(on, key("price|x", unwanted=Silence.MID_WORD), 1.0)
    assert texts(along.verdict) == [(" + ", Source.TYPED_THROUGH)]
    other = Played(on, key("prix|x", unwanted=Silence.MID_WORD), 2.0)
    assert other.verdict == Quiet(silence=Silence.MID_WORD)
    excluded = Played(on, key("price|x", unwanted=Silence.FILE_EXCLUDED), 3.0)
    assert excluded.verdict == Quiet(silence=Silence.FILE_EXCLUDED)


def test_what_came_by_itself_is_not_shown_amid_a_line() -> None:
    on = desk()
    on.answered(under_way(on, "pri|x"), completion("ce + "), 10.0)
    assert isinstance(Played(on, key("price|x"), 11.0).verdict, Offer)
    one = Played(on, key("price |x", unwanted=Silence.TEXT_AFTER_CURSOR), 12.0)
    assert one.verdict == Quiet(silence=Silence.TEXT_AFTER_CURSOR)


def test_typing_waits_for_an_explicit_answer() -> None:
    on = desk()
    one = Played(on, key("pri|", trigger=EXPLICIT))
    number = one.sent()
    assert waiting(on, "pric|", 0.1).command == Wait(
        until=0.1 + PATIENCE_S, calls=(number,)
    )


def test_an_explicit_answer_under_way_is_used_for_what_is_left_of_it() -> None:
    on = desk()
    asked = Played(on, key("pri|", trigger=EXPLICIT))
    number = asked.sent()
    one = Played(on, key("price|", trigger=EXPLICIT), 0.1)
    left = [(" + tax", Source.IN_FLIGHT), (" * 2", Source.IN_FLIGHT)]
    assert texts(one.came(0.2, number, "ce + tax", "or", "ce * 2")) == left


def test_an_explicit_answer_that_is_typed_out_leaves_the_request_to_be_sent() -> None:
    on = desk()
    number = Played(on, key("pri|", trigger=EXPLICIT)).sent()
    one = Played(on, key("price|", trigger=EXPLICIT), 0.1)
    one.came(0.2, number, "ce")
    assert isinstance(one.command, Send)
    own = one.sent()
    one.at(0.2)
    assert texts(one.came(0.3, own, "s")) == [("s", Source.NETWORK)]


def test_what_the_author_asked_for_amid_a_line_is_typed_along_there() -> None:
    on = desk()
    one = Played(on, key("pri| per unit", trigger=EXPLICIT))
    number = one.sent()
    one.at(0.0)
    one.came(0.4, number, "ce")
    along = Played(on, key("pric| per unit", unwanted=Silence.TEXT_AFTER_CURSOR), 1.0)
    assert texts(along.verdict) == [("e", Source.TYPED_THROUGH)]
    off = Played(on, key("pric| per unit", unwanted=Silence.SWITCHED_OFF), 2.0)
    assert off.verdict == Quiet(silence=Silence.SWITCHED_OFF)


def test_what_was_rejected_is_rejected_when_it_is_said_anew() -> None:
    on = desk()
    first = waiting(on, "ret|")
    first.at(1.0)
    offered = first.came(1.5, first.sent(), "urn")
    assert isinstance(offered, Offer)
    on.rejected(offered.items[0])
    again = Played(on, key("ret|"), 1_000.0)
    said = again.came(1_001.5, again.sent(), "urn")
    assert said == Quiet(silence=Silence.REJECTED)
