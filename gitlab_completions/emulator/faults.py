"""Faults that can be switched on for an endpoint, and the handle that holds them.

An `Endpoint` is a handle: tests and the control interface set a fault on it, whatever
carries the requests (the front of the servers, or an in-memory fake) asks `arrive()`
what to do with each. Nothing here does any I/O.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from gitlab_completions.emulator import fault_answers
from gitlab_completions.emulator.answers import (
    NO_HEADERS,
    Answer,
    Request,
    json_answer,
)
from gitlab_completions.emulator.arrivals import SeenRequest, seen_of

__all__ = (
    "HOST_FAULTS",
    "STREAM_FAULTS",
    "TOKEN_FAULTS",
    "Endpoint",
    "Fault",
    "FaultKind",
)

# An emulator may run for days beside an editor.
_KEPT_REQUESTS: Final = 10_000


class FaultKind(StrEnum):
    """What goes wrong."""

    STATUS = "status"
    HTML = "html"
    BAD_JSON = "bad_json"
    WRONG_TYPES = "wrong_types"
    WRONG_CONTENT_TYPE = "wrong_content_type"
    HUGE = "huge"
    GZIP_BOMB = "gzip_bomb"
    REDIRECT = "redirect"
    HANG = "hang"
    DRIP = "drip"
    RESET = "reset"
    RESET_MIDWAY = "reset_midway"
    HALF_ANSWER = "half_answer"
    CUT_CHUNKS = "cut_chunks"
    STALE = "stale"
    DEAF = "deaf"
    BLACKHOLE = "blackhole"
    REFUSE = "refuse"
    UNTRUSTED = "untrusted"
    BROKEN_HANDSHAKE = "broken_handshake"
    EXPIRED_TOKEN = "expired_token"
    TAMPERED_TOKEN = "tampered_token"
    END_STREAM = "end_stream"
    BREAK_STREAM = "break_stream"
    HANG_STREAM = "hang_stream"


HOST_FAULTS: Final = (
    FaultKind.REFUSE,
    FaultKind.BLACKHOLE,
    FaultKind.DEAF,
    FaultKind.BROKEN_HANDSHAKE,
    FaultKind.UNTRUSTED,
)
"""Faults of an endpoint's whole host; of two, the former leaves none for the latter."""

TOKEN_FAULTS: Final = (FaultKind.EXPIRED_TOKEN, FaultKind.TAMPERED_TOKEN)
"""Flaws of the tokens that direct access grants."""

STREAM_FAULTS: Final = (
    FaultKind.END_STREAM,
    FaultKind.BREAK_STREAM,
    FaultKind.HANG_STREAM,
)
"""Flaws of the streams that completion endpoints answer; others they leave alone."""

_BREAKS: Final = frozenset(
    {
        FaultKind.HANG,
        FaultKind.RESET,
        FaultKind.STALE,
        FaultKind.HALF_ANSWER,
        FaultKind.RESET_MIDWAY,
        FaultKind.CUT_CHUNKS,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault; `times` is how many requests it still strikes, None for all.

    `answer` is what is answered instead, where that does not depend on the host's own
    answer; `bytes_per_s` is `DRIP`'s rate, `field` is what `WRONG_TYPES` spoils,
    `content_type` what `WRONG_CONTENT_TYPE` pretends, `pieces` how much goes out of a
    stream that one of `STREAM_FAULTS` strikes; the first of server-sent events has no
    text yet.
    """

    kind: FaultKind
    answer: Answer | None = None
    bytes_per_s: float = 0.0
    field: str | None = None
    content_type: str = ""
    pieces: int = 1
    times: int | None = None

    def __post_init__(self) -> None:
        """Refuse counts and rates that cannot be.

        Raises:
            ValueError: If `times` is below 1, `pieces` below 0, or a drip has no
                positive rate.
        """
        if self.pieces < 0:
            raise ValueError(f"pieces must be at least 0, not {self.pieces}")
        if self.times is not None and self.times < 1:
            raise ValueError(f"times must be at least 1, not {self.times}")
        if self.kind is FaultKind.DRIP and not self.bytes_per_s > 0:
            raise ValueError(f"bytes_per_s must be positive, not {self.bytes_per_s}")

    @property
    def spoils(self) -> bool:
        """Whether the host's own answer goes out, whole but for its content."""
        return self.kind in {FaultKind.WRONG_TYPES, FaultKind.WRONG_CONTENT_TYPE}

    @property
    def breaks(self) -> bool:
        """Whether a connection that it strikes is of no more use."""
        return self.kind in _BREAKS

    def spoil(self, answer: Answer) -> Answer:
        """Return what becomes of the host's own answer."""
        if self.kind is FaultKind.WRONG_TYPES:
            return fault_answers.mistyped(answer, self.field)
        if self.kind is FaultKind.WRONG_CONTENT_TYPE:
            return answer.with_headers({"content-type": self.content_type})
        return answer

    def spent(self) -> "Fault | None":
        """Return what is left of it after it struck once."""
        if self.times is None:
            return self
        return replace(self, times=self.times - 1) if self.times > 1 else None


class Endpoint:
    """A handle on one endpoint: sets its fault, lists its requests.

    A new fault replaces the last one, and lasts until it has struck `times` times or
    until `heal()`. Delays add up: `latency_s` is the endpoint's ordinary latency,
    `delay_s` the extra that `delay()` sets and `heal()` removes. `requests` keeps the
    last 10 000; `changes` counts how often a fault was set or healed, and
    `abandoned_streams` how many streams their clients left before the end.
    """

    def __init__(self, name: str, *, latency_s: float = 0.0) -> None:
        self.name = name
        self.latency_s = latency_s
        self.delay_s: float = 0.0
        self.requests: list[SeenRequest] = []
        self.changes: int = 0
        self.abandoned_streams: int = 0
        self._fault: Fault | None = None
        self._flaw: Fault | None = None
        self._watchers: list[Callable[[], None]] = []
        self._listeners: list[Callable[[SeenRequest], object]] = []

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
        self._answer(FaultKind.HTML, fault_answers.captive_portal(), times)

    def bad_json(self, times: int | None = None) -> None:
        """Answer 200 with JSON that ends in the midst."""
        self._answer(FaultKind.BAD_JSON, fault_answers.bad_json(), times)

    def wrong_types(self, field: str | None = None, times: int | None = None) -> None:
        """Answer with a value of a wrong type in each field, or in `field` alone.

        `field` may be several keys with dots between them; "" is the whole document.
        """
        self.inject(Fault(kind=FaultKind.WRONG_TYPES, field=field, times=times))

    def wrong_content_type(
        self, content_type: str = "text/plain", times: int | None = None
    ) -> None:
        """Answer as ever, and call it `content_type`."""
        kind = FaultKind.WRONG_CONTENT_TYPE
        self.inject(Fault(kind=kind, content_type=content_type, times=times))

    def huge(self, times: int | None = None) -> None:
        """Answer 200 with 10 MiB of JSON."""
        self._answer(FaultKind.HUGE, fault_answers.huge(), times)

    def gzip_bomb(self, times: int | None = None) -> None:
        """Answer 200 with little that unpacks to 64 MiB."""
        self._answer(FaultKind.GZIP_BOMB, fault_answers.gzip_bomb(), times)

    def redirect(
        self, location: str = fault_answers.ELSEWHERE, times: int | None = None
    ) -> None:
        """Answer 307, as if the endpoint were at `location`."""
        self._answer(FaultKind.REDIRECT, fault_answers.redirect(location), times)

    def hang(self, times: int | None = None) -> None:
        """Read requests and never answer; the connection stays open."""
        self.inject(Fault(kind=FaultKind.HANG, times=times))

    def drip(self, bytes_per_s: float, times: int | None = None) -> None:
        """Send answers at `bytes_per_s` bytes a second.

        Raises:
            ValueError: If the rate is not positive.
        """
        fault = Fault(kind=FaultKind.DRIP, bytes_per_s=bytes_per_s, times=times)
        self.inject(fault)

    def reset(self, times: int | None = None) -> None:
        """Reset the connection in place of an answer."""
        self.inject(Fault(kind=FaultKind.RESET, times=times))

    def reset_midway(self, times: int | None = None) -> None:
        """Send half of the answer's bytes, then reset the connection."""
        self.inject(Fault(kind=FaultKind.RESET_MIDWAY, times=times))

    def half_answer(self, times: int | None = None) -> None:
        """Send half of the answer's bytes, then break the connection."""
        self.inject(Fault(kind=FaultKind.HALF_ANSWER, times=times))

    def cut_chunks(self, times: int | None = None) -> None:
        """Send half of the body as a chunk, and end where the next should come."""
        self.inject(Fault(kind=FaultKind.CUT_CHUNKS, times=times))

    def stale(self, times: int | None = None) -> None:
        """Reset connections older than this fault; answer on those that come."""
        self.inject(Fault(kind=FaultKind.STALE, times=times))

    def deaf(self) -> None:
        """Let the endpoint's whole host take connections and read nothing of them."""
        self.inject(Fault(kind=FaultKind.DEAF))

    def blackhole(self) -> None:
        """Let the endpoint's whole host go silent: connects never complete."""
        self.inject(Fault(kind=FaultKind.BLACKHOLE))

    def refuse(self) -> None:
        """Let nothing listen on the endpoint's whole host; connections are dropped."""
        self.inject(Fault(kind=FaultKind.REFUSE))

    def untrusted(self) -> None:
        """Let the endpoint's whole host show a certificate that nobody trusts.

        Connections are dropped. Without TLS this does no more.
        """
        self.inject(Fault(kind=FaultKind.UNTRUSTED))

    def broken_handshake(self) -> None:
        """Let the endpoint's whole host reset connections once the client speaks."""
        self.inject(Fault(kind=FaultKind.BROKEN_HANDSHAKE))

    def expired_token(self, times: int | None = None) -> None:
        """Grant tokens that are long expired beside an `expires_at` to come."""
        self.inject(Fault(kind=FaultKind.EXPIRED_TOKEN, times=times))

    def tampered_token(self, times: int | None = None) -> None:
        """Grant tokens with a bad signature."""
        self.inject(Fault(kind=FaultKind.TAMPERED_TOKEN, times=times))

    def end_stream(self, pieces: int = 1, times: int | None = None) -> None:
        """End streams after so many pieces, in order as far as HTTP goes."""
        self._interrupt(FaultKind.END_STREAM, pieces, times)

    def break_stream(self, pieces: int = 1, times: int | None = None) -> None:
        """Close the connection after so many pieces of a stream, before its end."""
        self._interrupt(FaultKind.BREAK_STREAM, pieces, times)

    def hang_stream(self, pieces: int = 1, times: int | None = None) -> None:
        """Fall silent after so many pieces of a stream; the connection stays open."""
        self._interrupt(FaultKind.HANG_STREAM, pieces, times)

    def delay(self, seconds: float) -> None:
        """Hold every request for `seconds` more before it is answered."""
        self.delay_s = seconds

    def heal(self) -> None:
        """Remove fault, flaw and delay; `requests` stays."""
        self._fault = self._flaw = None
        self.delay_s = 0.0
        self._changed()

    def inject(self, fault: Fault) -> None:
        """Put `fault` in force."""
        if fault.kind in {*TOKEN_FAULTS, *STREAM_FAULTS}:
            self._flaw = fault
        else:
            self._fault = fault
        self._changed()

    def arrive(self, request: Request) -> Fault | None:
        """Record `request`; return the fault that strikes it, if any."""
        seen = seen_of(request)
        self.requests.append(seen)
        del self.requests[:-_KEPT_REQUESTS]
        for listener in self._listeners:
            listener(seen)
        fault = self._fault
        if fault is not None:
            self._fault = fault.spent()
        return fault

    def take_flaw(self) -> Fault | None:
        """Return what is to be wrong with the token or stream made now, if anything."""
        flaw = self._flaw
        self._flaw = None if flaw is None else flaw.spent()
        return flaw

    def watch(self, watcher: Callable[[], None]) -> None:
        """Call `watcher` whenever a fault is set or healed."""
        self._watchers.append(watcher)

    def listen(self, listener: Callable[[SeenRequest], object]) -> None:
        """Call `listener` with each request as it arrives."""
        self._listeners.append(listener)

    def _interrupt(self, kind: FaultKind, pieces: int, times: int | None) -> None:
        """Put a fault in force that leaves a stream so many pieces."""
        self.inject(Fault(kind=kind, pieces=pieces, times=times))

    def _answer(self, kind: FaultKind, answer: Answer, times: int | None) -> None:
        """Put a fault in force that is an answer."""
        self.inject(Fault(kind=kind, answer=answer, times=times))

    def _changed(self) -> None:
        """Count it, and tell the watchers."""
        self.changes += 1
        for watcher in self._watchers:
            watcher()
