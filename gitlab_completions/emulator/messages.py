"""HTTP/1.1 messages: requests read whole, answers followed to their end."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

import h11

from gitlab_completions.emulator.answers import Answer, Request, json_answer

__all__ = (
    "CONTINUE",
    "AnswerFollower",
    "BadRequestError",
    "Incoming",
    "RequestReader",
    "encode_answer",
    "encode_cut_chunks",
)

CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"

# GitLab's gateway takes a header of 60 kB (recorded); h11's default is 16 KiB.
_LONGEST_HEAD: Final = 262_144
_LONGEST_BODY: Final = 64 * 1024 * 1024
_OURS: Final = frozenset(
    {b"connection", b"content-length", b"expect", b"keep-alive", b"transfer-encoding"}
)


class BadRequestError(Exception):
    """The bytes are no HTTP/1.1 request; `answer` says so."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.answer: Answer = json_answer(
            status, {"message": HTTPStatus(status).phrase}
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """A whole request: as a record, and as what to send to the server behind."""

    request: Request
    target: bytes
    headers: tuple[tuple[bytes, bytes], ...] = field(repr=False)
    keep_alive: bool


class RequestReader:
    """Reads requests, one after the other, from the bytes of a connection."""

    def __init__(self) -> None:
        self._http = _server_side()
        self._head: h11.Request | None = None
        self._body = bytearray()

    def feed(self, data: bytes) -> None:
        """Take bytes that arrived."""
        self._http.receive_data(data)

    def owes_continue(self) -> bool:
        """Say whether the client waits for a `100 Continue`; only once a request."""
        waits = self._http.they_are_waiting_for_100_continue
        if waits:
            self._http.send(h11.InformationalResponse(status_code=100, headers=[]))
        return waits

    def next(self) -> Incoming | None:
        """Return the next whole request, None while bytes are missing.

        Raises:
            BadRequestError: If they can be no request, or one that is too large.
        """
        try:
            return self._next()
        except h11.RemoteProtocolError as error:
            raise BadRequestError(error.error_status_hint) from error

    def _next(self) -> Incoming | None:
        """Advance the parser to the end of a request, if it has arrived."""
        while True:
            event = self._http.next_event()
            match event:
                case h11.Request():
                    self._head = event
                case h11.Data():
                    self._body += event.data
                    if len(self._body) > _LONGEST_BODY:
                        raise BadRequestError(413)
                case h11.EndOfMessage():
                    return self._whole()
                case _:
                    return None

    def _whole(self) -> Incoming | None:
        """Return the request that is complete; start over with what follows it."""
        head, body = self._head, bytes(self._body)
        rest, _ = self._http.trailing_data
        self._http, self._head = _server_side(), None
        self._body.clear()
        if rest:
            self._http.receive_data(rest)
        return None if head is None else _incoming(head, body)


class AnswerFollower:
    """Knows where the answer to one request ends, without touching its bytes.

    `streaming` is set once an answer has begun whose size nobody knows yet.
    """

    def __init__(self) -> None:
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=_LONGEST_HEAD)
        self.done: bool = False
        self.streaming: bool = False
        self._head: h11.Response | None = None
        self._body = bytearray()

    def ask(self, incoming: Incoming, *, scheme: str) -> bytes:
        """Return the bytes that put `incoming` to the server behind.

        Raises:
            ConnectionError: If its headers contradict each other.
        """
        body = incoming.request.body
        headers = [
            *incoming.headers,
            (b"content-length", str(len(body)).encode()),
            (b"x-forwarded-proto", scheme.encode()),
        ]
        if incoming.request.header("host") is None:
            headers.append((b"host", b"localhost"))  # HTTP/1.0 can do without
        try:
            head = h11.Request(
                method=incoming.request.method, target=incoming.target, headers=headers
            )
            parts = [self._http.send(head)]
            if body:
                parts.append(self._http.send(h11.Data(data=body)))
            parts.append(self._http.send(h11.EndOfMessage()))
        except h11.LocalProtocolError as error:
            raise ConnectionError("the request cannot be passed on") from error
        return b"".join(filter(None, parts))

    def feed(self, data: bytes) -> None:
        """Take bytes of the answer; sets `done` with the last ones.

        Raises:
            ConnectionError: If the answer broke off or is no HTTP.
        """
        self._http.receive_data(data)
        try:
            while not self.done:
                event = self._http.next_event()
                if event is h11.NEED_DATA:
                    return
                if isinstance(event, h11.Response):
                    self._head = event
                    self.streaming = _is_chunked(event)
                elif isinstance(event, h11.Data):
                    self._body += event.data
                self.done = isinstance(event, h11.EndOfMessage)
        except h11.RemoteProtocolError as error:
            raise ConnectionError("the server behind broke off") from error

    def answer(self) -> Answer:
        """Return what has arrived of the answer, without its framing."""
        head = self._head
        if head is None:
            return Answer(status=502)
        pairs = ((bytes(name), bytes(value)) for name, value in head.headers)
        headers = {
            name.decode("latin-1"): value.decode("latin-1")
            for name, value in pairs
            if name not in _OURS
        }
        return Answer(status=head.status_code, headers=headers, body=bytes(self._body))


def encode_answer(answer: Answer, *, close: bool) -> bytes:
    """Return `answer` as HTTP/1.1 bytes; `close` announces the connection's end."""
    names = {name.lower() for name in answer.headers}
    headers = dict(answer.headers)
    if "content-length" not in names:
        headers["content-length"] = str(len(answer.body))
    if close:
        headers["connection"] = "close"
    return _encode_head(answer.status, headers) + answer.body


def encode_cut_chunks(answer: Answer) -> bytes:
    """Return the head of `answer`, half of its body as one chunk, and no end."""
    headers = {**answer.headers, "transfer-encoding": "chunked"}
    half = answer.body[: len(answer.body) // 2]
    chunk = b"%x\r\n%s\r\n" % (len(half), half)
    return _encode_head(answer.status, headers) + chunk


def _encode_head(status: int, headers: Mapping[str, str]) -> bytes:
    """Return a status line and headers as bytes."""
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = "Unknown"  # 520 and its like are no registered statuses
    lines = [f"HTTP/1.1 {status} {phrase}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def _is_chunked(head: h11.Response) -> bool:
    """Say whether the body comes in chunks."""
    return any(name == b"transfer-encoding" for name, _ in head.headers)


def _server_side() -> h11.Connection:
    """Return a parser for one request."""
    return h11.Connection(h11.SERVER, max_incomplete_event_size=_LONGEST_HEAD)


def _incoming(head: h11.Request, body: bytes) -> Incoming:
    """Put a parsed head and its body together."""
    headers = tuple((bytes(name), bytes(value)) for name, value in head.headers)
    shown = {name.decode("latin-1"): value.decode("latin-1") for name, value in headers}
    request = Request(
        method=head.method.decode("ascii"),
        path=head.target.decode("latin-1").partition("?")[0],
        headers=shown,
        body=body,
    )
    asks_close = "close" in shown.get("connection", "").lower()
    return Incoming(
        request=request,
        target=head.target,
        headers=tuple(pair for pair in headers if pair[0] not in _OURS),
        keep_alive=head.http_version != b"1.0" and not asks_close,
    )
