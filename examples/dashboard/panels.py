"""The panels of dashboard.json, and what they ask: Grafana's words made PromQL.

Only what this dashboard needs of Grafana's model; drawing and asking are elsewhere.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, cast

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = (
    "ALL",
    "DASHBOARD",
    "Dashboard",
    "GridPosition",
    "Panel",
    "Query",
    "Variable",
    "fill",
    "read",
)

DASHBOARD = Path(__file__).with_name("dashboard.json")
ALL = "All"
"""What a filter is set to that keeps nothing out."""

_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")
_LABEL = re.compile(r"\{\{\s*(\w+)\s*\}\}")


class GridPosition(TypedDict):
    """Where a panel is, on a grid of 24 columns."""

    x: int
    y: int
    w: int
    h: int


class Property(TypedDict):
    """One thing that an override changes."""

    id: str
    value: object


@dataclass(frozen=True, slots=True)
class Query:
    """What a panel asks, and what its series are called.

    Args:
        expression: PromQL with Grafana's variables.
        legend: A series' name, with its labels as `{{label}}`.
        exemplars: Single calls are shown too, each with its trace.
        now: Only the last value is wanted.
    """

    expression: str
    legend: str = ""
    exemplars: bool = False
    now: bool = False

    def name(self, labels: Mapping[str, str]) -> str:
        """Return what a series is called."""
        return _LABEL.sub(lambda found: labels.get(found[1], ""), self.legend)


@dataclass(frozen=True, slots=True)
class Panel:
    """A panel: where it is, what it asks, and how it is drawn.

    Args:
        title: What is above it.
        description: What it is good for.
        kind: Grafana's name of the visualisation; `row` is a heading.
        place: Where it is.
        queries: What it asks.
        defaults: How every series is drawn, in Grafana's words.
        takes_mean: A number is the mean of its series, not the last value.
        overrides: How the series of one name are drawn.
    """

    title: str
    description: str
    kind: str
    place: GridPosition
    queries: tuple[Query, ...]
    defaults: Mapping[str, object] = field(default_factory=dict)
    takes_mean: bool = False
    overrides: tuple[tuple[re.Pattern[str], tuple[Property, ...]], ...] = ()

    def style(self, series: str) -> dict[str, object]:
        """Return how the series of that name is drawn: properties by their ids."""
        style = dict(_flat(self.defaults))
        for names, properties in self.overrides:
            if names.fullmatch(series):
                style |= {one["id"]: one["value"] for one in properties}
        return style


@dataclass(frozen=True, slots=True)
class Variable:
    """A filter above the panels; `values` by what a person reads."""

    name: str
    label: str
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Dashboard:
    """The title, the filters, and the panels from the top left."""

    title: str
    variables: tuple[Variable, ...]
    panels: tuple[Panel, ...]


def read(path: Path = DASHBOARD) -> Dashboard:
    """Read a dashboard as Grafana exports it."""
    model = json.loads(path.read_text("utf-8"))
    variables = [_variable(one) for one in model["templating"]["list"]]
    panels = [_panel(one) for one in model["panels"]]
    return Dashboard(model["title"], tuple(variables), tuple(panels))


def fill(expression: str, values: Mapping[str, str]) -> str:
    """Return PromQL with the variables' values in it.

    Raises:
        KeyError: If there is a variable without a value.
    """
    return _VARIABLE.sub(lambda found: values[found[1] or found[2]], expression)


def _variable(model: dict[str, object]) -> Variable:
    """Read one filter; what `ALL` stands for comes first."""
    values = {ALL: str(model["allValue"])} if model.get("includeAll") else {}
    if model["type"] == "custom":
        # "Yes : direct, No : indirect"
        for option in str(model["query"]).split(","):
            text, _, value = option.partition(" : ")
            values[text.strip()] = value.strip()
    return Variable(str(model["name"]), str(model.get("label", "")), values)


def _panel(model: dict[str, object]) -> Panel:
    config = cast("dict[str, object]", model.get("fieldConfig", {}))
    targets = cast("list[dict[str, object]]", model.get("targets", []))
    overrides = cast("list[dict[str, object]]", config.get("overrides", []))
    options = cast("dict[str, object]", model.get("options", {}))
    reduced = cast("dict[str, object]", options.get("reduceOptions", {}))
    return Panel(
        title=str(model["title"]),
        description=str(model.get("description", "")),
        kind=str(model["type"]),
        place=cast("GridPosition", model["gridPos"]),
        queries=tuple(_query(target) for target in targets),
        defaults=cast("dict[str, object]", config.get("defaults", {})),
        overrides=tuple(_override(one) for one in overrides),
        takes_mean=reduced.get("calcs") == ["mean"],
    )


def _query(model: dict[str, object]) -> Query:
    return Query(
        expression=str(model["expr"]),
        legend=str(model.get("legendFormat", "")),
        exemplars=bool(model.get("exemplar")),
        now=bool(model.get("instant")),
    )


def _override(
    model: dict[str, object],
) -> tuple[re.Pattern[str], tuple[Property, ...]]:
    """Read whom an override is for, by name or by pattern, and what it changes."""
    matcher = cast("dict[str, str]", model["matcher"])
    names = matcher["options"]
    is_pattern = matcher["id"] == "byRegexp"
    pattern = names.strip("/") if is_pattern else re.escape(names)
    return re.compile(pattern), tuple(cast("list[Property]", model["properties"]))


def _flat(model: Mapping[str, object], above: str = "") -> Iterator[tuple[str, object]]:
    """Yield the defaults by the ids that overrides have for them."""
    for key, value in model.items():
        if key == "custom" and isinstance(value, dict):
            yield from _flat(value, "custom.")
        else:
            yield above + key, value
