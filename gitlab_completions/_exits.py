"""Work in threads that the interpreter's exit waits for, since it must not be cut.

The interpreter ends a daemon's thread at its own end, wherever that is. In the midst of
an import it may be in a package's native code, which the end of a thread must not pass
through: the whole process is aborted then ("FATAL: exception not rethrown", told by
cryptography's Rust). Imports end soon, unlike other people's errands, so the exit waits
for those under way.
"""

from __future__ import annotations

import atexit
import os
from typing import TYPE_CHECKING, ParamSpec, TypeVar
from weakref import WeakSet

if TYPE_CHECKING:
    from collections.abc import Callable
    from threading import Event

    P = ParamSpec("P")
    T = TypeVar("T")

EXIT_S = 5.0
"""Seconds that the exit waits for each: an import takes a tenth of one, from a cold
disk some."""
_UNDER_WAY: WeakSet[Event] = WeakSet()
"""Held by the work alone, so that what is never done holds up nobody."""


def seen_out(work: Callable[P, T]) -> Callable[P, T]:
    """Return work that the exit waits for from now on, until it has been done."""
    from threading import Event  # noqa: PLC0415 - those who start no thread need none

    over = Event()
    _UNDER_WAY.add(over)

    def see_out(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return work(*args, **kwargs)
        finally:
            over.set()

    return see_out


def wait_for_all() -> None:
    """Wait until all of it has been done, but not for ever."""
    for over in tuple(_UNDER_WAY):
        over.wait(EXIT_S)


atexit.register(wait_for_all)
if hasattr(os, "register_at_fork"):  # the child has no such threads
    os.register_at_fork(after_in_child=_UNDER_WAY.clear)
