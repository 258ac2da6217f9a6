"""Streams of text: bare deltas or server-sent events, in pieces, at a pace.

v2 and v3 send bare text and label it `text/event-stream` all the same; v4 frames it as
events whose lines end in CRLF, with a comment every 15 s that keeps the connection
awake (recorded). A host flushes each piece, so a client sees the edges that are made
here, in the midst of a character or of a line if so set.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from typing import Final

from gitlab_completions.emulator.answers import Answer, Ending
from gitlab_completions.emulator.faults import Fault, FaultKind
from gitlab_completions.emulator.model import pieces_of
from gitlab_completions.emulator.settings import Settings
from gitlab_completions.emulator.vendor_models import Engine

__all__ = ("stream", "struck")

_EVENT_STREAM: Final = "text/event-stream; charset=utf-8"
_SSE_HEADERS: Final = {
    "x-streaming-format": "sse",
    "cache-control": "no-store",
    "x-accel-buffering": "no",
}
_REGION: Final = "us-central1"
# sse-starlette's default, which the gateway of 2026-08 leaves alone.
_PING_S: Final = 15.0

_ENDINGS: Final = {
    FaultKind.END_STREAM: Ending.WHOLE,
    FaultKind.BREAK_STREAM: Ending.BROKEN,
    FaultKind.HANG_STREAM: Ending.HANGING,
}


def stream(
    raw: str, engine: Engine, now_unix: float, *, sse: bool, settings: Settings
) -> Answer:
    """Return a streamed answer.

    Args:
        raw: The model's words; streams are not post-processed.
        engine: The model that is named, in events only.
        now_unix: The gateway's own time in seconds.
        sse: Whether to frame events.
        settings: Tell into what pieces it is cut, and how long is between them.
    """
    deltas = pieces_of(raw)
    pieces = _events(deltas, engine, int(now_unix)) if sse else deltas
    if settings.stream_piece_bytes > 0:
        pieces = _cut(b"".join(pieces), settings.stream_piece_bytes)
    waits_s = [settings.stream_gap_s] * len(pieces)
    timed = list(zip(waits_s, pieces, strict=True))
    if sse:
        timed = _kept_awake(timed, now_unix)
    return Answer(
        status=200,
        headers={"content-type": _EVENT_STREAM, **(_SSE_HEADERS if sse else {})},
        body=b"".join(piece for _, piece in timed),
        pieces=tuple(piece for _, piece in timed),
        waits_s=tuple(wait_s for wait_s, _ in timed),
    )


def struck(answer: Answer, fault: Fault | None) -> Answer:
    """Return what is left of a stream that `fault` strikes in its midst."""
    if fault is None or answer.pieces is None:
        return answer
    kept = answer.pieces[: fault.pieces]
    ending = _ENDINGS.get(fault.kind, Ending.WHOLE)
    return replace(answer, body=b"".join(kept), pieces=kept, ending=ending)


def _events(
    deltas: tuple[bytes, ...], engine: Engine, now_unix: int
) -> tuple[bytes, ...]:
    """Frame text deltas as the events of a v4 stream."""
    metadata: dict[str, object] = {
        "model": {"engine": engine.engine, "name": engine.name},
        "timestamp": now_unix,
        "enabled_feature_flags": [],
        "region": _REGION,
    }
    chunks = (
        {"choices": [{"delta": {"content": delta.decode()}, "index": 0}]}
        for delta in deltas
    )
    return (
        _event("stream_start", {"metadata": metadata}),
        *(_event("content_chunk", chunk) for chunk in chunks),
        _event("stream_end", None),
    )


def _event(name: str, data: object) -> bytes:
    """Frame one event; lines end in CRLF, as sse-starlette writes them."""
    return f"event: {name}\r\ndata: {json.dumps(data)}\r\n\r\n".encode()


def _cut(body: bytes, size: int) -> tuple[bytes, ...]:
    """Cut `body` every `size` bytes, whatever is there."""
    edges = [*range(0, len(body), size), len(body)]
    return tuple(body[start:end] for start, end in pairwise(edges))


def _kept_awake(
    timed: Sequence[tuple[float, bytes]], now_unix: float
) -> list[tuple[float, bytes]]:
    """Put a comment into the pauses at every 15 s since the stream began."""
    kept: list[tuple[float, bytes]] = []
    passed_s = 0.0
    ping_at_s = _PING_S
    for gap_s, piece in timed:
        wait_s = gap_s
        while passed_s + wait_s > ping_at_s:
            kept.append((ping_at_s - passed_s, _ping(now_unix + ping_at_s)))
            wait_s -= ping_at_s - passed_s
            passed_s, ping_at_s = ping_at_s, ping_at_s + _PING_S
        kept.append((wait_s, piece))
        passed_s += wait_s
    return kept


def _ping(now_unix: float) -> bytes:
    """Return the comment that keeps a connection awake."""
    return f": ping - {datetime.fromtimestamp(now_unix, UTC)}\r\n\r\n".encode()
