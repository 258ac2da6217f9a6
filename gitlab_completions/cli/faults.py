"""`emulator fault` and `emulator set`: change a running emulator from another shell."""

from __future__ import annotations

import contextlib
import json
import ssl
from http import HTTPStatus
from typing import TYPE_CHECKING, cast
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPSHandler, ProxyHandler, Request, build_opener

import click

from gitlab_completions.cli.problems import Exit, Problem
from gitlab_completions.emulator import HOST_FAULTS, FaultKind

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ("fault", "setting")

_ENDPOINTS = ("direct_access", "gateway", "instance")
_KINDS = (*(kind.value for kind in FaultKind), "delay", "heal")
_EPILOG = f"ENDPOINT is {', '.join(_ENDPOINTS)}. KIND is {', '.join(_KINDS)}."
_TIMEOUT_S = 5.0
_HERE = frozenset({"127.0.0.1", "localhost", "::1"})

_url: Callable[[Callable[..., int]], Callable[..., int]] = click.option(
    "--url",
    envvar="GITLAB_URL",
    show_envvar=True,
    metavar="URL",
    help="The emulator's URL, as it printed it.",
)


@click.command(
    "fault", short_help="Switch a fault on, or all off: heal.", epilog=_EPILOG
)
@click.argument("endpoint", metavar="ENDPOINT", type=click.Choice(_ENDPOINTS))
@click.argument("kind", metavar="KIND", type=click.Choice(_KINDS))
@_url
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
    default=1.0,
    show_default=True,
    help=f"For 'delay': how long; for {', '.join(HOST_FAULTS)}: until when.",
)
@click.option(
    "--bytes-per-s",
    type=click.FloatRange(min=0, min_open=True),
    default=100.0,
    show_default=True,
    help="For 'drip': how fast.",
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
    seconds: float,
    bytes_per_s: float,
    field: str | None,
    content_type: str | None,
    location: str | None,
) -> int:
    """Switch a fault of a running emulator on, or all of an endpoint's off: heal."""
    wish: dict[str, object] = {"fault": kind, "times": times}
    wish |= {"status": status, "seconds": seconds, "bytes_per_s": bytes_per_s}
    wish |= {"field": field, "content_type": content_type, "location": location}
    state = _put(url, f"faults/{endpoint}", wish)
    now = state.get("fault")
    delay = f", delayed by {state['delay_s']} s" if state.get("delay_s") else ""
    if kind in HOST_FAULTS:
        now = f"{kind} for {seconds:g} s, on its whole host"
    click.echo(f"{endpoint}: {now or 'no fault'}{delay}", err=True)
    return Exit.DONE


@click.command("set", short_help="Change a setting, such as direct_enabled false.")
@click.argument("name")
@click.argument("value")
@_url
def setting(name: str, value: str, *, url: str | None) -> int:
    """Change a setting of a running emulator, such as direct_enabled false."""
    try:
        wish: object = json.loads(value)
    except ValueError:
        wish = value  # a word
    state = _put(url, "settings", {name: wish})
    click.echo(f"{name}: {json.dumps(state.get(name))}", err=True)
    return Exit.DONE


def _put(url: str | None, path: str, wish: dict[str, object]) -> dict[str, object]:
    """Ask the emulator at this URL for something; return its answer.

    Raises:
        Problem: When it is not there, or does not do it.
    """
    request = Request(
        f"{_host(url)}/-/emulator/{path}",
        data=json.dumps(wish).encode(),
        headers={"Content-Type": "application/json"},
        method="PUT",
    )
    context = ssl.create_default_context()
    opener = build_opener(ProxyHandler({}), HTTPSHandler(context=context))
    try:
        with opener.open(request, timeout=_TIMEOUT_S) as answer:
            return _object(answer.read())
    except HTTPError as error:
        with error:
            raise _refused(error.code, error.read()) from None
    except (URLError, OSError) as error:
        reason = error.reason if isinstance(error, URLError) else error
        raise Problem(
            f"no emulator answers there: {reason}",
            "start one with `gitlab-completions emulator`, and give its --url",
            exit_code=Exit.NO_ROUTE,
        ) from None


def _host(url: str | None) -> str:
    """Return scheme, host and port: the controls are outside any relative root."""
    with contextlib.suppress(ValueError):
        parts = urlsplit((url or "").strip())
        if parts.scheme in {"http", "https"} and parts.hostname in _HERE:
            return f"{parts.scheme}://{parts.netloc}"
    raise Problem(
        "GITLAB_URL is no emulator's URL, which is on this machine",
        "give --url as the emulator printed it",
    )


def _refused(status: int, body: bytes) -> Problem:
    message = _object(body).get("error")
    if status == HTTPStatus.BAD_REQUEST and message is not None:
        return Problem(f"the emulator refuses: {message}")
    return Problem(
        f"what answers there ({status}) is no emulator",
        "give --url as the emulator printed it",
    )


def _object(body: bytes) -> dict[str, object]:
    try:
        document: object = json.loads(body)
    except ValueError:
        return {}
    if not isinstance(document, dict):
        return {}
    return cast("dict[str, object]", document)
