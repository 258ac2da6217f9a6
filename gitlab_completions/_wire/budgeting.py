"""How the room of one body is spent: what is near the cursor first, what is far last.

The order is stated, so that a caller can tell what a model sees of a large file:

1. the text near the cursor: up to 60 % of the room above it, up to 10 % below;
2. the context items in the caller's order; the one that crosses the limit keeps its
   beginning, and those after it are dropped;
3. the far text above, then the far text below, as far as room is left.

What a share does not use goes to what comes after it. The shares are the gateway's own
turned into bytes: it keeps at most 30 % of a model's window for context and at least
7 % for the text below. So context that a large file would leave no room for is sent,
and no more of it than a model could be given.

Bytes are those of the JSON that is really sent, escapes and all. They are counted by
encoding, which is faster in C than any counting in Python, and only where a body has
turned out too large: a body that fits is encoded once and looked at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gitlab_completions._records import replace
from gitlab_completions._wire.cuts import end_before, start_after
from gitlab_completions._wire.jsons import encode, encode_body
from gitlab_completions.models import ContextItem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from gitlab_completions._wire.limits import Fitted

__all__ = ("LEAST_ROOM", "encode_within", "in_bytes", "in_characters")

LEAST_ROOM = 10_000
"""What the file and its context get, whatever else the body holds: an instruction is
the author's own words and is never cut, and a file cut to nothing completes to nothing.
"""
ABOVE_PERCENT = 60
BELOW_PERCENT = 10
ITEM = 100
"""What an item takes beside its name and content: GitLab's v4 form, the longest, 75."""
LEAST_CONTENT = 200
"""Characters that a cut item must keep: a few lines, else it tells a model nothing."""


def in_bytes(text: str) -> int:
    """Return the bytes that a string takes within a body, as the encoder writes it."""
    return len(encode_body(text)) - 2  # the quotes


def in_characters(text: str) -> int:
    """Return the characters of JSON that a string takes within a body."""
    return len(encode(text)) - 2


def encode_within(
    fitted: Fitted,
    encoded: Callable[[Fitted], bytes],
    most: int | None,
    *,
    size: Callable[[str], int] = in_bytes,
) -> bytes:
    """Return the body of what was fitted, cut until it has at most `most` bytes.

    More than `most` it has only where what may not be cut leaves less than
    `LEAST_ROOM`.

    Args:
        fitted: What is sent, within the servers' other limits.
        encoded: Makes the body.
        most: Bytes; or what `size` counts, if that is not bytes. `None` for no limit.
        size: Tells what a string takes.
    """
    if most is None:
        return encoded(fitted)
    if _length(fitted) <= most:  # else it is too large for certain
        body = encoded(fitted)
        if len(body) <= most or (size is in_characters and _characters(body) <= most):
            return body
    rest = encoded(replace(fitted, above="", below="", context=()))
    taken = len(rest) if size is in_bytes else _characters(rest)
    return encoded(_spend(fitted, max(most - taken, LEAST_ROOM), size))


def _length(fitted: Fitted) -> int:
    context = sum(len(item.content) for item in fitted.context)
    return len(fitted.above) + len(fitted.below) + context


def _characters(body: bytes) -> int:
    return len(body.decode())


class _Piece(NamedTuple):
    """An end of a text that fits.

    Args:
        length: Its characters.
        taken: What it takes.
    """

    length: int
    taken: int


def _spend(fitted: Fitted, room: int, size: Callable[[str], int]) -> Fitted:
    """Cut what was fitted to the room, in the order that the module states."""
    above = _last(fitted.above, room * ABOVE_PERCENT // 100, size)
    below = _first(fitted.below, room * BELOW_PERCENT // 100, size)
    left = room - above.taken - below.taken
    context, left = _spend_on_context(fitted.context, left, size)
    far_above = _last(fitted.above, left, size, near=above.length)
    left -= far_above.taken
    far_below = _first(fitted.below, left, size, near=below.length)
    start = len(fitted.above) - above.length - far_above.length
    return replace(
        fitted,
        above=fitted.above[start:],
        below=fitted.below[: below.length + far_below.length],
        context=context,
    )


def _spend_on_context(
    items: Iterable[ContextItem], left: int, size: Callable[[str], int]
) -> tuple[tuple[ContextItem, ...], int]:
    kept: list[ContextItem] = []
    for item in items:
        room = left - ITEM - size(item.name)
        piece = _first(item.content, room, size)
        if piece.length == len(item.content):
            kept.append(item)
            left = room - piece.taken
            continue
        content = item.content[: piece.length]
        if piece.length >= LEAST_CONTENT and content.strip():
            cut = ContextItem(name=item.name, content=content, type=item.type)
            kept.append(cut)
            left = room - piece.taken
        break
    return tuple(kept), left


def _last(text: str, room: int, size: Callable[[str], int], near: int = 0) -> _Piece:
    """Return what fits before the last `near` characters, from a line's start on."""
    end = len(text) - near
    fits = _most_that_fits(end, room, lambda a, b: size(text[end - b : end - a]))
    if fits.length == end:
        return fits
    start = end - fits.length
    at = min(start_after(text, start), end)
    return _Piece(end - at, fits.taken - size(text[start:at]))


def _first(text: str, room: int, size: Callable[[str], int], near: int = 0) -> _Piece:
    """Return what fits after the first `near` characters, to a line's end."""
    length = len(text) - near
    fits = _most_that_fits(length, room, lambda a, b: size(text[near + a : near + b]))
    if fits.length == length:
        return fits
    end = near + fits.length
    at = max(end_before(text, end), near)
    return _Piece(at - near, fits.taken - size(text[at:end]))


def _most_that_fits(length: int, room: int, taken: Callable[[int, int], int]) -> _Piece:
    """Return as many characters as fit, by halves: each is counted about once.

    Args:
        length: The characters that there are.
        room: What they may take; each takes at least one.
        taken: Tells what those from one distance to another from the cursor take.
    """
    kept, used = 0, 0
    most = min(length, max(room, 0))
    if most == length:
        used = taken(0, length)
        if used <= room:
            return _Piece(length, used)
        used = 0
    while kept < most:
        middle = kept + (most - kept + 1) // 2
        more = taken(kept, middle)
        if used + more <= room:
            kept, used = middle, used + more
            most = min(most, kept + room - used)
        else:
            most = middle - 1
    return _Piece(kept, used)
