"""A stream that is left the moment its turn comes gives its place to the next."""

from __future__ import annotations

import asyncio

import pytest

from gitlab_completions import CompletionRequest, Intent
from gitlab_completions.testing import FakeGitLab

REQUEST = CompletionRequest(
    file_name="a.py", content_above_cursor="# add\n", intent=Intent.GENERATION
)
PLACES = 4


@pytest.mark.parametrize("turns", range(16))
async def test_who_leaves_as_its_turn_comes_takes_no_place_along(turns: int) -> None:
    gitlab = FakeGitLab()
    gitlab.settings.stream_gap_s = 1.0
    async with gitlab.client() as client:
        streams = [client.stream(REQUEST) for _ in range(PLACES + 1)]
        readers = [asyncio.create_task(anext(stream)) for stream in streams]
        await asyncio.sleep(0.5)
        streams[0].cancel()  # makes room for the last, which leaves as well
        for _ in range(turns):
            await asyncio.sleep(0)
        streams[-1].cancel()
        await asyncio.sleep(0.1)
        assert client.status().in_flight == PLACES - 1
        for stream in streams:
            stream.cancel()
        await asyncio.wait(readers)
        await gitlab.settle()
        assert client.status().in_flight == 0
    assert all(reader.exception() for reader in readers)  # none had a piece yet
