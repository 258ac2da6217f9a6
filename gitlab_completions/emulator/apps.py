"""The Starlette applications behind the fronts; they only carry records to and fro."""

import time
from collections.abc import AsyncIterator, Callable
from typing import Final

from starlette.applications import Starlette
from starlette.requests import Request as StarletteRequest
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Mount
from starlette.types import ASGIApp, Receive, Scope, Send

from gitlab_completions.emulator.answers import Answer, Request

__all__ = ("make_app",)

_ROOT: Final = "/"


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
    headers = dict(answer.headers)
    if answer.pieces is None:
        return Response(answer.body, status_code=answer.status, headers=headers)
    pieces = _each(answer.pieces)
    return StreamingResponse(pieces, status_code=answer.status, headers=headers)


async def _each(pieces: tuple[bytes, ...]) -> AsyncIterator[bytes]:
    """Yield `pieces` for a stream."""
    for piece in pieces:
        yield piece
