"""The cards that panels are drawn on: where things are, and in which colours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from matplotlib.patches import FancyBboxPatch

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ("DARK", "LIGHT", "Box", "Card", "Theme")

TITLE_IN: Final = 0.42
"""Inches that a title takes."""
PAD_IN: Final = 0.14


@dataclass(frozen=True, slots=True)
class Theme:
    """The colours of all that means nothing."""

    canvas: str
    card: str
    edge: str
    text: str
    faint: str
    grid: str

    def settings(self) -> dict[str, object]:
        """Return them as matplotlib wants them."""
        return {
            "figure.facecolor": self.canvas,
            "savefig.facecolor": self.canvas,
            "axes.facecolor": "none",
            "axes.edgecolor": self.grid,
            "text.color": self.text,
            "xtick.color": self.faint,
            "ytick.color": self.faint,
            "grid.color": self.grid,
            "font.family": "DejaVu Sans",
            "font.size": 9.5,
        }


LIGHT: Final = Theme("#F3F4F6", "#FFFFFF", "#DFE2E7", "#23262C", "#6A717D", "#E7E9ED")
DARK: Final = Theme("#0F1116", "#191C22", "#2A2E37", "#E3E5EA", "#959CA8", "#2A2E36")


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle, in inches from the figure's bottom left."""

    left: float
    bottom: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Card:
    """A figure's place for a panel, all measures in inches."""

    figure: Figure
    box: Box
    theme: Theme

    def lay(self, title: str) -> None:
        """Draw the empty card and its title."""
        self.frame()
        self.write(PAD_IN, self.box.height - 0.21, title, size=10.3, weight="bold")

    def frame(self) -> None:
        """Draw the card alone."""
        box, round_in = self.box, 0.05
        shape = FancyBboxPatch(
            (box.left + round_in, box.bottom + round_in),
            box.width - 2 * round_in,
            box.height - 2 * round_in,
            boxstyle=f"round,pad={round_in}",
            transform=self.figure.dpi_scale_trans,
            facecolor=self.theme.card,
            edgecolor=self.theme.edge,
            linewidth=0.8,
            zorder=-1,
        )
        self.figure.add_artist(shape)

    def write(
        self,
        left: float,
        bottom: float,
        text: str,
        *,
        size: float = 9.5,
        color: str | None = None,
        weight: Literal["normal", "bold"] = "normal",
        align: Literal["left", "center", "right"] = "left",
    ) -> None:
        """Write a line of text at a place on the card."""
        self.figure.text(
            self.box.left + left,
            self.box.bottom + bottom,
            text,
            transform=self.figure.dpi_scale_trans,
            fontsize=size,
            color=color or self.theme.text,
            fontweight=weight,
            ha=align,
            va="center",
        )

    def axes(
        self, left: float, bottom: float, right: float = PAD_IN, top: float = TITLE_IN
    ) -> Axes:
        """Return empty axes within margins."""
        width_in, height_in = self.figure.get_size_inches()
        box = self.box
        axes = self.figure.add_axes(
            (
                (box.left + left) / width_in,
                (box.bottom + bottom) / height_in,
                (box.width - left - right) / width_in,
                (box.height - bottom - top) / height_in,
            )
        )
        axes.spines[:].set_visible(False)
        axes.tick_params(length=0, labelsize=8.3)
        return axes
