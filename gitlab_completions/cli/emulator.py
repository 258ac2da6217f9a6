"""`emulator`: a GitLab instance and its gateway on this machine, until Ctrl-C."""

from __future__ import annotations

import asyncio
import contextlib
import shlex
import signal
from typing import TYPE_CHECKING

import click
from rich.text import Text

from gitlab_completions.cli.app import EXIT_CODES
from gitlab_completions.cli.consoles import console, table
from gitlab_completions.cli.faults import fault, setting
from gitlab_completions.cli.flags import flag
from gitlab_completions.cli.options import PLAIN_HTTP
from gitlab_completions.cli.problems import Exit, Problem
from gitlab_completions.emulator import PROFILES, MissingExtraError, serve

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from gitlab_completions.emulator import Emulator

__all__ = ("command",)

_PORT = click.IntRange(0, 65535)


@click.group(
    "emulator",
    short_help="Run a GitLab and its AI Gateway on this machine.",
    invoke_without_command=True,
    epilog=EXIT_CODES,
)
@click.option(
    "--profile",
    type=click.Choice(list(PROFILES)),
    default="19.3",
    show_default=True,
    metavar="NAME",
    help="Which GitLab it is; see --list-profiles.",
)
@click.option(
    "--port", type=_PORT, default=0, help="The instance's port; 0, any free one."
)
@click.option(
    "--gateway-port", type=_PORT, default=0, help="The gateway's; 0, any free one."
)
@click.option("--tls", is_flag=True, help="Speak TLS, with a throw-away authority.")
@click.option(
    "--relative-url-root", default="", metavar="/PATH", help="Where GitLab lives."
)
@click.option("--list-profiles", is_flag=True, help="List the profiles and stop.")
@click.pass_context
def command(
    context: click.Context,
    profile: str,
    *,
    port: int,
    gateway_port: int,
    tls: bool,
    relative_url_root: str,
    list_profiles: bool,
) -> int:
    """Run a GitLab instance and its AI Gateway on this machine, until Ctrl-C.

    What it prints on stdout sets a shell up for it. Its access token is made up anew
    each time and good for nothing else, so it is shown.
    """
    if context.invoked_subcommand is not None:
        return Exit.DONE
    if list_profiles:
        _list_profiles()
        return Exit.DONE
    if relative_url_root and not relative_url_root.startswith("/"):
        raise Problem(
            f"--relative-url-root {relative_url_root} starts with no slash",
            "write it as /gitlab",
        )
    serving = serve(
        profile,
        port=port,
        gateway_port=gateway_port,
        tls=tls,
        relative_url_root=relative_url_root,
        started=_tell,
    )
    try:
        asyncio.run(_until_stopped(serving))
    except KeyboardInterrupt:
        pass  # where signals cannot be handled on the loop: Windows
    except MissingExtraError as error:
        raise Problem(str(error)) from error
    except OSError as error:
        raise Problem(
            f"the emulator cannot listen: {error.strerror}",
            "choose another port, or 0 for any free one",
        ) from error
    click.echo("the emulator has stopped", err=True)
    return Exit.DONE


command.add_command(fault)
command.add_command(setting)
command.add_command(flag)


async def _until_stopped(serving: Coroutine[object, object, None]) -> None:
    """Serve until SIGINT or SIGTERM asks for an end."""
    task = asyncio.create_task(serving)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError, RuntimeError):
            loop.add_signal_handler(number, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await task


def _tell(emulator: Emulator) -> None:
    """Print the environment of a client, and what can be done to the emulator."""
    ca = emulator.ca_pem
    trust = (PLAIN_HTTP, "1") if ca is None else ("SSL_CERT_FILE", str(ca))
    for name, value in (
        ("GITLAB_URL", emulator.instance_url),
        ("GITLAB_TOKEN", emulator.access_token),
        trust,
    ):
        click.echo(f"export {name}={shlex.quote(value)}")
    version = emulator.profile.version
    click.echo(
        f"GitLab {version} is up, until Ctrl-C. In another shell, after these lines:\n"
        "  gitlab-completions complete FILE:LINE:COLUMN --explain\n"
        "  gitlab-completions emulator fault gateway hang\n"
        "  gitlab-completions emulator fault gateway heal\n"
        "  gitlab-completions emulator set direct_enabled false\n"
        "  gitlab-completions emulator flag get",
        err=True,
    )


def _list_profiles() -> None:
    made = table("profile", "GitLab", "gateway", "direct access")
    for name, profile in PROFILES.items():
        refusal = profile.refusal
        direct = "granted" if refusal is None else refusal.value.replace("_", " ")
        made.add_row(name, profile.version, profile.generation.value, Text(direct))
    console().print(made)
