"""Ctrl-C in the midst of the HTTP library: a crash report that tells nothing."""

from __future__ import annotations

import asyncio
import gc
from typing import TYPE_CHECKING

import httpx
import pytest

from gitlab_completions import CompletionClient, HttpxSender
from tests.loopback.scene import ACCESS_TOKEN
from tests.loopback.test_secrecy import REQUEST, Broken

if TYPE_CHECKING:
    from tests.loopback.witness import Witness


async def interrupted(instance_url: str, error: BaseException) -> None:
    async with (
        httpx.AsyncClient(transport=Broken(error)) as own,
        CompletionClient(instance_url, ACCESS_TOKEN, sender=HttpxSender(own)) as client,
    ):
        await client.complete(REQUEST)


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
def test_an_interrupt_in_the_http_library_shows_none_of_its_frames(
    witness: Witness, kind: type[BaseException]
) -> None:
    with pytest.raises(kind) as caught:
        asyncio.run(interrupted("https://gitlab.example", kind()))
    witness.look_at(caught.value)
    del caught
    gc.collect()  # asyncio now tells of the task whose exception nobody has fetched
    assert "asyncio" in witness.heard
