"""What happens to a fleet: who starts when, what fails, how the flag is rolled out."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

HOUR_S, MINUTE_S = 3600.0, 60.0


class Part(StrEnum):
    """What can fail."""

    GATEWAY = "gateway"
    """For clients; the instance still reaches it."""
    BACKEND = "backend"
    """The gateway for the instance too: its completions fail with it."""
    INSTANCE = "instance"
    """All of it: completions and direct access."""
    TOKENS = "tokens"
    """Direct access alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """Parts that fail from when to when."""

    parts: frozenset[Part]
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One run of a fleet.

    Attributes:
        name: In the table.
        title: What happens, in words.
        seconds: How long it is.
        start_within_s: The clients start within so many seconds.
        busy: Authors type without a pause: the stress, for pauses spread clients.
        outages: What fails, and when.
        flag: From when on the flag is on for which share of clients.
        capacity: What the instance can serve, as a share of the calls that it would
            have with direct access off; `None` for whatever comes.
        overloaded: What it answers beyond that.
        stress: Whether a twentieth of the clients will do: every call is played.
    """

    name: str
    title: str
    seconds: float
    start_within_s: float = HOUR_S
    busy: bool = False
    outages: tuple[Outage, ...] = ()
    flag: tuple[tuple[float, float], ...] = ((0.0, 1.0),)
    capacity: float | None = None
    overloaded: int = 503
    stress: bool = False

    def changes(self) -> list[float]:
        """Return the moments at which something begins or ends."""
        ends = {one.start_s for one in self.outages} | {
            one.end_s for one in self.outages
        }
        return sorted(ends | {at for at, _ in self.flag})


STEADY_S = 2 * HOUR_S
"""When outages begin: an hour after the last client has started."""


def _outage(minutes: float, *parts: Part) -> tuple[Outage, ...]:
    end_s = STEADY_S + minutes * MINUTE_S
    return (Outage(parts=frozenset(parts), start_s=STEADY_S, end_s=end_s),)


STEP_S = 40 * MINUTE_S
"""Of the roll-out: a bar is over within 33 minutes."""
_STEPS = (0.0, 0.1, 0.25, 0.5, 0.75, 1.0)
_ROLL_OUT = tuple((STEP_S * step, share) for step, share in enumerate(_STEPS))

SCENARIOS = (
    Scenario(
        name="common start",
        title="all start within a minute and type without a pause",
        seconds=4 * HOUR_S,
        start_within_s=MINUTE_S,
        busy=True,
    ),
    Scenario(
        name="roll-out",
        title="the flag is on for 10, 25, 50, 75, 100 % of users, 40 minutes each",
        seconds=7 * STEP_S,
        flag=_ROLL_OUT,
    ),
    Scenario(
        name="gateway outage",
        title="clients cannot reach the gateway for 10 minutes",
        seconds=STEADY_S + 1.5 * HOUR_S,
        outages=_outage(10, Part.GATEWAY),
    ),
    Scenario(
        name="gateway outage for all",
        stress=True,
        title="neither clients nor the instance reach the gateway for 10 minutes",
        seconds=STEADY_S + 0.5 * HOUR_S,
        outages=_outage(10, Part.GATEWAY, Part.BACKEND),
    ),
    Scenario(
        name="instance outage",
        title="the instance answers 503 to all for 2 minutes",
        seconds=STEADY_S + 1.5 * HOUR_S,
        outages=_outage(2, Part.INSTANCE),
    ),
    Scenario(
        name="token service outage",
        title="direct access answers 503 for 20 minutes",
        seconds=STEADY_S + 2.5 * HOUR_S,
        outages=_outage(20, Part.TOKENS),
    ),
    Scenario(
        name="token service outage, busy",
        stress=True,
        title="the same, with authors who never pause",
        seconds=STEADY_S + 2.5 * HOUR_S,
        busy=True,
        outages=_outage(20, Part.TOKENS),
    ),
    Scenario(
        name="start in a token outage",
        stress=True,
        title="all start within a minute; direct access answers 503 for 20 minutes",
        seconds=3 * HOUR_S,
        start_within_s=MINUTE_S,
        busy=True,
        outages=(
            Outage(parts=frozenset({Part.TOKENS}), start_s=0.0, end_s=20 * MINUTE_S),
        ),
    ),
    Scenario(
        name="gateway outage, small instance",
        stress=True,
        title="10 minutes; the instance serves 0.6 of the calls, else 503 after 2 s",
        seconds=STEADY_S + 0.5 * HOUR_S,
        outages=_outage(10, Part.GATEWAY),
        capacity=0.6,
    ),
    Scenario(
        name="gateway outage, limiting instance",
        stress=True,
        title="10 minutes; the instance serves 0.6 of the calls, else 429 after 2 s",
        seconds=STEADY_S + 0.5 * HOUR_S,
        outages=_outage(10, Part.GATEWAY),
        capacity=0.6,
        overloaded=429,
    ),
    Scenario(
        name="token service outage, small instance",
        stress=True,
        title="20 minutes; the instance serves 0.6 of the calls, else 503 after 2 s",
        seconds=STEADY_S + 0.5 * HOUR_S,
        outages=_outage(20, Part.TOKENS),
        capacity=0.6,
    ),
)
