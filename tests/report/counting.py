"""What is shown of rows written by hand."""

from __future__ import annotations

from itertools import product

from gitlab_completions.report.aggregating import Aggregate
from gitlab_completions.report.views import View, Views, make_views
from tests.report.logs import call


def views(*rows: dict[str, object]) -> Views:
    made = Aggregate()
    for each in rows:
        made.add(each)
    return make_views(made)


def mixed() -> Views:
    """Return views of ten calls a route and context, and two without a route."""
    rows: list[dict[str, object]] = []
    for number, (route, context) in enumerate(
        product(["direct", "indirect"], [True, False])
    ):
        for each in range(10):
            elapsed_s = 0.1 + 0.1 * number + 0.001 * each
            at_s = 60.0 * each
            rows += call(
                10 * number + each,
                at_s,
                route=route,
                context=context,
                elapsed_s=elapsed_s,
                reason="preferred" if route == "direct" else "rollout",
            )
    for number in (100, 101):
        rows += call(number, route=None, action="suggestion_cancelled")[::2]
    return views(*rows)


def everything(made: Views) -> View:
    return made.by_filter["both/both"]
