"""What a command says to an emulator that runs already, and what comes of the answer.

Its controls need no credentials, since they are on loopback only; they also tell how
the instance's own API is asked as an admin.
"""

from __future__ import annotations

import contextlib
import json
import ssl
from http import HTTPStatus
from typing import TYPE_CHECKING, cast
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import (
    HTTPRedirectHandler,
    HTTPSHandler,
    ProxyHandler,
    Request,
    build_opener,
)

import click

from gitlab_completions.cli.problems import Exit, Problem, visible

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ("AdminApi", "ask", "url_option")

_TIMEOUT_S = 5.0
_HERE = frozenset({"127.0.0.1", "localhost", "::1"})

url_option: Callable[[Callable[..., int]], Callable[..., int]] = click.option(
    "--url",
    envvar="GITLAB_URL",
    show_envvar=True,
    metavar="URL",
    help="The emulator's URL, as it printed it.",
)
"""Says which emulator; commands take it as `url`."""


class _NoRedirects(HTTPRedirectHandler):
    """Follows none: a fault may send them to another host, which gets no token."""

    def redirect_request(self, *_given: object, **_named: object) -> None:
        """Return what is sent to where an answer points: nothing."""


class AdminApi:
    """The REST API of a running emulator's instance, asked as an admin.

    Args:
        url: The emulator's URL, as a person gave it.

    Raises:
        Problem: When there is no emulator.
    """

    def __init__(self, url: str | None) -> None:
        told = ask(url, "admin")
        self._root = f"{_host(url)}{told.get('root', '')}/api/v4"
        self._token = str(told.get("access_token", ""))

    def ask(
        self, method: str, path: str, wish: Mapping[str, object] | None = None
    ) -> object:
        """Return the JSON that the instance answers, `None` when it is none.

        Raises:
            Problem: When it refuses.
        """
        status, body = _exchange(
            method, f"{self._root}{path}", wish, {"PRIVATE-TOKEN": self._token}
        )
        document = _document(body)
        if status < HTTPStatus.MULTIPLE_CHOICES:
            return document
        told = _object(document)
        message = told.get("message") or told.get("error") or f"status {status}"
        raise Problem(f"the instance refuses: {visible(str(message))}")


def ask(
    url: str | None, path: str, wish: Mapping[str, object] | None = None
) -> dict[str, object]:
    """Ask the controls of the emulator at this URL for something; return its answer.

    Args:
        url: The emulator's URL, as a person gave it.
        path: Which control.
        wish: What is wanted of it; nothing but to be told when left out.

    Raises:
        Problem: When it is not there, or does not do it.
    """
    target = f"{_host(url)}/-/emulator/{path}"
    status, body = _exchange("GET" if wish is None else "PUT", target, wish, {})
    told = _object(_document(body))
    if status < HTTPStatus.MULTIPLE_CHOICES:
        return told
    message = told.get("error")
    if status == HTTPStatus.BAD_REQUEST and message is not None:
        raise Problem(f"the emulator refuses: {message}")
    raise Problem(
        f"what answers there ({status}) is no emulator",
        "give --url as the emulator printed it",
    )


def _exchange(
    method: str,
    url: str,
    wish: Mapping[str, object] | None,
    headers: Mapping[str, str],
) -> tuple[int, bytes]:
    """Return status and body of what answers, whatever the status.

    Raises:
        Problem: When nothing does.
    """
    data = None if wish is None else json.dumps(wish).encode()
    sent = {**headers, "Content-Type": "application/json"}
    request = Request(url, data=data, headers=sent, method=method)
    context = ssl.create_default_context()
    opener = build_opener(
        ProxyHandler({}), HTTPSHandler(context=context), _NoRedirects()
    )
    try:
        with opener.open(request, timeout=_TIMEOUT_S) as answer:
            return answer.status, answer.read()
    except HTTPError as error:
        with error:
            return error.code, error.read()
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


def _document(body: bytes) -> object:
    try:
        document: object = json.loads(body)
    except ValueError:
        return None
    return document


def _object(document: object) -> dict[str, object]:
    if not isinstance(document, dict):
        return {}
    return cast("dict[str, object]", document)
