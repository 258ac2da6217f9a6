"""Server-sent events: bytes in pieces of any size become events, by the HTML standard.

Our own, since none that is kept well does it for bytes from anywhere, within bounds:

- httpx-sse (0.4.3, 2025) and what httpx2 made of it parse only below a `Response` of
  their library; their decoders are private. The former's memory has no bounds; both
  hold an event back whose last line end is a CR, until more comes.
- sseclient-py (1.9.0, 2026) does not see an event end where line ends are mixed, takes
  what a cut body left over for an event, has no bounds, and logs unknown fields.
- assel (1.0.0, 2026) takes bytes from anywhere, but all its parsers share one UTF-8
  decoder, so that two streams mix; it has no bounds, and a BOM costs the first field.
- aiohttp-sse-client and requests-sse are for one HTTP library each; sse-starlette
  sends.

Lines end with CR, LF or CRLF alone: U+2028 and U+0085, which `str.splitlines` and
httpx's `iter_lines` break at, may stand in JSON. Comments, ids and retry times are
nothing to a body that is read once.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from gitlab_completions._wire.unusable import NotACompletionError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ("BOM", "Event", "EventStream")

BOM = b"\xef\xbb\xbf"
MAX_EVENT = 1024 * 1024
"""Bytes of an event, and of a line: as many as of a whole answer."""

_LINE_ENDS = re.compile(rb"(?:\r\n|\r|\n)([\r\n]*+)")
"""The end of a line, and the blank lines after it."""


class Event(NamedTuple):
    """An event.

    Args:
        name: What kind it is of; empty when it has no name.
        data: Its data, LF between the lines.
    """

    name: bytes
    data: bytes


class EventStream:
    """Cuts a body into events.

    One that has a name and no data counts too, other than in browsers: that it came
    is all that the last event of a stream says.
    """

    def __init__(self) -> None:
        self._line = bytearray()
        self._after_cr = False
        self._is_first = True
        self._name = b""
        self._data = bytearray()

    def feed(self, data: bytes) -> Iterator[Event]:
        """Yield the events that the data completes; it must be asked for all of them.

        Raises:
            NotACompletionError: When an event is over 1 MiB.
        """
        if not data:
            return
        if self._after_cr:  # which has ended its line already
            data = data.removeprefix(b"\n")
        start = 0
        for ends in _LINE_ENDS.finditer(data):
            self._extend(data[start : ends.start()])
            start = ends.end()
            is_blank = self._end_line()
            if (is_blank or ends[1]) and (self._name or self._data):
                yield self._end_event()
        self._extend(data[start:])
        self._after_cr = data.endswith(b"\r")

    def _extend(self, part: bytes) -> None:
        if len(self._line) + len(part) + len(self._data) > MAX_EVENT:
            raise NotACompletionError("an event too long to read")
        self._line += part

    def _end_line(self) -> bool:
        """Read the line; return whether it was blank."""
        line = bytes(self._line)
        self._line.clear()
        if self._is_first:
            self._is_first = False
            line = line.removeprefix(BOM)
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data":
            self._data += value + b"\n"
        elif name == b"event":
            self._name = value
        return not line

    def _end_event(self) -> Event:
        event = Event(self._name, bytes(self._data[:-1]))
        self._name = b""
        self._data.clear()
        return event
