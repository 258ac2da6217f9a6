"""Messages on a stream of bytes, as the protocol frames them.

The client is a program of the user's, yet nothing that it sends ends the server: what
is no header is skipped, and reading goes on at the next one that is. After a wrong
length that one stands behind the rest of a body, on the same line.
"""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

__all__ = ("MOST_BYTES", "frames")

MOST_BYTES = 256 * 1024 * 1024
"""The longest message that is read. Whole documents come in one; an editor that opens
larger ones sends them to nobody, and a length beyond is a slip of the stream."""
_LENGTH = re.compile(rb"content-length[ \t]*:[ \t]*([0-9]{1,18})\s*\Z", re.IGNORECASE)


async def frames(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    """Give each message's body, until the stream ends.

    A body that the stream's end cuts short is left out.
    """
    length: int | None = None
    while True:
        try:
            line = await reader.readline()
        except ValueError:  # a line beyond the reader's limit, which it has dropped
            continue
        if not line:
            return
        if line.strip():
            length = _length(line) if length is None else length
        elif length is not None:
            try:
                body = await reader.readexactly(length)
            except asyncio.IncompleteReadError:
                return
            length = None
            yield body


def _length(line: bytes) -> int | None:
    """Return what a header says of the body's length, `None` when it is another one."""
    found = _LENGTH.search(line)
    length = 0 if found is None else int(found[1])
    return length if 0 < length <= MOST_BYTES else None
