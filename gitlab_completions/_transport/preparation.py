"""What takes long before the first request, done in a worker thread and once.

Importing an HTTP library costs 80 ms, what that imports at its first request another
50, and building a TLS context up to 30: together a stall that an author sees, if it
happened on the loop, and a cost that `import gitlab_completions` must not have.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING

from gitlab_completions._exits import seen_out
from gitlab_completions._transport.engines import load
from gitlab_completions._wire.messages import SendError

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    from gitlab_completions._transport.engines import EngineName
    from gitlab_completions._wire.messages import SendErrorDetail

_LOADED_LATE = (
    "anyio._backends._asyncio",
    "orjson",  # by which _wire/jsons.py makes bodies, if it is installed
)
"""What is needed at the first request and imported only then; absent: never mind."""


class Preparation:
    """Loads an engine and has the TLS context built; concurrent wishes share it.

    Args:
        engine: The engine.
        context: A context that need not be built.
        build: Builds one; it may block.
    """

    def __init__(
        self,
        engine: EngineName,
        context: ssl.SSLContext | None,
        build: Callable[[], ssl.SSLContext],
    ) -> None:
        self._engine: EngineName = engine
        self._given = context
        self._build = build
        self._context: ssl.SSLContext | None = None
        self._task: asyncio.Task[ssl.SSLContext | Exception] | None = None

    async def context(self) -> ssl.SSLContext:
        """Return the context; the engine and what it needs are imported then.

        Raises:
            SendError: `tls`, when it cannot be built. The next call tries again.
        """
        if self._context is not None:
            return self._context
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run())
        # A waiter that is cancelled leaves the others their result.
        result = await asyncio.shield(self._task)
        if isinstance(result, Exception):
            self._task = None
            is_file = isinstance(result, OSError)  # ssl.SSLError is one
            detail: SendErrorDetail | None = "certificate_file" if is_file else None
            raise SendError("tls", detail=detail) from result
        self._context = result
        return result

    def start_over(self) -> None:
        """Forget the task of an event loop that is over; what it made stays."""
        self._task = None

    async def aclose(self) -> None:
        """Wait until no thread works on it any more."""
        if self._task is not None:
            await asyncio.wait([self._task])

    async def _run(self) -> ssl.SSLContext | Exception:
        """Return the exception, lest asyncio complain when nobody waits for it."""
        try:
            return await asyncio.to_thread(seen_out(self._prepare))
        except Exception as error:
            return error

    def _prepare(self) -> ssl.SSLContext:
        load(self._engine)
        _import_late()
        return self._given or self._build()


async def import_late() -> None:
    """Import what a client that somebody else has made needs at its first request."""
    await asyncio.to_thread(seen_out(_import_late))


def _import_late() -> None:
    for name in _LOADED_LATE:
        with suppress(ImportError):
            import_module(name)
