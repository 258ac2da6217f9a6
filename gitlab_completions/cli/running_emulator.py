"""What a command says to an emulator that runs already, and what comes of the answer.

Its controls need no credentials, since they are on loopback only; they also tell how
the instance's own API is asked as an admin.
"""

from __future__ import annotations

import contextlib
import json
import ssl
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

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


class AdminApi:
    """The REST API of a running emulator's instance, asked as an admin.

    Args:
        url: The emulator's URL, as a person gave it.

    Raises:
        Problem: When there is no emulator.
    """

    def __init__(self, url: str | None) -> None:
        told = ask(url, "admin")
        self._host = _host(url)
        self._root = f"{told.get('root', '')}/api/v4"
        self._token = str(told.get("access_token", ""))

    def ask(
        self, method: str, path: str, wish: Mapping[str, object] | None = None
    ) -> object:
        """Return the JSON that the instance answers, `None` when it is none.

        Raises:
            Problem: When it refuses.
        """
        credentials = {"PRIVATE-TOKEN": self._token}
        target = f"{self._root}{path}"
        status, body = _exchange(self._host, method, target, wish, credentials)
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
    method = "GET" if wish is None else "PUT"
    status, body = _exchange(_host(url), method, f"/-/emulator/{path}", wish, {})
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
    host: HTTPConnection,
    method: str,
    path: str,
    wish: Mapping[str, object] | None,
    headers: Mapping[str, str],
) -> tuple[int, bytes]:
    """Return status and body of what answers, whatever the status.

    No redirect is followed: a fault may send them to another host, which gets no token.

    Raises:
        Problem: When nothing does.
    """
    body = None if wish is None else json.dumps(wish).encode()
    sent = {**headers, "Content-Type": "application/json"}
    with contextlib.closing(host):
        try:
            host.request(method, path, body, sent)
            answer = host.getresponse()
            return answer.status, answer.read()
        except (HTTPException, OSError) as error:
            raise Problem(
                f"no emulator answers there: {error}",
                "start one with `gitlab-completions emulator`, and give its --url",
                exit_code=Exit.NO_ROUTE,
            ) from None


def _host(url: str | None) -> HTTPConnection:
    """Return the host of a URL, not connected yet: the controls are outside its root.

    Raises:
        Problem: When it is none on this machine.
    """
    with contextlib.suppress(ValueError):
        parts = urlsplit((url or "").strip())
        name, port = parts.hostname, parts.port
        if name in _HERE and parts.scheme == "http":
            return HTTPConnection(name, port, timeout=_TIMEOUT_S)
        if name in _HERE and parts.scheme == "https":
            context = ssl.create_default_context()  # slow: not made for nothing
            return HTTPSConnection(name, port, timeout=_TIMEOUT_S, context=context)
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
