"""The control interface of a stand-alone emulator, on the instance's host.

`PUT /-/emulator/faults/{endpoint}` takes `{"fault": "status", "status": 503}`,
`{"fault": "hang", "times": 2}`, `{"fault": "delay", "seconds": 1}`,
`{"fault": "break_stream", "pieces": 3}`,
`{"fault": "redirect", "location": "https://elsewhere.example.com/"}` or
`{"fault": "heal"}`; `PUT /-/emulator/settings` takes names and values of `Settings`;
`GET /-/emulator/` describes the state; `GET /-/emulator/admin` tells how the instance's
own API is asked as an admin, whom alone it lets set feature flags. No credentials: it
is on loopback only, and answers to no other name than this machine's: a web page whose
own name stands for this machine at the second look (DNS rebinding) gets nothing.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Final

from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route

from gitlab_completions.emulator.answers import as_object
from gitlab_completions.emulator.fault_answers import ELSEWHERE
from gitlab_completions.emulator.faults import (
    HOST_FAULTS,
    STREAM_FAULTS,
    TOKEN_FAULTS,
    Endpoint,
    Fault,
)
from gitlab_completions.emulator.settings import Settings

__all__ = ("apply_fault", "control_routes")

_HEAD_START_S: Final = 0.1
_STATUSES: Final = range(200, 600)
_GRANTS: Final = "direct_access"
_NAMES: Final = ("127.0.0.1", "localhost")


def control_routes(
    endpoints: Mapping[str, Endpoint],
    settings: Settings,
    describe: Callable[[], dict[str, object]],
    admin: Mapping[str, object],
) -> tuple[BaseRoute, ...]:
    """Return the routes of the control interface.

    Args:
        endpoints: The handles by the names that paths use.
        settings: The switches.
        describe: Returns the facts beyond faults and settings.
        admin: What an admin of the instance knows: its root, and an access token.
    """

    def state() -> dict[str, object]:
        handles = {name: _state_of(endpoint) for name, endpoint in endpoints.items()}
        return {**describe(), "endpoints": handles, "settings": settings.document()}

    async def show(_request: Request) -> JSONResponse:
        return JSONResponse(state())

    async def show_admin(_request: Request) -> JSONResponse:
        return JSONResponse(admin)

    async def put_fault(request: Request) -> JSONResponse:
        endpoint = endpoints.get(str(request.path_params["endpoint"]))
        if endpoint is None:
            told = f"an endpoint must be one of {', '.join(endpoints)}"
            return JSONResponse({"error": told}, status_code=404)
        try:
            apply_fault(endpoint, await _object(request))
        except ValueError as error:
            return JSONResponse({"error": str(error)}, status_code=400)
        return JSONResponse(_state_of(endpoint))

    async def put_settings(request: Request) -> JSONResponse:
        try:
            settings.update(dict(await _object(request)))
        except ValueError as error:
            return JSONResponse({"error": str(error)}, status_code=400)
        return JSONResponse(settings.document())

    here = [Middleware(TrustedHostMiddleware, allowed_hosts=_NAMES, www_redirect=False)]
    return (
        Route("/-/emulator/", show, methods=["GET"], middleware=here),
        Route("/-/emulator/admin", show_admin, methods=["GET"], middleware=here),
        Route(
            "/-/emulator/faults/{endpoint}",
            put_fault,
            methods=["PUT"],
            middleware=here,
        ),
        Route("/-/emulator/settings", put_settings, methods=["PUT"], middleware=here),
    )


def apply_fault(endpoint: Endpoint, wish: Mapping[str, object]) -> None:
    """Set the fault that the JSON object `wish` describes.

    Faults of a whole host need `seconds`, after which they heal, and a running loop.

    Raises:
        ValueError: If it describes none.
    """
    times = _count(wish, "times")
    counted: dict[str, Callable[[int | None], None]] = {
        "html": endpoint.html,
        "bad_json": endpoint.bad_json,
        "huge": endpoint.huge,
        "gzip_bomb": endpoint.gzip_bomb,
        "hang": endpoint.hang,
        "reset": endpoint.reset,
        "reset_midway": endpoint.reset_midway,
        "half_answer": endpoint.half_answer,
        "cut_chunks": endpoint.cut_chunks,
        "stale": endpoint.stale,
        "expired_token": endpoint.expired_token,
        "tampered_token": endpoint.tampered_token,
        "end_stream": lambda times: endpoint.end_stream(_pieces(wish), times),
        "break_stream": lambda times: endpoint.break_stream(_pieces(wish), times),
        "hang_stream": lambda times: endpoint.hang_stream(_pieces(wish), times),
        "drip": lambda times: endpoint.drip(_number(wish, "bytes_per_s"), times),
        "status": lambda times: _fail(endpoint, wish, times),
        "redirect": lambda times: endpoint.redirect(
            _word(wish, "location") or ELSEWHERE, times
        ),
        "wrong_types": lambda times: endpoint.wrong_types(_word(wish, "field"), times),
        "wrong_content_type": lambda times: endpoint.wrong_content_type(
            _word(wish, "content_type") or "text/plain", times
        ),
        "delay": lambda _: endpoint.delay(_number(wish, "seconds")),
        "heal": lambda _: endpoint.heal(),
    }
    hosts = {kind.value: kind for kind in HOST_FAULTS}
    name = wish.get("fault")
    if not isinstance(name, str) or name not in {*counted, *hosts}:
        names = ", ".join(sorted({*counted, *hosts}))
        raise ValueError(f"fault must be one of {names}")
    if name in TOKEN_FAULTS and endpoint.name != _GRANTS:
        raise ValueError(f"{name} is a fault of {_GRANTS}, which grants tokens")
    if name in STREAM_FAULTS and endpoint.name == _GRANTS:
        raise ValueError(f"{name} is no fault of {_GRANTS}, which streams nothing")
    if name in hosts:
        _strike_host(endpoint, Fault(kind=hosts[name]), wish)
    else:
        counted[name](times)


def _strike_host(endpoint: Endpoint, fault: Fault, wish: Mapping[str, object]) -> None:
    """Strike a whole host for some seconds: it may be the one that could heal it.

    What was set or healed at the endpoint since then stays as it is.
    """
    seconds = _number(wish, "seconds")
    loop = asyncio.get_running_loop()
    changes = endpoint.changes

    def strike() -> None:
        if endpoint.changes == changes:
            endpoint.inject(fault)
            loop.call_later(seconds, heal)

    def heal() -> None:
        if endpoint.changes == changes + 1:
            endpoint.heal()

    # The answer to this request must still get out.
    loop.call_later(_HEAD_START_S, strike)


def _fail(endpoint: Endpoint, wish: Mapping[str, object], times: int | None) -> None:
    """Answer a status; `json` and `headers` are optional."""
    status = _count(wish, "status")
    if status is None or status not in _STATUSES:
        raise ValueError("status must be a number from 200 to 599")
    given = as_object(wish.get("headers", {}))
    if given is None:
        raise ValueError("headers must be an object")
    headers = {name: str(value) for name, value in given.items()}
    endpoint.fail(status, json=wish.get("json"), headers=headers, times=times)


def _count(wish: Mapping[str, object], name: str) -> int | None:
    """Read an optional whole number."""
    value = wish.get(name)
    if value is not None and (not isinstance(value, int) or isinstance(value, bool)):
        raise ValueError(f"{name} must be a whole number")
    return value


def _pieces(wish: Mapping[str, object]) -> int:
    """Read how many pieces of a stream go out, 1 if that is not told."""
    pieces = _count(wish, "pieces")
    return 1 if pieces is None else pieces


def _word(wish: Mapping[str, object], name: str) -> str | None:
    """Read an optional word, which becomes a part of a header at most."""
    value = wish.get(name)
    if value is None or (isinstance(value, str) and value.isprintable()):
        return value
    raise ValueError(f"{name} must be a word")


def _number(wish: Mapping[str, object], name: str) -> float:
    """Read a number that is needed."""
    value = wish.get(name)
    if not isinstance(value, int | float) or value < 0:
        raise ValueError(f"{name} must be a number that is not negative")
    return float(value)


def _state_of(endpoint: Endpoint) -> dict[str, object]:
    """Describe a handle in JSON values."""
    fault = endpoint.fault
    return {
        "fault": None if fault is None else fault.kind.value,
        "times": None if fault is None else fault.times,
        "delay_s": endpoint.delay_s,
        "requests": len(endpoint.requests),
        "abandoned_streams": endpoint.abandoned_streams,
    }


async def _object(request: Request) -> Mapping[str, object]:
    """Decode the body of `request`.

    Raises:
        ValueError: If it is no JSON object.
    """
    try:
        fields = as_object(await request.json())
    except ValueError:
        fields = None
    if fields is None:
        raise ValueError("the body must be a JSON object")
    return fields
