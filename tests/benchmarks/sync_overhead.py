"""Measure what a thread of its own costs: `SyncCompletionClient` beside `await`.

A sender that answers at once, so that all that is left is ours. Each round times a
batch of each kind, in one process; CPU is that of all its threads, which says more than
the clock on a machine that is busy. `submit` is what keeps its caller; the call has
ended before the next one begins.

    python -m tests.benchmarks.sync_overhead [--quick] [--rounds N] [--png FILE]
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from gitlab_completions import (
    CompletionClient,
    CompletionRequest,
    Route,
    SyncCompletionClient,
)
from tests.benchmarks.at_once import AtOnce
from tests.benchmarks.pictures import bars, picture
from tests.benchmarks.rounds import (
    Series,
    interleave,
    machine,
    number_of,
    print_row,
    read_wish,
    say_origin,
)
from tests.benchmarks.stopwatch import Stopwatch

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.benchmarks.rounds import Wish

URL = "https://gitlab.example.com"
REQUEST = CompletionRequest(file_name="f.py", content_above_cursor="total = 1\ntot")
ROUNDS, BATCH = 41, 100


Taken = dict[str, tuple[Series, Series]]
"""The clock's microseconds of a call, and the CPU's, by its kind."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and report."""
    wish = read_wish(__doc__, arguments, rounds=ROUNDS)
    say_origin("us a call", wish)
    taken = measure(wish)
    report(taken)
    if wish.png is not None:
        draw(taken, wish)


def measure(wish: Wish) -> Taken:
    """Return what each kind of call took, round by round."""
    awaited = CompletionClient(URL, "glpat-1", sender=AtOnce())
    with (
        asyncio.Runner() as runner,
        SyncCompletionClient(URL, "glpat-1", sender=AtOnce()) as client,
    ):
        batches: dict[str, Callable[[Stopwatch], None]] = {
            "await complete": lambda watch: runner.run(await_batch(awaited, watch)),
            "sync complete": partial(sync_batch, client),
            "submit": partial(submit_batch, client),
            "submit and result": partial(submit_and_wait_batch, client),
        }
        for batch in batches.values():
            batch(Stopwatch())
        assert client.complete(REQUEST).route is Route.DIRECT
        subjects = {kind: partial(timed, batch) for kind, batch in batches.items()}
        taken = interleave(subjects, wish)
        runner.run(awaited.aclose())
    return {
        kind: (
            Series.of(clock for clock, _ in pairs),
            Series.of(cpu for _, cpu in pairs),
        )
        for kind, pairs in taken.items()
    }


def timed(batch: Callable[[Stopwatch], None]) -> tuple[float, float]:
    """Return the microseconds of one call of a batch: the clock's, the CPU's."""
    watch = Stopwatch()
    batch(watch)
    return 1e6 * watch.clock_s / BATCH, 1e6 * watch.cpu_s / BATCH


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


def submit_batch(client: SyncCompletionClient, watch: Stopwatch) -> None:
    """Submit a batch of calls, each when the one before has ended."""
    for _ in range(BATCH):
        with watch:
            future = client.submit(REQUEST)
        future.result()


def submit_and_wait_batch(client: SyncCompletionClient, watch: Stopwatch) -> None:
    """Submit a batch of calls and wait for each."""
    for _ in range(BATCH):
        with watch:
            client.submit(REQUEST).result()


def report(taken: Taken) -> None:
    """Print what each kind takes, and how much more than `await` in the same round."""
    columns = ("us_median", "us_min", "us_max", "us_over_await")
    print_row("call", *columns, *(f"cpu_{column}" for column in columns))
    awaited = taken["await complete"]
    for kind, both in taken.items():
        cells: list[str] = []
        for one, beside in zip(both, awaited, strict=True):
            cells += [*one.cells(0), f"{one.minus(beside).median:.0f}"]
        print_row(kind, *cells)


def draw(taken: Taken, wish: Wish) -> None:
    """Draw the CPU of each kind."""
    cpu = {kind: both[1] for kind, both in taken.items()}
    over = cpu["sync complete"].minus(cpu["await complete"]).median
    with picture(
        wish,
        title=f"A call from a thread without asyncio takes {over:.0f} us of CPU more "
        "than an awaited one",
        caption="A sender that answers from memory; CPU of all threads; bar: median of "
        f"{number_of(wish.rounds, 'round')} of {BATCH} calls, line: "
        f"least and greatest\n{machine()}",
    ) as (axes,):
        bars(axes, cpu, digits=0)
        axes.set_xlabel("microseconds of CPU a call (less is better)")


if __name__ == "__main__":
    main()
