"""Where a client lives: the process and the event loop of its first use.

A client's parts are not locked: they belong to one loop, which runs in one thread. On
another loop a call would wait for ever, in another thread it would change what is being
read, and in a forked child it would write into its parent's connections and wake its
parent's loop, since both processes hold the same sockets. So each verb asks here first.
"""

from __future__ import annotations

import asyncio
import os

from gitlab_completions.errors import ConfigurationError


class Home:
    """The process and the event loop of one client, which its first use decides."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._process: int | None = None

    @property
    def is_lost(self) -> bool:
        """Whether the client's connections are out of reach, and not to be closed."""
        return self._is_forked() or (self._loop is not None and self._loop.is_closed())

    def enter(self) -> asyncio.AbstractEventLoop:
        """Return the running loop, which is the client's from now on.

        Raises:
            ConfigurationError: When the client has another one.
        """
        self.check_loop()
        if self._loop is None:
            self._loop, self._process = asyncio.get_running_loop(), os.getpid()
        return self._loop

    def check_loop(self) -> None:
        """Refuse another event loop than the client's.

        Raises:
            ConfigurationError: It says what to do instead.
        """
        self.check_process()
        loop = self._loop
        if loop is None or loop is _running_loop():
            return
        if loop.is_closed():
            raise ConfigurationError(
                "this client belongs to another event loop, which is over: "
                "make a client within each asyncio.run()"
            )
        raise ConfigurationError(
            "this client belongs to another event loop: make a client for each, or a "
            "SyncCompletionClient for all threads"
        )

    def check_thread(self) -> None:
        """Refuse to touch what a loop in another thread may be using.

        Raises:
            ConfigurationError: It says what to do instead.
        """
        self.check_process()
        loop = self._loop
        if loop is not None and loop.is_running() and loop is not _running_loop():
            raise ConfigurationError(
                "this client's event loop runs in another thread: go there by "
                "loop.call_soon_threadsafe(), or use SyncCompletionClient"
            )

    def check_process(self) -> None:
        """Refuse a forked child of the process that the client was used in.

        Raises:
            ConfigurationError: It says what to do instead.
        """
        check_process(self._process)

    def _is_forked(self) -> bool:
        return self._process not in {None, os.getpid()}


def check_process(process: int | None) -> None:
    """Refuse a forked child of the process that a client was first used in.

    Raises:
        ConfigurationError: It says what to do instead.
    """
    if process not in {None, os.getpid()}:
        raise ConfigurationError(
            "this client was used before the process forked: make a client after the "
            "fork"
        )


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
