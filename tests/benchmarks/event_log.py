"""The event log: what it costs a call, and how long the event loop is held up.

The events of a call that goes direct are told to an observer, thousands of times: to
one that does nothing, to an event log that writes them to a file, and to one that makes
the same lines at once, on the loop, and throws them away. Microseconds of CPU a call,
of the thread that tells them and of the whole process till all is written. Then the
same observers are told 200 calls a second while a task on the loop wants to run each
millisecond: how much later than that it ever runs is the lag.

    python -m tests.benchmarks.event_log [--quick] [--rounds N] [--seed N] [--png FILE]
"""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from gitlab_completions import events
from gitlab_completions.event_log import EventLog
from gitlab_completions.event_log._scribe import Scribe
from gitlab_completions.models import Intent, Model, Route, RouteReason
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

    from gitlab_completions.events import Event
    from tests.benchmarks.rounds import Wish

    Observer = Callable[[Event], object]

ROUNDS = 7
CALLS, QUICK_CALLS = 2000, 50
PER_S = 200
TICKS, QUICK_TICKS = 500, 5
TICK_S = 0.001
PACKAGE = "concurrent-log-handler"
NOBODY, LOG, AT_ONCE = "an observer that does nothing", "event log", "lines on the loop"
COLUMNS = (
    *("observer", "loop_us", "loop_us_min", "loop_us_max", "all_us"),
    *("lag_ms", "lag_ms_max"),
)


class Taken(NamedTuple):
    """What an observer took in one round.

    Args:
        loop_us: CPU of the thread that tells, for each call.
        all_us: CPU of the process, till all is written.
        lag_ms: By how much the loop was late, at most.
    """

    loop_us: float
    all_us: float
    lag_ms: float


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and report."""
    wish = read_wish(__doc__, arguments, rounds=ROUNDS)
    say_origin("us of CPU a call, and the loop's lag", wish, PACKAGE)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "events.jsonl")
        taken = measure(path, wish)
        say(f"{path.stat().st_size} bytes in the file")
    report(taken)
    if wish.png is not None:
        draw(taken, wish)


def call(call_id: int) -> Iterator[Event]:
    """Give the events of a call that goes direct, with three context items."""
    item = events.ContextSize(kind="file", file_extension="py", size_bytes=2000)
    yield events.CallStarted(
        call_id=call_id,
        intent=Intent.COMPLETION,
        streams=False,
        language="python",
        file_extension="py",
        above_chars=20_000,
        below_chars=500,
        above_bytes=20_000,
        below_bytes=500,
        context=(item, item, item),
    )
    reason, route = RouteReason.PREFERRED, Route.DIRECT
    yield events.RouteChosen(call_id=call_id, route=route, reason=reason)
    yield events.AttemptSucceeded(
        call_id=call_id,
        route=route,
        elapsed_s=0.234567,
        status_code=200,
        request_id="0123456789abcdef",
        reason=reason,
        bytes_sent=28_000,
        bytes_received=450,
        token_age_s=1234.5,
    )
    yield events.CallFinished(
        call_id=call_id,
        elapsed_s=0.2351,
        route=route,
        reason=reason,
        error=None,
        model=Model(engine="fireworks_ai", name="codestral-2508"),
        choices=1,
        attempts=1,
    )


def measure(path: Path, wish: Wish) -> dict[str, list[Taken]]:
    """Return what each observer took, round by round."""
    subjects = {
        NOBODY: partial(_round, _nothing, wish),
        LOG: partial(_log_round, path, wish),
        AT_ONCE: partial(_round, at_once(), wish),
    }
    return interleave(subjects, wish)


def _nothing(event: Event) -> None:
    """Take note of nothing."""


def at_once() -> Observer:
    """Return what makes each line while it is told of the event."""
    scribe = Scribe(b"key", "saas")

    def observe(event: Event) -> None:
        line = scribe.line(event)
        if line is not None:
            json.dumps(line)

    return observe


def _log_round(path: Path, wish: Wish) -> Taken:
    logs = [EventLog(path, gitlab_realm="saas") for _ in range(2)]
    first, second = (log.observer(user="17") for log in logs)
    told = _told(first, wish, logs[0].close)
    lag_ms = asyncio.run(_lag_ms(second, wish))
    logs[1].close()
    return Taken(*told, lag_ms)


def _round(observe: Observer, wish: Wish) -> Taken:
    return Taken(
        *_told(observe, wish, lambda: None), asyncio.run(_lag_ms(observe, wish))
    )


def _told(
    observe: Observer, wish: Wish, finish: Callable[[], None]
) -> tuple[float, float]:
    calls = QUICK_CALLS if wish.quick else CALLS
    told = [event for call_id in range(calls) for event in call(call_id)]
    everything, loop = time.process_time(), time.thread_time()
    for event in told:
        observe(event)
    loop = time.thread_time() - loop
    finish()
    everything = time.process_time() - everything
    return 1e6 * loop / calls, 1e6 * everything / calls


async def _lag_ms(observe: Observer, wish: Wish) -> float:
    """Return by how much the loop was late, at most, while calls come and go."""
    greatest, per_call = 0.0, round(1 / (PER_S * TICK_S))
    for number in range(QUICK_TICKS if wish.quick else TICKS):
        started = time.perf_counter()
        await asyncio.sleep(TICK_S)
        greatest = max(greatest, time.perf_counter() - started - TICK_S)
        if number % per_call == 0:
            for event in call(number):
                observe(event)
    return 1000 * greatest


def report(taken: dict[str, list[Taken]]) -> None:
    """Print what each observer takes."""
    print_row(*COLUMNS)
    for name, found in taken.items():
        loop = Series.of(each.loop_us for each in found)
        lag = Series.of(each.lag_ms for each in found)
        everything = Series.of(each.all_us for each in found).median
        shown = (f"{everything:.1f}", f"{lag.median:.2f}", f"{lag.high:.2f}")
        print_row(name, *loop.cells(), *shown)


def draw(taken: dict[str, list[Taken]], wish: Wish) -> None:
    """Draw what a call costs the loop, beside the loop's lag."""
    costs = {name: Series.of(t.loop_us for t in each) for name, each in taken.items()}
    lags = {name: Series.of(t.lag_ms for t in each) for name, each in taken.items()}
    own = costs[LOG].minus(costs[NOBODY]).median
    with picture(
        wish,
        title=f"The event log costs the loop {own:.0f} us of CPU a call",
        caption=f"The events of a direct call; bar: median of "
        f"{number_of(wish.rounds, 'round')}, line: least and greatest\n"
        f"{machine(PACKAGE)}",
        panels=2,
        size=(14.0, 5.0),
    ) as (left, right):
        bars(left, costs, digits=1)
        left.set_xlabel("us of the loop's CPU a call (less is better)")
        bars(right, lags)
        right.set_xlabel(
            f"the loop's greatest lag at {PER_S} calls a second, ms (less is better)"
        )


if __name__ == "__main__":
    main()
