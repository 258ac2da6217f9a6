"""Runs the server on stdin and stdout, from the first message to a clean end.

Messages are read in their order, and each is begun before the next one is looked at:
a suggestion is made for the document as it was when it was asked for.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import sys
from functools import partial
from typing import TYPE_CHECKING, cast

from gitlab_completions._errands import Errands
from gitlab_completions.lsp.features import attach
from gitlab_completions.lsp.frames import frames
from gitlab_completions.lsp.logs import ClientLog
from gitlab_completions.lsp.server import Server
from gitlab_completions.lsp.service import connect
from gitlab_completions.lsp.stdio import Pipe, claim_stdout, read_stdin

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping
    from types import ModuleType

    from gitlab_completions.lsp.diary import Diary
    from gitlab_completions.lsp.service import Connect

__all__ = ("converse", "make_server", "run")


def run(diary: Diary | None = None) -> int:
    """Serve the client on stdin and stdout until it leaves; return the exit code.

    Args:
        diary: Has what happens written down; it is its maker's to close.
    """
    # httpx imports a command line of its own where click and rich are installed, and
    # goes on without it: 5 MB that a server would hold all day.
    cast("dict[str, ModuleType | None]", sys.modules)["httpx._main"] = None
    return asyncio.run(_serve(claim_stdout(), diary))


async def _serve(descriptor: int, diary: Diary | None) -> int:
    # A name server that does not answer must not hold up the program's end.
    loop = asyncio.get_running_loop()
    loop.set_default_executor(Errands())
    server = make_server(os.environ, diary=diary)
    pipe = Pipe(descriptor, lost=partial(_call_soon, loop, server.over.set))
    server.conversation.speak_to(pipe)
    gc.freeze()  # what was imported stays: collecting garbage need not look at it
    with _logged(server):
        try:
            await converse(server, read_stdin())
        finally:
            await server.aclose()
            pipe.close()
    return server.exit_code


def _call_soon(loop: asyncio.AbstractEventLoop, call: Callable[[], object]) -> None:
    """Have something called on the loop, if that goes on."""
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(call)


def make_server(
    environment: Mapping[str, str],
    *,
    connect: Connect = connect,
    diary: Diary | None = None,
) -> Server:
    """Return a server that answers all that a client may ask for."""
    server = Server(environment, connect=connect, diary=diary)
    attach(server)
    return server


async def converse(server: Server, reader: asyncio.StreamReader) -> None:
    """Handle messages until the client says `exit`, or has left."""
    listening = asyncio.create_task(_listen(server, reader))
    over = asyncio.create_task(server.over.wait())
    await asyncio.wait({listening, over}, return_when=asyncio.FIRST_COMPLETED)
    server.over.set()
    for task in (listening, over):
        task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await listening


async def _listen(server: Server, reader: asyncio.StreamReader) -> None:
    async for body in frames(reader):
        server.conversation.take(body)
        await asyncio.sleep(0)  # noqa: TID251 - the turn of what the message began


@contextlib.contextmanager
def _logged(server: Server) -> Generator[None, None, None]:
    """Have the library's log records told to the client while it lasts."""
    log = ClientLog(server.herald)
    library = logging.getLogger("gitlab_completions")
    library.addHandler(log)
    library.setLevel(logging.INFO)
    try:
        yield
    finally:
        library.removeHandler(log)
