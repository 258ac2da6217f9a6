"""The colours of the charts by light and in the dark; the page has the same ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

import altair as alt

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ("THEMES", "Palette", "Theme", "make_config")

Theme: TypeAlias = Literal["light", "dark"]


class Palette(NamedTuple):
    """Colours of a theme; the lines' are Okabe and Ito's, or lighter ones of them."""

    paper: str
    ink: str
    faint: str
    grid: str
    lines: tuple[str, str, str, str]


THEMES: Mapping[Theme, Palette] = {
    "light": Palette(
        "#ffffff", "#1c2230", "#5b6475", "#e4e7ee",
        ("#0072b2", "#c24e00", "#00785a", "#a64d83"),
    ),
    "dark": Palette(
        "#171c26", "#e8ebf2", "#a3adbf", "#2d3545",
        ("#56b4e9", "#ff9a57", "#3ccfa4", "#e39cc6"),
    ),
}  # fmt: skip


def make_config(palette: Palette) -> alt.Config:
    """Return what all charts of a theme have in common."""
    return alt.Config(
        background=palette.paper,
        font="system-ui, DejaVu Sans, sans-serif",
        view=alt.ViewConfig(stroke=None),
        axis=alt.AxisConfig(
            labelColor=palette.faint,
            titleColor=palette.faint,
            gridColor=palette.grid,
            domainColor=palette.faint,
            tickColor=palette.faint,
            labelFontSize=12,
            titleFontSize=12,
            titleFontWeight="normal",
            labelOverlap=True,
        ),
        legend=alt.LegendConfig(
            orient="top",
            title=None,
            labelColor=palette.ink,
            labelFontSize=13,
            symbolStrokeWidth=2.5,
            symbolSize=130,
            columns=2,
        ),
        title=alt.TitleConfig(
            anchor="start",
            color=palette.ink,
            subtitleColor=palette.faint,
            fontSize=17,
            subtitleFontSize=13,
            offset=12,
        ),
    )
