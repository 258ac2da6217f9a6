"""What it costs to be watched: a call without an observer, and with OpenTelemetry's.

A sender that answers at once, so that all that is left is ours. Each round times a
batch of each kind of call in one process, one call after the other: by the clock, by
the CPU of the event loop's thread, which is what a call is held up by, and by that of
all threads, until everything has been written. The SDK has an exporter and a reader in
memory, and keeps every span, or those of few traces.

`--beside PATH` also compares calls without observers to those of another checkout of
this project, in a process for each.

    python -m tests.benchmarks.telemetry [--quick] [--rounds N] [--seed N] [--png FILE]
                                         [--beside PATH]
"""

from __future__ import annotations

import argparse
import asyncio
import os
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import TraceIdRatioBased

from gitlab_completions import CompletionClient, CompletionRequest, Route
from gitlab_completions.otel import Telemetry
from tests.benchmarks.at_once import AtOnce
from tests.benchmarks.pictures import bars, picture
from tests.benchmarks.rounds import (
    Series,
    interleave,
    machine,
    number_of,
    print_row,
    read_wish,
    say,
    say_origin,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from gitlab_completions.events import Event, Observer
    from tests.benchmarks.rounds import Wish

URL = "https://gitlab.example.com"
REQUEST = CompletionRequest(file_name="f.py", content_above_cursor="total = 1\ntot")
ROUNDS, BATCH, QUICK_BATCH = 201, 50, 20
RATIO = 0.01
"""The share of traces that a large fleet would sample."""
TARGET_US = 30.0
"""What being watched may hold up a call by."""
NOBODY, SDK = "no observer", "OpenTelemetry, SDK in memory"
HERE, AGAIN, THERE = "this checkout", "this checkout, again", "the other one"
PACKAGES = ("opentelemetry-api", "opentelemetry-sdk")

ALONE = f"""
import asyncio, sys, time
from gitlab_completions import CompletionClient, CompletionRequest
from tests.benchmarks.at_once import AtOnce

REQUEST = CompletionRequest(file_name="f.py", content_above_cursor="x = ")

async def batch(client, calls):
    started = time.thread_time()
    for _ in range(calls):
        await client.complete(REQUEST)
    return 1e6 * (time.thread_time() - started) / calls

with asyncio.Runner() as runner:
    client = CompletionClient({URL!r}, "glpat-1", sender=AtOnce())
    for line in sys.stdin:
        print(runner.run(batch(client, int(line))), flush=True)
    runner.run(client.aclose())
"""
"""Makes a batch of calls without observers for each line, and tells what one took."""


class Cost(NamedTuple):
    """Microseconds of a call.

    Args:
        clock: By the clock.
        loop: CPU of the event loop's thread.
        everything: CPU of all threads, until everything has been written.
    """

    clock: float
    loop: float
    everything: float


Taken = dict[str, list[Cost]]


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and report."""
    knobs = argparse.ArgumentParser(add_help=False)
    knobs.add_argument("--beside", type=Path, help="another checkout of this project")
    wish = read_wish(__doc__, arguments, rounds=ROUNDS, parents=[knobs])
    knob, _ = knobs.parse_known_args(arguments)
    say_origin("us a call", wish, *PACKAGES)
    taken = measure(wish)
    report(taken)
    if knob.beside is not None:
        compare(knob.beside, wish)
    if wish.png is not None:
        draw(taken, wish)


def measure(wish: Wish) -> Taken:
    """Return what a call of each kind took, round by round."""
    spans = InMemorySpanExporter()
    calls = QUICK_BATCH if wish.quick else BATCH
    with asyncio.Runner() as runner:
        clients = {
            kind: CompletionClient(URL, "glpat-1", sender=AtOnce(), observers=observers)
            for kind, observers in watchers(spans).items()
        }
        flush = Telemetry().flush

        def batch(client: CompletionClient) -> Cost:
            spans.clear()
            return runner.run(_batch(client, calls, flush))

        subjects = {kind: partial(batch, client) for kind, client in clients.items()}
        for subject in subjects.values():
            subject()
        taken = interleave(subjects, wish)
        if len(spans.get_finished_spans()) not in {0, 2 * calls}:
            raise RuntimeError("not each call, or not each attempt, has a span")
        for client in clients.values():
            runner.run(client.aclose())
    return taken


def watchers(spans: InMemorySpanExporter) -> dict[str, list[Observer]]:
    """Return who watches the calls of each kind."""
    tracers = TracerProvider(shutdown_on_exit=False)
    tracers.add_span_processor(SimpleSpanProcessor(spans))
    meters = MeterProvider([InMemoryMetricReader()], shutdown_on_exit=False)
    sdk = Telemetry(tracer_provider=tracers, meter_provider=meters)
    few = TracerProvider(TraceIdRatioBased(RATIO), shutdown_on_exit=False)
    sampled = Telemetry(tracer_provider=few, meter_provider=meters)
    return {
        NOBODY: [],
        "an observer that does nothing": [ignore],
        "OpenTelemetry, no SDK": [Telemetry().observer()],
        f"OpenTelemetry, SDK, {RATIO:.0%} of traces": [sampled.observer()],
        SDK: [sdk.observer()],
    }


def ignore(event: Event) -> None:
    """Take no note of an event."""


async def _batch(
    client: CompletionClient, calls: int, flush: Callable[[], bool]
) -> Cost:
    clock, loop, everything = _now()
    routes = [(await client.complete(REQUEST)).route for _ in range(calls)]
    ended = _now()
    if routes[-1] is not Route.DIRECT or not flush():
        raise RuntimeError("it did not go direct, or was not written")
    spent = (ended.clock - clock, ended.loop - loop, _now().everything - everything)
    return Cost(*(1e6 * seconds / calls for seconds in spent))


def _now() -> Cost:
    return Cost(time.perf_counter(), time.thread_time(), time.process_time())


def report(taken: Taken) -> None:
    """Print what each kind takes, and how much more than without an observer."""
    head = ("us_median", "us_min", "us_max", "us_over_none")
    ways = ("clock", "loop", "everything")
    print_row("call", *(f"{way}_{column}" for way in ways for column in head))
    for kind in taken:
        cells: list[str] = []
        for way in range(len(ways)):
            one = _series(taken, kind, way)
            over = one.minus(_series(taken, NOBODY, way))
            cells += [*one.cells(), f"{over.median:.1f}"]
        print_row(kind, *cells)
    held_up = _held_up(taken)
    verdict = "within" if held_up < TARGET_US else "NOT WITHIN"
    say(f"a call is held up by {held_up:.1f} us: {verdict} {TARGET_US:g}")


def _series(taken: Taken, kind: str, way: int) -> Series:
    return Series.of(cost[way] for cost in taken[kind])


def _held_up(taken: Taken) -> float:
    return _series(taken, SDK, 1).minus(_series(taken, NOBODY, 1)).median


def compare(beside: Path, wish: Wish) -> None:
    """Print what a call without observers takes here and in another checkout.

    This one is there twice: two processes of one program differ too.
    """
    here = Path(__file__).parents[2]
    calls = QUICK_BATCH if wish.quick else BATCH
    with ExitStack() as stack:
        subjects: dict[str, Callable[[], float]] = {}
        for kind, checkout in ((HERE, here), (AGAIN, here), (THERE, beside)):
            process = stack.enter_context(_alone(checkout))
            subjects[kind] = partial(_ask, process, calls)
            subjects[kind]()
        found = interleave(subjects, wish)
    columns = ("us_median", "us_min", "us_max", "us_over_other")
    print_row("no observer", *(f"loop_{column}" for column in columns))
    other = Series.of(found[THERE])
    for kind, values in found.items():
        one = Series.of(values)
        print_row(kind, *one.cells(), f"{one.minus(other).median:.1f}")


@contextmanager
def _alone(checkout: Path) -> Iterator[subprocess.Popen[str]]:
    """Run `ALONE` on the package of a checkout; it ends with its input."""
    with subprocess.Popen(
        [sys.executable, "-c", ALONE],
        cwd=checkout,
        env={**os.environ, "PYTHONPATH": str(checkout.resolve())},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield process


def _ask(process: subprocess.Popen[str], calls: int) -> float:
    """Have a batch of calls made; return the microseconds of one."""
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("it has no pipes")
    process.stdin.write(f"{calls}\n")
    process.stdin.flush()
    return float(process.stdout.readline())


def draw(taken: Taken, wish: Wish) -> None:
    """Draw the CPU of the loop's thread, and of all."""
    held_up = _held_up(taken)
    with picture(
        wish,
        title=f"Being watched by OpenTelemetry holds up a call by {held_up:.0f} us "
        f"(limit: {TARGET_US:g}); the rest is written behind it",
        caption="A sender that answers from memory; bar: median of "
        f"{number_of(wish.rounds, 'round')} of {BATCH} calls, line: least and "
        f"greatest\n{machine(*PACKAGES)}",
        panels=2,
        size=(14.0, 4.6),
    ) as (left, right):
        bars(left, {kind: _series(taken, kind, 1) for kind in taken}, digits=0)
        left.set_xlabel("us of CPU in the loop's thread a call (less is better)")
        bars(right, {kind: _series(taken, kind, 2) for kind in taken}, digits=0)
        right.set_xlabel("us of CPU in all threads a call (less is better)")


if __name__ == "__main__":
    main()
