"""Small plans, rows by hand, and a stage on which nobody plays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlab_completions._records import replace
from gitlab_completions.emulator.faults import Endpoint
from gitlab_completions.models import Route
from gitlab_completions.rehearsal import (
    Authors,
    Bound,
    GuardRail,
    Latencies,
    Metric,
    Plan,
    Step,
)
from gitlab_completions.rehearsal.ledger import AttemptRow, CallRow
from gitlab_completions.rehearsal.plan_file import read_plan

if TYPE_CHECKING:
    from gitlab_completions.client import CompletionClient
    from gitlab_completions.emulator.flags import Flags
    from gitlab_completions.flags import FlagSource
    from gitlab_completions.policy import RoutingPolicy
    from gitlab_completions.rehearsal.ledger import Ledger

SMALL = """\
title = "a small one"
seed = 7
before = "60 s"
look_every = "5 s"
longest_hold = "60 s"
watch_after_take_back = "2 min"

[lever]
kind = "client_percentage"

[authors]
count = 8
think = "4 s"
session = "2 min"
break = "20 s"

[[steps]]
percent = 50
pause = "60 s"

[[steps]]
title = "all"
percent = 100
pause = "60 s"

[[guard_rails]]
metric = "gateway_errors"
at_most = "1 %"
window = "30 s"
least_samples = 10
"""
"""A plan in which all is well."""
INCIDENT = (
    SMALL
    + """
[[faults]]
step = 2
after = "10 s"
lasts = "40 s"
endpoint = "gateway"
kind = "status"
status = 503
"""
)
"""The same, with a gateway that fails for a while."""


def small(text: str = SMALL, **changes: object) -> Plan:
    """Return a small plan with some fields changed."""
    return replace(read_plan(text), **changes)


def bare(**changes: object) -> Plan:
    """Return a plan without authors, one step, and one guard rail."""
    plan = Plan(
        title="bare",
        latencies=Latencies(),
        authors=Authors(count=4),
        before_s=10,
        steps=(Step(number=1, title="some", percent=50, pause_s=20),),
        guard_rails=(rail(),),
        look_s=5,
        longest_hold_s=30,
        after_s=40,
    )
    return replace(plan, **changes)


def rail(
    metric: Metric = Metric.GATEWAY_ERRORS,
    at_most: float | Bound = 0.1,
    **changes: object,
) -> GuardRail:
    """Return a guard rail."""
    made = GuardRail(
        name=metric.value,
        metric=metric,
        at_most=at_most if isinstance(at_most, Bound) else Bound(value=at_most),
        window_s=10,
        least_samples=2,
    )
    return replace(made, **changes)


def call(
    ended_s: float,
    elapsed_s: float = 0.2,
    *,
    author: int = 0,
    phase: int = 1,
    route: Route | None = Route.DIRECT,
    rerouted: bool = False,
) -> CallRow:
    """Return a call that direct answered, unless it is said otherwise."""
    return CallRow(
        author=author,
        phase=phase,
        ended_s=ended_s,
        elapsed_s=elapsed_s,
        route=route,
        had_context=False,
        rerouted=rerouted,
    )


def attempt(
    ended_s: float,
    *,
    failed: bool = False,
    route: Route = Route.DIRECT,
    author: int = 0,
) -> AttemptRow:
    """Return an attempt that took a tenth of a second."""
    return AttemptRow(
        author=author,
        phase=1,
        ended_s=ended_s,
        elapsed_s=0.1,
        route=route,
        failed=failed,
    )


class EmptyStage:
    """Endpoints without anybody who asks them."""

    def __init__(self) -> None:
        self.endpoints: dict[str, Endpoint] = {"gateway": Endpoint("gateway")}

    @property
    def flags(self) -> Flags:
        raise AssertionError("no flags here")

    def endpoint(self, name: str) -> Endpoint:
        return self.endpoints[name]

    def client(self, author: int, **options: object) -> CompletionClient:
        raise AssertionError("nobody types here")


class Settings:
    """A lever that only remembers how it was set."""

    def __init__(self) -> None:
        self.percents: list[float] = []

    def pull(self, step: Step) -> None:
        self.percents.append(step.percent)

    def includes(self, author: int) -> bool:
        return author * 100 < self.percents[-1] * 4

    def policy(self, author: int) -> RoutingPolicy:
        raise AssertionError(f"author {author} does not type")

    def source(self, author: int) -> FlagSource | None:
        raise AssertionError(f"author {author} does not type")

    def opened(self, author: int, client: CompletionClient) -> None:
        raise AssertionError(f"author {author} does not type")

    def closed(self, author: int) -> None:
        raise AssertionError(f"author {author} does not type")


def feed(ledger: Ledger, now: float, *, failing: bool = False) -> None:
    """Let some attempts end at `now`."""
    ledger.attempts.extend(attempt(now, failed=failing) for _ in range(4))
