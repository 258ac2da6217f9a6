"""Virtual time for asyncio: an hour's sleep takes no time, and is exact.

Code with deadlines, back-off and keep-alive is tested either by really waiting (slow,
and flaky on a busy machine) or by patching clocks (which tests the patches). Here the
code runs as it is, on a loop whose clock stands still while anything can run, and leaps
to the next timer when nothing can. `asyncio.sleep`, `asyncio.timeout`, `asyncio.wait`,
`call_later` and what is built on them, such as tenacity's back-off, then take no time,
and `loop.time()` shows to the bit when each timer was due. The idea is trio's
`MockClock` with `autojump`.

Three consequences. Work for a thread runs in the loop's own thread, between two
callbacks, since a thread's progress is no timer. A network connection is refused: its
bytes would arrive while the clock has long leapt on. And where all tasks wait and no
timer is left, nothing can happen any more: that raises `DeadlockError`, where a real
loop hangs.

What reads `time.monotonic` by itself, such as tenacity's `stop_after_delay`, still sees
real time.
"""

from __future__ import annotations

import asyncio
import math
import selectors
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Never, TypeVar, TypeVarTuple, Unpack

from gitlab_completions.testing._waiting import describe_waiting

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from concurrent.futures import Executor
    from contextvars import Context

    from typing_extensions import override
else:

    def override(method):  # typing.override came with Python 3.12
        return method


__all__ = ("DeadlockError", "VirtualTimeLoop", "run", "wait_all_tasks_blocked")

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


class DeadlockError(RuntimeError):
    """Every task waits, no timer is left: nothing will ever happen again.

    The message names each waiting task and the line at which it waits.
    """


class _Selector(selectors.DefaultSelector):
    """Polls the files of the loop (its wake-up pipe), and leaps instead of waiting."""

    def __init__(self, leap: Callable[[], None]) -> None:
        super().__init__()
        self._leap = leap

    @override
    def select(
        self, timeout: float | None = None
    ) -> list[tuple[selectors.SelectorKey, int]]:
        events = super().select(0)
        # asyncio asks for 0 seconds while a callback is ready or the loop is stopping.
        if not events and timeout != 0:
            self._leap()
        return events


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """An event loop whose clock leaps to the next timer when nothing else can run.

    Give the class as `loop_factory` to `asyncio.Runner`, or to pytest-asyncio.

    Args:
        start_s: What `time()` shows at first, in seconds.
    """

    def __init__(self, start_s: float = 0.0) -> None:
        self._now_s = start_s
        self._timers: list[asyncio.TimerHandle] = []
        self._lulls: list[asyncio.Future[None]] = []
        super().__init__(_Selector(self._leap))
        self._set_time(start_s)

    @override
    def time(self) -> float:
        """Return the virtual time in seconds."""
        return self._now_s

    @override
    def call_at(
        self,
        when: float,
        callback: Callable[[Unpack[Ts]], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        """Call back at the virtual time `when`, in seconds."""
        timer = super().call_at(when, callback, *args, context=context)
        # A heap of our own: asyncio tells the selector a span, and a span added to a
        # time is not to the bit the time that was asked for.
        heappush(self._timers, timer)
        return timer

    def lull(self) -> asyncio.Future[None]:
        """Return what is done when nothing else can run; then no time has passed."""
        lull: asyncio.Future[None] = self.create_future()
        self._lulls.append(lull)
        return lull

    def _leap(self) -> None:
        """Wake who waits for a lull; else set the clock to the next timer.

        Raises:
            DeadlockError: When there is none.
        """
        lulls = [lull for lull in self._lulls if not lull.done()]
        self._lulls.clear()
        for lull in lulls:
            lull.set_result(None)
        if not lulls:
            self._leap_to_timer()

    def _leap_to_timer(self) -> None:
        timers = self._timers
        while timers and (timers[0].cancelled() or timers[0].when() <= self._now_s):
            heappop(timers)
        if not timers or timers[0].when() == math.inf:
            raise DeadlockError(describe_waiting(self))
        self._set_time(timers[0].when())

    def _set_time(self, now_s: float) -> None:
        self._now_s = now_s
        # asyncio runs what is due before now plus its clock's resolution, 1 ns. After
        # 194 days that sum is now itself, and the loop would spin for ever.
        self._clock_resolution = max(1e-9, math.ulp(now_s))

    @override
    def run_in_executor(
        self,
        executor: Executor | None,
        func: Callable[[Unpack[Ts]], T],
        *args: *Ts,
    ) -> asyncio.Future[T]:
        """Run `func` in this thread, soon; `executor` is not used."""
        future: asyncio.Future[T] = self.create_future()
        self.call_soon(_settle, future, func, *args)
        return future

    @override
    async def shutdown_default_executor(self, timeout: float | None = None) -> None:
        """Do nothing: no executor was used, and waiting for threads has no timer."""


async def _refuse_network(*_: object, **__: object) -> Never:
    raise RuntimeError(
        "no network connections in virtual time: give the client a sender that "
        "works in memory, such as FakeGitLab, or run this test in real time"
    )


for _name in (
    "connect_accepted_socket",
    "create_connection",
    "create_datagram_endpoint",
    "create_server",
    "create_unix_connection",
    "create_unix_server",
    "getaddrinfo",
    "getnameinfo",
    "sock_connect",
):
    setattr(VirtualTimeLoop, _name, _refuse_network)


def _settle(
    future: asyncio.Future[T], func: Callable[[Unpack[Ts]], T], *args: *Ts
) -> None:
    if future.cancelled():
        return
    try:
        result = func(*args)
    except BaseException as error:  # executors hand on each
        future.set_exception(error)
    else:
        future.set_result(result)


async def wait_all_tasks_blocked() -> None:
    """Wait until every other task waits too; no time passes.

    Raises:
        TypeError: When the running loop is no `VirtualTimeLoop`.
    """
    loop = asyncio.get_running_loop()
    if not isinstance(loop, VirtualTimeLoop):
        raise TypeError("only a VirtualTimeLoop knows that all tasks wait")
    await loop.lull()


def run(main: Coroutine[object, None, T]) -> T:
    """Run `main` in virtual time, as `asyncio.run` does in real time.

    Raises:
        DeadlockError: When it waits for what can never happen.
    """
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(main)
