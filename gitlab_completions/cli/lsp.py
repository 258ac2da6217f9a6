"""`lsp`: a language server on stdin and stdout, for editors to start."""

from __future__ import annotations

import click

from gitlab_completions.cli.app import EXIT_CODES
from gitlab_completions.cli.problems import Problem
from gitlab_completions.errors import ConfigurationError
from gitlab_completions.lsp import serve

__all__ = ("command",)


@click.command("lsp", short_help="Be an editor's language server.", epilog=EXIT_CODES)
@click.option(
    "--stdio", is_flag=True, help="Taken as it is: stdin and stdout are used anyway."
)
@click.option(
    "--event-log",
    metavar="FILE.jsonl",
    help="Write what becomes of suggestions, without any text; `report` draws it.",
)
@click.option(
    "--record",
    metavar="FILE.jsonl",
    help="Record how you type, for `replay`; other words stand in for yours.",
)
@click.option("--content", is_flag=True, help="Keep your own words in the recording.")
def command(
    *, stdio: bool, event_log: str | None, record: str | None, content: bool
) -> int:
    """Suggest code in an editor that speaks the Language Server Protocol.

    The editor starts it, speaks on its stdin and stdout, and gives it its settings.
    GITLAB_URL and GITLAB_TOKEN hold where the editor says nothing.
    """
    del stdio
    if content and record is None:
        raise Problem("--content goes with --record", code="usage")
    try:
        return serve(event_log=event_log, record=record, content=content)
    except ConfigurationError as error:
        raise Problem(error.message.replace("EventLog", "--event-log")) from error
