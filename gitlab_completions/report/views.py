"""What the page shows for each setting of its two filters, as text and as points.

All nine settings are worked out here, so that the page only picks one: what is tested
in Python is what people see, and two million calls become a few hundred points.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from gitlab_completions.report.aggregating import ISSUERS
from gitlab_completions.report.numbers import ROUTES, make_numbers, table_cells
from gitlab_completions.report.points import make_points
from gitlab_completions.report.tallies import Cell, Tally, total

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterator, Mapping, Sequence

    from gitlab_completions.report.aggregating import Aggregate
    from gitlab_completions.report.points import Point

__all__ = (
    "CONTEXTS",
    "ROUTE_FILTERS",
    "TableRow",
    "View",
    "Views",
    "make_views",
)

RouteFilter: TypeAlias = Literal["both", "direct", "indirect"]
ContextFilter: TypeAlias = Literal["both", "with", "without"]

ROUTE_FILTERS: Sequence[RouteFilter] = ("both", "direct", "indirect")
CONTEXTS: Mapping[ContextFilter, bool | None] = {
    "both": None,
    "with": True,
    "without": False,
}
MOST_DETOURS = 10
MOST_ISSUERS = 4


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
        issuers: Token issuers: the gateway, the instance, then by attempts.
        detours: Why calls went indirect or on, the most frequent first.
    """

    by_filter: Mapping[str, View]
    table: Sequence[TableRow]
    issuers: Sequence[str]
    detours: Sequence[str]


def make_views(aggregate: Aggregate) -> Views:
    """Return what the page shows of what was counted."""
    everything = total(tally for _, tally in aggregate.timeline.tallies())
    # In the order of their routes: they get their routes' colours.
    known = list(ISSUERS.values())
    issuers = sorted(
        _most(everything.attempts, MOST_ISSUERS),
        key=lambda name: known.index(name) if name in known else len(known),
    )
    detours = _most(everything.detours, MOST_DETOURS)
    by_filter = {
        f"{route}/{context}": _view(aggregate, route, context, issuers, detours)
        for route in ROUTE_FILTERS
        for context in CONTEXTS
    }
    return Views(by_filter, list(_table(aggregate)), issuers, detours)


def _most(counter: Counter[str], most: int) -> list[str]:
    """Return the most frequent names; where there are more, the last is `other`.

    A log may have that name itself.
    """
    names = sorted(counter, key=lambda name: (-counter[name], name))
    if len(names) <= most:
        return names
    return [*[name for name in names if name != "other"][: most - 1], "other"]


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
    numbers = make_numbers(everything, by_route, both, issuers)
    points = make_points(stretches, by_route, issuers, detours, timeline.width)
    return View(numbers, points, everything.calls)


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
            table_cells(cells[cell]),
        )


def _place(cell: Cell) -> tuple[int, int]:
    routes, contexts = ("direct", "indirect", None), (True, False, None)
    return routes.index(cell.route), contexts.index(cell.context)
