"""From the server's socket to the caller's hands: what a piece of a stream takes.

A server in another process writes the time into each piece, and the caller reads the
clock when it has got it (`stream_server`). Ten pieces a stream, one at a time; the
first comes with the answer's head. Beside `client.stream` stand bare httpx and httpx2,
which hand out the bytes of the same streams and make nothing of them. On loopback with
TLS, over connections that are open: what is left is the work of both processes.

What must hold is 2 ms in the median, of the first piece and of each.

    python -m tests.benchmarks.first_piece [--quick] [--rounds N] [--seed N]
                                           [--png FILE]
"""

from __future__ import annotations

import asyncio
import ssl
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

from gitlab_completions import (
    CompletionClient,
    CompletionRequest,
    DirectMode,
    HttpxSender,
    Intent,
    RoutingPolicy,
    SyncCompletionClient,
)
from tests.benchmarks.pictures import bars, picture
from tests.benchmarks.rounds import (
    Series,
    interleave_async,
    machine,
    number_of,
    print_row,
    read_wish,
    say_origin,
)
from tests.benchmarks.stream_server import EVENTS, PIECES, RAW, streaming

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from tests.benchmarks.rounds import Wish
    from tests.benchmarks.stream_server import Streaming

ROUNDS, BATCH, QUICK_BATCH = 15, 20, 2
LIMIT_US = 2000.0
"""Microseconds that a piece may take, in the median."""
PATH = "/api/v4/code_suggestions/completions"
REQUEST = CompletionRequest(
    file_name="f.py", content_above_cursor="# add\n", intent=Intent.GENERATION
)
POLICY = RoutingPolicy(direct=DirectMode.NEVER, indirect_per_minute=None)
PACKAGES = ("httpx", "httpx2")
BARE = "httpx, bytes"
OURS = "client.stream, events"


class Batch(NamedTuple):
    """What some streams took.

    Args:
        first_us: Microseconds of each stream's first piece.
        each_us: The same of every piece.
    """

    first_us: list[float]
    each_us: list[float]


class Taken(NamedTuple):
    """What a subject's pieces took, round by round, in microseconds of the median.

    Args:
        first: Of first pieces.
        each: Of all pieces.
    """

    first: Series
    each: Series


Stream = Callable[[Batch], Awaitable[None]]
"""Reads one stream, and notes what its pieces took."""


def note(batch: Batch, text: str, *, is_first: bool) -> None:
    """Note what a piece took that has just come, by the time that it says."""
    now = time.monotonic_ns()
    took_us = (now - int(text)) / 1000
    batch.each_us.append(took_us)
    if is_first:
        batch.first_us.append(took_us)


async def stream_bare(chunks: AsyncIterator[bytes], batch: Batch) -> None:
    """Take the bytes of a bare text: a piece each, since it comes alone."""
    is_first = True
    async for chunk in chunks:
        for word in chunk.split():
            note(batch, word.decode(), is_first=is_first)
            is_first = False


def bare(engine: str, server: Streaming, stack: AsyncExitStack) -> Stream:
    """Return what reads streams by an HTTP library alone."""
    context = ssl.create_default_context(cafile=str(server.ca_pem))
    client = import_module(engine).AsyncClient(verify=context, trust_env=False)
    stack.push_async_callback(client.aclose)

    async def read(batch: Batch) -> None:
        url = f"{server.url}/{RAW}{PATH}"
        async with client.stream("POST", url, content=b"{}") as response:
            await stream_bare(response.aiter_raw(), batch)

    return read


def ours(
    kind: str, server: Streaming, stack: AsyncExitStack, *, engine: str = "httpx"
) -> Stream:
    """Return what reads streams by `CompletionClient.stream`."""
    sender = HttpxSender(
        verify=server.ca_pem,
        trust_env=False,
        engine="httpx2" if engine == "httpx2" else "httpx",
    )
    url = f"{server.url}/{kind}"
    client = CompletionClient(url, "glpat-1", sender=sender, policy=POLICY)
    stack.push_async_callback(sender.aclose)
    stack.push_async_callback(client.aclose)

    async def read(batch: Batch) -> None:
        is_first = True
        async with client.stream(REQUEST) as stream:
            async for piece in stream:
                note(batch, piece, is_first=is_first)
                is_first = False

    return read


def in_a_thread(server: Streaming, stack: AsyncExitStack) -> Stream:
    """Return what reads streams by `SyncCompletionClient.stream`, in a thread."""
    sender = HttpxSender(verify=server.ca_pem, trust_env=False)
    url = f"{server.url}/{EVENTS}"
    client = SyncCompletionClient(url, "glpat-1", sender=sender, policy=POLICY)
    stack.push_async_callback(asyncio.to_thread, client.close)

    def read(batch: Batch) -> None:
        is_first = True
        with client.stream(REQUEST) as stream:
            for piece in stream:
                note(batch, piece, is_first=is_first)
                is_first = False

    async def read_there(batch: Batch) -> None:
        await asyncio.to_thread(read, batch)

    return read_there


def streams(server: Streaming, stack: AsyncExitStack) -> dict[str, Stream]:
    """Return all subjects; the stack closes them."""
    return {
        BARE: bare("httpx", server, stack),
        "httpx2, bytes": bare("httpx2", server, stack),
        "client.stream, bare text": ours(RAW, server, stack),
        OURS: ours(EVENTS, server, stack),
        "the same by httpx2": ours(EVENTS, server, stack, engine="httpx2"),
        "the same in a thread": in_a_thread(server, stack),
    }


async def measure(wish: Wish, server: Streaming, *, batch: int) -> dict[str, Taken]:
    """Measure everybody, in as many rounds as are wished."""

    def rounds_of(stream: Stream) -> Callable[[], Awaitable[Batch]]:
        async def take() -> Batch:
            taken = Batch([], [])
            for _ in range(batch):
                await stream(taken)
            return taken

        return take

    async with AsyncExitStack() as stack:
        subjects = streams(server, stack)
        for stream in subjects.values():
            await stream(Batch([], []))  # connects
        batches = await interleave_async(
            {name: rounds_of(stream) for name, stream in subjects.items()}, wish
        )
    for taken in batches.values():
        for one in taken:
            check_counts(one, batch)
    return {
        name: Taken(
            first=Series.of(statistics.median(one.first_us) for one in taken),
            each=Series.of(statistics.median(one.each_us) for one in taken),
        )
        for name, taken in batches.items()
    }


def check_counts(batch: Batch, streams: int) -> None:
    """Make sure that each piece came, and came alone.

    Raises:
        RuntimeError: When the figures would be of something else.
    """
    counts = len(batch.first_us), len(batch.each_us)
    if counts != (streams, streams * PIECES):
        raise RuntimeError(f"{counts} pieces came of {streams} streams of {PIECES}")


COLUMNS = (
    *("stream", "first_us", "first_us_min", "first_us_max", "first_us_over_httpx"),
    *("each_us", "each_us_min", "each_us_max", "each_us_over_httpx", "within_2_ms"),
)


def report(taken: dict[str, Taken]) -> None:
    """Print a row for each subject."""
    print_row(*COLUMNS)
    beside = taken[BARE]
    for name, one in taken.items():
        cells: list[str] = []
        for series, bare_one in zip(one, beside, strict=True):
            cells += [*series.cells(0), f"{series.minus(bare_one).median:.0f}"]
        print_row(name, *cells, is_within(one))


def is_within(taken: Taken) -> str:
    """Say whether what must hold does."""
    slowest = max(series.median for series in taken)
    return "yes" if slowest <= LIMIT_US else "NO"


def draw(taken: dict[str, Taken], wish: Wish) -> None:
    """Draw both kinds of pieces, a panel each."""
    ours_us = taken[OURS].first.median
    with picture(
        wish,
        title=f"The first piece of a stream reaches its caller {ours_us:.0f} us after "
        "the server wrote it",
        caption=f"Loopback, TLS, open connections, {PIECES} pieces a stream, one at a "
        f"time; bar: median of {number_of(wish.rounds, 'round')} (each a median), "
        f"line: least and greatest. Bare httpx hands out bytes.\n{machine(*PACKAGES)}",
        panels=2,
        size=(14.0, 5.5),
    ) as grid:
        for axes, kind in zip(grid, Taken._fields, strict=True):
            bars(axes, {n: getattr(one, kind) for n, one in taken.items()}, digits=0)
            axes.set_title(f"{kind} piece")
            axes.set_xlabel("microseconds (less is better; 2000 must hold)")


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and report."""
    wish = read_wish(__doc__, arguments, rounds=ROUNDS)
    say_origin("us from the server's socket to the caller", wish, *PACKAGES)
    batch = QUICK_BATCH if wish.quick else BATCH
    with streaming() as server:
        taken = asyncio.run(measure(wish, server, batch=batch))
    report(taken)
    if wish.png is not None:
        draw(taken, wish)


if __name__ == "__main__":
    main(sys.argv[1:])
