"""The points of charts."""

from __future__ import annotations

from gitlab_completions.report.points import LANES
from tests.report.counting import everything, mixed, views
from tests.report.logs import call


def test_each_strip_has_a_title_and_stays_in_its_row() -> None:
    points = everything(mixed()).points["calls"]
    titles = [str(point["title"]) for point in points if "title" in point]
    assert [title.partition(":")[0] for title in titles] == list(LANES)
    assert titles[0] == "direct: 20, at most 2 in 10 s"
    for point in points:
        if "t" in point:
            floor, top = float(point["y"]), float(point["top"])
            assert floor < top < floor + 0.76


def test_quantiles_over_time_need_answers() -> None:
    many = [each for n in range(20) for each in call(n, at_s=0.01 * n)]
    few = [each for n in range(20, 23) for each in call(n, at_s=50.0)]
    points = everything(views(*many, *few)).points["times"]
    assert [point["line"] for point in points] == ["direct p50", "direct p95"]
    points = everything(views(*few)).points["times"]
    assert [point["line"] for point in points] == ["direct p50", "direct p95"]
