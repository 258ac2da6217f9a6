"""`complete FILE:LINE:COLUMN`: one completion in a real file, from a real instance."""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import TYPE_CHECKING, Unpack

import click

from gitlab_completions.cli.app import EXIT_CODES
from gitlab_completions.cli.connection import open_client
from gitlab_completions.cli.consoles import write_text
from gitlab_completions.cli.documents import (
    attempt_document,
    completion_document,
    error_document,
)
from gitlab_completions.cli.explain import explain, explain_failure
from gitlab_completions.cli.options import connection_options, json_option
from gitlab_completions.cli.places import find_place
from gitlab_completions.cli.problems import Exit, Problem, problem_of
from gitlab_completions.errors import AllRoutesFailedError, RequestRejectedError
from gitlab_completions.models import CompletionRequest
from gitlab_completions.policy import RoutingPolicy

if TYPE_CHECKING:
    from gitlab_completions.cli.options import ConnectionOptions
    from gitlab_completions.client import CompletionClient
    from gitlab_completions.models import Completion

__all__ = ("command",)

WARM_UP_S = 2.0
"""Seconds to get ready in, as an editor does when it opens; then the call goes out."""


@click.command(
    "complete", short_help="Complete the code at a place in a file.", epilog=EXIT_CODES
)
@click.argument("position", metavar="FILE:LINE:COLUMN")
@connection_options
@click.option("--language", metavar="ID", help="Such as python; else by FILE's name.")
@click.option(
    "--deadline",
    type=float,
    metavar="SECONDS",
    default=RoutingPolicy().deadline_s,
    show_default=True,
    help="The longest that the completion may take.",
)
@click.option(
    "--explain",
    "explained",
    is_flag=True,
    help="Tell the attempts, and why this route, on stderr.",
)
@json_option
def command(
    position: str,
    *,
    language: str | None,
    deadline: float,
    explained: bool,
    as_json: bool,
    **options: Unpack[ConnectionOptions],
) -> int:
    """Complete the code at a place in a real file.

    Lines and columns count from 1, columns in characters; the column after the last
    character is the line's end. What is printed is the text to insert there, and
    nothing else, so that it can be piped.
    """
    request = _request(position, language, options["project"])
    if not deadline > 0:  # nan is not, either
        raise Problem(
            f"--deadline {deadline:g} is no time to answer in", "give seconds above 0"
        )
    try:
        completion, health = asyncio.run(_complete(request, deadline, options))
    except AllRoutesFailedError as error:
        if explained:
            explain_failure(error)
        raise _failure(error) from error
    if explained:
        explain(completion)
    if as_json:
        document = {**completion_document(completion), "status": health}
        click.echo(json.dumps(document, indent=2))
    else:
        _show(completion)
    return Exit.DONE if completion.text else Exit.NO


def _request(
    position: str, language: str | None, project: str | None
) -> CompletionRequest:
    place = find_place(position)
    try:
        return CompletionRequest.at_cursor(
            place.text,
            place.offset,
            file_name=place.file_name,
            language=language or None,
            project_path=project or None,
        )
    except RequestRejectedError as error:
        message = error.message.replace("project_path", "--project")
        raise Problem(message, code=error.code) from error


async def _complete(
    request: CompletionRequest, deadline_s: float, options: ConnectionOptions
) -> tuple[Completion, str]:
    async with open_client(options) as client:
        await _get_ready(client, request.project_path, deadline_s)
        completion = await client.complete(request, deadline_s=deadline_s)
        return completion, client.status(request.project_path).health.value


async def _get_ready(
    client: CompletionClient, project_path: str | None, deadline_s: float
) -> None:
    """Do what an editor does when it opens, so that the call shows what its would.

    Without it the first call of a process would nearly always go indirect.
    """
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(min(WARM_UP_S, deadline_s)):
            await client.warm_up(project_path)


def _show(completion: Completion) -> None:
    if completion.text:
        write_text(completion.text)
    else:
        click.echo("the model suggests nothing here", err=True)


def _failure(error: AllRoutesFailedError) -> Problem:
    problem = problem_of(error)
    problem.facts |= {
        "attempts": [attempt_document(one) for one in error.attempts],
        "direct_refusal": error_document(error.direct_refusal),
    }
    return problem
