"""Grafana can show the dashboard, and its words are read as Grafana reads them."""

from __future__ import annotations

import copy
import json
from itertools import combinations
from typing import TYPE_CHECKING

import pytest
from grafana_foundation_sdk.cog import plugins
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

from examples.dashboard import panels

if TYPE_CHECKING:
    from collections.abc import Iterator

    from examples.dashboard.panels import GridPosition

MODEL = json.loads(panels.DASHBOARD.read_text("utf-8"))
COLUMNS = 24


def overlap(one: GridPosition, two: GridPosition) -> bool:
    return (
        one["x"] < two["x"] + two["w"]
        and two["x"] < one["x"] + one["w"]
        and one["y"] < two["y"] + two["h"]
        and two["y"] < one["y"] + one["h"]
    )


def lost(one: object, two: object, at: str = "") -> Iterator[str]:
    """Where something is in one document that is not in the other."""
    if isinstance(one, dict) and isinstance(two, dict):
        for key, value in one.items():
            if key in two:
                yield from lost(value, two[key], f"{at}.{key}")
            else:
                yield f"{at}.{key}"
    elif isinstance(one, list) and isinstance(two, list) and len(one) == len(two):
        for number, pair in enumerate(zip(one, two, strict=True)):
            yield from lost(*pair, f"{at}[{number}]")
    elif one != two:
        yield at


def through_grafana(model: dict[str, object]) -> object:
    """The dashboard as Grafana's own types write it that have read it."""
    plugins.register_default_plugins()
    read = Dashboard.from_json(copy.deepcopy(model))
    return json.loads(JSONEncoder().encode(read))


def test_grafana_knows_all_that_the_dashboard_says() -> None:
    gone = list(lost(MODEL, through_grafana(MODEL)))
    # Older names of the same, without which Grafana's pages look unfinished.
    older = {".annotations.list[0].builtIn", ".templating.list[1].definition"}
    assert set(gone) <= older


def test_a_slip_of_the_pen_would_be_found() -> None:
    model = copy.deepcopy(MODEL)
    model["panels"][7]["fieldConfig"]["defaults"]["custom"]["lineWdth"] = 1
    gone = list(lost(model, through_grafana(model)))
    assert ".panels[7].fieldConfig.defaults.custom.lineWdth" in gone


def test_no_panel_covers_another(dashboard: panels.Dashboard) -> None:
    places = [panel.place for panel in dashboard.panels]
    assert all(place["x"] + place["w"] <= COLUMNS for place in places)
    assert not any(overlap(one, two) for one, two in combinations(places, 2))


def test_every_panel_says_what_it_shows(dashboard: panels.Dashboard) -> None:
    shown = [panel for panel in dashboard.panels if panel.kind != "row"]
    assert all(panel.description.endswith(".") for panel in shown)
    assert len({panel.title for panel in dashboard.panels}) == len(dashboard.panels)


def test_every_panel_asks_the_chosen_data_source() -> None:
    shown = [panel for panel in MODEL["panels"] if panel["type"] != "row"]
    asked = [one["datasource"] for panel in shown for one in (panel, *panel["targets"])]
    assert {json.dumps(one, sort_keys=True) for one in asked} == {
        '{"type": "prometheus", "uid": "${datasource}"}'
    }
    assert len({panel["id"] for panel in MODEL["panels"]}) == len(MODEL["panels"])


def test_there_are_the_two_filters_of_the_first_roll_out(
    dashboard: panels.Dashboard,
) -> None:
    filters = {one.label: dict(one.values) for one in dashboard.variables}
    assert filters["Direct request"] == {"All": ".+", "Yes": "direct", "No": "indirect"}
    assert filters["Had advanced context"] == {
        "All": ".*",
        "Yes": "true",
        "No": "false",
    }


def test_all_that_was_asked_for_has_a_panel(dashboard: panels.Dashboard) -> None:
    titles = [panel.title for panel in dashboard.panels]
    for title in (
        "Saving per completion",
        "Response time by route",
        "Response time by advanced context",
        "Superseded calls, share",
        "Error rate by token issuer",
        "Fallbacks by reason",
        "Circuits",
        "Hedges, share of calls",
        "Fetches of connection details",
        "Age of the oldest token",
        "Bytes",
    ):
        assert title in titles


def test_variables_are_filled_in_either_form() -> None:
    values = {"direct": "direct", "__rate_interval": "60s"}
    asked = 'rate(x{route=~"$direct", y="${direct}"}[$__rate_interval])'
    filled = 'rate(x{route=~"direct", y="direct"}[60s])'
    assert panels.fill(asked, values) == filled


def test_a_variable_without_a_value_is_no_query() -> None:
    with pytest.raises(KeyError, match="nobody"):
        panels.fill("x{y='$nobody'}", {})


def test_a_series_is_called_by_its_labels() -> None:
    query = panels.Query("x", "{{route}} p50 {{ none }}")
    assert query.name({"route": "direct"}) == "direct p50 "


def test_an_override_is_for_series_of_its_name_alone(
    dashboard: panels.Dashboard,
) -> None:
    (times,) = (
        one for one in dashboard.panels if one.title == "Response time by route"
    )
    direct, indirect = times.style("direct p50"), times.style("indirect p99")
    assert direct["custom.lineWidth"] == 3
    assert "custom.lineStyle" not in direct
    assert indirect["custom.lineWidth"] == 1
    assert indirect["custom.lineStyle"] == {"fill": "dash", "dash": [10, 6]}
    assert times.style("of nobody")["unit"] == "s"
