"""pygls's protocol, with what an editor's source and patience ask for besides.

pygls logs whole messages, and answers a crash with its words and frames; both hold the
author's source, so its loggers are shut and a crash is answered with its kind alone.
A request that cannot be read is answered, not passed over. Documents are ours, see
`documents`. `exit` ends the loop that reads, which then cleans up and sets the code.
"""

from __future__ import annotations

import logging
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Protocol as Interface, cast

from lsprotocol import types
from pygls.exceptions import (
    JsonRpcException,
    JsonRpcInvalidParams,
    JsonRpcInvalidRequest,
    JsonRpcServerNotInitialized,
)
from pygls.protocol import LanguageServerProtocol, lsp_method

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable
    from concurrent.futures import Future

    from pygls.protocol.json_rpc import RPCMessage

    from gitlab_completions.lsp.documents import Change

__all__ = ("Documentary", "Protocol", "place", "shut_logs")

logger = logging.getLogger("gitlab_completions.lsp")

CRASH = "this request failed; the log says where"
_BEFORE = frozenset({types.INITIALIZE, types.EXIT})
"""Methods that a client may call before it has initialized the server."""


class Documentary(Interface):
    """Who is told of the documents that the client opens, edits and closes."""

    def opened(self, item: types.TextDocumentItem) -> None:
        """Take in a document."""
        ...

    def changed(self, uri: str, version: int, changes: Iterable[Change]) -> None:
        """Follow edits."""
        ...

    def closed(self, uri: str) -> None:
        """Let go of a document."""
        ...

    def ended(self, *, orderly: bool) -> None:
        """End; orderly, when a shutdown was asked for before."""
        ...


def place(error: BaseException) -> str:
    """Return an exception's kind and where it was raised; not its words."""
    frames = traceback.extract_tb(error.__traceback__, limit=-1)
    where = "".join(f" at {Path(one.filename).name}:{one.lineno}" for one in frames)
    return f"{type(error).__name__}{where}"


def shut_logs() -> None:
    """Keep pygls from logging: it logs messages, and they hold source and tokens."""
    logging.getLogger("pygls").setLevel(logging.CRITICAL + 1)


class Protocol(LanguageServerProtocol):
    """What the server and the client say to each other."""

    @property
    def documentary(self) -> Documentary:
        """The server, as who is told of documents."""
        return cast("Documentary", self._server)

    def structure_message(self, data: dict[str, object]) -> object:
        """Read a message; one that is a request and cannot be read is answered."""
        try:
            return cast("object", super().structure_message(data))
        except JsonRpcException:
            identity = data.get("id")
            if isinstance(identity, str | int) and "method" in data:
                self._refuse(identity, JsonRpcInvalidParams())
            raise

    def handle_message(self, message: object) -> None:
        """Have a message handled; out of its turn it is refused."""
        method = getattr(message, "method", None)
        identity = getattr(message, "id", None)
        too_early = self._workspace is None and method not in _BEFORE
        out_of_turn = too_early or self._shutdown
        if method == types.EXIT or not out_of_turn:
            super().handle_message(cast("RPCMessage", message))
        elif isinstance(method, str) and isinstance(identity, str | int):
            early = JsonRpcServerNotInitialized()
            self._refuse(identity, early if too_early else JsonRpcInvalidRequest())

    def _refuse(self, identity: str | int, why: JsonRpcException) -> None:
        self._result_types.pop(identity, None)
        self._send_response(identity, error=why.to_response_error())

    def _send_handler_result(
        self, future: Future[object], *, msg_id: str | int
    ) -> None:
        """Answer a request with what its handler brought."""
        error = None if future.cancelled() else future.exception()
        if error is not None and not isinstance(error, JsonRpcException):
            logger.error("a request failed: %s", place(error))
        super()._send_handler_result(future, msg_id=msg_id)

    def _send_response(
        self,
        msg_id: str | int,
        result: object | None = None,
        error: types.ResponseError | None = None,
    ) -> None:
        """Answer a request; of a crash only that it was one."""
        if error is not None and error.code == types.ErrorCodes.InternalError:
            error = types.ResponseError(code=error.code, message=CRASH)
        super()._send_response(msg_id, result, error)

    @lsp_method(types.EXIT)
    def lsp_exit(self, *_: object) -> Generator[None, None, None]:
        """Have the server end."""
        self.documentary.ended(orderly=self._shutdown)
        yield from ()  # pygls wants generators, for handlers of a user's

    @lsp_method(types.TEXT_DOCUMENT_DID_OPEN)
    def lsp_text_document__did_open(
        self, params: types.DidOpenTextDocumentParams
    ) -> None:
        """Take in a document."""
        self.documentary.opened(params.text_document)

    @lsp_method(types.TEXT_DOCUMENT_DID_CHANGE)
    def lsp_text_document__did_change(
        self, params: types.DidChangeTextDocumentParams
    ) -> None:
        """Follow edits."""
        document = params.text_document
        self.documentary.changed(document.uri, document.version, params.content_changes)

    @lsp_method(types.TEXT_DOCUMENT_DID_CLOSE)
    def lsp_text_document__did_close(
        self, params: types.DidCloseTextDocumentParams
    ) -> None:
        """Let go of a document."""
        self.documentary.closed(params.text_document.uri)
