"""Draws dashboard.json as a picture, from what a Prometheus answers to its queries.

    python -m examples.dashboard.draw                  a working day, played in memory
    python -m examples.dashboard.draw --url http://127.0.0.1:9090 --minutes 15

This is no picture of Grafana, which lays the same panels out in its own way: it shows
people without a Grafana what they would see, and that the queries mean what their
titles say. Needs matplotlib; without `--url` also Prometheus's programs.
"""

from __future__ import annotations

import argparse
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Final

import matplotlib as mpl
from PIL import Image  # which matplotlib brings

from examples.dashboard import day, panels
from examples.dashboard.cards import DARK, LIGHT, Box, Card
from examples.dashboard.marks import Answers, draw as draw_panel
from examples.dashboard.prometheus import Prometheus, keep, serving

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from examples.dashboard.cards import Theme

__all__ = ("Shot", "draw", "main")

HERE: Final = Path(__file__).parent
COLUMNS: Final = 24
UNIT_IN: Final = 0.36
WIDTH_IN: Final = 16.0
HEAD_IN: Final = 1.0
GAP_IN: Final = 0.1
"""Inches: a row of Grafana's grid, the picture, its heading, between two cards."""
LETTER_IN: Final = 0.085
"""Of a tag, in the mean."""
DPI: Final = 120
COLOURS: Final = 256
POINTS: Final = 240
"""Values of a series from the left to the right, at most."""
A_MORNING: Final = 1_790_150_400
"""In Unix seconds: 8 o'clock UTC on a Wednesday."""
WARM_S: Final = 120
"""Seconds until rates are known."""
LIVE_SCRAPE_S: Final = 5.0
"""As in prometheus.yml."""


@dataclass(frozen=True, slots=True)
class Shot:
    """What a picture is taken of.

    Args:
        prometheus: Who answers.
        start: From when on, in Unix seconds.
        end: Until when.
        chosen: What filters are set to, by their names, as a person reads it.
        scrape_s: Seconds between two values of the metrics.
        note: Whose metrics they are.
    """

    prometheus: Prometheus
    start: float
    end: float
    chosen: Mapping[str, str]
    scrape_s: float
    note: str = ""

    @property
    def step_s(self) -> float:
        """Seconds between two points of a series."""
        return max((self.end - self.start) / POINTS, self.scrape_s)

    def values(self, dashboard: panels.Dashboard) -> dict[str, str]:
        """Return what the variables in queries stand for.

        Raises:
            KeyError: If a filter cannot be set to that.
        """
        filters = {
            one.name: one.values[self.chosen.get(one.name, panels.ALL)]
            for one in dashboard.variables
            if one.values
        }
        # As Grafana has it: a rate needs some scrapes, and leaves none out.
        rate_s = max(self.step_s + self.scrape_s, 4 * self.scrape_s)
        return filters | {
            "__range": f"{self.end - self.start:.0f}s",
            "__rate_interval": f"{rate_s:.0f}s",
        }

    def ask(self, panel: panels.Panel, values: Mapping[str, str]) -> Answers:
        """Ask all that a panel wants to know."""
        answers = Answers(self.start, self.end, self.step_s)
        span = self.start, self.end
        for query in panel.queries:
            asked = panels.fill(query.expression, values)
            if query.now:
                found = self.prometheus.ask(asked, self.end)
            else:
                found = self.prometheus.ask_range(asked, *span, self.step_s)
            answers.series += [(query.name(one.labels), one) for one in found]
            if query.exemplars:
                answers.exemplars += self.prometheus.exemplars(asked, *span)
        return answers


def draw(dashboard: panels.Dashboard, shot: Shot, theme: Theme, path: Path) -> None:
    """Draw a dashboard into a PNG file."""
    mpl.use("Agg")
    from matplotlib import pyplot  # noqa: PLC0415 - once the backend is chosen

    values = shot.values(dashboard)
    rows = max(panel.place["y"] + panel.place["h"] for panel in dashboard.panels)
    height_in = rows * UNIT_IN + HEAD_IN + GAP_IN
    with pyplot.style.context(theme.settings()):
        figure = pyplot.figure(figsize=(WIDTH_IN, height_in))
        head = Box(2 * GAP_IN, height_in - HEAD_IN, WIDTH_IN - 4 * GAP_IN, HEAD_IN)
        _head(Card(figure, head, theme), dashboard, shot)
        for panel in dashboard.panels:
            card = Card(figure, _box(panel.place, height_in), theme)
            draw_panel(card, panel, shot.ask(panel, values))
        drawn = BytesIO()
        figure.savefig(drawn, dpi=DPI)
        pyplot.close(figure)
    # A third of the bytes, and nobody sees it.
    Image.open(drawn).convert("RGB").quantize(COLOURS).save(path, optimize=True)


def _box(place: panels.GridPosition, height_in: float) -> Box:
    """Return where a panel is on the figure."""
    unit_in = (WIDTH_IN - 3 * GAP_IN) / COLUMNS
    top_in = height_in - HEAD_IN - place["y"] * UNIT_IN
    return Box(
        left=2 * GAP_IN + place["x"] * unit_in,
        bottom=top_in - place["h"] * UNIT_IN + GAP_IN,
        width=place["w"] * unit_in - GAP_IN,
        height=place["h"] * UNIT_IN - GAP_IN,
    )


def _head(card: Card, dashboard: panels.Dashboard, shot: Shot) -> None:
    """Write the title, what the filters are set to, and what this is a picture of."""
    right = card.box.width
    card.write(0, 0.72, dashboard.title, size=19, weight="bold")
    start, end = (datetime.fromtimestamp(at, UTC) for at in (shot.start, shot.end))
    when = f"{start:%A, %H:%M} to {end:%H:%M} UTC"
    card.write(right, 0.72, when, size=11, align="right")
    note = f"drawn by draw.py from dashboard.json: {shot.note}"
    card.write(right, 0.28, note, size=9, color=card.theme.faint, align="right")
    left = 0.0
    for one in dashboard.variables:
        if one.values:
            value = shot.chosen.get(one.name, panels.ALL)
            left += _tag(card, left, one.label, value) + GAP_IN


def _tag(card: Card, left: float, label: str, value: str) -> float:
    """Write what a filter is set to, in a frame; return how wide that is."""
    label_in, value_in = (LETTER_IN * len(text) for text in (label, value))
    box = card.box
    width = label_in + value_in + 3 * GAP_IN
    tag = Box(box.left + left, box.bottom + 0.14, width, 0.29)
    framed = Card(card.figure, tag, card.theme)
    framed.frame()
    framed.write(GAP_IN, 0.14, label, size=9, color=card.theme.faint)
    framed.write(width - GAP_IN, 0.14, value, size=9, weight="bold", align="right")
    return width


@contextmanager
def a_day(chosen: Mapping[str, str]) -> Iterator[Shot]:
    """Play a working day, and have a Prometheus that knows it, until the end."""
    plan = day.Plan()
    seconds = plan.minutes * day.MINUTE_S
    with tempfile.TemporaryDirectory() as folder:
        text, data = Path(folder, "day.txt"), Path(folder, "data")
        text.write_text(day.play(plan, A_MORNING), "utf-8")
        keep(text, data)
        with serving(data, HERE / "prometheus.yml") as prometheus:
            note = f"{plan.authors} authors played in memory, {of(prometheus)}"
            yield Shot(
                prometheus,
                A_MORNING + WARM_S,
                A_MORNING + seconds,
                chosen,
                day.SCRAPE_S,
                note,
            )


def of(prometheus: Prometheus) -> str:
    """Return whose answers are drawn."""
    return f"answers of Prometheus {prometheus.version()}"


def main() -> None:
    """Draw it in light and dark."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--url", help="a Prometheus that knows metrics of yours")
    parser.add_argument("--minutes", type=float, default=30, help="of those")
    parser.add_argument("--png", type=Path, default=HERE / "dashboard.png")
    dashboard = panels.read()
    filters = [one for one in dashboard.variables if one.values]
    for one in filters:
        choices = tuple(one.values)
        parser.add_argument(f"--{one.name}", choices=choices, default=panels.ALL)
    wish = parser.parse_args()
    chosen = {one.name: getattr(wish, one.name) for one in filters}
    taken = a_day(chosen) if wish.url is None else now(wish.url, wish.minutes, chosen)
    with taken as shot:
        for theme, path in ((LIGHT, wish.png), (DARK, _dark(wish.png))):
            draw(dashboard, shot, theme, path)
            print(path)


@contextmanager
def now(url: str, minutes: float, chosen: Mapping[str, str]) -> Iterator[Shot]:
    """Ask a Prometheus that runs about the last minutes."""
    prometheus = Prometheus(url)
    end = datetime.now(UTC).timestamp()
    start = end - minutes * day.MINUTE_S
    yield Shot(prometheus, start, end, chosen, LIVE_SCRAPE_S, of(prometheus))
    prometheus.close()


def _dark(path: Path) -> Path:
    return path.with_stem(f"{path.stem}-dark")


if __name__ == "__main__":
    main()
