"""`demo`: both routes, and what happens when one of them goes, in ten seconds."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING

import click
from rich.text import Text

from gitlab_completions.cli.app import EXIT_CODES
from gitlab_completions.cli.consoles import (
    console,
    facts_table,
    route_text,
    table,
)
from gitlab_completions.cli.problems import Exit, Problem, visible
from gitlab_completions.cli.scenario import FILE, SHORT_TOKEN_S, TYPED, Step, play
from gitlab_completions.cli.words import why
from gitlab_completions.emulator import MissingExtraError

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

__all__ = ("command",)


@click.command(
    "demo", short_help="Show both routes at work, without a GitLab.", epilog=EXIT_CODES
)
@click.option("--no-color", is_flag=True, help="Print without colours.")
def command(*, no_color: bool) -> int:
    """Show both routes, and what happens when direct goes, without a GitLab.

    Starts the emulator with latencies as GitLab measured them, and completes in a real
    source file while direct access and the gateway come and go. It is a self-test too:
    exit code 1 when a step did not come out as promised.
    """
    out = console(no_color=no_color)
    try:
        steps = asyncio.run(_play(console(err=True, no_color=no_color)))
    except MissingExtraError as error:
        raise Problem(str(error)) from error
    _show(out, steps)
    bad = [step.title for step in steps if not step.good]
    if bad:
        raise Problem(
            f"not as promised: {', '.join(bad)}",
            "run it again on an idle machine, then report it",
            code="demo",
            exit_code=Exit.NO,
        )
    return Exit.DONE


async def _play(progress: Console) -> list[Step]:
    """Play the scenario, with a line that says what is going on."""
    with progress.status("Starting the emulator ...", spinner="line") as line:
        async with aclosing(play(lambda what: line.update(f"{what} ..."))) as steps:
            return [step async for step in steps]


def _show(out: Console, steps: list[Step]) -> None:
    out.print(f"An author types `{TYPED.strip()}` in {FILE} and waits:")
    out.print(_steps_table(steps))
    reasons = dict.fromkeys(step.completion.reason for step in steps)
    out.print(facts_table((reason.value, why(reason)) for reason in reasons))
    out.print(
        "\nCalls: how many it took until that came. When direct access goes, direct "
        f"goes on until the token it has runs out: {SHORT_TOKEN_S} s here, an hour at "
        "GitLab.\n"
    )
    if all(step.good for step in steps):
        out.print(_conclusion(steps))


def _steps_table(steps: list[Step]) -> Table:
    columns = ("what happened", "route", "reason", "ms", "calls", "completed")
    made = table(*columns, right=("ms", "calls"))
    for step in steps:
        done = step.completion
        made.add_row(
            Text(step.title, "" if step.good else "bold red"),
            route_text(done.route),
            done.reason.value,
            f"{done.elapsed_s * 1000:.0f}",
            str(step.calls),
            Text(visible(done.text)),
        )
    return made


def _conclusion(steps: list[Step]) -> str:
    direct, indirect, _, hanging, *_ = [
        step.completion.elapsed_s * 1000 for step in steps
    ]
    calls = sum(step.calls for step in steps)
    return (
        f"{calls} completions, none failed: through the instance one took "
        f"{indirect - direct:.0f} ms more than direct, and the hanging gateway cost "
        f"{hanging - indirect:.0f} ms on top of that before the instance answered."
    )
