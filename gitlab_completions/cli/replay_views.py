"""What a replay looks like: figures side by side, and whether the aims are met."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.text import Text

from gitlab_completions._records import fields
from gitlab_completions.cli.consoles import table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType
    from rich.table import Table

    from gitlab_completions.replay import Aim, Comparison, Figures

__all__ = ("comparisons_view", "document")

_AIMS = {
    "p50": "waits at the median, of the reference client's",
    "requests": "requests for each that was taken, of the reference client's",
    "stale": "moments at which a stale suggestion was shown",
}
_NOTE = (
    "p50 and p90: milliseconds from a stroke to the suggestion on the screen, of those "
    "that had to be waited for. Stale: moments at which what was shown was not made "
    "for the document as it was. %: share of those shown that was taken. Each: "
    "requests for each of these."
)


def comparisons_view(compared: Sequence[Comparison]) -> RenderableType:
    """Return the figures of all authors, and what is aimed at."""
    aims = map(_aim_line, compared[-1].aims)
    return Group(_figures_table(compared), *aims, Text(f"\n{_NOTE}", "dim"))


def document(compared: Comparison) -> dict[str, object]:
    """Return a comparison as JSON has it."""
    return {
        "author": compared.author,
        "ours": fields(compared.ours),
        "reference": fields(compared.reference),
        "aims": [{**fields(aim), "is_met": aim.is_met} for aim in compared.aims],
    }


def _figures_table(compared: Sequence[Comparison]) -> Table:
    numbers = ("p50", "p90", "shown", "stale", "taken", "%", "each", "/min")
    made = table("author", "client", *numbers, right=numbers)
    for each in compared:
        made.add_row(Text(each.author, "bold"), "ours", *_row(each.ours))
        made.add_row("", "GitLab", *_row(each.reference), end_section=True)
    return made


def _row(figures: Figures) -> tuple[str | Text, ...]:
    stale = Text(str(figures.stale), "bold red" if figures.stale else "green")
    share = figures.accepted_share
    return (
        _ms(figures.p50_s),
        _ms(figures.p90_s),
        str(figures.shown),
        stale,
        str(figures.accepted),
        "-" if share is None else f"{100 * share:.0f}",
        _one_digit(figures.requests_per_accepted),
        _one_digit(figures.requests_a_minute),
    )


def _aim_line(aim: Aim) -> Text:
    word, style = ("met", "green") if aim.is_met else ("MISSED", "bold red")
    told = f"aim {aim.at_most:g}: {_AIMS[aim.name]}"
    if aim.value is None:
        return Text(f"nothing to compare, {told}")
    return Text(f"{aim.value:.2f}, {told}: ").append(word, style)


def _ms(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds * 1000:.0f}"


def _one_digit(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"
