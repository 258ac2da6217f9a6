"""The colours: readable on their paper, and the page's own too."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gitlab_completions.report.page import _part
from gitlab_completions.report.themes import THEMES

if TYPE_CHECKING:
    from gitlab_completions.report.themes import Theme


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [
        p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("theme", THEMES)
def test_every_colour_stands_out_from_the_paper(theme: Theme) -> None:
    palette = THEMES[theme]
    for colour in (palette.ink, palette.faint, *palette.lines):
        light, dark = sorted(
            (_luminance(colour), _luminance(palette.paper)), reverse=True
        )
        # WCAG 2.2, 1.4.3: 4.5 to 1 for text.
        assert (light + 0.05) / (dark + 0.05) >= 4.5, colour


def test_the_style_has_the_charts_colours() -> None:
    style = _part("page.css")
    for palette in THEMES.values():
        for colour in (palette.paper, palette.ink, palette.faint):
            assert colour in style
