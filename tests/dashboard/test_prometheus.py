"""A real Prometheus understands every query, and has an answer to it.

Skipped where it is not installed; it is asked on loopback.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest

from tests.dashboard.conftest import END, START
from tests.dashboard.test_queries import NEVER, selected

if TYPE_CHECKING:
    from pathlib import Path

    from examples.dashboard.draw import Shot
    from examples.dashboard.panels import Dashboard, Panel
    from examples.dashboard.prometheus import Prometheus

pytest.importorskip("matplotlib", reason="matplotlib is not installed")


@pytest.fixture
def shot(prometheus: Prometheus) -> Shot:
    return taken(prometheus)


def taken(prometheus: Prometheus, **chosen: str) -> Shot:
    from examples.dashboard import day, draw  # noqa: PLC0415 - needs matplotlib

    return draw.Shot(prometheus, START + 60, END, chosen, day.SCRAPE_S, "a short day")


def panel(dashboard: Dashboard, title: str) -> Panel:
    return next(one for one in dashboard.panels if one.title == title)


def test_every_query_has_an_answer(shot: Shot, dashboard: Dashboard) -> None:
    values = shot.values(dashboard)
    for one in dashboard.panels:
        for query in one.queries:
            if NEVER & {name for name, _ in selected(query)}:
                continue
            alone = type(one)(one.title, "", one.kind, one.place, (query,))
            assert shot.ask(alone, values).series, f"{one.title}: {query.expression}"


def test_direct_saves_what_the_way_through_the_instance_takes(
    shot: Shot, dashboard: Dashboard
) -> None:
    asked = shot.ask(panel(dashboard, "Saving of direct"), shot.values(dashboard))
    medians = next(one.values for name, one in asked.series if name == "median")
    known = [saving_s for saving_s in medians if not math.isnan(saving_s)]
    assert 0.05 < sum(known) / len(known) < 0.25


def test_circuits_are_shown_when_all_of_them_rest(
    shot: Shot, dashboard: Dashboard
) -> None:
    asked = shot.ask(panel(dashboard, "Circuits"), shot.values(dashboard))
    (direct,) = [one.values for name, one in asked.series if name == "direct"]
    assert {0.0, 2.0} <= set(direct)
    assert not any(map(math.isnan, direct))


def test_a_fallback_is_called_by_its_reason_and_what_came_before(
    shot: Shot, dashboard: Dashboard
) -> None:
    asked = shot.ask(panel(dashboard, "Fallbacks by reason"), shot.values(dashboard))
    assert "fell_back offline" in {name for name, _ in asked.series}


@pytest.mark.parametrize(
    ("chosen", "left"), [("All", {"direct", "indirect"}), ("Yes", {"direct"})]
)
def test_a_filter_keeps_out_what_it_says(
    prometheus: Prometheus, dashboard: Dashboard, chosen: str, left: set[str]
) -> None:
    shot = taken(prometheus, direct=chosen)
    times = panel(dashboard, "Response time by route")
    found = shot.ask(times, shot.values(dashboard)).series
    assert {name.split()[0] for name, _ in found} == left


def test_context_is_kept_apart(prometheus: Prometheus, dashboard: Dashboard) -> None:
    shot = taken(prometheus, context="No")
    times = panel(dashboard, "Response time by advanced context")
    found = shot.ask(times, shot.values(dashboard)).series
    assert {name.split()[0] for name, _ in found} == {"without"}


def test_what_is_no_query_is_told(prometheus: Prometheus) -> None:
    with pytest.raises(ValueError, match="parse error"):
        prometheus.ask("rate(", END)


def test_it_is_drawn(
    shot: Shot, dashboard: Dashboard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from matplotlib import image  # noqa: PLC0415

    from examples.dashboard import cards, draw  # noqa: PLC0415

    monkeypatch.setattr(draw, "DPI", 40)  # a sixth of the work
    draw.draw(dashboard, shot, cards.LIGHT, tmp_path / "light.png")
    drawn = image.imread(tmp_path / "light.png")
    height, width, _ = drawn.shape
    assert width == draw.WIDTH_IN * draw.DPI
    assert height > width
