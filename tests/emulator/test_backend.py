"""uvicorn starts and ends as a task of the test's loop."""

from __future__ import annotations

import asyncio
import signal
import time

import httpx

from gitlab_completions.emulator.answers import Answer, Request
from gitlab_completions.emulator.apps import make_app
from gitlab_completions.emulator.backend import Backend


def answer(_request: Request, _now_unix: float) -> Answer:
    return Answer(status=200, body=b"ok")


async def test_it_serves_until_it_is_closed() -> None:
    handler = signal.getsignal(signal.SIGINT)
    backend = Backend(make_app(answer))
    host, port = await backend.start()
    async with httpx.AsyncClient(trust_env=False) as client:
        assert (await client.get(f"http://{host}:{port}/")).text == "ok"
    started = time.perf_counter()
    await backend.aclose()
    assert time.perf_counter() - started < 0.5
    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert signal.getsignal(signal.SIGINT) is handler


async def test_closing_what_never_started_is_fine() -> None:
    await Backend(make_app(answer)).aclose()
