"""What is rehearsed: the records of a plan, with what holds where it says nothing.

Values only; `plan_file` reads them from TOML.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from gitlab_completions._records import Record

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitlab_completions.emulator.faults import Endpoint
    from gitlab_completions.rehearsal.quantities import Bound

__all__ = (
    "DIRECT_FLAG",
    "Authors",
    "Breach",
    "GuardRail",
    "Latencies",
    "Lever",
    "Metric",
    "Plan",
    "PlannedFault",
    "Step",
    "Time",
)

DIRECT_FLAG = "code_suggestions_direct_completions"
"""GitLab's flag for direct connections, in 17.0 and 17.1; our own levers hash by it."""


class Time(StrEnum):
    """On which clock, and over what, the rehearsal runs."""

    VIRTUAL = "virtual"
    """In memory; an hour takes as long as what happens in it takes to work out."""
    LOOPBACK = "loopback"
    """Over sockets of this machine, and an hour takes an hour."""


class Lever(StrEnum):
    """What the percentage is set on, which decides how soon it works."""

    INSTANCE_FLAG = "instance_flag"
    """A flag of the instance, which has the last word when a token is asked for. On: a
    client of 17.0 or 17.1 hears of it within a minute, others when they look at direct
    access again, half an hour later. Off: a token that was granted is good until it
    expires, an hour later. (GitLab's own caches add up to a minute, which the emulator
    has not.)"""
    CLIENT_FLAG = "client_flag"
    """An organisation's flag service, which each client asks once a minute, behind its
    calls: the first call after a pause still goes by the last word."""
    CLIENT_PERCENTAGE = "client_percentage"
    """`RoutingPolicy.direct_percentage`, pushed to all clients: with the next call."""


class Metric(StrEnum):
    """What a guard rail looks at."""

    GATEWAY_ERRORS = "gateway_errors"
    """Share of the attempts on direct that failed."""
    INSTANCE_ERRORS = "instance_errors"
    """Share of the attempts through the instance that failed."""
    REROUTED = "rerouted"
    """Share of the calls that another route than the first one answered."""
    LOST = "lost"
    """Share of the calls that ended in an error."""
    P50 = "p50"
    """The median of all calls' response times; who lost a completion waits for ever."""
    P95 = "p95"
    P99 = "p99"

    @property
    def of_time(self) -> bool:
        """Whether it is a span of time; else it is a share."""
        return self in {Metric.P50, Metric.P95, Metric.P99}


class Breach(StrEnum):
    """What is done when a guard rail is breached."""

    HOLD = "hold"
    """The percentage stays, until the rail holds again."""
    TAKE_BACK = "take_back"
    """The flag goes back to nobody."""


class Latencies(Record):
    """How long the servers take.

    Args:
        direct_s: Median seconds of a completion at the gateway.
        indirect_extra_s: Seconds that the way through the instance takes on top.
        grant_s: Seconds that the instance takes to grant direct access or to refuse.
        spread: Standard deviation of the logarithm of what the gateway takes.
    """

    direct_s: float = 0.150
    indirect_extra_s: float = 0.125
    grant_s: float = 0.100
    spread: float = 0.4


class Authors(Record):
    """Who types, and how.

    Args:
        count: How many.
        with_context: Share of them whose editors send context.
        think_s: Median seconds between two bursts of typing.
        think_spread: Standard deviation of their logarithm.
        session_s: Mean seconds that an editor is open; each session is a new client.
        break_s: Mean seconds between two sessions.
        keystrokes: Mean keystrokes of a burst that ask for a completion; each but the
            last is superseded unless it was answered in time.
        keystroke_s: Median seconds between two of them.
    """

    count: int = 500
    with_context: float = 0.3
    think_s: float = 30.0
    think_spread: float = 1.0
    session_s: float = 1500.0
    break_s: float = 900.0
    keystrokes: float = 1.6
    keystroke_s: float = 0.2


class Step(Record):
    """One setting of the lever.

    Args:
        number: The step of the plan that it belongs to, from 1; 0 is before the first.
        title: What people call it.
        percent: Per cent of the authors that it is on for.
        members: So many authors are on by name besides.
        pause_s: Seconds until the next one, if the guard rails are kept.
    """

    number: int
    title: str
    percent: float = 0.0
    members: int = 0
    pause_s: float


class GuardRail(Record):
    """A figure that must stay within bounds.

    Args:
        name: What people call it.
        metric: The figure.
        at_most: The most that it may be.
        window_s: Seconds that it is taken over, up to now.
        least_samples: Samples below which it says nothing, which holds the roll-out.
        breach: What is done about it.
    """

    name: str
    metric: Metric
    at_most: Bound
    window_s: float = 300.0
    least_samples: int = 100
    breach: Breach = Breach.TAKE_BACK


class PlannedFault(Record):
    """Something that goes wrong.

    Args:
        title: What it is, in a few words.
        step: In which step of the plan; 0 is before the first.
        after_s: Seconds from the step's beginning.
        lasts_s: For so many seconds.
        endpoint: Which one it strikes: the name of a `Stage`'s attribute.
        strike: Sets it.
        is_delay: Every request that comes is answered as ever, and later.
    """

    title: str
    step: int
    after_s: float
    lasts_s: float
    endpoint: str
    strike: Callable[[Endpoint], None]
    is_delay: bool = False


class Plan(Record):
    """A roll-out to be rehearsed.

    Args:
        title: What people call it.
        seed: Makes all that is random; the same seed, the same rehearsal.
        time: On which clock.
        profile: Which GitLab it is, a name in `emulator.PROFILES`.
        latencies: How long it takes.
        lever: What is set.
        flag: The flag that is set, where the lever is one.
        authors: Who types.
        before_s: Seconds that everything goes indirect, for comparison.
        steps: The steps, in their order.
        guard_rails: What must hold.
        faults: What goes wrong; an endpoint has one fault at a time.
        look_s: Seconds between two looks at the guard rails.
        longest_hold_s: Seconds after a step's pause until the roll-out stays held.
        after_s: Seconds that are watched after the flag was taken back.
    """

    title: str
    seed: int = 0
    time: Time = Time.VIRTUAL
    profile: str = "17.1"
    latencies: Latencies
    lever: Lever = Lever.INSTANCE_FLAG
    flag: str = DIRECT_FLAG
    authors: Authors
    before_s: float
    steps: tuple[Step, ...]
    guard_rails: tuple[GuardRail, ...]
    faults: tuple[PlannedFault, ...] = ()
    look_s: float = 15.0
    longest_hold_s: float = 1800.0
    after_s: float = 1800.0

    @property
    def planned_s(self) -> float:
        """Seconds that it takes when the guard rails always hold."""
        return self.before_s + sum(step.pause_s for step in self.steps)
