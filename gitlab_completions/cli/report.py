"""`report`: what event logs say, as a page, as pictures, and in short here."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

from gitlab_completions.cli.app import EXIT_CODES
from gitlab_completions.cli.consoles import console, facts_table, route_text, table
from gitlab_completions.cli.problems import Exit, Problem, visible
from gitlab_completions.models import Route
from gitlab_completions.report import summarize, write_page, write_pictures

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Literal

    from rich.table import Table

    from gitlab_completions.report import Summary

__all__ = ("command",)

MOST_LETTERS = 24
"""Letters of a token issuer: a log can have any, and numbers need room beside it."""
EXTRA = ("altair", "jinja2", "markupsafe", "vl_convert")


@click.command(
    "report", short_help="Show what event logs say, as a page.", epilog=EXIT_CODES
)
@click.argument(
    "events",
    nargs=-1,
    required=True,
    type=click.Path(path_type=Path),
    metavar="EVENTS...",
)
@click.option(
    "--html",
    "-o",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("report.html"),
    show_default=True,
    help="Write the page to this file.",
)
@click.option(
    "--png",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write a picture of each chart into this directory too.",
)
@click.option("--dark", is_flag=True, help="Draw the pictures for a dark background.")
@click.option(
    "--title",
    metavar="TEXT",
    default="Code completions, direct and indirect",
    help="The page's title.",
)
def command(
    *, events: tuple[Path, ...], html: Path, png: Path | None, dark: bool, title: str
) -> int:
    """Show what event logs say: response times, fallbacks, errors.

    EVENTS are the JSON lines of an event log; name its rotated files (gzip, too) beside
    it. The page is one file, needs no network, and is filtered by route and by context;
    how large the log is makes no difference to its size.
    """
    _not_one_of_them(html, events)
    _can_be_drawn()
    summary = _read(events)
    theme: Literal["light", "dark"] = "dark" if dark else "light"
    written = _write(summary, html, png, title, theme)
    _tell(summary, written)
    return Exit.DONE


def _not_one_of_them(html: Path, events: Sequence[Path]) -> None:
    page = os.path.realpath(html)
    if any(page == os.path.realpath(path) for path in events):
        raise Problem(
            f"the page would replace {click.format_filename(html)}, which it is about",
            "name another file: --html report.html",
            code="usage",
        )


def _can_be_drawn() -> None:
    """Look for the extra's packages, before minutes go by in which a log is read."""
    for package in EXTRA:
        if find_spec(package) is None:
            raise Problem(
                f"the report needs {package}: pip install 'gitlab-completions[report]'"
            )


def _read(events: Sequence[Path]) -> Summary:
    """Read the logs, and show how far that is where somebody looks."""
    columns = (
        TextColumn("Reading events"),
        BarColumn(),
        DownloadColumn(),
    )
    try:
        size = sum(path.stat().st_size for path in dict.fromkeys(events))
        err = console(err=True)
        with Progress(
            *columns, console=err, transient=True, disable=not err.is_terminal
        ) as progress:
            task = progress.add_task("", total=size)
            return summarize(events, lambda done: progress.update(task, completed=done))
    except OSError as error:
        name = click.format_filename(str(error.filename))
        raise Problem(
            f"{name} cannot be read: {error.strerror}",
            "name an event log",
            code="usage",
        ) from error


def _write(
    summary: Summary,
    html: Path,
    png: Path | None,
    title: str,
    theme: Literal["light", "dark"],
) -> list[Path]:
    try:
        write_page(summary, html, title=title)
        written = [html]
        if png is not None:
            written += write_pictures(summary, png, theme=theme)
    except OSError as error:
        # A disk that is full says no name.
        name = click.format_filename(str(error.filename or html))
        raise Problem(
            f"{name} cannot be written: {error.strerror}",
            "check where it goes",
            exit_code=Exit.NO_OUTPUT,
        ) from error
    return written


def _tell(summary: Summary, written: Sequence[Path]) -> None:
    """Tell the summary on stdout, and what a reader should know on stderr."""
    out, err = console(), console(err=True)
    out.print(visible(f"{summary.span}: {summary.source}"), soft_wrap=True)
    if summary.everything.calls:
        out.print(_routes(summary.everything.numbers))
        out.print(facts_table(_facts(summary)))
    for path in written:
        out.print(f"written: {click.format_filename(path)}", soft_wrap=True)
    for notice in summary.notices():
        err.print(visible(f"note: {notice}"), soft_wrap=True)


def _routes(numbers: Mapping[str, str]) -> Table:
    columns = ("answers", "p50", "p95", "p99")
    made = table("route", *columns, right=columns)
    for route in (Route.DIRECT, Route.INDIRECT):
        names = ("calls", *columns[1:])
        made.add_row(route_text(route), *(numbers[f"{route}-{name}"] for name in names))
    return made


def _facts(summary: Summary) -> list[tuple[str, str]]:
    numbers = summary.everything.numbers
    facts = [
        ("calls", f"{numbers['calls']}, {numbers['superseded']} of them superseded"),
        ("answered", f"{numbers['answered-share']} of the others"),
        (
            "saved by direct",
            f"{numbers['saving-p50']} at the median, {numbers['saving-p95']} at p95",
        ),
        ("fallbacks", f"{numbers['fallbacks']} ({numbers['fallbacks-share']})"),
    ]
    for index, issuer in enumerate(summary.views.issuers):
        rate, errors = numbers[f"error-rate-{index}"], numbers[f"errors-{index}"]
        shown = visible(issuer)[:MOST_LETTERS]
        facts.append((f"errors, {shown}", f"{rate} ({errors} attempts)"))
    return facts
