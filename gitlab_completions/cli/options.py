"""The options that say which GitLab, shared by the commands that talk to one."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict, TypeVar

import click

from gitlab_completions.policy import DirectMode

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ("PLAIN_HTTP", "ConnectionOptions", "connection_options", "json_option")

PLAIN_HTTP = "GITLAB_COMPLETIONS_ALLOW_PLAIN_HTTP"
"""The environment variable that allows plain HTTP, for a whole shell."""

F = TypeVar("F", bound="Callable[..., object]")


class ConnectionOptions(TypedDict):
    """What the options of `connection_options` bring."""

    url: str | None
    token_file: str | None
    project: str | None
    direct: str
    ca: str | None
    allow_plain_http: bool
    verbose: bool


_OPTIONS = (
    click.option(
        "--url",
        envvar="GITLAB_URL",
        show_envvar=True,
        metavar="URL",
        help="The GitLab instance, such as https://gitlab.example.com.",
    ),
    click.option(
        "--token-file",
        metavar="PATH",
        help="Read the access token from this file, or from stdin for '-'; without it "
        "GITLAB_TOKEN is used. There is no --token: process lists would show it.",
    ),
    click.option(
        "--project",
        metavar="GROUP/PROJECT",
        help="The file's GitLab project: it chooses the model and who is billed.",
    ),
    click.option(
        "--direct",
        type=click.Choice([mode.value for mode in DirectMode]),
        default=DirectMode.AUTO.value,
        show_default=True,
        help="Whether to go direct: when it works, never, or nothing but direct.",
    ),
    click.option(
        "--ca",
        metavar="PATH",
        help="Trust these certificate authorities too (PEM file or directory).",
    ),
    click.option(
        "--allow-plain-http",
        is_flag=True,
        envvar=PLAIN_HTTP,
        show_envvar=True,
        help="Allow http:// URLs: for an emulator on this machine.",
    ),
    click.option("--verbose", "-v", is_flag=True, help="Tell each event on stderr."),
)


def json_option(command: F) -> F:
    """Give a command `--json`.

    `app.run` reads it as well, for errors that end a command before it begins.
    """
    told = "Print one JSON object, errors too."
    return click.option("--json", "as_json", is_flag=True, help=told)(command)


def connection_options(command: F) -> F:
    """Give a command the options of a connection; it takes them as keywords."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command
