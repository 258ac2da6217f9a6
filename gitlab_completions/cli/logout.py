"""`logout`: takes an access token out of the system's keyring."""

from __future__ import annotations

import click

from gitlab_completions.cli.app import EXIT_CODES
from gitlab_completions.cli.login import instance_option, needed
from gitlab_completions.cli.problems import Exit
from gitlab_completions.lsp.keyrings import forget_token

__all__ = ("command",)


@click.command(
    "logout",
    short_help="Take an access token out of the keyring.",
    epilog=EXIT_CODES,
)
@instance_option
def command(url: str | None) -> int:
    """Take an instance's access token out of the system's keyring.

    GitLab goes on taking the token: what is not needed any more is revoked there.
    """
    forgotten = forget_token(needed(url))
    told = "taken out of the keyring" if forgotten else "there is none in the keyring"
    click.echo(told, err=True)
    return Exit.DONE
