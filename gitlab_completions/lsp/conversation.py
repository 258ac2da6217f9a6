"""JSON-RPC with an editor: requests and notifications, both ways, on one thread.

There is a framework for it, pygls. It was used first, and measured: its types of the
whole protocol, of which this server has use for a tenth, took 18 MB of the 40 that the
server may take, and half of the second until the first suggestion. It also logs the
messages it cannot handle, source and tokens in them; ends lines where editors do not,
so that edits land in wrong places; and leaves requests that it cannot read unanswered.
What is needed of it is this module. Its client, with those types, drives the tests.

Messages are untrusted in form alone: whatever one is, it ends neither the conversation
nor what other messages have begun, and its words are in no log and no answer.
"""

from __future__ import annotations

import asyncio
import json
import logging
import math
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, TypeAlias, cast

from gitlab_completions.lsp.crashes import raised_at

if TYPE_CHECKING:
    from typing import Protocol

    class Writer(Protocol):
        """Takes the bytes of a message."""

        def write(self, data: bytes, /) -> object:
            """Write all of it."""
            ...


__all__ = ("Code", "Conversation", "Handler", "Listener", "RefusedError")

logger: logging.Logger = logging.getLogger("gitlab_completions.lsp")

Identity: TypeAlias = str | float
"""Names a request. Numbers are whole in most clients, and written as `1.0` in some."""
Handler: TypeAlias = Callable[[object], Awaitable[object]]
"""Answers a request with what JSON can hold."""
Listener: TypeAlias = Callable[[object], object]
"""Takes a notification in; it may be a coroutine function."""
CANCEL = "$/cancelRequest"
_VERSION = "2.0"
_OURS = "server"
"""Before the numbers of our own requests: clients mostly count, and each side counts
by itself, but some look answers up in one table."""


class Code:
    """The protocol's numbers for why a request gets no result."""

    PARSE = -32700
    INVALID_REQUEST = -32600
    METHOD_NOT_FOUND = -32601
    INVALID_PARAMS = -32602
    INTERNAL = -32603
    NOT_INITIALIZED = -32002
    CANCELLED = -32800


class RefusedError(Exception):
    """A request gets no result.

    Args:
        code: Why, one of `Code`.
        message: The same in words, without any of the request's own.
    """

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class Conversation:
    """What two programs say to each other.

    `otherwise` answers the requests that no handler does.

    Args:
        handlers: Who answers which request.
        listeners: Who takes which notification in.
    """

    def __init__(
        self,
        handlers: Mapping[str, Handler],
        listeners: Mapping[str, Listener],
    ) -> None:
        self._handlers = handlers
        self._listeners = listeners
        self.otherwise: Handler = _unknown
        self._writer: Writer | None = None
        self._theirs: dict[Identity, asyncio.Future[object]] = {}
        self._ours: dict[Identity, asyncio.Future[object]] = {}
        self._behind: set[asyncio.Future[object]] = set()
        self._numbers = count(1)

    def speak_to(self, writer: Writer) -> None:
        """Say from now on what is to be said to this one."""
        self._writer = writer

    def take(self, body: bytes) -> None:
        """Have one message handled; what takes time goes on behind."""
        try:
            message: object = json.loads(body)
        except (ValueError, RecursionError):
            self._refuse(None, Code.PARSE, "this is no JSON")
            return
        if not isinstance(message, Mapping):
            self._refuse(None, Code.INVALID_REQUEST, "this is no message")
            return
        told = cast("Mapping[str, object]", message)
        identity = _identity(told.get("id"))
        if "method" not in told:
            self._hear_answer(identity, told)
        elif not isinstance(told["method"], str):
            self._refuse(identity, Code.INVALID_REQUEST, "this names no method")
        elif identity is not None:
            self._begin(identity, told["method"], told.get("params"))
        elif told.get("id") is None:
            self._hear(told["method"], told.get("params"))
        else:
            self._refuse(None, Code.INVALID_REQUEST, "this id is none")

    def notify(self, method: str, params: object) -> None:
        """Tell the other side."""
        self._send({"method": method, "params": params})

    async def ask(self, method: str, params: object) -> object:
        """Ask the other side; returns its result.

        Raises:
            RefusedError: When it gives none.
        """
        identity = f"{_OURS}-{next(self._numbers)}"
        future = asyncio.get_running_loop().create_future()
        self._ours[identity] = future
        self._send({"id": identity, "method": method, "params": params})
        try:
            return cast("object", await future)
        finally:
            self._ours.pop(identity, None)

    def spawn(self, work: Awaitable[object]) -> None:
        """Do something behind the messages; what goes wrong in it is logged."""
        task = asyncio.ensure_future(work)
        self._behind.add(task)
        task.add_done_callback(self._done)

    async def aclose(self) -> None:
        """Give up what is under way."""
        tasks = {*self._theirs.values(), *self._behind}
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    def _begin(self, identity: Identity, method: str, params: object) -> None:
        if identity in self._theirs:
            self._refuse(identity, Code.INVALID_REQUEST, "the last one has this id")
            return
        handler = self._handlers.get(method, self.otherwise)
        task = asyncio.ensure_future(handler(params))
        self._theirs[identity] = task
        # Not in the task: one that is cancelled before it begins never runs.
        task.add_done_callback(partial(self._answer, identity))

    def _answer(self, identity: Identity, task: asyncio.Future[object]) -> None:
        del self._theirs[identity]
        try:
            self._send({"id": identity, "result": task.result()})
        except RefusedError as error:
            self._refuse(identity, error.code, error.message)
        except asyncio.CancelledError:
            self._refuse(identity, Code.CANCELLED, "this request was cancelled")
        except Exception as error:
            # Neither log nor answer has its words: they may hold the author's source.
            logger.error("a request failed: %s", raised_at(error))  # noqa: TRY400
            self._refuse(identity, Code.INTERNAL, "this request failed; see the log")

    def _hear(self, method: str, params: object) -> None:
        if method == CANCEL:
            self._cancel(params)
            return
        listener = self._listeners.get(method)
        if listener is None:
            return  # the protocol has many, and lets servers pass over what they like
        try:
            heard = listener(params)
        except RefusedError as error:
            logger.warning("a notification cannot be read: %s", error.message)
        except Exception as error:
            logger.error("a notification failed: %s", raised_at(error))  # noqa: TRY400
        else:
            if isinstance(heard, Awaitable):
                self.spawn(cast("Awaitable[object]", heard))

    def _cancel(self, params: object) -> None:
        if not isinstance(params, Mapping):
            return
        which = _identity(cast("Mapping[str, object]", params).get("id"))
        task = None if which is None else self._theirs.get(which)
        if task is not None:
            task.cancel()

    def _hear_answer(
        self, identity: Identity | None, told: Mapping[str, object]
    ) -> None:
        """Take an answer in; to none, be it without an id, is there one of ours.

        Two programs that complain of each other's complaints would never end.
        """
        if identity is None:
            if not told.keys() & {"result", "error"}:
                self._refuse(None, Code.INVALID_REQUEST, "this is no message")
            return
        future = self._ours.get(identity)
        if future is None or future.done():
            return
        if "error" in told:
            future.set_exception(RefusedError(Code.INTERNAL, "the client refused"))
        else:
            future.set_result(told.get("result"))

    def _done(self, task: asyncio.Future[object]) -> None:
        self._behind.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            logger.error("work behind the messages failed: %s", raised_at(error))

    def _refuse(self, identity: Identity | None, code: int, message: str) -> None:
        self._send({"id": identity, "error": {"code": code, "message": message}})

    def _send(self, message: Mapping[str, object]) -> None:
        if self._writer is None:
            return
        body = json.dumps({"jsonrpc": _VERSION, **message}).encode()
        self._writer.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))


def _identity(value: object) -> Identity | None:
    """Return what names a request, `None` when nothing does."""
    if isinstance(value, bool):
        return None
    if isinstance(value, float):
        return value if math.isfinite(value) else None  # JSON has no others to answer
    return value if isinstance(value, str | int) else None


async def _unknown(params: object) -> object:
    del params
    raise RefusedError(Code.METHOD_NOT_FOUND, "there is no such method")
