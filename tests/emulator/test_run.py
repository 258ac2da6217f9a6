"""A stand-alone emulator runs until it is cancelled."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import httpx
import pytest

from gitlab_completions.emulator.run import serve

if TYPE_CHECKING:
    from gitlab_completions.emulator.server import Emulator


async def test_it_runs_until_it_is_cancelled() -> None:
    started: asyncio.Future[Emulator] = asyncio.get_running_loop().create_future()
    task = asyncio.ensure_future(
        serve("18.9", relative_url_root="/gitlab", started=started.set_result)
    )
    emulator = await started
    async with httpx.AsyncClient(trust_env=False) as client:
        health = await client.get(f"{emulator.instance_url}/-/health")
    assert health.text == "GitLab OK"
    assert emulator.profile.name == "18.9"
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_an_unknown_profile_is_refused() -> None:
    with pytest.raises(KeyError):
        await serve("1.0")
