"""Blocking work of a loop that must keep nobody from leaving.

An event loop hands what blocks (names to resolve, imports, a token source that asks a
keyring) to the threads of a `ThreadPoolExecutor`, and the interpreter waits at its end
until each of them is done: one resolver without a network holds up an editor's exit for
half a minute. Here each errand has a daemon thread, which is left behind. Errands are
few, so they are not worth a pool.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from threading import Thread
from typing import TYPE_CHECKING, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

P = ParamSpec("P")
T = TypeVar("T")


class Errands(ThreadPoolExecutor):
    """Runs each piece of work in a daemon thread of its own; a loop's executor.

    Loops take nothing but a `ThreadPoolExecutor`, whose own threads never start here.
    """

    def submit(
        self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs
    ) -> Future[T]:
        """Start the work; returns what tells of its end.

        Where no thread can be had it is done here and now: better late than not at all.
        From Python 3.12 on there are none once the main thread has ended.
        """
        future: Future[T] = Future()
        work = partial(fn, *args, **kwargs)
        try:
            Thread(target=_run, args=(work, future), daemon=True).start()
        except RuntimeError:
            _run(work, future)
        return future


def _run(work: Callable[[], T], future: Future[T]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = work()
    except BaseException as error:
        future.set_exception(error)
    else:
        future.set_result(result)
