"""A second try beside a first one that stays silent; the first good result counts."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

T = TypeVar("T")


async def either(
    first: Coroutine[object, object, T],
    second: Callable[[], Coroutine[object, object, T] | None],
    *,
    patience_s: float,
    discard: Callable[[T], Awaitable[None]],
) -> T:
    """Return what the first brings, or what a second brings before it.

    Args:
        first: The first try.
        second: Asked for another when the first has not ended in time; may decline.
        patience_s: Seconds until then.
        discard: Takes back a result that comes too late.

    Raises:
        Exception: What the try raised that ended last, when none brought a result.
    """
    tries = [asyncio.create_task(first)]
    chosen: asyncio.Task[T] | None = None
    try:
        await asyncio.wait(tries, timeout=patience_s)
        other = None if tries[0].done() else second()
        if other is not None:
            tries.append(asyncio.create_task(other))
        chosen = await _first_good(set(tries))
        return chosen.result()
    finally:
        await _leave([one for one in tries if one is not chosen], discard)


async def _first_good(pending: set[asyncio.Task[T]]) -> asyncio.Task[T]:
    """Return the first that ends without an error, or the last one to end."""
    while True:
        done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
        # More than one may have ended: an error is no match for a result then.
        good = next((one for one in done if _is_good(one)), None)
        if good is not None or not pending:
            return good or done.pop()


async def _leave(
    tries: list[asyncio.Task[T]], discard: Callable[[T], Awaitable[None]]
) -> None:
    for one in tries:
        one.cancel()
    if tries:
        await asyncio.wait(tries)
    for one in tries:
        if _is_good(one):
            await discard(one.result())


def _is_good(one: asyncio.Task[T]) -> bool:
    return not one.cancelled() and one.exception() is None
