"""Faults that can be switched on for an endpoint, and a record of what arrived there.

An `Endpoint` is a handle: tests and the control interface set a fault on it, whatever
carries the requests (the front of the servers, or an in-memory fake) asks `arrive()`
what to do with each. Nothing here does any I/O.
"""

import hashlib
import json as jsonlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

from gitlab_completions.emulator.answers import (
    NO_HEADERS,
    Answer,
    Request,
    json_answer,
    text_answer,
)

__all__ = ("CAPTIVE_PORTAL", "Endpoint", "Fault", "FaultKind", "SeenRequest")

_SECRET_HEADERS: Final = frozenset({"authorization", "private-token", "cookie"})

# An emulator may run for days beside an editor.
_KEPT_REQUESTS: Final = 10_000

CAPTIVE_PORTAL: Final = (
    "<!doctype html>\n<html><head><title>Welcome</title></head><body>"
    "<h1>Free Wi-Fi</h1><p>Please accept our terms to go online.</p></body></html>"
)
"""What the `html` fault answers: a page in place of an API's JSON."""


class FaultKind(StrEnum):
    """What goes wrong."""

    STATUS = "status"
    HTML = "html"
    HANG = "hang"
    RESET = "reset"
    HALF_ANSWER = "half_answer"
    DRIP = "drip"
    BLACKHOLE = "blackhole"
    REFUSE = "refuse"
    EXPIRED_TOKEN = "expired_token"
    TAMPERED_TOKEN = "tampered_token"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault; `times` is how many requests it still strikes, None for all.

    `answer` is what `STATUS` and `HTML` answer instead; `bytes_per_s` is `DRIP`'s rate.
    """

    kind: FaultKind
    answer: Answer | None = None
    bytes_per_s: float = 0.0
    times: int | None = None

    def __post_init__(self) -> None:
        """Refuse counts and rates that cannot be.

        Raises:
            ValueError: If `times` is below 1, or a drip has no positive rate.
        """
        if self.times is not None and self.times < 1:
            raise ValueError(f"times must be at least 1, not {self.times}")
        if self.kind is FaultKind.DRIP and not self.bytes_per_s > 0:
            raise ValueError(f"bytes_per_s must be positive, not {self.bytes_per_s}")

    def spent(self) -> "Fault | None":
        """Return what is left of it after it struck once."""
        if self.times is None:
            return self
        return replace(self, times=self.times - 1) if self.times > 1 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenRequest:
    """A request that arrived; credentials in `headers` are replaced by a short digest.

    The digest lets a test tell one token from another.
    """

    method: str
    path: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def body_size(self) -> int:
        """The size of the body in bytes."""
        return len(self.body)

    def json(self) -> object:
        """Decode the body.

        Raises:
            ValueError: If it is not JSON.
        """
        document: object = jsonlib.loads(self.body)
        return document


class Endpoint:
    """A handle on one endpoint: sets its fault, lists its requests.

    A new fault replaces the last one, and lasts until it has struck `times` times or
    until `heal()`. Delays add up: `latency_s` is the endpoint's ordinary latency,
    `delay_s` the extra that `delay()` sets and `heal()` removes. `requests` keeps the
    last 10 000.
    """

    def __init__(self, name: str, *, latency_s: float = 0.0) -> None:
        self.name = name
        self.latency_s = latency_s
        self.delay_s: float = 0.0
        self.requests: list[SeenRequest] = []
        self._fault: Fault | None = None
        self._flaw: Fault | None = None
        self._watchers: list[Callable[[], None]] = []

    @property
    def fault(self) -> Fault | None:
        """The fault in force, if any."""
        return self._fault or self._flaw

    @property
    def wait_s(self) -> float:
        """How long a request is held before it is answered, in seconds."""
        return self.latency_s + self.delay_s

    def fail(
        self,
        status: int,
        *,
        json: object = None,
        body: bytes | None = None,
        headers: Mapping[str, str] = NO_HEADERS,
        times: int | None = None,
    ) -> None:
        """Answer `status` with `json`, or with `body`, or with no body at all.

        Raises:
            ValueError: If `times` is below 1.
        """
        answer = Answer(status=status, headers=headers, body=body or b"")
        if body is None and json is not None:
            answer = json_answer(status, json, headers)
        self.inject(Fault(kind=FaultKind.STATUS, answer=answer, times=times))

    def html(self, times: int | None = None) -> None:
        """Answer 200 with a captive portal's page."""
        page = text_answer(200, CAPTIVE_PORTAL, "text/html; charset=utf-8")
        self.inject(Fault(kind=FaultKind.HTML, answer=page, times=times))

    def hang(self, times: int | None = None) -> None:
        """Read requests and never answer; the connection stays open."""
        self.inject(Fault(kind=FaultKind.HANG, times=times))

    def reset(self, times: int | None = None) -> None:
        """Reset the connection in place of an answer."""
        self.inject(Fault(kind=FaultKind.RESET, times=times))

    def half_answer(self, times: int | None = None) -> None:
        """Send half of the answer's bytes, then break the connection."""
        self.inject(Fault(kind=FaultKind.HALF_ANSWER, times=times))

    def drip(self, bytes_per_s: float, times: int | None = None) -> None:
        """Send answers at `bytes_per_s` bytes a second.

        Raises:
            ValueError: If the rate is not positive.
        """
        fault = Fault(kind=FaultKind.DRIP, bytes_per_s=bytes_per_s, times=times)
        self.inject(fault)

    def blackhole(self) -> None:
        """Let the endpoint's whole host go silent: connects never complete."""
        self.inject(Fault(kind=FaultKind.BLACKHOLE))

    def refuse(self) -> None:
        """Let nothing listen on the endpoint's whole host; connections are dropped."""
        self.inject(Fault(kind=FaultKind.REFUSE))

    def expired_token(self, times: int | None = None) -> None:
        """Grant tokens that are long expired beside an `expires_at` to come."""
        self.inject(Fault(kind=FaultKind.EXPIRED_TOKEN, times=times))

    def tampered_token(self, times: int | None = None) -> None:
        """Grant tokens with a bad signature."""
        self.inject(Fault(kind=FaultKind.TAMPERED_TOKEN, times=times))

    def delay(self, seconds: float) -> None:
        """Hold every request for `seconds` more before it is answered."""
        self.delay_s = seconds

    def heal(self) -> None:
        """Remove fault, token flaw and delay; `requests` stays."""
        self._fault = self._flaw = None
        self.delay_s = 0.0
        self._changed()

    def inject(self, fault: Fault) -> None:
        """Put `fault` in force."""
        if fault.kind in {FaultKind.EXPIRED_TOKEN, FaultKind.TAMPERED_TOKEN}:
            self._flaw = fault
        else:
            self._fault = fault
        self._changed()

    def arrive(self, request: Request) -> Fault | None:
        """Record `request`; return the fault that strikes it, if any."""
        self.requests.append(_seen(request))
        del self.requests[:-_KEPT_REQUESTS]
        fault = self._fault
        if fault is not None:
            self._fault = fault.spent()
        return fault

    def take_flaw(self) -> FaultKind | None:
        """Return what is to be wrong with the token granted now, if anything."""
        flaw = self._flaw
        if flaw is None:
            return None
        self._flaw = flaw.spent()
        return flaw.kind

    def watch(self, watcher: Callable[[], None]) -> None:
        """Call `watcher` whenever a fault is set or healed."""
        self._watchers.append(watcher)

    def _changed(self) -> None:
        """Tell the watchers."""
        for watcher in self._watchers:
            watcher()


def _seen(request: Request) -> SeenRequest:
    """Return the record of `request`, without its secrets."""
    headers = {name: _shown(name, text) for name, text in request.headers.items()}
    return SeenRequest(
        method=request.method, path=request.path, headers=headers, body=request.body
    )


def _shown(name: str, value: str) -> str:
    """Replace the value of a secret header by a digest."""
    if name not in _SECRET_HEADERS:
        return value
    return f"sha256:{hashlib.sha256(value.encode()).hexdigest()[:8]}"
