"""A route's memory of failures: closed, open, half-open.

The naive breaker counts failures and waits: it forgets nothing on success, so its rest
grows over a whole session; it lets everyone through when the rest is over, so a route
that is still broken costs all of them; and an answer that was sent for long before the
trip closes it again. Here each attempt takes a `Permit` when it is sent, and settles it
once when it ends, whether or not its caller still waits. A permit knows which era of
the circuit it was given in: what was sent before a trip has no say after it. After the
rest one probe at a time goes out, beside a real call that another route serves; probes
that answer in time close the circuit, and the growth of the rest is then forgotten.

A rate limit is a rest of a stated length, without growth. While it lasts the route
still serves a call that has no other, but only once in `LAST_RESORT_S`: GitLab's
`Retry-After` is a constant of its rate limiter, not the time that is left.

Only failures are losses here.
"""

from __future__ import annotations

from collections import deque
from enum import Enum, StrEnum
from typing import TYPE_CHECKING

from gitlab_completions.policy import HEDGE_DELAY_S

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitlab_completions.policy import CircuitPolicy

LAST_RESORT_S = 5.0
"""Seconds between two sends to a rate-limited route that is a call's last.

Twelve a minute at the most: a fifth of GitLab's default limit.
"""
SPREAD = 0.2
"""Share by which a rest is longer or shorter, so that clients do not probe at once."""


class CircuitState(StrEnum):
    """What a circuit lets through."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class Transition(Enum):
    """What settling a permit did to its circuit."""

    NONE = 0
    TRIPPED = 1
    RECOVERED = 2


class Permit:
    """The right to one attempt, to be settled exactly once when the attempt ends.

    Args:
        circuit: Who gave it.
        era: The circuit's, when it was given.
        admitted_at: When it was given.
        probe: Whether it is a half-open circuit's one probe.
    """

    __slots__ = ("admitted_at", "circuit", "era", "probe", "settled")

    def __init__(
        self, circuit: Circuit, era: int, admitted_at: float, *, probe: bool
    ) -> None:
        self.circuit = circuit
        self.era = era
        self.admitted_at = admitted_at
        self.probe = probe
        self.settled = False

    def succeed(self, now: float) -> Transition:
        """Settle: the route answered."""
        return self.circuit.settle(self, now, success=True) if self._once() else NO

    def fail(self, now: float) -> Transition:
        """Settle: the route failed."""
        return self.circuit.settle(self, now, success=False) if self._once() else NO

    def rest(self, now: float, rest_s: float) -> Transition:
        """Settle: the route asked for a rest of so many seconds."""
        return self.circuit.rest(self, now, rest_s) if self._once() else NO

    def release(self) -> Transition:
        """Settle: the attempt says nothing about the route."""
        if self._once():
            self.circuit.release(self)
        return NO

    def _once(self) -> bool:
        first, self.settled = not self.settled, True
        return first


NO = Transition.NONE


class Circuit:
    """One route's circuit; told the time, in monotonic seconds.

    Args:
        policy: When it trips and how long it rests.
        jitter: Gives a number from 0 up to 1, anew at each call.
        late_s: Seconds after which a probe's answer is too late; `math.inf` for a
            route that calls wait for however slow it is.
    """

    __slots__ = (
        "_cool_down_s",
        "_era",
        "_good_probes",
        "_jitter",
        "_last_resort_at",
        "_late_s",
        "_losses",
        "_open_until",
        "_probe",
        "_rate_limited",
        "_row",
        "policy",
    )

    def __init__(
        self,
        policy: CircuitPolicy,
        jitter: Callable[[], float],
        *,
        late_s: float = HEDGE_DELAY_S,
    ) -> None:
        self.policy = policy
        self._jitter = jitter
        self._late_s = late_s
        self._era = 0
        self._losses: deque[bool] = deque(maxlen=policy.window)
        self._row = 0
        self._cool_down_s = policy.cool_down_s
        self._open_until: float | None = None
        self._probe: Permit | None = None
        self._good_probes = 0
        self._rate_limited = False
        self._last_resort_at = 0.0

    def reconfigure(self, policy: CircuitPolicy) -> None:
        """Go by another policy; what is remembered stays, as far as it reaches."""
        self.policy = policy
        self._losses = deque(self._losses, maxlen=policy.window)
        self._cool_down_s = min(self._cool_down_s, policy.max_cool_down_s)

    def state(self, now: float) -> CircuitState:
        """Tell what the circuit lets through now."""
        if self._open_until is None:
            return CircuitState.CLOSED
        return CircuitState.OPEN if now < self._open_until else CircuitState.HALF_OPEN

    def may_probe(self, now: float) -> bool:
        """Tell whether a probe may go out now."""
        return self.state(now) is CircuitState.HALF_OPEN and self._probe is None

    def rests_s(self, now: float) -> float | None:
        """Return the seconds until the rest is over, or `None` when there is none."""
        if self._open_until is None or now >= self._open_until:
            return None
        return self._open_until - now

    def is_rate_limited(self, now: float) -> bool:
        """Tell whether the circuit is open because the route asked for a rest."""
        return self._rate_limited and self.state(now) is CircuitState.OPEN

    def refuses_s(self, now: float) -> float | None:
        """Return the seconds for which even a call's last resort is refused.

        `None` when it is not: only a rate limit refuses the last route of a call.
        """
        if not self.is_rate_limited(now):
            return None
        wait_s = self._last_resort_at + LAST_RESORT_S - now
        return wait_s if wait_s > 0 else None

    def admit(self, now: float) -> Permit:
        """Give a permit for an attempt that is sent now, whatever the state."""
        permit = Permit(self, self._era, now, probe=self.may_probe(now))
        if permit.probe:
            self._probe = permit
        if self._rate_limited:
            self._last_resort_at = now
        return permit

    def settle(self, permit: Permit, now: float, *, success: bool) -> Transition:
        """Learn from an attempt; called by its permit."""
        if permit is self._probe:
            self._probe = None
            return self._judge_probe(permit, now, success=success)
        if permit.era != self._era or self._open_until is not None:
            return Transition.NONE
        return self._judge(now, success=success)

    def release(self, permit: Permit) -> None:
        """Take back a permit that was not used up; called by the permit."""
        if permit is self._probe:
            self._probe = None

    def rest(self, permit: Permit, now: float, rest_s: float) -> Transition:
        """Open for a stated time, without growth; called by a permit."""
        self.release(permit)
        return self.heed(now, rest_s)

    def heed(self, now: float, rest_s: float) -> Transition:
        """Open for the time that the server asked for, be it of another process."""
        tripped = self.state(now) is not CircuitState.OPEN
        until = now + min(rest_s, self.policy.max_rate_limit_s)
        self._open(max(until, self._open_until or until))
        self._rate_limited = True
        self._last_resort_at = now
        return Transition.TRIPPED if tripped else Transition.NONE

    def jump(self, now: float) -> None:
        """Cut a rest short: the clock jumped, so the world may have changed.

        What was in flight has no say any more: the machine slept, not the route.
        """
        self._era += 1
        self._probe = None
        if self._open_until is not None:
            self._open_until = min(self._open_until, now)
            self._rate_limited = False

    def _judge(self, now: float, *, success: bool) -> Transition:
        self._losses.append(not success)
        self._row = 0 if success else self._row + 1
        policy = self.policy
        too_many = (
            self._row >= policy.losses_in_a_row
            or sum(self._losses) >= policy.losses_in_window
        )
        return self._trip(now) if too_many and not success else Transition.NONE

    def _judge_probe(self, probe: Permit, now: float, *, success: bool) -> Transition:
        """Let a probe close the circuit, or send it back to rest.

        A probe that answers too late is a route that no caller would wait for.
        """
        if not success or now - probe.admitted_at > self._late_s:
            return self._trip(now)
        self._good_probes += 1
        if self._good_probes < self.policy.probes_to_close:
            return Transition.NONE
        self._close()
        return Transition.RECOVERED

    def _trip(self, now: float) -> Transition:
        spread = 1 + SPREAD * (2 * self._jitter() - 1)
        self._open(now + self._cool_down_s * spread)
        self._rate_limited = False
        self._cool_down_s = min(2 * self._cool_down_s, self.policy.max_cool_down_s)
        return Transition.TRIPPED

    def _open(self, until: float) -> None:
        self._open_until = until
        self._era += 1
        self._good_probes = 0
        self._probe = None

    def _close(self) -> None:
        self._open_until = None
        self._era += 1
        self._rate_limited = False
        self._losses.clear()
        self._row = 0
        self._cool_down_s = self.policy.cool_down_s
