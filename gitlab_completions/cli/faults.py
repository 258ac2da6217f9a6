"""`emulator fault` and `emulator set`: change a running emulator from another shell."""

from __future__ import annotations

import json

import click

from gitlab_completions.cli.problems import Exit
from gitlab_completions.cli.running_emulator import ask, url_option
from gitlab_completions.emulator import HOST_FAULTS, Endpoint, FaultKind, Settings

__all__ = ("fault", "setting")

_ENDPOINTS = ("direct_access", "gateway", "instance", "inquiries")
_KINDS = (*(kind.value for kind in FaultKind), "delay", "heal")
_DELAY_S, _HOST_FAULT_S = 1.0, 30.0
"""What `--seconds` is when it is left out; a person needs some to look at a fault."""
_TOLD = {
    "status": "Answer --status, without a body.",
    "untrusted": "Let the endpoint's whole host show a certificate that nobody trusts; "
    "it takes an emulator with --tls.",
    "heal": "Remove fault, flaw and delay.",
}
_SETTINGS = Settings().document()


class _FaultCommand(click.Command):
    """Tells in its help what each kind of fault does: as `Endpoint` says it."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the kinds below the options."""
        del ctx
        formatter.write_paragraph()
        formatter.write_text(f"ENDPOINT is {', '.join(_ENDPOINTS)}. KIND is one of:")
        with formatter.indentation():
            formatter.write_dl([(kind, _told_of(kind)) for kind in _KINDS])


class _SetCommand(click.Command):
    """Tells in its help what can be set, and what it is at first."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the settings below the options."""
        del ctx
        formatter.write_paragraph()
        formatter.write_text("NAME, and what VALUE is at first:")
        with formatter.indentation():
            formatter.write_dl(
                [(name, json.dumps(value)) for name, value in _SETTINGS.items()]
            )


def _told_of(kind: str) -> str:
    method = getattr(Endpoint, kind, None)
    return _TOLD.get(kind) or (method.__doc__ or "").partition("\n")[0]


@click.command(
    "fault", cls=_FaultCommand, short_help="Switch a fault on, or all off: heal."
)
@click.argument("endpoint", metavar="ENDPOINT", type=click.Choice(_ENDPOINTS))
@click.argument("kind", metavar="KIND", type=click.Choice(_KINDS))
@url_option
@click.option("--times", type=click.IntRange(min=1), help="Strike so many requests.")
@click.option(
    "--status",
    type=click.IntRange(200, 599),
    default=503,
    show_default=True,
    help="For 'status': what to answer.",
)
@click.option(
    "--seconds",
    type=click.FloatRange(min=0),
    help=f"For 'delay': how long, {_DELAY_S:g} if left out; for "
    f"{', '.join(HOST_FAULTS)}: until when, {_HOST_FAULT_S:g} if left out.",
)
@click.option(
    "--bytes-per-s",
    type=click.FloatRange(min=0, min_open=True),
    default=100.0,
    show_default=True,
    help="For 'drip': how fast.",
)
@click.option(
    "--pieces",
    type=click.IntRange(min=0),
    default=1,
    show_default=True,
    help="For the faults of streams: how many pieces of one go out; the first of a "
    "generation has no text yet.",
)
@click.option("--field", help="For 'wrong_types': which; by default every one.")
@click.option("--content-type", help="For 'wrong_content_type': what to pretend.")
@click.option("--location", metavar="URL", help="For 'redirect': where to.")
def fault(
    endpoint: str,
    kind: str,
    *,
    url: str | None,
    times: int | None,
    status: int,
    seconds: float | None,
    bytes_per_s: float,
    pieces: int,
    field: str | None,
    content_type: str | None,
    location: str | None,
) -> int:
    """Switch a fault of a running emulator on, or all of an endpoint's off: heal."""
    if seconds is None:
        seconds = _HOST_FAULT_S if kind in HOST_FAULTS else _DELAY_S
    wish: dict[str, object] = {"fault": kind, "times": times}
    wish |= {"status": status, "seconds": seconds, "bytes_per_s": bytes_per_s}
    wish["pieces"] = pieces
    wish |= {"field": field, "content_type": content_type, "location": location}
    state = ask(url, f"faults/{endpoint}", wish)
    now = state.get("fault")
    delay = f", delayed by {state['delay_s']} s" if state.get("delay_s") else ""
    if kind in HOST_FAULTS:
        mute = "" if endpoint == "gateway" else ", which takes no commands meanwhile"
        now = f"{kind} for {seconds:g} s, on its whole host{mute}"
    click.echo(f"{endpoint}: {now or 'no fault'}{delay}", err=True)
    return Exit.DONE


@click.command(
    "set",
    cls=_SetCommand,
    short_help="Change a setting, such as direct_enabled false.",
)
@click.argument("name")
@click.argument("value")
@url_option
def setting(name: str, value: str, *, url: str | None) -> int:
    """Change a setting of a running emulator, such as direct_enabled false."""
    try:
        wish: object = json.loads(value)
    except ValueError:
        wish = value  # a word
    state = ask(url, "settings", {name: wish})
    click.echo(f"{name}: {json.dumps(state.get(name))}", err=True)
    return Exit.DONE
