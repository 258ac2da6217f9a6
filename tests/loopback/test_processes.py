"""Eight processes of one user, over TLS, with a store on disk and in Redis."""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import gitlab_completions
from tests.loopback.scene import emulate
from tests.shared.conftest import redis_url

if TYPE_CHECKING:
    from asyncio.subprocess import Process

    from gitlab_completions.emulator import Emulator

WINDOWS = 8
PATIENCE_S = 25.0
MOST_ROUNDS = 50
LIFETIME_S = 6
"""Seconds in which all of them have made a call, however busy the machine is."""
WINDOW = Path(__file__).with_name("window.py")
HOME = Path(gitlab_completions.__file__).parents[1]

__all__ = ("redis_url",)  # a fixture


async def open_window(emulator: Emulator, place: str, stack: AsyncExitStack) -> Process:
    window = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-W", "error", str(WINDOW), emulator.instance_url),
        *(emulator.access_token, str(emulator.ca_pem), place),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(HOME)},
    )
    stack.push_async_callback(close, window)
    return window


async def close(window: Process) -> None:
    assert window.stdin is not None
    window.stdin.close()
    try:
        async with asyncio.timeout(PATIENCE_S):
            await window.wait()
    finally:
        if window.returncode is None:
            window.kill()


async def say(window: Process, command: str) -> str:
    assert window.stdin is not None
    window.stdin.write(f"{command}\n".encode())
    await window.stdin.drain()
    return await hear(window)


async def hear(window: Process) -> str:
    assert window.stdout is not None
    return (await window.stdout.readline()).decode().strip()


async def all_say(windows: list[Process], command: str) -> set[str]:
    async with asyncio.timeout(PATIENCE_S):
        return set(await asyncio.gather(*(say(one, command) for one in windows)))


@pytest.fixture(params=["files", "redis"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "redis":
        url: str = request.getfixturevalue("redis_url")
        return url
    return str(tmp_path / "store")


async def test_eight_processes_at_the_moment_of_expiry_make_one_request(
    place: str,
) -> None:
    async with emulate() as emulator, AsyncExitStack() as stack:
        windows = [await open_window(emulator, place, stack) for _ in range(WINDOWS)]
        emulator.settings.token_lifetime_s = LIFETIME_S
        async with asyncio.timeout(PATIENCE_S):
            await asyncio.gather(*map(hear, windows))
        await all_say(windows, "complete")
        assert len(emulator.direct_access.requests) == 1
        emulator.settings.token_lifetime_s = 3600
        assert await all_say(windows, "expire") == {"expired"}
        # Whoever waits longer than a call does for the one who asks goes indirect.
        for _ in range(MOST_ROUNDS):
            if await all_say(windows, "complete") == {"direct"}:
                break
        assert await all_say(windows, "complete") == {"direct"}
        assert len(emulator.direct_access.requests) == 2
    assert all(window.returncode == 0 for window in windows)
