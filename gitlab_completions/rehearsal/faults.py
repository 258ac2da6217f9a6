"""The faults that a plan can name: all that the emulator knows, with their arguments.

`fault_of` makes of a name and its arguments what sets the fault on an endpoint's
handle. It is tried on a handle of its own first, so that a plan is refused when it is
read, and not in the midst of the rehearsal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlab_completions.emulator.faults import (
    STREAM_FAULTS,
    TOKEN_FAULTS,
    Endpoint,
    FaultKind,
)
from gitlab_completions.rehearsal.quantities import read_span, show_span

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ("DELAY", "ENDPOINTS", "KINDS", "fault_of", "kinds_of")

ENDPOINTS = ("gateway", "instance", "direct_access", "inquiries")
DELAY = "delay"
KINDS = (DELAY, *(kind.value for kind in FaultKind if kind not in STREAM_FAULTS))
"""Streams are generations', and the authors of a rehearsal want completions."""
_ARGUMENTS = {
    DELAY: "by",
    FaultKind.STATUS: "status",
    FaultKind.DRIP: "bytes_per_s",
    FaultKind.WRONG_TYPES: "field",
    FaultKind.WRONG_CONTENT_TYPE: "content_type",
    FaultKind.REDIRECT: "location",
}
_STATUSES = range(200, 600)


def kinds_of(endpoint: str) -> tuple[str, ...]:
    """Return what can go wrong at an endpoint: only one grants tokens."""
    if endpoint == "direct_access":
        return KINDS
    return tuple(kind for kind in KINDS if kind not in TOKEN_FAULTS)


def fault_of(
    kind: str, given: Mapping[str, object]
) -> tuple[str, Callable[[Endpoint], None]]:
    """Return a fault's title, and what sets it.

    Args:
        kind: One of `KINDS`.
        given: Its arguments.

    Raises:
        ValueError: When an argument is wrong; its name comes first.
    """
    wanted = _ARGUMENTS.get(kind)
    for name in given:
        if name != wanted:
            known = f"takes {wanted} alone" if wanted else "takes none"
            raise ValueError(f"{name} is no argument of {kind}, which {known}")
    title, strike = _made(kind, given)
    strike(Endpoint("scratch"))
    return title, strike


def _made(
    kind: str, given: Mapping[str, object]
) -> tuple[str, Callable[[Endpoint], None]]:
    match kind:
        case "delay":
            delay_s = _span(given)
            title = f"{show_span(delay_s)} late"
            return title, lambda endpoint: endpoint.delay(delay_s)
        case "status":
            status = _status(given)
            return f"status {status}", lambda endpoint: endpoint.fail(status)
        case "drip":
            rate = _rate(given)
            title = f"{rate:g} bytes a second"
            return title, lambda endpoint: endpoint.drip(rate)
        case _:
            return kind.replace("_", " "), _plain(kind, _word(kind, given))


def _plain(kind: str, word: str | None) -> Callable[[Endpoint], None]:
    def strike(endpoint: Endpoint) -> None:
        plain: dict[str, Callable[[], None]] = {
            "html": endpoint.html,
            "bad_json": endpoint.bad_json,
            "huge": endpoint.huge,
            "gzip_bomb": endpoint.gzip_bomb,
            "hang": endpoint.hang,
            "reset": endpoint.reset,
            "reset_midway": endpoint.reset_midway,
            "half_answer": endpoint.half_answer,
            "cut_chunks": endpoint.cut_chunks,
            "stale": endpoint.stale,
            "deaf": endpoint.deaf,
            "blackhole": endpoint.blackhole,
            "refuse": endpoint.refuse,
            "untrusted": endpoint.untrusted,
            "broken_handshake": endpoint.broken_handshake,
            "expired_token": endpoint.expired_token,
            "tampered_token": endpoint.tampered_token,
            "wrong_types": lambda: endpoint.wrong_types(word),
            "wrong_content_type": lambda: endpoint.wrong_content_type(
                word or "text/plain"
            ),
            "redirect": lambda: (
                endpoint.redirect(word) if word else endpoint.redirect()
            ),
        }
        plain[kind]()

    return strike


def _span(given: Mapping[str, object]) -> float:
    try:
        return read_span(given.get("by"))
    except ValueError as error:
        raise ValueError(f"by {error}") from None


def _status(given: Mapping[str, object]) -> int:
    status = given.get("status", 503)
    if isinstance(status, bool) or not isinstance(status, int):
        raise ValueError("status takes a whole number")  # noqa: TRY004 - a value's
    if status not in _STATUSES:
        raise ValueError("status takes a number from 200 to 599")
    return status


def _rate(given: Mapping[str, object]) -> float:
    rate = given.get("bytes_per_s", 100)
    if isinstance(rate, bool) or not isinstance(rate, int | float) or rate <= 0:
        raise ValueError("bytes_per_s takes a positive number")
    return float(rate)


def _word(kind: str, given: Mapping[str, object]) -> str | None:
    name = _ARGUMENTS.get(kind, "")
    word = given.get(name)
    if word is not None and not (isinstance(word, str) and word.isprintable()):
        raise ValueError(f"{name} takes a word")
    return word
