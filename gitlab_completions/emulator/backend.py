"""uvicorn as a task of the caller's event loop, behind a front."""

import asyncio
import contextlib
import logging
from collections.abc import Generator
from typing import Final, cast

import uvicorn
from starlette.applications import Starlette
from uvicorn.protocols.http.h11_impl import H11Protocol

from gitlab_completions.emulator.listener import HOST, tcp_socket

__all__ = ("Backend",)

# The front rules over connections; the server behind must not close them first.
_KEEP_ALIVE_S: Final = 86_400
_LONGEST_HEAD: Final = 262_144
_TURN_S: Final = 0.001
_TURNS: Final = 1000


class Backend:
    """Serves an application on a free loopback port."""

    def __init__(self, app: Starlette) -> None:
        self._server = _QuietServer(
            uvicorn.Config(
                app,
                http=_Protocol,
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                date_header=False,
                server_header=False,
                timeout_keep_alive=_KEEP_ALIVE_S,
                h11_max_incomplete_event_size=_LONGEST_HEAD,
            )
        )
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> tuple[str, int]:
        """Start serving; return host and port.

        Raises:
            RuntimeError: If uvicorn does not start.
        """
        listening = tcp_socket()
        listening.bind((HOST, 0))
        address: tuple[str, int] = listening.getsockname()
        serving = self._server.serve(sockets=[listening])
        self._task = asyncio.get_running_loop().create_task(serving)
        for _ in range(_TURNS):
            if self._server.started:
                return address
            await asyncio.sleep(_TURN_S)
        raise RuntimeError("uvicorn did not start")

    async def aclose(self) -> None:
        """Stop serving; the front must have closed its connections before.

        uvicorn's own shutdown would sleep for up to 0.2 s: its loop has nothing left to
        do, so it is cancelled and its sockets are closed here.
        """
        if self._task is None:
            return
        self._task.cancel()
        await asyncio.wait([self._task])
        for server in self._server.servers:
            server.close()
        for _ in range(_TURNS):
            # They end by themselves, a turn of the loop or two after the front's.
            if not self._server.server_state.connections:
                break
            await asyncio.sleep(_TURN_S)
        self._task = None


def _is_no_broken_stream(record: logging.LogRecord) -> bool:
    """Say whether `record` is worth telling: broken streams were asked for."""
    return "without completing response" not in record.getMessage()


_LOGGER: Final = logging.getLogger("uvicorn.error.emulator")
_LOGGER.addFilter(_is_no_broken_stream)


class _Protocol(H11Protocol):
    """Does not call it an error when a stream breaks, which is one of our faults."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take a connection."""
        super().connection_made(cast("asyncio.Transport", transport))
        self.logger = _LOGGER


class _QuietServer(uvicorn.Server):
    """Leaves signals to the program it runs in."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Capture none."""
        yield
