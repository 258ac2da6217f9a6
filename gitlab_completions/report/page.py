"""Writes the page: one file, which asks no server for anything.

Words of a log are data in it and nowhere else: Jinja escapes what becomes HTML, JSON in
a script element has no `<`, and the page's own policy runs no script but the two whose
hashes it names, loads nothing, and evaluates no text.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, NamedTuple

import jinja2
import vl_convert
from markupsafe import Markup

from gitlab_completions._version import __version__
from gitlab_completions.report.charts import CHARTS, make_charts
from gitlab_completions.report.themes import THEMES
from gitlab_completions.report.views import CONTEXTS, ROUTE_FILTERS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from gitlab_completions.report.summary import Summary
    from gitlab_completions.report.views import Views

__all__ = ("COLUMNS", "make_page")

COLUMNS = (
    "route",
    "context",
    "calls",
    "answered",
    "p50",
    "p95",
    "p99",
    "failed",
    "superseded",
    "fallbacks",
    "failed attempts",
)
FILTERS = (
    ("route", "Route", tuple((name, name) for name in ROUTE_FILTERS)),
    ("context", "Context", tuple((name, name) for name in CONTEXTS)),
    (
        "theme",
        "Appearance",
        (("system", "system"), ("light", "light"), ("dark", "dark")),
    ),
)
NOTES = """
A call counts by the route that answered it, or whose failure decided it; an attempt and
a fallback by the route they went on. Calls without a route, such as superseded ones,
are shown with route “both”.

Response time is what the author waited: from the call's beginning to its answer, lost
attempts included; of a stream, to its first piece.

The saving compares the medians (and p95) of both routes over calls that their first
attempt answered, so that incidents do not flatter direct. It heeds the filter of
context, and not that of routes.

Superseded calls, whose author typed on, are no failures; “answered” is a share of the
others, and counts answers without a suggestion.

Error rates are failed attempts among all attempts, by who issued their token.

Response times are counted in bins of 1 %: what is read from them is half a percent off
at most.
"""


class Tile(NamedTuple):
    """A number of the page, with others below it."""

    title: str
    number: str
    details: Sequence[tuple[str, str]]


def make_page(summary: Summary, *, title: str) -> str:
    """Return the page.

    Args:
        summary: What is to be shown.
        title: The page's title.
    """
    scripts = (_libraries(), _part("page.js"))
    views = summary.views
    return _template().render(
        title=title,
        span=summary.span,
        source=summary.source,
        notices=list(summary.notices()),
        policy=_policy(scripts),
        style=Markup(_part("page.css")),
        filters=FILTERS,
        shown=_shown(views, "both/both"),
        tiles=list(_tiles(views)),
        numbers=summary.everything.numbers,
        charts=CHARTS,
        columns=COLUMNS,
        table=views.table,
        notes=NOTES.strip().split("\n\n"),
        version=__version__,
        data=_data(summary),
        libraries=Markup(scripts[0]),
        script=Markup(scripts[1]),
    )


def _template() -> jinja2.Template:
    # Undefined names are errors; everything but our own parts is escaped.
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    return environment.from_string(_part("page.html"))


def _part(name: str) -> str:
    text = files("gitlab_completions.report").joinpath(name).read_text(encoding="utf-8")
    return text.replace("\r\n", "\n").strip()


@cache
def _libraries() -> str:
    """Return Vega, Vega-Lite and Vega-Embed, fit to stand in a script element.

    A browser counts a carriage return as a line feed, which would change the hash.
    """
    bundle = str(vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;"))
    fit = bundle.replace("</script", "<\\/script").replace("<!--", "<\\!--")
    return fit.replace("\r\n", "\n").replace("\r", "\n").strip()


def _policy(scripts: Sequence[str]) -> str:
    hashes = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
        for text in scripts
    )
    # Vega places its charts and tooltips by style attributes.
    return (
        f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; "
        "base-uri 'none'; form-action 'none'"
    )


def _data(summary: Summary) -> Mapping[str, object]:
    """Return what the page's script picks from."""
    views, timeline = summary.views, summary.aggregate.timeline
    return {
        "views": {
            setting: {
                "numbers": view.numbers,
                "points": view.points,
                "shown": _shown(views, setting),
            }
            for setting, view in views.by_filter.items()
        },
        "charts": {theme: make_charts(views, timeline, theme) for theme in THEMES},
    }


def _shown(views: Views, setting: str) -> str:
    route, _, context = setting.partition("/")
    routes = "both routes" if route == "both" else f"{route} only"
    contexts = "with and without context" if context == "both" else f"{context} context"
    calls = views.by_filter[setting].calls
    return (
        f"Shown: {calls:,} of {views.by_filter['both/both'].calls:,} calls "
        f"({routes}, {contexts})"
    )


def _tiles(views: Views) -> Iterator[Tile]:
    yield Tile("Calls", "calls", (("without an answer", "failed"),))
    yield Tile(
        "Answered",
        "answered-share",
        (("answers", "answered"), ("without a suggestion", "empty")),
    )
    yield Tile("Saved by going direct (p50)", "saving-p50", (("p95", "saving-p95"),))
    for route in ("direct", "indirect"):
        yield Tile(
            f"Response time, {route} (p50)",
            f"{route}-p50",
            tuple((name, f"{route}-{name}") for name in ("p95", "p99")),
        )
    yield Tile("Superseded", "superseded", (("of all calls", "superseded-share"),))
    yield Tile("Fallbacks", "fallbacks", (("of all calls", "fallbacks-share"),))
    for index, issuer in enumerate(views.issuers):
        yield Tile(
            f"Error rate, tokens of {issuer}",
            f"error-rate-{index}",
            (("attempts", f"errors-{index}"), ("", f"error-codes-{index}")),
        )
