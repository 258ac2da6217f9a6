"""The flow of one keystroke: what is at hand, how long to wait, whether to ask.

The problem: an author types five keys a second, an answer takes half of one, and most
are out of date before they come. The naive way waits a fixed while after each key, asks
at the end of it, and throws away what comes after the next key. Here nothing is asked
for that is known, or under way, and nothing that comes is thrown away while it fits:

- what is left of the suggestion on the screen, or of an answer that is kept, costs
  neither a request nor time;
- where nothing is at hand, a wait begins: none where what comes next is open, or the
  author asks; else until the author's own next key is late;
- what earlier keystrokes have asked for may still fit here. It gets a while of its own,
  beside the other wait, before a request of this keystroke's goes out; what was asked
  for this very place is not asked for again at all;
- once a request is out, whatever comes first and fits is taken.

An explicit request is served by what was asked for explicitly only: of several
candidates, a kept answer has one.

A flow is a generator: it yields a `Command`, is sent an `Outcome` that carries the
time, and returns a `Verdict`. Closing it, when a newer keystroke comes, changes nothing
shared: its calls go on, for whoever they fit.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from gitlab_completions.editor._core.commands import (
    Command,
    Ending,
    GiveUp,
    Offer,
    Outcome,
    Prepare,
    Quiet,
    Verdict,
    Wait,
)
from gitlab_completions.editor.models import Silence, Source
from gitlab_completions.errors import ErrorCode

if TYPE_CHECKING:
    from collections.abc import Generator

    from gitlab_completions.editor._core.answers import Answer
    from gitlab_completions.editor._core.calls import Call
    from gitlab_completions.editor._core.desk import Desk
    from gitlab_completions.editor._core.keystrokes import Keystroke
    from gitlab_completions.errors import GitLabCompletionsError

    Flow = Generator[Command, Outcome, Verdict]

BY_ITSELF = {
    Silence.MID_WORD,
    Silence.TEXT_AFTER_CURSOR,
    Silence.TOO_SHORT,
    Silence.ON_REQUEST_ONLY,
}
"""Why nothing is wanted that comes by itself."""


class Ask:
    """One keystroke's own state: since when it waits, and what it has sent.

    Args:
        desk: What the session knows.
        keystroke: Where the author is, and why suggestions are asked for.
    """

    def __init__(self, desk: Desk, keystroke: Keystroke) -> None:
        self.desk = desk
        self.keystroke = keystroke
        self.since = 0.0
        self.sent_at: float | None = None
        self._moved_at = 0.0
        self._own: int | None = None
        self._here: set[int] = set()
        self._problem: GitLabCompletionsError | None = None

    def run(self, now: float) -> Flow:
        """Order waits and a request until there is a verdict."""
        desk, keystroke = self.desk, self.keystroke
        self.since = now
        diverged = desk.note(keystroke, now)
        self._moved_at = desk.moved_at
        if diverged:
            now = (yield GiveUp(calls=diverged)).at
        if keystroke.unwanted is not None:
            return self._on_screen(now) or Quiet(silence=keystroke.unwanted)
        verdict = self._at_hand(now)
        if verdict is None:
            waits = desk.send_at(keystroke, self._moved_at, now) > now
            now = (yield Prepare(warms=desk.was_away and waits)).at
        while verdict is None:
            step = self._step(now)
            if isinstance(step, Offer | Quiet):
                return step
            outcome = yield step
            now = outcome.at
            verdict = self._after(outcome)
        return verdict

    def _on_screen(self, now: float) -> Verdict | None:
        """Return what is left of what the author asked for where nothing is wanted.

        That is shown in the midst of a line too, and typed along or taken in parts.
        """
        if self.keystroke.unwanted not in BY_ITSELF:
            return None
        for answer, typed, source in self.desk.offers.at_hand(self.keystroke, now):
            if source is Source.TYPED_THROUGH and answer.explicit:
                return self.desk.offers.offer(answer, typed, self.keystroke, source)
        return None

    def _at_hand(self, now: float) -> Verdict | None:
        """Return what is known of this place, be it that there is nothing."""
        quiet: Quiet | None = None
        for answer, typed, source in self.desk.offers.at_hand(self.keystroke, now):
            if self.keystroke.explicit and not answer.explicit:
                continue
            offer = self.desk.offers.offer(answer, typed, self.keystroke, source)
            if offer is not None:
                return offer
            if not typed:
                quiet = quiet or self._useless(answer)
        return quiet

    def _step(self, now: float) -> Command | Verdict:
        """Return what is to be done now: send a request, or wait, or give up."""
        desk, keystroke = self.desk, self.keystroke
        calls = desk.calls.fitting(keystroke.place, explicit=keystroke.explicit)
        here = [call for call in calls if call.anchor.length == keystroke.place.offset]
        self._here = {call.number for call in here}
        if self.sent_at is not None or here:
            return self._wait(calls, math.inf) if calls else self._nothing()
        until = desk.send_at(keystroke, self._moved_at, now)
        if calls:
            until = max(until, self.since + desk.policy.in_flight_wait_s)
        if now < until:
            return self._wait(calls, until)
        if not desk.may_send(keystroke, now):
            return Quiet(silence=Silence.SAVED_FOR_LATER)
        self.sent_at = now
        send = desk.send(keystroke, now, now - self.since)
        self._own = send.call.number
        return send

    def _after(self, outcome: Outcome) -> Verdict | None:
        """Return the verdict that the end of calls allows, if it does."""
        quiet: Verdict | None = None
        for ending in outcome.endings:
            verdict = self._judged(ending, outcome.at)
            if isinstance(verdict, Offer):
                return verdict
            quiet = quiet or verdict
        return quiet

    def _judged(self, ending: Ending, now: float) -> Verdict | None:
        """Return what of a call's answer fits here, or that nothing does."""
        if ending.answer is None:
            self._problem = ending.problem or self._problem
            decides = ending.number in self._here and self._own is None
            return self._nothing() if decides else None
        return self._use(ending.answer, ending.number, now)

    def _use(self, answer: Answer, number: int, now: float) -> Verdict | None:
        keystroke = self.keystroke
        typed = answer.typed(keystroke.place)
        if typed is None:
            return None
        source = Source.NETWORK if number == self._own else Source.IN_FLIGHT
        if keystroke.explicit:
            left = answer.moved(keystroke.place, typed)
            left = self.desk.offers.gathered(left, keystroke, now)
            offer = self.desk.offers.offer(left, "", keystroke, source)
        else:
            offer = self.desk.offers.offer(answer, typed, keystroke, source)
        if offer is None and not typed:
            return self._useless(answer)
        return offer

    @staticmethod
    def _useless(answer: Answer) -> Quiet:
        """Return why an answer for this very place brings no suggestion."""
        if answer.candidates:
            return Quiet(silence=Silence.REJECTED)
        unfit, nothing = Silence.DOES_NOT_FIT, Silence.NOTHING_OFFERED
        return Quiet(silence=unfit if answer.unfit else nothing)

    def _nothing(self) -> Quiet:
        """Return why there is nothing although it was asked for."""
        problem = self._problem
        if problem is None:
            return Quiet(silence=Silence.GIVEN_UP)
        if problem.code is ErrorCode.FILE_IGNORED:
            return Quiet(silence=Silence.FILE_EXCLUDED, problem=problem)
        return Quiet(silence=Silence.FAILED, problem=problem)

    @staticmethod
    def _wait(calls: tuple[Call, ...], until: float) -> Wait:
        return Wait(until=until, calls=tuple(call.number for call in calls))
