"""`doctor`: why completions do not come, or come slowly, and what to do about it."""

from __future__ import annotations

import asyncio
import json
import os
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Unpack, cast

import click
from rich.table import Table
from rich.text import Text

from gitlab_completions._records import replace
from gitlab_completions.cli.app import EXIT_CODES
from gitlab_completions.cli.connection import open_client
from gitlab_completions.cli.consoles import console
from gitlab_completions.cli.options import connection_options, json_option
from gitlab_completions.cli.problems import (
    Exit,
    Problem,
    in_our_words,
    problem_of,
    visible,
)
from gitlab_completions.diagnosis import MACHINES, Grade
from gitlab_completions.errors import ErrorCode, GitLabCompletionsError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gitlab_completions.cli.options import ConnectionOptions
    from gitlab_completions.diagnosis import Check, Diagnosis

__all__ = ("command",)

_STYLES = {
    Grade.OK: "green",
    Grade.WARNING: "yellow",
    Grade.PROBLEM: "bold red",
    Grade.SKIPPED: "dim",
}
_LABELS = {
    "configuration": "settings",
    "dns": "addresses",
    "proxy": "in between",
    "tls": "TLS",
    "clock": "clocks",
    "token": "access token",
    "version": "GitLab",
    "availability": "availability",
    "direct_access": "direct access",
    "gateway": "AI Gateway",
    "indirect": "indirect",
    "direct": "direct",
    "latency": "speed",
    "rate_limit": "rate limit",
}
"""What a person calls each check; by its own name where there is none."""


@click.command(
    "doctor", short_help="Find out why completions do not come.", epilog=EXIT_CODES
)
@connection_options
@json_option
@click.option(
    "--bundle",
    metavar="FILE",
    type=click.Path(dir_okay=False),
    help="Write what was found to FILE, for a bug report: without tokens, source, and "
    "names of users, projects and hosts.",
)
@click.option(
    "--host-names",
    is_flag=True,
    help="Let the bundle name hosts, addresses and issuers of certificates.",
)
@click.option("--force", is_flag=True, help="Write the bundle over a file of the name.")
def command(
    *,
    as_json: bool,
    bundle: str | None,
    host_names: bool,
    force: bool,
    **options: Unpack[ConnectionOptions],
) -> int:
    """Look at everything between here and a completion.

    Settings, names and addresses, proxies, TLS, clocks, the access token, GitLab, its
    gateway, and one small completion by each route. It makes at most twelve requests
    within a minute, and changes nothing. Exit code 1 means that there is a problem; the
    first one in the list is the cause of what is skipped below it.
    """
    if bundle is not None:
        _check_place(Path(bundle), force=force)
    found = _look(options)
    if bundle is not None:
        _write(Path(bundle), found.bundle(host_names=host_names), force=force)
    if as_json:
        click.echo(json.dumps(found.bundle(host_names=True), indent=2))
    else:
        _show(found)
    if bundle is not None:
        named = "hosts are named in it" if host_names else "it names no hosts"
        click.echo(f"written: {click.format_filename(bundle)} ({named})", err=True)
    return Exit.NO if found.problem is not None else Exit.DONE


def _look(options: ConnectionOptions) -> Diagnosis:
    spinner = console(err=True)
    if not spinner.is_terminal:
        return asyncio.run(_diagnose(options))
    with spinner.status("looking, a minute at most"):
        return asyncio.run(_diagnose(options))


async def _diagnose(options: ConnectionOptions) -> Diagnosis:
    async with open_client(options) as client:
        return await client.diagnose(options["project"] or None)


def _show(found: Diagnosis) -> None:
    listed = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    listed.add_column(no_wrap=True)
    listed.add_column(style="bold", no_wrap=True)
    listed.add_column(overflow="fold")
    for check in _shortened(found.checks):
        style = _STYLES[check.grade]
        listed.add_row(
            Text(check.grade.value, style),
            _LABELS.get(check.name, check.name),
            Text(_finding(check), "dim" if style == "dim" else ""),
        )
        for line in _below(check):
            listed.add_row("", "", line)
    out = console()
    out.print(listed)
    out.print()
    out.print(_summary(found))


def _shortened(checks: Sequence[Check]) -> Iterator[Check]:
    """Give the checks, those that were skipped in a row for one reason as one."""

    def reason(check: Check) -> object:
        return check.finding if check.grade is Grade.SKIPPED else check.name

    for _, group in groupby(checks, reason):
        first, *more = group
        if not more:
            yield first
            continue
        labels = [_LABELS.get(check.name, check.name) for check in more]
        also = f"{first.finding}; nor {', '.join(labels)}"
        yield replace(first, finding=also)


def _finding(check: Check) -> str:
    return visible(in_our_words(check.finding))


def _below(check: Check) -> Iterator[Text]:
    """Give what stands under a finding: which machines, and what to do."""
    named = dict.fromkeys(_machines(check))
    if named:
        yield Text(visible(", ".join(named)), "dim")
    step = _next_step(check)
    if step is not None:
        yield Text(f"-> {visible(step)}", _STYLES[check.grade])


def _machines(check: Check) -> Iterator[str]:
    for name in sorted(MACHINES & check.facts.keys(), reverse=True):
        value = check.facts[name]
        if isinstance(value, list):
            yield from map(str, cast("list[object]", value))
        elif name == "certificate_issuer":
            yield f"issued by {value}"
        elif value:
            yield str(value)


def _next_step(check: Check) -> str | None:
    """Return what to do, in the words of the command line."""
    code = check.facts.get("error_code")
    if check.next_step is None:
        return None
    if code is None:
        return in_our_words(check.next_step)
    error = GitLabCompletionsError(
        check.finding, code=ErrorCode(str(code)), remedy=check.next_step
    )
    return problem_of(error).remedy


def _summary(found: Diagnosis) -> Text:
    cause = found.cause
    asked = f"{found.requests} request{'' if found.requests == 1 else 's'}"
    if cause is None:
        return Text(f"all is well ({asked})", "green")
    label = _LABELS.get(cause.name, cause.name)
    kind = "problem" if cause.grade is Grade.PROBLEM else "warning"
    words = f"{kind}: {label}: {_finding(cause)} ({asked})"
    return Text(words, _STYLES[cause.grade])


def _check_place(path: Path, *, force: bool) -> None:
    """Refuse a place that cannot be written to, before anything is asked."""
    if os.path.lexists(path) and not force:
        raise _there_already(path)
    if not (path.parent.is_dir() and os.access(path.parent, os.W_OK)):
        raise _unwritable(path, "there is no such directory, or it is not yours")


def _write(path: Path, document: dict[str, object], *, force: bool) -> None:
    """Write a file that only its owner reads."""
    how = os.O_WRONLY | os.O_CREAT | (os.O_TRUNC if force else os.O_EXCL)
    try:
        with os.fdopen(os.open(path, how, 0o600), "w", encoding="utf-8") as file:
            file.write(json.dumps(document, indent=2) + "\n")
    except FileExistsError:
        raise _there_already(path) from None
    except OSError as error:
        raise _unwritable(path, str(error.strerror)) from error


def _there_already(path: Path) -> Problem:
    shown = click.format_filename(path)
    return Problem(
        f"--bundle {shown} is there already", "give another name, or --force"
    )


def _unwritable(path: Path, why: str) -> Problem:
    shown = click.format_filename(path)
    return Problem(f"--bundle {shown} cannot be written: {why}", "give another name")
