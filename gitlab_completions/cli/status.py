"""`status`: how the next completion would come, and why."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Unpack

import click
from rich.text import Text

from gitlab_completions.cli.app import EXIT_CODES
from gitlab_completions.cli.connection import open_client
from gitlab_completions.cli.consoles import console, facts_table, route_text
from gitlab_completions.cli.documents import (
    availability_document,
    status_document,
)
from gitlab_completions.cli.options import connection_options, json_option
from gitlab_completions.cli.problems import Exit, problem_of, visible
from gitlab_completions.cli.words import why
from gitlab_completions.status import Health

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitlab_completions.cli.options import ConnectionOptions
    from gitlab_completions.status import Availability, RoutingStatus

__all__ = ("command",)

_COLOURS = {
    Health.READY: "green",
    Health.DEGRADED: "yellow",
    Health.STARTING: "yellow",
}


@click.command(
    "status",
    short_help="Tell whether and how completions can be had.",
    epilog=EXIT_CODES,
)
@connection_options
@json_option
def command(*, as_json: bool, **options: Unpack[ConnectionOptions]) -> int:
    """Tell whether completions can be had, by which route, and why.

    Asks the instance whether user and project may have them, and for direct access,
    and opens a connection; no completion is asked for, so none is counted or billed.
    Exit code 0 means that completions can be had.
    """
    found, status = asyncio.run(_look(options))
    if as_json:
        document = status_document(status) | availability_document(found)
        click.echo(json.dumps(document, indent=2))
    else:
        console().print(facts_table([*_availability(found), *_facts(status)]))
    well = found.available and status.health in _COLOURS
    return Exit.DONE if well else Exit.NO_ROUTE


async def _look(options: ConnectionOptions) -> tuple[Availability, RoutingStatus]:
    project = options["project"] or None
    async with open_client(options) as client:
        found = await client.availability(project)
        await client.warm_up(project)
        return found, client.status(project)


def _availability(found: Availability) -> Iterator[tuple[str, str | Text]]:
    yield "GitLab", found.gitlab_version or "does not tell its version"
    if found.problem is None:
        yield "code suggestions", Text("available", "green")
    else:
        line = visible(problem_of(found.problem).line)
        yield "code suggestions", Text(line, "red")


def _facts(status: RoutingStatus) -> Iterator[tuple[str, str | Text]]:
    yield "health", Text(status.health.value, _COLOURS.get(status.health, "red"))
    yield "next route", route_text(status.route)
    yield "why", f"{why(status.reason)} ({status.reason})"
    if status.problem is not None:
        yield "problem", visible(problem_of(status.problem).line)
    if status.recheck_in_s is not None:
        yield "direct again in", _span(status.recheck_in_s)
    yield "direct's token", _token(status)
    for route, word in status.circuits.items():
        yield f"{route} circuit", word.replace("_", "-")
    yield "in the last minute", f"{status.indirect_used} indirect completions"
    yield "in flight", str(status.in_flight)
    counts = (f"{name} {n}" for name, n in sorted(status.counts.items()))
    yield "counts", ", ".join(counts) or "none"


def _token(status: RoutingStatus) -> str:
    age_s, left_s = status.token_age_s, status.token_expires_in_s
    if age_s is None or left_s is None:
        return "none"
    return f"{_span(age_s)} old, used for {_span(left_s)} more"


def _span(seconds: float) -> str:
    whole = round(seconds)
    if whole < 100:  # noqa: PLR2004 - two digits are read at a glance
        return f"{seconds:.1f} s"
    return f"{whole // 60} min {whole % 60} s"
