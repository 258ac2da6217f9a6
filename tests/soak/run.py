"""One soak: everything put together, run, and judged."""

from __future__ import annotations

import asyncio
import gc
import itertools
import statistics
import tempfile
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from gitlab_completions import GitLabCompletionsError, Route
from tests.loopback.witness import Witness
from tests.soak.authors import Author, make_request
from tests.soak.budgets import busiest
from tests.soak.conductor import Conductor
from tests.soak.journal import Journal
from tests.soak.measures import Alarms, Holdings, Meter, alarmed
from tests.soak.progress import shown
from tests.soak.servers import Servers, serving
from tests.soak.verdict import Judge
from tests.soak.windows import POLICY, Visitor, Window, window_to

if TYPE_CHECKING:
    from gitlab_completions import RoutingStatus
    from tests.soak.plan import Plan

AUTHORS = {
    "Ada": ("one", "soak/one"),
    "Brian": ("one", "soak/one"),
    "Chen": ("one", None),
    "Dorothy": ("two", "soak/two"),
}
"""Which client each author has, and what they work on."""
MOST_GROWTH_MB = 5.0
MOST_SOCKETS = 3 * 2 * 2 * (10 + 4)
"""Clients with a visitor's, routes, HTTP clients of a route, connections of each: those
of calls, and those of streams."""
SUPERSEDED = (0.45, 0.75)
SHARE_FROM_CALLS = 1000
"""From so many calls on the share of superseded ones is no chance."""
RECOVERY_LOOK_S, RECOVERY_LOOKS = 0.25, 80
"""How often it is looked, past the quiet end, whether a busy machine has recovered."""
SETTLE_S = 5.0


@dataclass(slots=True)
class Report:
    """What a soak found.

    Attributes:
        plan: What it was made of.
        journal: What happened.
        meter: What was held meanwhile.
        checks: What was to be, how it is, and whether that is right.
    """

    plan: Plan
    journal: Journal
    meter: Meter
    checks: list[tuple[str, str, bool]] = field(default_factory=list)

    def check(self, what: str, found: object, *, right: bool) -> None:
        """Take note of a figure and whether it is right."""
        self.checks.append((what, str(found), right))

    @property
    def sound(self) -> bool:
        """Whether everything is right."""
        return all(right for _, _, right in self.checks)


def soak(plan: Plan) -> Report:
    """Run a soak."""
    with alarmed() as alarms, Witness().listening() as witness:
        before = threading.active_count()
        report = asyncio.run(_Soak(plan, alarms, witness).run())
        after = threading.active_count()
        gc.collect()
        report.check(
            "threads at the end", f"{after}, {before} before", right=after <= before
        )
        heard = alarms.heard
        report.check("alarms", "\n".join(heard) or "none", right=not heard)
    return report


class _Soak:
    def __init__(self, plan: Plan, alarms: Alarms, witness: Witness) -> None:
        self.plan = plan
        self.alarms = alarms
        self.witness = witness
        self.meter = Meter()

    async def run(self) -> Report:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(self.alarms.complain)
        with tempfile.TemporaryDirectory(prefix="soak-") as directory:
            async with serving(Path(directory)) as servers:
                before = Holdings.now()
                journal = Journal(began=loop.time())
                report = Report(self.plan, journal, self.meter)
                async with (
                    window_to(servers, self.witness, self.plan.seed) as one,
                    window_to(servers, self.witness, self.plan.seed + 1) as two,
                ):
                    windows = {"one": one, "two": two}
                    await self._let_happen(journal, servers, windows)
                    self._check_recovery(report, windows)
                await _settled(before)
                self._check_holdings(report, before)
                self._check_calls(report)
                self._check_budgets(report, servers)
        return report

    async def _let_happen(
        self, journal: Journal, servers: Servers, windows: dict[str, Window]
    ) -> None:
        """Have authors type while the plan happens."""
        judge = Judge(journal, POLICY.deadline_s)
        sleepers = [(one.clock, one.told) for one in windows.values()]
        conductor = Conductor(self.plan, servers, journal, sleepers)
        numbers = itertools.count(1)
        for window in windows.values():
            await window.client.warm_up()
        metering = asyncio.create_task(self.meter.run())
        line = partial(progress_line, journal, self.meter)
        async with shown(line, self.plan.seconds), asyncio.TaskGroup() as group:
            group.create_task(self._direct(conductor, journal, windows))
            visitor = Visitor(servers, self.witness, journal, self.plan.seed)
            group.create_task(visitor.visit(self.plan.seconds, numbers))
            for name, (client, project) in AUTHORS.items():
                window = windows[client]
                author = Author(
                    name,
                    window.client,
                    project,
                    window.told,
                    numbers=numbers,
                    seed=self.plan.seed,
                )
                group.create_task(author.type(judge, journal, self.witness))
        metering.cancel()
        await asyncio.wait({metering})

    async def _direct(
        self, conductor: Conductor, journal: Journal, windows: dict[str, Window]
    ) -> None:
        """Let the plan happen; it is over when all have recovered, or had the time."""
        await conductor.conduct()
        for _ in range(RECOVERY_LOOKS):
            standings = _standings(windows)
            if _all_direct(standings):
                break
            await _call_for(standings, windows)
            await asyncio.sleep(RECOVERY_LOOK_S)
        journal.over.set()

    def _check_recovery(self, report: Report, windows: dict[str, Window]) -> None:
        """All servers have been well for a while: direct must be in use again."""
        found = _standings(windows)
        report.check(
            "route after the last fault",
            ", ".join(
                f"{name} {one.route} ({one.reason}, asks again in {one.recheck_in_s})"
                for name, one in found.items()
            ),
            right=_all_direct(found),
        )

    def _check_holdings(self, report: Report, before: Holdings) -> None:
        after, meter = Holdings.now(), self.meter
        for what in ("sockets", "tasks"):
            was, now = getattr(before, what), getattr(after, what)
            report.check(f"{what} at the end", f"{now}, {was} before", right=now == was)
        most = round(max(meter.sockets))
        report.check(
            "most sockets at once",
            f"{most}, at most {before.sockets + MOST_SOCKETS}",
            right=most <= before.sockets + MOST_SOCKETS,
        )
        growth_mb = meter.growth_mb()
        report.check(
            "growth of memory after warm-up",
            f"{growth_mb:.2f} MB, at most {MOST_GROWTH_MB:.0f}",
            right=growth_mb < MOST_GROWTH_MB,
        )
        report.check("longest lag of the loop", f"{meter.lag_s:.2f} s", right=True)

    def _check_calls(self, report: Report) -> None:
        journal = report.journal
        counts = ", ".join(f"{n} {one}" for one, n in journal.counts.most_common())
        report.check("calls", f"{journal.calls}: {counts}", right=journal.calls > 0)
        for route in Route:
            _, took_s = journal.series(route.value)
            if len(took_s) > 1:
                cuts = statistics.quantiles(took_s, n=100)
                shown = f"{cuts[49]:.3f} s, {cuts[98]:.3f} s"
                report.check(f"p50 and p99 of {route}", shown, right=True)
        share = journal.counts["superseded"] / max(1, journal.calls)
        enough = journal.calls >= SHARE_FROM_CALLS
        report.check(
            "superseded",
            f"{share:.0%}",
            right=not enough or SUPERSEDED[0] < share < SUPERSEDED[1],
        )
        broken = journal.violations
        report.check(
            "calls that were owed an answer and got none, and the like",
            "\n".join(broken) or "none",
            right=not broken,
        )
        leaks = self.witness.leaks
        report.check("secrets told", "\n".join(leaks[:20]) or "none", right=not leaks)

    def _check_budgets(self, report: Report, servers: Servers) -> None:
        client_of = {project: client for client, project in AUTHORS.values()}
        suspends = report.journal.suspends
        found = busiest(servers.asked, suspends, client_of)
        for who, (most, limit) in found.items():
            report.check(
                f"direct access asked for, {who}",
                f"{most} at most, of {limit}",
                right=most <= limit,
            )


def progress_line(journal: Journal, meter: Meter) -> str:
    """Return the figures of the moment."""
    counts, faults = journal.counts, journal.active()
    broken = ", ".join(str(one.fault) for one in faults) or "no fault"
    rss_mb = meter.rss_mb[-1] if meter.rss_mb else 0.0
    return (
        f"{journal.calls} calls: {counts['direct']} direct, {counts['indirect']} "
        f"indirect, {counts['error']} errors, {len(journal.violations)} violations; "
        f"{rss_mb:.0f} MB; {broken}"
    )


def _standings(windows: dict[str, Window]) -> dict[str, RoutingStatus]:
    """Return how routing stands for each author."""
    return {
        name: windows[client].client.status(project)
        for name, (client, project) in AUTHORS.items()
    }


def _all_direct(standings: dict[str, RoutingStatus]) -> bool:
    return {one.route for one in standings.values()} == {Route.DIRECT}


async def _call_for(
    standings: dict[str, RoutingStatus], windows: dict[str, Window]
) -> None:
    """Call for authors who pause: only a call makes a client go direct again."""
    for name, standing in standings.items():
        client, project = AUTHORS[name]
        if standing.route is not Route.DIRECT:
            with suppress(GitLabCompletionsError):
                await windows[client].client.complete(make_request(0, project))


async def _settled(before: Holdings) -> None:
    """Wait until what ends behind `aclose` has ended, but not for long."""
    loop = asyncio.get_running_loop()
    until = loop.time() + SETTLE_S
    while loop.time() < until:
        gc.collect()
        if Holdings.now() == before:
            return
        await asyncio.sleep(0.05)
