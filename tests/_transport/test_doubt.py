"""A second try goes beside a first one that is silent; the first good result counts."""

from __future__ import annotations

import asyncio

import pytest

from gitlab_completions._transport.doubt import either
from gitlab_completions.testing import wait_all_tasks_blocked

pytestmark = pytest.mark.virtual_time


class Tries:
    """Tries that take their time, then bring their name or raise it."""

    def __init__(self) -> None:
        self.began: list[str] = []
        self.ended: list[str] = []
        self.discarded: list[str] = []

    async def one(self, name: str, takes_s: float, good: object) -> str:
        self.began.append(name)
        try:
            await asyncio.sleep(takes_s)
        finally:
            self.ended.append(name)
        if not good:
            raise ValueError(name)
        return name

    async def discard(self, result: str) -> None:
        self.discarded.append(result)

    async def either(
        self,
        first: tuple[float, bool],
        second: tuple[float, bool] | None = (1.0, True),
    ) -> str:
        return await either(
            self.one("first", *first),
            lambda: self.one("second", *second) if second else None,
            patience_s=2.0,
            discard=self.discard,
        )


def now() -> float:
    return asyncio.get_running_loop().time()


async def test_a_first_that_ends_in_time_goes_alone() -> None:
    tries = Tries()
    assert await tries.either((1.0, True)) == "first"
    with pytest.raises(ValueError, match="first"):
        await tries.either((1.0, False))
    assert tries.began == ["first", "first"]
    assert now() == 2.0


async def test_a_second_that_is_declined_leaves_the_first_alone() -> None:
    tries = Tries()
    assert await tries.either((9.0, True), None) == "first"
    assert now() == 9.0


async def test_the_first_good_result_counts_and_the_other_try_is_ended() -> None:
    tries = Tries()
    assert await tries.either((9.0, True)) == "second"
    assert now() == 3.0
    assert await tries.either((2.5, True)) == "first"
    assert now() == 5.5
    assert tries.ended == ["second", "first", "first", "second"]
    assert tries.discarded == []


async def test_an_error_waits_for_the_other_try() -> None:
    tries = Tries()
    assert await tries.either((2.5, False)) == "second"
    assert await tries.either((9.0, True), (1.0, False)) == "first"
    with pytest.raises(ValueError, match="second"):
        await tries.either((2.5, False), (1.0, False))


async def test_an_error_in_the_same_moment_loses_no_result() -> None:
    tries = Tries()
    for _ in range(30):  # which of the two is looked at first is up to chance
        assert await tries.either((3.0, False), (1.0, True)) == "second"


async def test_a_result_that_comes_too_late_is_taken_back() -> None:
    tries = Tries()
    kept = await tries.either((3.0, True), (1.0, True))
    (late,) = tries.discarded
    assert {kept, late} == {"first", "second"}


@pytest.mark.parametrize("left_at_s", [1.0, 2.5])
async def test_who_leaves_ends_both(left_at_s: float) -> None:
    tries = Tries()
    task = asyncio.create_task(tries.either((9.0, True), (9.0, True)))
    await asyncio.sleep(left_at_s)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert sorted(tries.began) == sorted(tries.ended)
    await wait_all_tasks_blocked()
    assert asyncio.all_tasks() == {asyncio.current_task()}
