"""Whose trouble it is: which check a failure belongs to, and in which words.

The words and remedies are the client's own for errors and broken exchanges. For a
connection that did not come about there are better ones, since here each of its steps
was tried by itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlab_completions._doctor.verdicts import seconds
from gitlab_completions._error_codes import REMEDIES
from gitlab_completions._records import Record
from gitlab_completions._shell.breaks import meaning_of
from gitlab_completions.errors import ErrorCode

if TYPE_CHECKING:
    from gitlab_completions._doctor.chart import Road
    from gitlab_completions._wire.messages import SendError
    from gitlab_completions.errors import GitLabCompletionsError

_BY_CODE = {
    ErrorCode.PROXY: "proxy",
    ErrorCode.CAPTIVE_PORTAL: "proxy",
    ErrorCode.TLS_UNTRUSTED: "tls",
    ErrorCode.CONFIGURATION: "tls",
    ErrorCode.TOKEN_INVALID: "token",
    ErrorCode.TOKEN_EXPIRED: "token",
    ErrorCode.TOKEN_REVOKED: "token",
    ErrorCode.TOKEN_SOURCE: "token",
    ErrorCode.SCOPE_MISSING: "token",
    ErrorCode.GITLAB_TOO_OLD: "version",
    ErrorCode.RATE_LIMITED: "rate_limit",
}
_FINAL = frozenset({ErrorCode.TOKEN_SOURCE, ErrorCode.PROJECT_DISABLED})
"""Without a token nothing can be asked; and GitLab leaves it to clients to ask for no
completion where a project has GitLab Duo off."""
_UNCONNECTED = frozenset({"connect", "tls", "proxy"})
_SLOW = "try again later; the server, or the network on the way to it, is slow"
_LAYERS = {"proxy": "proxy", "tls": "tls"}


class Trouble(Record):
    """What makes it useless to look further.

    Args:
        check: The check that it belongs to.
        words: What happened.
        remedy: What a person can do.
        code: The same for programs.
        is_final: No completion can come, or may.
    """

    check: str
    words: str
    remedy: str | None
    code: ErrorCode | None = None
    is_final: bool = False


def of_error(error: GitLabCompletionsError, otherwise: str) -> Trouble:
    """Return the trouble that an error tells of.

    Args:
        error: The client's own reading of what happened.
        otherwise: The check that it belongs to, unless its code names another.
    """
    return Trouble(
        check=_BY_CODE.get(error.code, otherwise),
        words=error.message,
        remedy=remedy_of(error),
        code=error.code,
        is_final=error.code in _FINAL,
    )


def remedy_of(error: GitLabCompletionsError) -> str | None:
    """Return an error's remedy; a look has no deadline that could be moved."""
    return _SLOW if error.code is ErrorCode.TIMEOUT else error.remedy


def of_break(error: SendError, road: Road, host: str, otherwise: str) -> Trouble:
    """Return the trouble that an exchange broke by.

    Args:
        error: What the sender raised.
        road: What was met on the way below HTTP.
        host: Who was to be spoken to, in words.
        otherwise: The check that it belongs to, when it is no step of connecting.
    """
    if error.kind == "connect":
        closer = _of_connecting(road, host)
        if closer is not None:
            return closer
    told = meaning_of(error, host)
    check = _LAYERS.get(error.kind, otherwise)
    if error.kind == "connect":
        check = "proxy" if road.way is not None and road.way.proxy else "dns"
    remedy = told.remedy or REMEDIES.get(told.code)
    if told.code is ErrorCode.TIMEOUT:
        remedy = _SLOW
    return Trouble(
        check=check,
        words=told.words,
        remedy=remedy,
        code=told.code,
        is_final=error.kind in _UNCONNECTED,
    )


def _of_connecting(road: Road, host: str) -> Trouble | None:
    """Return which step of connecting failed, where each was tried."""
    lookup, shake = road.lookup, road.handshake
    if lookup is None:
        is_open = shake is not None and shake.error is not None
        return _without_tls(host) if is_open else None
    if lookup.fault == "no_answer":
        return Trouble(
            check="dns",
            words=f"nobody answers what the name of {host} stands for: this machine "
            "has no network, or no name server that answers",
            remedy="check the network, and the VPN if there is one",
            code=ErrorCode.OFFLINE,
            is_final=True,
        )
    if lookup.fault == "unknown":
        return Trouble(
            check="dns",
            words=f"the name of {host} is not known",
            remedy="check the URL; a name inside a company may need its VPN, or a "
            "proxy that knows it",
            code=ErrorCode.OFFLINE,
            is_final=True,
        )
    if not lookup.connects:
        families = " and ".join(one.family for one in lookup.tried)
        return Trouble(
            check="dns",
            words=f"{host} has addresses, and none can be connected to ({families})",
            remedy=f"check the network and the VPN, or ask who runs the firewall to "
            f"let connections out to port {road.port}; where a proxy is needed, name "
            "it in HTTPS_PROXY",
            code=ErrorCode.OFFLINE,
            is_final=True,
        )
    if road.connect_s is not None:
        return Trouble(
            check="dns",
            words=f"{host} can be connected to, though not always, or not in the time "
            f"that a call has for it: once it took {seconds(road.connect_s)}",
            remedy="look at the way there: a VPN, a firewall or a line that loses "
            "packets",
            code=ErrorCode.OFFLINE,
        )
    return _without_tls(host)


def _without_tls(host: str) -> Trouble:
    return Trouble(
        check="tls",
        words=f"{host} can be connected to, and the connection ends before TLS is "
        "agreed on",
        remedy="check the URL's scheme and port; a firewall that looks for names in "
        "TLS ends connections like this",
        code=ErrorCode.OFFLINE,
        is_final=True,
    )
