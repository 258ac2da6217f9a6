"""Reports on event logs: numbers, a page to look at, and pictures.

`summarize` reads the logs and needs nothing but the library; `write_page` and
`write_pictures` draw what it found, with the packages of the extra `report`.

    summary = summarize([Path("events.jsonl")])
    write_page(summary, Path("report.html"))
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlab_completions.report.summary import Summary, summarize

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from typing import Literal

__all__ = ("Summary", "summarize", "write_page", "write_pictures")

TITLE = "Code completions, direct and indirect"


def write_page(summary: Summary, path: Path, *, title: str = TITLE) -> None:
    """Write the page: one file of about a megabyte, which needs no network.

    Args:
        summary: What the logs said.
        path: Where it goes; a file that is there is replaced.
        title: The page's title.

    Raises:
        ModuleNotFoundError: If a package of the extra `report` is not installed.
        OSError: If it cannot be written.
    """
    from gitlab_completions.report.page import make_page  # noqa: PLC0415

    page = make_page(summary, title=title)
    # A title that was typed in another encoding has what UTF-8 does not.
    path.write_bytes(page.encode("utf-8", "replace"))


def write_pictures(
    summary: Summary, folder: Path, *, theme: Literal["light", "dark"] = "light"
) -> Sequence[Path]:
    """Write a PNG of each chart, for who has no browser; return their paths.

    Args:
        summary: What the logs said.
        folder: Where they go; it is made if it is not there.
        theme: Dark ink on light paper, or the other way round.

    Raises:
        ModuleNotFoundError: If a package of the extra `report` is not installed.
        OSError: If one cannot be written.
    """
    from gitlab_completions.report.pictures import draw  # noqa: PLC0415

    folder.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    for name, png in draw(summary, theme):
        path = folder / f"{name}.png"
        path.write_bytes(png)
        written.append(path)
    return written
