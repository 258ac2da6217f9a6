"""The client that the options and the environment describe."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sys
from typing import TYPE_CHECKING

import click

from gitlab_completions._errands import Errands
from gitlab_completions.cli.problems import Problem, problem_of
from gitlab_completions.client import CompletionClient
from gitlab_completions.errors import ConfigurationError
from gitlab_completions.policy import DirectMode, RoutingPolicy
from gitlab_completions.senders import HttpxSender

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator

    from gitlab_completions.cli.options import ConnectionOptions

__all__ = ("open_client",)

USER_AGENT = "gitlab-completions-cli"


@contextlib.asynccontextmanager
async def open_client(
    options: ConnectionOptions,
) -> AsyncGenerator[CompletionClient, None]:
    """Open a client; nothing is sent yet.

    Raises:
        Problem: When an option, or the environment, is wrong.
        ConfigurationError: The same, found by the client.
    """
    # A name server that does not answer must not hold up the program's end.
    asyncio.get_running_loop().set_default_executor(Errands())
    plain = options["allow_plain_http"]
    url = _url(options["url"], plain_http=plain)
    token = _token(options["token_file"])
    policy = RoutingPolicy(direct=DirectMode(options["direct"]), allow_plain_http=plain)
    sender = _sender(options["ca"])
    client = CompletionClient(
        url, token, policy=policy, sender=sender, user_agent=USER_AGENT
    )
    with _log_records(wanted=options["verbose"]):
        async with contextlib.aclosing(sender), client:
            yield client


def _url(url: str | None, *, plain_http: bool) -> str:
    url = (url or "").strip()
    if not url:
        raise Problem(
            "GITLAB_URL is not set", "set it, or give --url https://gitlab.example.com"
        )
    if url.lower().startswith("http://") and not plain_http:
        raise Problem(
            "GITLAB_URL starts with http://, where token and source travel in clear",
            "use https://, or for an emulator on this machine --allow-plain-http",
        )
    return url


def _token(token_file: str | None) -> str:
    if token_file is not None:
        return _token_in(token_file)
    token = os.environ.get("GITLAB_TOKEN", "").strip()
    if not token:
        raise Problem("GITLAB_TOKEN is not set", "set it, or give --token-file")
    return token


def _token_in(path: str) -> str:
    shown = click.format_filename(path)
    try:
        with click.open_file(path, encoding="utf-8") as file:
            token = str(file.read()).strip()
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise Problem(
            f"--token-file {shown} cannot be read: {why}", "name a file with the token"
        ) from None
    if not token:
        raise Problem(f"--token-file {shown} is empty", "put the token into it")
    return token


def _sender(ca: str | None) -> HttpxSender:
    try:
        return HttpxSender(verify=ca)
    except ConfigurationError as error:
        message = problem_of(error).message.replace("verify:", "--ca:")
        raise Problem(message, "name a PEM file or a directory of them") from error


@contextlib.contextmanager
def _log_records(*, wanted: bool) -> Generator[None, None, None]:
    """Show the library's log records while it lasts; they hold no secrets."""
    if not wanted:
        yield
        return
    logger = logging.getLogger("gitlab_completions")
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(relativeCreated)6d ms %(message)s"))
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before)
