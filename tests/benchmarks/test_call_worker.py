"""Batches of calls: so many at a time, and made anew when one went another way."""

from __future__ import annotations

import asyncio

import pytest

from tests.benchmarks.call_worker import TRIES, Batch, make, measure
from tests.benchmarks.callers import NotDirectError

BATCH = Batch(caller="one", calls=20, in_flight=4, kilobytes=1)


async def test_calls_are_made_so_many_at_a_time_each_with_another_text() -> None:
    texts: list[str] = []
    inside = most = 0

    async def call(text: str) -> str:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        texts.append(text)
        await asyncio.sleep(0)
        inside -= 1
        return "x"

    await make(call, "text", 20, 4)
    assert most == 4
    assert len(set(texts)) == 20


async def test_a_batch_with_a_detour_is_made_anew(
    capsys: pytest.CaptureFixture[str],
) -> None:
    calls = 0

    async def call(_: str) -> str:
        nonlocal calls
        calls += 1
        if calls == 10:
            raise NotDirectError
        return "x"

    assert (await measure(call, BATCH)).wall_us > 0
    assert "once more" in capsys.readouterr().err
    assert calls >= 10 + BATCH.calls + BATCH.in_flight


async def test_a_batch_that_never_goes_direct_is_an_error() -> None:
    async def call(_: str) -> str:
        raise NotDirectError

    with pytest.raises(RuntimeError, match="does not go direct"):
        await measure(call, BATCH)
    assert TRIES > 1


async def test_a_call_without_a_suggestion_is_an_error() -> None:
    async def call(_: str) -> str:
        return ""

    with pytest.raises(ExceptionGroup):
        await measure(call, BATCH)
