"""The Starlette applications behind the fronts; they only carry records to and fro."""

import asyncio
import time
from collections.abc import Callable
from typing import Final

from starlette.applications import Starlette
from starlette.requests import Request as StarletteRequest
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Mount
from starlette.types import ASGIApp, Receive, Scope, Send

from gitlab_completions.emulator.answers import Answer, Ending, Request

__all__ = ("make_app",)

_ROOT: Final = "/"
_BODY: Final = "http.response.body"


def make_app(
    answer: Callable[[Request, float], Answer], routes: tuple[BaseRoute, ...] = ()
) -> Starlette:
    """Return an application of `routes`, then `answer` for every other path."""
    return Starlette(routes=[*routes, Mount(_ROOT, app=_endpoint(answer))])


def _endpoint(answer: Callable[[Request, float], Answer]) -> ASGIApp:
    """Wrap `answer` as an ASGI application for every path."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        request = StarletteRequest(scope, receive)
        record = Request(
            method=request.method,
            path=str(scope["path"]),
            headers=dict(request.headers),
            body=await request.body(),
        )
        response = _response(answer(record, time.time()))
        await response(scope, receive, send)

    return serve


def _response(answer: Answer) -> Response:
    """Return the response that sends `answer`, a piece at a time if it has any."""
    if answer.pieces is not None:
        return _Stream(answer)
    headers = dict(answer.headers)
    return Response(answer.body, status_code=answer.status, headers=headers)


class _Stream(StreamingResponse):
    """Sends the pieces of an answer, each in its time.

    uvicorn writes every piece as a chunk of its own; when the client has left,
    Starlette cancels whatever waits here.
    """

    def __init__(self, answer: Answer) -> None:
        headers = dict(answer.headers)
        super().__init__((), status_code=answer.status, headers=headers)
        self._answer = answer

    async def stream_response(self, send: Send) -> None:
        """Send head, pieces and end.

        A stream that is to break gets no end, and uvicorn then closes the connection
        without the last chunk.
        """
        await send(
            {
                "type": "http.response.start",
                "status": self.status_code,
                "headers": self.raw_headers,
            }
        )
        for wait_s, piece in self._answer.timed_pieces():
            if wait_s > 0:
                await asyncio.sleep(wait_s)
            await send({"type": _BODY, "body": piece, "more_body": True})
        if self._answer.ending is Ending.HANGING:
            await asyncio.Event().wait()
        if self._answer.ending is Ending.WHOLE:
            await send({"type": _BODY, "body": b"", "more_body": False})
