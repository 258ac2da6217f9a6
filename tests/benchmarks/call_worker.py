"""A process that makes calls, batch by batch, and tells what each batch took.

One process for each way to have JSON made: with orjson, or `--without-orjson`, as where
it is not installed. It is told on stdin, a line of JSON each, whom to call and then
which batches to make, and answers on stdout; the end of stdin is its end.

    python -m tests.benchmarks.call_worker [--without-orjson]
"""

from __future__ import annotations

import asyncio
import gc
import json
import ssl
import subprocess
import sys
import time
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, cast

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

    from tests.benchmarks.callers import Call, Target
    from tests.benchmarks.server import Served

ROOT = Path(__file__).parents[2]
WITHOUT_ORJSON = "--without-orjson"
LINE = "    total += rates[index] * hours[index]  # Überstunden: naïve, €\n"
"""Source as it is: some of its characters are not ASCII."""
TRIES = 10
"""Times a batch may be made: on a busy machine one of its calls may have been slow
enough to take the other route, and then its cost is not what is measured."""


class Batch(NamedTuple):
    """Calls to make and to measure together.

    Args:
        caller: Who makes them, a name of `CALLERS`.
        calls: How many.
        in_flight: How many at a time.
        kilobytes: Size of the text above the cursor, in 1000 bytes.
    """

    caller: str
    calls: int
    in_flight: int
    kilobytes: int


class Cost(NamedTuple):
    """What a call of a batch took, in microseconds: the clock's, the client's CPU."""

    wall_us: float
    cpu_us: float


class Worker:
    """The process, as the benchmark has it; an answer is waited for."""

    def __init__(self, process: subprocess.Popen[str], target: Served) -> None:
        self._process = process
        self._ask({"instance": target.instance_url, "ca_pem": str(target.ca_pem)})

    def make(self, batch: Batch) -> Cost:
        """Have a batch made."""
        told = self._ask(batch._asdict())
        return Cost(float(str(told["wall_us"])), float(str(told["cpu_us"])))

    def uses_orjson(self) -> bool:
        """Tell whether the library has imported orjson; ask after its first call."""
        return bool(self._ask({"orjson": True})["orjson"])

    def _ask(self, order: dict[str, object]) -> dict[str, object]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the process that makes the calls has ended")
        return cast("dict[str, object]", json.loads(line))


@contextmanager
def worker(target: Served, *, orjson: bool) -> Iterator[Worker]:
    """Start such a process, and end it again."""
    command = [sys.executable, "-m", "tests.benchmarks.call_worker"]
    if not orjson:
        command.append(WITHOUT_ORJSON)
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        yield Worker(process, target)


async def run() -> None:
    """Make what is asked for until stdin ends."""
    from tests.benchmarks.callers import target_of  # noqa: PLC0415 - see `main`

    told = json.loads(sys.stdin.readline())
    context = ssl.create_default_context(cafile=told["ca_pem"])
    target = await target_of(told["instance"], Path(told["ca_pem"]), context)
    _answer({})
    calls: dict[str, Call] = {}
    async with AsyncExitStack() as stack:
        # Nothing else runs on the loop between two batches: reading may block it.
        for line in sys.stdin:
            order = json.loads(line)
            if "orjson" in order:
                _answer({"orjson": sys.modules.get("orjson") is not None})
                continue
            batch = Batch(**order)
            if batch.caller not in calls:
                calls[batch.caller] = await _caller(batch.caller, target, stack)
            cost = await measure(calls[batch.caller], batch)
            _answer(dict(cost._asdict()))


async def _caller(name: str, target: Target, stack: AsyncExitStack) -> Call:
    from tests.benchmarks.callers import CALLERS  # noqa: PLC0415 - see `main`

    return await stack.enter_async_context(CALLERS[name](target))


async def measure(call: Call, batch: Batch) -> Cost:
    """Make a batch until all of its calls have gone direct."""
    from tests.benchmarks.callers import NotDirectError  # noqa: PLC0415 - see `main`

    for _ in range(TRIES):
        cost: Cost | None = None
        try:
            cost = await measure_once(call, batch)
        except* NotDirectError:
            print(f"once more, {batch} did not go direct", file=sys.stderr)
        if cost is not None:
            return cost
    raise RuntimeError(f"{batch} does not go direct")


async def measure_once(call: Call, batch: Batch) -> Cost:
    """Make a batch, after as many calls as warm its connections."""
    text = LINE * (1000 * batch.kilobytes // len(LINE.encode()))
    await make(call, text, batch.in_flight, batch.in_flight)
    gc.collect()
    wall, cpu = time.perf_counter(), time.process_time()
    await make(call, text, batch.calls, batch.in_flight)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    return Cost(1e6 * wall / batch.calls, 1e6 * cpu / batch.calls)


async def make(call: Call, text: str, calls: int, in_flight: int) -> None:
    """Make calls, so many at a time; each has another text, as an author's have."""
    numbers = iter(range(calls))

    async def author() -> None:
        for number in numbers:
            if not await call(f"{text}x = {number}"):
                raise RuntimeError("a call has brought no suggestion")

    async with asyncio.TaskGroup() as group:
        for _ in range(in_flight):
            group.create_task(author())


def _answer(words: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(words) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Hide orjson where it is not wanted, before anything can have imported it."""
    if WITHOUT_ORJSON in sys.argv[1:]:
        sys.modules["orjson"] = cast("ModuleType", None)  # import then fails
    asyncio.run(run())


if __name__ == "__main__":
    main()
