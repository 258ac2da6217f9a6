"""`lsp`: a language server on stdin and stdout, for editors to start."""

from __future__ import annotations

import click

from gitlab_completions.cli.app import EXIT_CODES
from gitlab_completions.lsp import serve

__all__ = ("command",)


@click.command("lsp", short_help="Be an editor's language server.", epilog=EXIT_CODES)
@click.option(
    "--stdio", is_flag=True, help="Taken as it is: stdin and stdout are used anyway."
)
def command(*, stdio: bool) -> int:
    """Suggest code in an editor that speaks the Language Server Protocol.

    The editor starts it, speaks on its stdin and stdout, and gives it its settings.
    GITLAB_URL and GITLAB_TOKEN hold where the editor says nothing.
    """
    del stdio
    return serve()
