"""What the page shows for each setting of its two filters, as text and as points.

All nine settings are worked out here, so that the page only picks one: what is tested
in Python is what people see, and two million calls become a few hundred points.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from gitlab_completions.report.tallies import Cell, Tally, total

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from gitlab_completions.report.aggregating import Aggregate

__all__ = (
    "CONTEXTS",
    "DASH",
    "ROUTES",
    "ROUTE_FILTERS",
    "TableRow",
    "View",
    "Views",
    "make_views",
)

Point: TypeAlias = "dict[str, float | str]"
RouteFilter: TypeAlias = Literal["both", "direct", "indirect"]
ContextFilter: TypeAlias = Literal["both", "with", "without"]

ROUTES = ("direct", "indirect")
ROUTE_FILTERS: Sequence[RouteFilter] = ("both", "direct", "indirect")
CONTEXTS: Mapping[ContextFilter, bool | None] = {
    "both": None,
    "with": True,
    "without": False,
}
QUANTILES = {"p50": 0.50, "p95": 0.95, "p99": 0.99}
FEWEST = {"p50": 5, "p95": 20}
"""Answers that a stretch of time needs before its quantile says more than one of them;
where no stretch has as many, those with the most are drawn."""
FEW_MS = 10
"""Milliseconds below which tenths are told."""
MOST_DETOURS = 10
MOST_ISSUERS = 4
DASH = "\N{EN DASH}"
"""Where there is nothing to tell."""
LANES = ("direct", "indirect", "no answer", "superseded")


class TableRow(NamedTuple):
    """A row of the page's table.

    Args:
        route: Its route, `no route` for calls without an answer.
        context: Whether the calls had context, in words.
        shown_with: The filters' settings that show it, such as `direct/with`.
        cells: Calls, answered, quantiles, failed, superseded, fallbacks.
    """

    route: str
    context: str
    shown_with: tuple[str, ...]
    cells: tuple[str, ...]


class View(NamedTuple):
    """What one setting of the filters shows.

    Args:
        numbers: Text by name.
        points: The points of each chart, by its name.
        calls: Calls that it counts.
    """

    numbers: Mapping[str, str]
    points: Mapping[str, list[Point]]
    calls: int


class Views(NamedTuple):
    """All that the page shows.

    Args:
        by_filter: Views by settings, such as `direct/with`.
        table: The rows of the table.
        issuers: Token issuers, the one with most attempts first.
        detours: Why calls went indirect or on, the most frequent first.
    """

    by_filter: Mapping[str, View]
    table: Sequence[TableRow]
    issuers: Sequence[str]
    detours: Sequence[str]


def make_views(aggregate: Aggregate) -> Views:
    """Return what the page shows of what was counted."""
    everything = total(tally for _, tally in aggregate.timeline.tallies())
    issuers = _most(everything.attempts, MOST_ISSUERS)
    detours = _most(everything.detours, MOST_DETOURS)
    by_filter = {
        f"{route}/{context}": _view(aggregate, route, context, issuers, detours)
        for route in ROUTE_FILTERS
        for context in CONTEXTS
    }
    return Views(by_filter, list(_table(aggregate)), issuers, detours)


def _most(counter: Counter[str], most: int) -> list[str]:
    """Return the most frequent names; where there are more, the last is `other`."""
    names = sorted(counter, key=lambda name: (-counter[name], name))
    return names if len(names) <= most else [*names[: most - 1], "other"]


def _shown(cell: Cell, route: RouteFilter, context: ContextFilter) -> bool:
    wanted = CONTEXTS[context]
    return (route in {"both", cell.route}) and (
        wanted is None or cell.context is wanted
    )


def _view(
    aggregate: Aggregate,
    route: RouteFilter,
    context: ContextFilter,
    issuers: Sequence[str],
    detours: Sequence[str],
) -> View:
    def shown(cells: Mapping[Cell, Tally]) -> dict[Cell, Tally]:
        return {
            cell: tally for cell, tally in cells.items() if _shown(cell, route, context)
        }

    timeline = aggregate.timeline
    stretches = {start: shown(timeline.stretch(start)) for start in timeline.starts_s}
    kept = [
        (cell, tally) for cells in stretches.values() for cell, tally in cells.items()
    ]
    by_route = {
        each: total(tally for cell, tally in kept if cell.route == each)
        for each in ROUTES
    }
    both = {
        each: total(
            tally
            for cell, tally in timeline.tallies()
            if cell.route == each and _shown(cell, each, context)
        )
        for each in ROUTES
    }
    everything = total(tally for _, tally in kept)
    numbers = {
        **_numbers(everything),
        **_quantile_numbers(by_route),
        **_savings(both),
        **_error_rates(everything, issuers),
    }
    points: dict[str, list[Point]] = {
        "latency": list(_distribution(by_route)),
        "medians": list(_medians(by_route)),
        "times": list(_times(stretches)),
        "calls": list(_calls(stretches, timeline.width)),
        "detours": list(_detours(stretches, detours, timeline.width)),
        "errors": list(_errors(stretches, issuers)),
    }
    return View(numbers, points, everything.calls)


def _numbers(tally: Tally) -> dict[str, str]:
    calls, answered = tally.calls, tally.answered
    failed, superseded = tally.outcomes["failed"], tally.outcomes["superseded"]
    waited_for = calls - superseded
    return {
        "calls": f"{calls:,}",
        "answered": f"{answered:,}",
        "answered-share": _percent(answered, waited_for),
        "empty": f"{tally.outcomes['empty']:,}",
        "failed": f"{failed:,}",
        "superseded": f"{superseded:,}",
        "superseded-share": _percent(superseded, calls),
        "fallbacks": f"{tally.fallbacks:,}",
        "fallbacks-share": _percent(tally.fallbacks, calls),
    }


def _quantile_numbers(by_route: Mapping[str, Tally]) -> dict[str, str]:
    numbers: dict[str, str] = {}
    for route, tally in by_route.items():
        numbers[f"{route}-calls"] = f"{tally.latencies.total:,}"
        for name, share in QUANTILES.items():
            numbers[f"{route}-{name}"] = _ms(tally.latencies.quantile(share))
    return numbers


def _savings(by_route: Mapping[str, Tally]) -> dict[str, str]:
    """Return how many ms direct saves: both routes, whatever the filter of routes."""
    numbers: dict[str, str] = {}
    for name in ("p50", "p95"):
        share = QUANTILES[name]
        direct, indirect = (
            by_route[route].first_try.quantile(share) for route in ROUTES
        )
        if direct is None or indirect is None:
            numbers[f"saving-{name}"] = DASH
        else:
            saved = f"{(indirect - direct) * 1000:,.0f} ms"
            numbers[f"saving-{name}"] = saved.replace("-", "\N{MINUS SIGN}")
    return numbers


def _error_rates(tally: Tally, issuers: Sequence[str]) -> dict[str, str]:
    numbers: dict[str, str] = {}
    for index, issuer in enumerate(issuers):
        attempts, failures = _attempts(tally, issuer, issuers)
        numbers[f"error-rate-{index}"] = _percent(failures, attempts)
        numbers[f"errors-{index}"] = f"{failures:,} of {attempts:,}"
        codes = Counter(
            {
                code: count
                for (whose, code), count in tally.lost.items()
                if _counted_as(whose, issuers) == issuer
            }
        )
        numbers[f"error-codes-{index}"] = ", ".join(
            f"{code} {count:,}" for code, count in codes.most_common(3)
        )
    return numbers


def _counted_as(name: str, names: Sequence[str]) -> str:
    return name if name in names else "other"


def _attempts(tally: Tally, issuer: str, issuers: Sequence[str]) -> tuple[int, int]:
    whose = [name for name in tally.attempts if _counted_as(name, issuers) == issuer]
    attempts = sum(tally.attempts[name] for name in whose)
    return attempts, sum(tally.failures(name) for name in whose)


def _distribution(by_route: Mapping[str, Tally]) -> Iterator[Point]:
    for route, tally in by_route.items():
        for edge_s, share in tally.latencies.bars():
            yield {"route": route, "ms": _round(edge_s * 1000), "share": _round(share)}


def _medians(by_route: Mapping[str, Tally]) -> Iterator[Point]:
    for route, tally in by_route.items():
        median = tally.latencies.quantile(0.5)
        if median is not None:
            yield {
                "route": route,
                "ms": _round(median * 1000),
                "label": f"{route}: {_ms(median)}",
            }


def _times(stretches: Mapping[int, Mapping[Cell, Tally]]) -> Iterator[Point]:
    for route in ROUTES:
        latencies = {
            start: total(
                tally for cell, tally in cells.items() if cell.route == route
            ).latencies
            for start, cells in stretches.items()
        }
        most = max((one.total for one in latencies.values()), default=0)
        for name, fewest in FEWEST.items():
            for start, one in latencies.items():
                seconds = one.quantile(QUANTILES[name])
                if seconds is not None and one.total >= min(fewest, most):
                    yield {
                        "t": start * 1000,
                        "line": f"{route} {name}",
                        "ms": _round(seconds * 1000),
                        "n": one.total,
                    }


def _calls(
    stretches: Mapping[int, Mapping[Cell, Tally]], width: str
) -> Iterator[Point]:
    counted = {start: _lanes(cells) for start, cells in stretches.items()}
    yield from _strips(counted, LANES, width)


def _lanes(cells: Mapping[Cell, Tally]) -> Counter[str]:
    lanes: Counter[str] = Counter()
    for cell, tally in cells.items():
        if cell.route is not None:
            lanes[cell.route] += tally.answered
        else:
            lanes["no answer"] += tally.answered
        lanes["no answer"] += tally.outcomes["failed"]
        lanes["superseded"] += tally.outcomes["superseded"]
    return lanes


def _detours(
    stretches: Mapping[int, Mapping[Cell, Tally]], detours: Sequence[str], width: str
) -> Iterator[Point]:
    counted: dict[int, Counter[str]] = {}
    for start, cells in stretches.items():
        counted[start] = Counter()
        for name, count in total(cells.values()).detours.items():
            counted[start][_counted_as(name, detours)] += count
    yield from _strips(counted, detours, width)


def _strips(
    counted: Mapping[int, Counter[str]], names: Sequence[str], width: str
) -> Iterator[Point]:
    """Give bars of one strip for each name: the highest of a strip fills its height.

    A point without a time carries the strip's title.
    """
    for row, name in enumerate(names):
        most = max((counts[name] for counts in counted.values()), default=0)
        every = sum(counts[name] for counts in counted.values())
        floor = -(row + 1)
        at_most = f", at most {most:,} in {width}" if most else ""
        yield {"y": floor + 0.76, "title": f"{name}: {every:,}{at_most}"}
        for start, counts in counted.items():
            if counts[name]:
                height = 0.53 * counts[name] / most
                yield {
                    "t": start * 1000,
                    "y": floor,
                    "top": _round(floor + height),
                    "n": counts[name],
                    "name": name,
                }


def _errors(
    stretches: Mapping[int, Mapping[Cell, Tally]], issuers: Sequence[str]
) -> Iterator[Point]:
    for start, cells in stretches.items():
        tally = total(cells.values())
        for issuer in issuers:
            attempts, failures = _attempts(tally, issuer, issuers)
            if attempts:
                yield {
                    "t": start * 1000,
                    "issuer": issuer,
                    "rate": _round(failures / attempts),
                    "n": attempts,
                    "failed": failures,
                }


def _table(aggregate: Aggregate) -> Iterator[TableRow]:
    """Give a row for each route and context that the log has, and their sums."""
    cells: dict[Cell, Tally] = {}
    for cell, tally in aggregate.timeline.tallies():
        cells.setdefault(cell, Tally()).merge(tally)
    for cell in sorted(cells, key=_place):
        route, context = cell
        told = {True: "with", False: "without", None: "not told"}[context]
        yield TableRow(
            route or "no route",
            told,
            tuple(
                f"{one}/{other}"
                for one in ROUTE_FILTERS
                for other in CONTEXTS
                if _shown(cell, one, other)
            ),
            _cells(cells[cell]),
        )


def _place(cell: Cell) -> tuple[int, int]:
    routes, contexts = ("direct", "indirect", None), (True, False, None)
    return routes.index(cell.route), contexts.index(cell.context)


def _cells(tally: Tally) -> tuple[str, ...]:
    return (
        f"{tally.calls:,}",
        f"{tally.answered:,}",
        *(_ms(tally.latencies.quantile(share)) for share in QUANTILES.values()),
        f"{tally.outcomes['failed']:,}",
        f"{tally.outcomes['superseded']:,}",
        f"{tally.fallbacks:,}",
        f"{tally.lost.total():,} of {tally.attempts.total():,}",
    )


def _ms(seconds: float | None) -> str:
    if seconds is None:
        return DASH
    ms = seconds * 1000
    return f"{ms:,.1f} ms" if ms < FEW_MS else f"{ms:,.0f} ms"


def _percent(part: int, whole: int) -> str:
    """Return a share in percent; neither none nor all unless it is just that."""
    if not whole:
        return DASH
    if part in {0, whole}:
        return "100 %" if part else "0 %"
    percent = 100 * part / whole
    near_an_end = not 1 <= percent <= 99  # noqa: PLR2004 - where digits matter
    shown = f"{percent:.2f}" if near_an_end else f"{percent:.1f}"
    return {"0.00": "< 0.01 %", "100.00": "> 99.99 %"}.get(shown, f"{shown} %")


def _round(number: float) -> float:
    """Return it with four digits that count: the page stays small."""
    return float(f"{number:.4g}")
