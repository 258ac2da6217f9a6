"""The body of an answer, never more of it than is safe to hold.

An answer comes from a server that may be broken, hostile, or a captive portal. It is
counted after decompression and given up as soon as it is too long: 1 MiB of zeros is
1 KiB on the wire. The HTTP library inflates a whole packet before it hands it over,
so what is compressed is inflated here, a bounded piece at a time.
"""

from __future__ import annotations

import zlib
from typing import Protocol

from gitlab_completions._wire.messages import SendError

MAX_ANSWER = 1024 * 1024
"""Bytes of an answer. The gateway's are 2 KiB, the longest generations some 50."""
MAX_STREAM = 32 * 1024 * 1024
"""Bytes of a stream, which nobody holds: they pass. A text of the greatest length that
is ever inserted (256 KiB), in events of one character and 100 bytes each, has as many.
"""
MAX_ERROR = 64 * 1024
"""Bytes of a refusal; what follows cannot change what it means."""
FIRST_ERROR_STATUS = 400

_ZLIB_OR_GZIP = 32 + zlib.MAX_WBITS
_INFLATED = frozenset({"gzip", "x-gzip", "deflate"})


class Unpacker(Protocol):
    """Undoes a content encoding."""

    def unpack(self, data: bytes, most: int) -> bytes:
        """Return at most `most` bytes of what the data stands for."""
        ...


class Plain:
    """There is nothing to undo."""

    def unpack(self, data: bytes, most: int) -> bytes:
        """Return the data; it is in memory already."""
        return data[:most]


class Inflater:
    """Undoes gzip and deflate; what follows on their end is nothing."""

    def __init__(self) -> None:
        self._stream = zlib.decompressobj(_ZLIB_OR_GZIP)

    def unpack(self, data: bytes, most: int) -> bytes:
        """Return at most `most` bytes; when it is as many, more may have been lost."""
        if self._stream.eof:
            return b""  # zlib would keep all that it is given after the end
        return self._stream.decompress(data, most)


def unpacker(encoding: str) -> Unpacker:
    """Return what undoes the encoding that an answer names.

    Raises:
        SendError: `protocol`, when it is one that was not asked for.
    """
    name = encoding.strip().lower()
    if name in {"", "identity"}:
        return Plain()
    if name in _INFLATED:
        return Inflater()
    raise SendError("protocol")


class Body:
    """Counts an answer's body while it arrives.

    Args:
        status_code: The answer's status: a refusal is cut short, anything else fails.
        encoding: Its content encoding; empty for none.
        most: Bytes that it may have, if it is no refusal.

    Attributes:
        received: Bytes so far, content encodings undone.
        is_cut: A refusal has reached its limit; the rest is not wanted.
    """

    def __init__(self, status_code: int, encoding: str, most: int = MAX_ANSWER) -> None:
        self._is_refusal = status_code >= FIRST_ERROR_STATUS
        self._most = MAX_ERROR if self._is_refusal else most
        self._unpacker = unpacker(encoding)
        self._arrived = 0
        self.received = 0
        self.is_cut = False

    def take(self, data: bytes) -> bytes:
        """Return what the data adds to the body.

        Raises:
            SendError: `protocol`, when it is too long, and `bytes_received` is more
                than it may have; when one packet of it unpacks to more than 1 MiB; or
                when it is not in its encoding.
        """
        if self.is_cut:
            return b""
        room = min(self._most - self.received, MAX_ANSWER)
        try:
            piece = self._unpacker.unpack(data, room + 1)
        except zlib.error as error:
            raise SendError("protocol", self.received) from error
        self.received += len(piece)
        # Both count: a compressed stream can go on for ever and stand for nothing.
        self._arrived += len(data)
        if len(piece) <= room and self._arrived <= self._most:
            return piece
        if not self._is_refusal:
            raise SendError("protocol", self.received)
        self.is_cut = True
        return piece[:room]
