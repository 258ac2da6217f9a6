"""`login`: keeps an access token in the system's keyring, for the language server.

The token is typed where nobody sees it, or read from stdin: arguments are for all to
see, in process lists and in a shell's history.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from gitlab_completions.cli.app import EXIT_CODES
from gitlab_completions.cli.problems import Exit, Problem
from gitlab_completions.lsp.keyrings import save_token

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ("command", "instance_option", "needed")

MOST = 4096
"""Characters that are read; GitLab's tokens have less than 300."""

instance_option: Callable[[Callable[..., int]], Callable[..., int]] = click.option(
    "--url",
    envvar="GITLAB_URL",
    show_envvar=True,
    metavar="URL",
    help="The GitLab instance, such as https://gitlab.example.com.",
)
"""Says which instance; commands take it as `url`."""


@click.command(
    "login",
    short_help="Keep an access token in the system's keyring.",
    epilog=EXIT_CODES,
    context_settings={"allow_extra_args": True},
)
@instance_option
@click.pass_context
def command(context: click.Context, url: str | None) -> int:
    """Keep an access token in the system's keyring, where the language server looks.

    Asks for the token, or reads it from stdin. There is one for each instance; logout
    takes it out again. Needs pip install 'gitlab-completions[keyring]'.
    """
    if context.args:  # click would repeat it
        raise Problem(
            "an access token is not given as an argument, which others can see",
            "type it when asked, or pipe it in; revoke the one that was given",
        )
    save_token(needed(url), _token())
    click.echo("the access token is kept in the keyring", err=True)
    return Exit.DONE


def needed(url: str | None) -> str:
    """Return the instance's URL, or say that it is not set."""
    if url is None or not url.strip():
        raise Problem(
            "GITLAB_URL is not set", "set it, or give --url https://gitlab.example.com"
        )
    return url.strip()


def _token() -> str:
    if sys.stdin is None:
        raise Problem("there is no access token", "type it, or pipe it in")
    if sys.stdin.isatty():
        return str(click.prompt("Access token", hide_input=True, err=True)).strip()
    return sys.stdin.read(MOST).strip()
