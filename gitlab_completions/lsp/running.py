"""Runs the server on stdin and stdout, from the first message to a clean end.

Messages are read in their order, and each is begun before the next one is looked at:
a suggestion is made for the document as it was when it was asked for.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import linecache
import logging
from typing import TYPE_CHECKING, cast

from gitlab_completions._errands import Errands
from gitlab_completions.lsp.commands import attach as attach_commands
from gitlab_completions.lsp.features import attach as attach_features
from gitlab_completions.lsp.frames import frames
from gitlab_completions.lsp.logs import ClientLog
from gitlab_completions.lsp.protocol import place, shut_logs
from gitlab_completions.lsp.server import Server
from gitlab_completions.lsp.stdio import Pipe, claim_stdout, read_stdin

if TYPE_CHECKING:
    from pygls.protocol.json_rpc import RPCMessage

__all__ = ("converse", "run")

logger = logging.getLogger("gitlab_completions.lsp")


def run() -> int:
    """Serve the client on stdin and stdout until it leaves; return the exit code."""
    shut_logs()
    # attrs keeps the source of what it made of the protocol's 554 types there: 3 MB.
    linecache.clearcache()
    return asyncio.run(_serve(claim_stdout()))


async def _serve(descriptor: int) -> int:
    # A name server that does not answer must not hold up the program's end.
    asyncio.get_running_loop().set_default_executor(Errands())
    server = Server()
    attach_features(server)
    attach_commands(server)
    pipe = Pipe(descriptor, lost=server.over.set)
    server.protocol.set_writer(pipe)
    log = ClientLog(server)
    library = logging.getLogger("gitlab_completions")
    library.addHandler(log)
    library.setLevel(logging.INFO)
    try:
        await converse(server, read_stdin())
    finally:
        await server.aclose()
        library.removeHandler(log)
        pipe.close()
    return server.exit_code


async def converse(server: Server, reader: asyncio.StreamReader) -> None:
    """Handle messages until the client says `exit`, or has left."""
    listening = asyncio.create_task(_listen(server, reader))
    over = asyncio.create_task(server.over.wait())
    await asyncio.wait({listening, over}, return_when=asyncio.FIRST_COMPLETED)
    for task in (listening, over):
        task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await listening


async def _listen(server: Server, reader: asyncio.StreamReader) -> None:
    async for body in frames(reader):
        _take(server, body)
        await asyncio.sleep(0)  # noqa: TID251 - the turn of what the message began


def _take(server: Server, body: bytes) -> None:
    """Have one message handled; what is wrong with it concerns no other."""
    protocol = server.protocol
    try:
        message: object = json.loads(body, object_hook=protocol.structure_message)
        protocol.handle_message(cast("RPCMessage", message))
    except Exception as error:
        # Not with its words: they may hold what is in the message.
        logger.error("a message cannot be read: %s", place(error))  # noqa: TRY400
