"""The race for a connection to whichever of a host's addresses answers first.

asyncio has one (`happy_eyeballs_delay`), but uvloop has none, it does not run under
`asyncio.eager_task_factory`, and it leaves the winner's socket open when who waits is
cancelled in that round of the loop. This one needs no more than any event loop has.
"""

from __future__ import annotations

import asyncio
import socket
from itertools import chain, zip_longest
from typing import TYPE_CHECKING, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

    Info = tuple[int, int, int, str, tuple[str, int] | tuple[str, int, int, int]]
    """An address as `getaddrinfo` returns it."""

Talker = TypeVar("Talker", bound=asyncio.BaseProtocol)
Connection = tuple[asyncio.Transport, Talker]

EYEBALLS_S = 0.25
"""Seconds before a host's next address is tried beside the first (RFC 8305)."""


async def connect(
    make: Callable[[], Talker], host: str, port: int, local_address: str | None
) -> Connection[Talker]:
    """Connect to a host.

    Args:
        make: Makes the protocol for a connection.
        host: Its name or its address.
        port: Its port.
        local_address: Where to connect from.

    Raises:
        OSError: When the host is not known, or no address of it can be connected to.
        UnicodeError: When its name can be none.
    """
    local = None if local_address is None else (local_address, 0)

    async def attempt(info: Info) -> Connection[Talker]:
        address, service = _endpoint(info)
        return await asyncio.get_running_loop().create_connection(
            make, address, service, family=info[0], local_addr=local
        )

    infos = _in_turn(await _resolve(host, port))
    if len(infos) == 1:
        return await attempt(infos[0])
    return await _race(attempt, infos)


async def _resolve(host: str, port: int) -> Sequence[Info]:
    kind = socket.SOCK_STREAM
    try:  # An address needs no thread.
        numeric = socket.AI_NUMERICHOST
        found = socket.getaddrinfo(host, port, type=kind, flags=numeric)
    except OSError:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=kind)
    return cast("Sequence[Info]", found)


def _in_turn(infos: Sequence[Info]) -> list[Info]:
    """Return the addresses, the families by turns, or one that is out takes it all."""
    families: dict[int, list[Info]] = {}
    for info in infos:
        families.setdefault(info[0], []).append(info)
    turns = chain.from_iterable(zip_longest(*families.values()))
    return [info for info in turns if info is not None]


def _endpoint(info: Info) -> tuple[str, int]:
    """Return the address and the port, with the link that one of IPv6 may be on."""
    address, port, *rest = info[4]
    scope = rest[-1] if rest else 0
    return f"{address}%{scope}" if scope else address, port


async def _race(
    attempt: Callable[[Info], Coroutine[None, None, Connection[Talker]]],
    infos: list[Info],
) -> Connection[Talker]:
    loop = asyncio.get_running_loop()
    running: set[asyncio.Task[Connection[Talker]]] = set()
    errors: list[BaseException] = []
    try:
        while infos or running:
            if infos:
                running.add(loop.create_task(attempt(infos.pop(0))))
            done, _ = await asyncio.wait(
                running,
                timeout=EYEBALLS_S if infos else None,
                return_when=asyncio.FIRST_COMPLETED,
            )
            for task in done:
                running.discard(task)
                error = task.exception()
                if error is None:
                    return task.result()
                errors.append(error)
        raise OSError("; ".join(map(str, errors)) or "no address")
    finally:
        for task in running:
            task.cancel()
            task.add_done_callback(_drop)


def _drop(task: asyncio.Task[Connection[Talker]]) -> None:
    """Close what an attempt that is no longer wanted has opened all the same."""
    if not task.cancelled() and task.exception() is None:
        transport, _ = task.result()
        transport.abort()
