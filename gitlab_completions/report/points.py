"""What was counted as the points of charts: a few hundred, whatever the log's size."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, TypeAlias

from gitlab_completions.report.numbers import (
    QUANTILES,
    ROUTES,
    attempts_of,
    counted_as,
    shown_ms,
)
from gitlab_completions.report.tallies import total

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from gitlab_completions.report.tallies import Cell, Tally

__all__ = ("LANES", "Point", "make_points")

Point: TypeAlias = "dict[str, float | str]"
Stretches: TypeAlias = "Mapping[int, Mapping[Cell, Tally]]"

FEWEST = {"p50": 5, "p95": 20}
"""Answers that a stretch of time needs before its quantile says more than one of them;
where no stretch has as many, those with the most are drawn."""
LANES = ("direct", "indirect", "no answer", "superseded")


def make_points(
    stretches: Stretches,
    by_route: Mapping[str, Tally],
    issuers: Sequence[str],
    detours: Sequence[str],
    width: str,
) -> dict[str, list[Point]]:
    """Return the points of each chart by its name.

    Args:
        stretches: What is shown, by the beginning of its stretch of time.
        by_route: The same by route.
        issuers: The token issuers that are told apart.
        detours: Why calls went indirect or on, as told apart.
        width: How long a stretch is, in words.
    """
    return {
        "latency": list(_distribution(by_route)),
        "medians": list(_medians(by_route)),
        "times": list(_times(stretches)),
        "calls": list(_calls(stretches, width)),
        "detours": list(_detours(stretches, detours, width)),
        "errors": list(_errors(stretches, issuers)),
    }


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
                "label": f"{route}: {shown_ms(median)}",
            }


def _times(stretches: Stretches) -> Iterator[Point]:
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


def _calls(stretches: Stretches, width: str) -> Iterator[Point]:
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
    stretches: Stretches, detours: Sequence[str], width: str
) -> Iterator[Point]:
    counted: dict[int, Counter[str]] = {}
    for start, cells in stretches.items():
        counted[start] = Counter()
        for name, count in total(cells.values()).detours.items():
            counted[start][counted_as(name, detours)] += count
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


def _errors(stretches: Stretches, issuers: Sequence[str]) -> Iterator[Point]:
    for start, cells in stretches.items():
        tally = total(cells.values())
        for issuer in issuers:
            attempts, failures = attempts_of(tally, issuer, issuers)
            if attempts:
                yield {
                    "t": start * 1000,
                    "issuer": issuer,
                    "rate": _round(failures / attempts),
                    "n": attempts,
                    "failed": failures,
                }


def _round(number: float) -> float:
    """Return it with four digits that count: the page stays small."""
    return float(f"{number:.4g}")
