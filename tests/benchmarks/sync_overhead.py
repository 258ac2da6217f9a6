"""Measure what a thread of its own costs: `SyncCompletionClient` beside `await`.

A sender that answers at once, so that all that is left is ours. Each round times a
batch of each kind in turn, in one process; CPU is that of all its threads, which says
more than the clock on a machine that is busy. `submit` is what keeps its caller; the
call has ended before the next one begins. TSV on stdout, units on stderr.

    python tests/benchmarks/sync_overhead.py [--quick]
"""

from __future__ import annotations

import asyncio
import json
import os
import platform
import statistics
import sys
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from gitlab_completions import (
    CompletionClient,
    CompletionRequest,
    Route,
    SyncCompletionClient,
)
from gitlab_completions.senders import WireRequest, WireResponse
from gitlab_completions.testing import completion_json, grant_json

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator

URL = "https://gitlab.example.com"
REQUEST = CompletionRequest(file_name="f.py", content_above_cursor="total = 1\ntot")
ROUNDS, QUICK_ROUNDS, BATCH = 41, 3, 100
KINDS = ("await complete", "sync complete", "submit", "submit and result")


class AtOnce:
    """A sender that answers from memory."""

    def __init__(self) -> None:
        grant = json.dumps(grant_json("https://gateway.example.com"))
        self.grant = grant.encode()
        self.completion = json.dumps(completion_json("x")).encode()

    @asynccontextmanager
    async def exchange(
        self, request: WireRequest
    ) -> AsyncGenerator[WireResponse, None]:
        """Answer."""
        details = request.purpose == "details"
        body = self.grant if details else self.completion
        yield WireResponse(
            status_code=201 if details else 200,
            headers={"content-type": "application/json"},
            chunks=chunks_of(body),
        )

    async def aclose(self) -> None:
        """Do nothing."""


async def chunks_of(body: bytes) -> AsyncIterator[bytes]:
    """Give a body in one piece."""
    yield body


class Stopwatch:
    """Adds up the clock's and the CPU's seconds of what it is around."""

    def __init__(self) -> None:
        self.seconds = [0.0, 0.0]

    def __enter__(self) -> None:
        self.started = time.perf_counter(), time.process_time()

    def __exit__(self, *error: object) -> None:
        now = time.perf_counter(), time.process_time()
        spans = [end - start for end, start in zip(now, self.started, strict=True)]
        self.seconds = [a + b for a, b in zip(self.seconds, spans, strict=True)]

    def us_a_call(self) -> tuple[float, float]:
        """Return the microseconds of one call of a batch: the clock's, the CPU's."""
        clock_s, cpu_s = self.seconds
        return 1e6 * clock_s / BATCH, 1e6 * cpu_s / BATCH


Taken = dict[str, list[tuple[float, float]]]


def measure(rounds: int) -> Taken:
    """Return what each kind of call took, round by round."""
    taken: Taken = {kind: [] for kind in KINDS}
    awaited = CompletionClient(URL, "glpat-1", sender=AtOnce())
    with (
        asyncio.Runner() as runner,
        SyncCompletionClient(URL, "glpat-1", sender=AtOnce()) as client,
    ):
        runner.run(await_batch(awaited, Stopwatch()))
        assert client.complete(REQUEST).route is Route.DIRECT
        for _ in range(rounds):
            watches = {kind: Stopwatch() for kind in KINDS}
            runner.run(await_batch(awaited, watches["await complete"]))
            sync_batch(client, watches["sync complete"])
            submit_batch(client, watches["submit"], watches["submit and result"])
            for kind, watch in watches.items():
                taken[kind].append(watch.us_a_call())
        runner.run(awaited.aclose())
    return taken


async def await_batch(client: CompletionClient, watch: Stopwatch) -> None:
    """Await a batch of calls."""
    with watch:
        for _ in range(BATCH):
            await client.complete(REQUEST)


def sync_batch(client: SyncCompletionClient, watch: Stopwatch) -> None:
    """Make a batch of calls in this thread."""
    with watch:
        for _ in range(BATCH):
            client.complete(REQUEST)


def submit_batch(
    client: SyncCompletionClient, submits: Stopwatch, both: Stopwatch
) -> None:
    """Submit a batch of calls, each when the one before has ended."""
    for _ in range(BATCH):
        with both:
            with submits:
                future = client.submit(REQUEST)
            future.result()


def report(taken: Taken) -> None:
    """Print what each kind takes, and how much more than `await` in the same round."""
    columns = ("us_median", "us_min", "us_over_await")
    print("call", *columns, *(f"cpu_{column}" for column in columns), sep="\t")
    for kind, rounds in taken.items():
        figures: list[float] = []
        for index in range(2):
            series = [one[index] for one in rounds]
            beside = [one[index] for one in taken["await complete"]]
            over = [one - other for one, other in zip(series, beside, strict=True)]
            figures += statistics.median(series), min(series), statistics.median(over)
        print(kind, *(f"{figure:.0f}" for figure in figures), sep="\t")


def main() -> None:
    """Measure and report."""
    rounds = QUICK_ROUNDS if "--quick" in sys.argv[1:] else ROUNDS
    machine = f"{platform.machine()}, {os.cpu_count()} CPUs"
    python = f"CPython {platform.python_version()}"
    print(f"us a call; {python}, {machine}, {rounds} rounds", file=sys.stderr)
    report(measure(rounds))


if __name__ == "__main__":
    main()
