"""`rehearse`: a roll-out of direct connections, played before it is done."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import math
from datetime import UTC, datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click
from rich.console import Console
from rich.live import Live

from gitlab_completions._records import Record, fields
from gitlab_completions.cli import problems
from gitlab_completions.cli.app import EXIT_CODES
from gitlab_completions.cli.consoles import console
from gitlab_completions.cli.options import json_option
from gitlab_completions.cli.problems import Exit, Problem
from gitlab_completions.cli.rehearsal_views import (
    entry_line,
    report_view,
    standing_view,
)
from gitlab_completions.emulator import MissingExtraError
from gitlab_completions.errors import ConfigurationError
from gitlab_completions.event_log import EventLog
from gitlab_completions.rehearsal import Outcome, PlanError, read_plan, rehearse

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from gitlab_completions.events import Observer
    from gitlab_completions.rehearsal import Plan, Report, Standing

__all__ = ("command",)

_EXITS = {
    Outcome.WENT_THROUGH: Exit.DONE,
    Outcome.HELD: Exit.HELD,
    Outcome.TAKEN_BACK: Exit.TAKEN_BACK,
}
_EVENTS_BYTES = 4 * 1024**3
"""A rehearsal's log is one file: half a GiB for 100 000 calls."""
_PAGE_WIDTH = 110
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>A rehearsed roll-out</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>{stylesheet}
html {{ background: #fff; color: #000; }}
@media (prefers-color-scheme: dark) {{
  html {{ filter: invert(0.93) hue-rotate(180deg); }}
}}
pre {{ font: 14px/1.35 ui-monospace, monospace; overflow-x: auto; }}
</style></head>
<body><pre><code>{code}</code></pre></body></html>
"""


@click.command(
    "rehearse",
    short_help="Rehearse a roll-out of direct connections.",
    epilog=EXIT_CODES,
)
@click.argument("plan", metavar="PLAN.toml")
@click.option(
    "--report", metavar="FILE.html", help="Write the report as a new page too."
)
@click.option(
    "--events",
    metavar="FILE.jsonl",
    help="Write an event log, which `report` can draw; some 2 KB for each call.",
)
@json_option
@click.option("--no-color", is_flag=True, help="Print without colours.")
def command(
    plan: str,
    *,
    report: str | None,
    events: str | None,
    as_json: bool,
    no_color: bool,
) -> int:
    """Rehearse a roll-out of direct connections by a plan.

    Simulated authors type at an emulated GitLab while the plan's percentage is raised
    step by step, faults included; its guard rails let it go on, hold it, or take it
    back. The exit code tells which. examples/rollout.toml is a plan.
    """
    read = _read(plan)
    if report is not None:
        _check_new(report, "--report")
    progress = console(err=True, no_color=no_color)
    log = None if events is None else _new_log(events)
    with log or contextlib.nullcontext(), _progress(progress) as tell:
        try:
            done = rehearse(read, tell=tell, observer=_observers(log))
        except MissingExtraError as error:
            raise Problem(str(error)) from error
    unwritten = None if report is None else _write_page(Path(report), done)
    if log is not None and log.problem is not None:
        unwritten = _unwritten(str(events), log.problem)
    if as_json:
        click.echo(json.dumps(_document(done), indent=2))
    else:
        console(no_color=no_color).print(report_view(done))
    if unwritten is not None:  # the report is out, which may be the one JSON object
        return problems.report(unwritten, json_wanted=False)
    return Exit.NO if done.lost else _EXITS[done.outcome]


def _read(path: str) -> Plan:
    """Read the plan.

    Raises:
        Problem: When it cannot be read; it says where it is wrong.
    """
    try:
        return read_plan(Path(path).read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise Problem(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise Problem(f"{path} is not UTF-8", "write it anew as UTF-8") from error
    except PlanError as error:
        raise Problem(f"{path}: {error}", code="plan") from error


@contextlib.contextmanager
def _progress(out: Console) -> Generator[Callable[[Standing], None]]:
    """Show how it stands: in place on a terminal, else a line for what happens."""
    if not out.is_terminal:
        told = 0

        def tell(standing: Standing) -> None:
            nonlocal told
            for entry in standing.entries[told:]:
                out.print(entry_line(entry), soft_wrap=True)
            told = len(standing.entries)

        yield tell
        return
    with Live(console=out, transient=True, refresh_per_second=4) as live:
        yield lambda standing: live.update(standing_view(standing))


def _check_new(path: str, option: str) -> None:
    """Replace nothing, be it the plan.

    Raises:
        Problem: When the file is there.
    """
    if Path(path).exists():
        raise Problem(f"{path} is there already", f"name a new file for {option}")


def _new_log(path: str) -> EventLog:
    """Return an event log in a new file.

    Raises:
        Problem: When the file is there, or the extra is not.
    """
    _check_new(path, "--events")
    try:
        return EventLog(path, max_bytes=_EVENTS_BYTES, backups=0, now=_Clock())
    except ConfigurationError as error:
        raise Problem(error.message.replace("EventLog", "--events")) from error


def _observers(log: EventLog | None) -> Callable[[int], Observer | None]:
    """Return what makes an observer for each author's client, if there is a log."""
    return lambda author: None if log is None else log.observer(user=str(author))


class _Clock:
    """The time of day on the rehearsal's clock, as if it had begun now."""

    def __init__(self) -> None:
        self._began = datetime.now(UTC)
        self._began_s: float | None = None
        self._latest = self._began

    def __call__(self) -> datetime:
        """Return the time; in another thread, the latest that was asked for."""
        with contextlib.suppress(RuntimeError):
            now = asyncio.get_running_loop().time()
            began_s = now if self._began_s is None else self._began_s
            self._began_s = began_s
            self._latest = self._began + timedelta(seconds=now - began_s)
        return self._latest


def _write_page(path: Path, report: Report) -> Problem | None:
    """Write the page; return what hinders it, for a rehearsal took minutes."""
    page = Console(record=True, file=io.StringIO(), width=_PAGE_WIDTH, emoji=False)
    page.print(report_view(report))
    try:
        path.write_text(page.export_html(code_format=_PAGE), encoding="utf-8")
    except OSError as error:
        return _unwritten(str(path), error.strerror)
    return None


def _unwritten(path: str, why: str | None) -> Problem:
    return Problem(f"{path} cannot be written: {why}", exit_code=Exit.NO_OUTPUT)


def _document(value: object) -> object:
    """Return a record as JSON has it, seconds and shares as numbers.

    JSON has no number for a wait without end.
    """
    if isinstance(value, Record):
        return {name: _document(each) for name, each in fields(value).items()}
    if isinstance(value, tuple):
        return [_document(each) for each in cast("tuple[object, ...]", value)]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value.value if isinstance(value, Enum) else value
