"""A process that makes clients, then calls, and tells what memory they take; then ends.

A fresh one for each measurement, since memory that is freed is rarely given back. With
`traced` it counts what Python's objects take, which needs memory itself; without, what
the system gave the process, which also holds what OpenSSL and the allocator keep.

    python -m tests.benchmarks.memory_worker ORDER     (a line of JSON)
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import resource
import ssl
import sys
import tracemalloc
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import certifi

from tests.benchmarks.callers import CALLERS, target_of

if TYPE_CHECKING:
    from tests.benchmarks.callers import Call, Target

SETTLED = 0.25
"""Share of the calls that is made first: caches and pools fill with the first ones."""
TEXT = "    total += rates[index] * hours[index]\n" * 500
STATM = Path("/proc/self/statm")


class Order(NamedTuple):
    """What is measured.

    Args:
        instance_url: Where the servers are.
        ca_pem: Whom to trust.
        caller: A name of `CALLERS`.
        clients: How many are made; each makes one call.
        calls: How many the first of them makes then.
        traced: Whether Python's objects are counted, else the process.
    """

    instance_url: str
    ca_pem: str
    caller: str
    clients: int
    calls: int
    traced: bool


class Taken(NamedTuple):
    """Kilobytes of a client, and what 1000 calls leave behind."""

    client_kb: float
    growth_kb: float


async def run(order: Order) -> Taken:
    """Make the clients, then the calls."""
    ca_pem = Path(order.ca_pem)
    target = await target_of(order.instance_url, ca_pem, own_context(ca_pem))
    async with AsyncExitStack() as stack:
        first = await made(target, order, stack)  # imports what there is to import
        before = held_kb(traced=order.traced)
        for _ in range(order.clients):
            await made(target, order, stack)
        client_kb = (held_kb(traced=order.traced) - before) / order.clients
        await make(first, int(order.calls * SETTLED))
        before = held_kb(traced=order.traced)
        await make(first, order.calls)
        grown_kb = held_kb(traced=order.traced) - before
        return Taken(client_kb, 1000 * grown_kb / order.calls)


async def made(target: Target, order: Order, stack: AsyncExitStack) -> Call:
    """Return a client that has made its first call; it has a TLS context of its own."""
    own = target._replace(context=own_context(target.ca_pem))
    call = await stack.enter_async_context(CALLERS[order.caller](own))
    await make(call, 1)
    return call


def own_context(ca_pem: Path) -> ssl.SSLContext:
    """Return what httpx makes for each client by default, and our authority."""
    context = ssl.create_default_context(cafile=certifi.where())
    context.load_verify_locations(ca_pem)
    return context


async def make(call: Call, calls: int) -> None:
    """Make calls one after the other; each has another text, as an author's have."""
    for number in range(calls):
        await call(f"{TEXT}x = {number}")


def held_kb(*, traced: bool) -> float:
    """Return the kilobytes that Python's objects take, or that the process has."""
    gc.collect()
    if traced:
        current, _ = tracemalloc.get_traced_memory()
        return current / 1000
    if STATM.exists():
        pages = int(STATM.read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1000
    return float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)  # the most it had


def main() -> None:
    """Do what the argument orders."""
    order = Order(**json.loads(sys.argv[1]))
    if order.traced:
        tracemalloc.start()
    sys.stdout.write(json.dumps(asyncio.run(run(order))._asdict()) + "\n")


if __name__ == "__main__":
    main()
