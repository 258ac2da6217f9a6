"""The charts: told apart without colour, and no program of a log's making."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import altair as alt
import pytest

from gitlab_completions.report import Summary, summarize
from gitlab_completions.report.charts import CHARTS, make_charts
from gitlab_completions.report.themes import THEMES
from tests.report.logs import EVIL, hostile, rollout, write

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import TypeAlias

    from gitlab_completions.report.themes import Theme

    Drawn: TypeAlias = Mapping[Theme, dict[str, dict[str, object]]]


def charts(summary: Summary, theme: Theme = "light") -> dict[str, dict[str, object]]:
    made = make_charts(summary.views, summary.aggregate.timeline, theme)
    return dict(made)


@pytest.fixture(scope="module")
def drawn(summary: Summary) -> Drawn:
    """The charts of both themes, made once: it takes half a second."""
    return {theme: charts(summary, theme) for theme in THEMES}


def test_each_chart_is_made_and_has_points(summary: Summary, drawn: Drawn) -> None:
    names = [chart.name for chart in CHARTS]
    assert list(drawn["light"]) == names
    assert all(summary.everything.points[name] for name in names)


def test_each_chart_is_what_vega_lite_takes(
    drawn: Drawn,
) -> None:
    # The strips of fallbacks are those of calls, with other names.
    for spec in [drawn["light"][name] for name in drawn["light"] if name != "detours"]:
        alt.LayerChart.from_dict(spec, validate=True)


@pytest.mark.parametrize("name", ["latency", "times", "errors"])
def test_lines_differ_by_dash_as_well_as_by_colour(drawn: Drawn, name: str) -> None:
    spec = json.dumps(drawn["light"][name])
    assert '"strokeDash"' in spec
    assert ('"shape"' in spec) is (name != "latency")


@pytest.mark.parametrize("theme", THEMES)
def test_a_chart_has_its_themes_paper(drawn: Drawn, theme: Theme) -> None:
    for spec in drawn[theme].values():
        config = spec["config"]
        assert isinstance(config, dict)
        assert config["background"] == THEMES[theme].paper


@pytest.mark.parametrize(("days", "format_"), [(2.6, "%d %b %H:%M"), (365, "%d %b %Y")])
def test_times_of_more_than_a_day_have_their_dates(
    tmp_path: Path, days: float, format_: str
) -> None:
    log = write(tmp_path / "log", rollout(20, span_s=days * 86_400))
    spec = json.dumps(charts(summarize([log]))["calls"])
    assert f'"format": "{format_}"' in spec


def test_no_word_of_a_log_is_in_an_expression(tmp_path: Path) -> None:
    summary = summarize([write(tmp_path / "log", hostile())])
    issuer = EVIL[:64]
    assert issuer in summary.views.issuers
    for spec in charts(summary).values():
        for key, text in _texts(spec):
            assert EVIL[:20] not in text or key == "domain", key


def _texts(value: object, key: str = "") -> list[tuple[str, str]]:
    """Return each text in a specification, and the key that it stands at."""
    if isinstance(value, str):
        return [(key, value)]
    if isinstance(value, dict):
        return [found for k, v in value.items() for found in _texts(v, k)]
    if isinstance(value, list):
        return [found for v in value for found in _texts(v, key)]
    return []
