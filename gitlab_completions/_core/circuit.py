"""A route's memory of losses: closed, open, half-open.

The naive breaker counts failures and waits: it forgets nothing on success, so its rest
grows over a whole session; it lets everyone through when the rest is over, so a route
that is still broken costs all of them; an answer that was sent for long before the
trip closes it again; and while an author types, who leaves each call long before its
timeout, it sees no failure at all. Here each attempt takes a `Permit` when it is sent,
and settles it once when it ends, whether or not its caller still waits. A permit knows
which era of the circuit it was given in: what was sent before a trip has no say after
it. After the rest one probe at a time goes out, beside a real call that another route
serves; probes that answer in time close the circuit, and the growth of the rest is then
forgotten.

An attempt is lost when it fails, or when it is late: nobody waits for it any more, and
nothing has arrived. Lateness needs no timer: the circuit keeps the attempts whose
callers have left, and counts the late ones when it is next asked to. An answer that
took long, but that its caller received, is no loss.

A rate limit is a rest of a stated length, without growth. While it lasts the route
still serves a call that has no other, but only once in `LAST_RESORT_S`: GitLab's
`Retry-After` is a constant of its rate limiter, not the time that is left. And a route
that has a rival gives way when it is the slower one by the medians of both: a rest like
any other, ended by probes that are no slower than the rival.
"""

from __future__ import annotations

import math
from collections import deque
from enum import StrEnum
from typing import TYPE_CHECKING

from gitlab_completions._core.comparison import Comparison
from gitlab_completions._core.permit import Permit, Transition
from gitlab_completions._core.recent import Recent

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitlab_completions._core.hedging import Pace
    from gitlab_completions.policy import CircuitPolicy

LAST_RESORT_S = 5.0
"""Seconds between two sends to a rate-limited route that is a call's last.

Twelve a minute at the most: a fifth of GitLab's default limit.
"""
SPREAD = 0.2
"""Share by which a rest is longer or shorter, so that clients do not probe at once.

With the longest rest of 30 s that is as good as 12 s, more than any probe takes; more
would keep some of them from a route that has long recovered.
"""


class CircuitState(StrEnum):
    """What a circuit lets through."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class Cause(StrEnum):
    """Why a circuit is open."""

    FAILURES = "failures"
    LATENESS = "lateness"
    RATE_LIMIT = "rate_limit"
    SLOWER = "slower"


class Circuit:
    """One route's circuit; told the time, in monotonic seconds.

    Args:
        policy: When it trips and how long it rests.
        jitter: Gives a number from 0 up to 1, anew at each call.
        pace: How fast the route answers.
        rival: The circuit of the route that calls take in place of this one; `None`
            for the last resort, in use however slow it is: lateness trips it never.
    """

    __slots__ = (
        "_cause",
        "_comparison",
        "_cool_down_s",
        "_era",
        "_good_probes",
        "_jitter",
        "_last_resort_at",
        "_losses",
        "_none_before",
        "_open_until",
        "_out",
        "_probe",
        "_recent",
        "_rival",
        "_row",
        "pace",
        "policy",
    )

    def __init__(
        self,
        policy: CircuitPolicy,
        jitter: Callable[[], float],
        *,
        pace: Pace,
        rival: Circuit | None = None,
    ) -> None:
        self.policy = policy
        self.pace = pace
        self._rival = rival
        self._comparison = None if rival is None else Comparison(pace, rival.pace)
        self._jitter = jitter
        self._era = 0
        self._losses: deque[bool] = deque(maxlen=policy.window)
        self._recent = Recent(policy)
        self._row = 0
        self._cool_down_s = policy.cool_down_s
        self._open_until: float | None = None
        self._cause = Cause.FAILURES
        self._out: dict[Permit, None] = {}
        self._none_before = -math.inf
        self._probe: Permit | None = None
        self._good_probes = 0
        self._last_resort_at = 0.0

    def reconfigure(self, policy: CircuitPolicy) -> None:
        """Go by another policy; what is remembered stays, as far as it reaches."""
        self.policy = policy
        self._losses = deque(self._losses, maxlen=policy.window)
        self._recent.reconfigure(policy)
        self._cool_down_s = min(self._cool_down_s, policy.max_cool_down_s)

    # What a flow and a status ask.

    def state(self, now: float) -> CircuitState:
        """Tell what the circuit lets through now."""
        if self._open_until is None:
            return CircuitState.CLOSED
        return CircuitState.OPEN if now < self._open_until else CircuitState.HALF_OPEN

    @property
    def cause(self) -> Cause | None:
        """Why the circuit is not closed, or `None` when it is."""
        return None if self._open_until is None else self._cause

    def may_probe(self, now: float) -> bool:
        """Tell whether a probe may go out now."""
        return self.state(now) is CircuitState.HALF_OPEN and self._probe is None

    def is_doubtful(self, now: float) -> bool:
        """Tell whether more than one of the last few attempts was late or failed."""
        return self._recent.is_doubtful(now)

    @property
    def is_troubled(self) -> bool:
        """Whether the route has been late, or has failed, more than now and then."""
        return self._recent.is_troubled()

    def is_overdue(self, now: float) -> bool:
        """Tell whether an attempt has been silent for longer than the hedge delay."""
        since = now - self.pace.delay_s
        return self._none_before < since and any(
            one.admitted_at < since for one in self._out
        )

    def rests_s(self, now: float) -> float | None:
        """Return the seconds until the rest is over, or `None` when there is none."""
        if self._open_until is None or now >= self._open_until:
            return None
        return self._open_until - now

    def is_rate_limited(self, now: float) -> bool:
        """Tell whether the circuit is open because the route asked for a rest."""
        limited = self._cause is Cause.RATE_LIMIT
        return limited and self.state(now) is CircuitState.OPEN

    def refuses_s(self, now: float) -> float | None:
        """Return the seconds for which even a call's last resort is refused.

        `None` when it is not: only a rate limit refuses the last route of a call.
        """
        if not self.is_rate_limited(now):
            return None
        wait_s = self._last_resort_at + LAST_RESORT_S - now
        return wait_s if wait_s > 0 else None

    # What attempts, servers and the clock tell.

    def admit(self, now: float, *, timed: bool = True, whole: bool = True) -> Permit:
        """Give a permit for an attempt that is sent now, whatever the state.

        A generation is no probe, for it would be one for a minute; nor is what shows
        only a first piece where whole answers are too slow.
        """
        tells = timed and (whole or self.cause is not Cause.SLOWER)
        probe = tells and self.may_probe(now)
        permit = Permit(self, self._era, now, probe=probe, timed=timed, whole=whole)
        if probe:
            self._probe = permit
        if timed:
            self._out[permit] = None
        if self.cause is Cause.RATE_LIMIT:
            self._last_resort_at = now
        return permit

    def settle(self, permit: Permit, now: float, *, success: bool) -> Transition:
        """Learn from the end of an attempt; called by its permit."""
        slow = permit.timed and now - permit.admitted_at > self.pace.delay_s
        self._note(permit, now, bad=slow or not success)
        if success:
            self.learn(permit, now)
        return self._settle(permit, now, None if success else Cause.FAILURES)

    def learn(self, permit: Permit, now: float) -> None:
        """Let an answer teach the route's pace, as long as the circuit is closed."""
        tells = permit.timed and permit.whole and permit.era == self._era
        if tells and self._open_until is None:
            self.pace.learn(now - permit.admitted_at)

    def left(self, permit: Permit, now: float) -> Transition:
        """Count an attempt that is left late, or watch it; called by its permit."""
        if permit is self._probe:
            return Transition.NONE  # its call is served by another route, and soon over
        if self._is_late(permit, now):
            return self._lose(permit, now)
        permit.alone = True
        return Transition.NONE

    def cut(self, permit: Permit, now: float) -> Transition:
        """Count an attempt that is ended late, be it a probe; called by its permit."""
        late = self._is_late(permit, now)
        return self._lose(permit, now) if late else Transition.NONE

    def count_late(self, now: float) -> Transition:
        """Count what was left before and is silent past the hedge delay by now."""
        transition = Transition.NONE
        since = now - self.pace.delay_s
        if self._none_before >= since:
            return transition
        # Every call asks at each of its steps, and what is sent later is late later: no
        # look at all that are out is needed before the oldest of them can be late.
        oldest = min((one.admitted_at for one in self._out), default=now)
        self._none_before = min(oldest, now)
        for permit in [one for one in self._out if one.admitted_at < since]:
            # It may be out no more: a trip forgets all that were sent before it.
            if permit in self._out and (permit.alone or permit is self._probe):
                transition = self._lose(permit, now)
        return transition

    def release(self, permit: Permit) -> None:
        """Take back a permit that was not used up; called by the permit."""
        self._out.pop(permit, None)
        if permit is self._probe:
            self._probe = None

    def refuse(self, permit: Permit, now: float) -> Transition:
        """Take note that a request was refused; called by its permit.

        That is no loss, for the route works. But the call got nothing by it: a last
        resort that refuses is in doubt, and a probe has not shown that all is well.
        """
        if self._rival is None:
            self._note(permit, now, bad=True)
        probe = permit is self._probe
        self.release(permit)
        if not probe:
            return Transition.NONE
        # For no longer than the first time: it has not failed either. And no more for
        # a rate limit, which would refuse a call's last resort.
        limited = self._cause is Cause.RATE_LIMIT
        cause = Cause.FAILURES if limited else self._cause
        self._open(now + self._spread(self.policy.cool_down_s), cause)
        return Transition.TRIPPED

    def rest(self, permit: Permit, now: float, rest_s: float) -> Transition:
        """Open for a stated time, without growth; called by a permit."""
        self.release(permit)
        self._note(permit, now, bad=True)
        return self.heed(now, rest_s)

    def heed(self, now: float, rest_s: float) -> Transition:
        """Open for the time that the server asked for, be it of another process."""
        tripped = self.state(now) is not CircuitState.OPEN
        until = now + min(rest_s, self.policy.max_rate_limit_s)
        self._open(max(until, self._open_until or until), Cause.RATE_LIMIT)
        self._last_resort_at = now
        return Transition.TRIPPED if tripped else Transition.NONE

    def jump(self, now: float) -> None:
        """Cut a rest short: the clock jumped, so the world may have changed.

        What was in flight has no say any more: the machine slept, not the route.
        """
        self._era += 1
        self._probe = None
        self._out.clear()
        self._recent.clear()
        self.pace.start_over()
        if self._open_until is not None:
            self._open_until = min(self._open_until, now)
            if self._cause is Cause.RATE_LIMIT:
                self._cause = Cause.FAILURES

    # Judgement.

    def _is_late(self, permit: Permit, now: float) -> bool:
        silent_s = now - permit.admitted_at
        return silent_s >= self.policy.late_share * self.pace.delay_s

    def _note(self, permit: Permit, now: float, *, bad: bool) -> None:
        """Remember, once, how an attempt of this era went."""
        if permit.era == self._era and not permit.late:
            self._recent.note(now, bad=bad)

    def _lose(self, permit: Permit, now: float) -> Transition:
        """Count an attempt as late; where there is nothing better, its end counts.

        When the rival is late too, both are slow for one reason, and a rest of this
        route would only send its calls to the other, with probes beside them.
        """
        if permit.late:
            return Transition.NONE
        self._note(permit, now, bad=True)
        permit.late = True
        if not self._has_better(now):
            return Transition.NONE
        self._out.pop(permit, None)
        permit.settled = True
        return self._settle(permit, now, Cause.LATENESS)

    def _settle(self, permit: Permit, now: float, loss: Cause | None) -> Transition:
        probe = permit is self._probe
        self.release(permit)
        if probe:
            return self._judge_probe(permit, now, loss)
        if permit.era != self._era or self._open_until is not None:
            return Transition.NONE
        return self._judge(now, loss)

    def _judge(self, now: float, loss: Cause | None) -> Transition:
        self._losses.append(loss is not None)
        if loss is None:
            self._row = 0
            slower = self._is_slower(now)
            return self._trip(now, Cause.SLOWER) if slower else Transition.NONE
        self._row += 1
        too_many = (
            self._row >= self.policy.losses_in_a_row
            or sum(self._losses) >= self.policy.losses_in_window
        )
        return self._trip(now, loss) if too_many else Transition.NONE

    def _judge_probe(self, probe: Permit, now: float, loss: Cause | None) -> Transition:
        """Let a probe close the circuit, or send it back to rest.

        A probe that answers too late is a route that no caller would wait for.
        """
        if loss is None and now - probe.admitted_at > self._in_time_s(now):
            loss = Cause.LATENESS
        if loss is not None:
            slow_still = loss is Cause.LATENESS and self._cause is Cause.SLOWER
            return self._trip(now, Cause.SLOWER if slow_still else loss)
        self._good_probes += 1
        if self._good_probes < self.policy.probes_to_close:
            return Transition.NONE
        self._close()
        return Transition.RECOVERED

    def _has_better(self, now: float) -> bool:
        """Tell whether calls would be served sooner by the rival.

        The rival is doubtful while all is well too, for it is mostly asked for what is
        slow by itself. Only when this route is in trouble as well, both are slow.
        """
        if self._rival is None:
            return False
        return not (self.is_troubled and self._rival_fails(now))

    def _rival_fails(self, now: float) -> bool:
        """Tell whether nobody would get any more what the rival once delivered."""
        return self._rival is not None and self._rival.is_doubtful(now)

    def _in_time_s(self, now: float) -> float:
        """Return the seconds in which a probe has to answer."""
        if self._comparison is None or not self._has_better(now):
            return math.inf
        if self._cause is not Cause.SLOWER or self._rival_fails(now):
            return self.pace.delay_s
        return min(self.pace.delay_s, self._comparison.no_slower_s(self.policy))

    def _is_slower(self, now: float) -> bool:
        comparison = self._comparison
        return comparison is not None and comparison.is_slower(self.policy, now)

    def _trip(self, now: float, cause: Cause) -> Transition:
        self._open(now + self._spread(self._cool_down_s), cause)
        self._cool_down_s = min(2 * self._cool_down_s, self.policy.max_cool_down_s)
        return Transition.TRIPPED

    def _spread(self, rest_s: float) -> float:
        return rest_s * (1 + SPREAD * (2 * self._jitter() - 1))

    def _open(self, until: float, cause: Cause) -> None:
        self._open_until = until
        self._cause = cause
        self._era += 1
        self._good_probes = 0
        self._probe = None
        self._out.clear()

    def _close(self) -> None:
        self._open_until = None
        self._era += 1
        self._losses.clear()
        self._recent.clear()
        self._row = 0
        self._cool_down_s = self.policy.cool_down_s
        self._out.clear()
        self.pace.start_over()
