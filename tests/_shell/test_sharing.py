"""A store is used sealed, in the client's time, and whatever it does nothing raises."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, cast

import pytest

from gitlab_completions._secrets import Secret
from gitlab_completions._shell.sharing import (
    AWAY_S,
    LEASE_S,
    PATIENCE_S,
    POLL_S,
    STORE_S,
    Sharing,
)
from gitlab_completions.shared import MemoryStore, Reading
from gitlab_completions.testing import VirtualClock
from tests._shell.parts import ROOT

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from gitlab_completions.shared import Release

TOKEN, OTHER = Secret("glpat-canary-5711"), Secret("glpat-other")


class AheadStore(MemoryStore):
    """A store whose clock is another machine's, an hour ahead."""

    def __init__(self) -> None:
        super().__init__(lambda: 3600 + asyncio.get_running_loop().time())
        self.keys: list[str] = []
        self.leases: list[float] = []

    async def write(self, key: str, entry: bytes, /, *, keep_s: float) -> None:
        self.keys.append(key)
        await super().write(key, entry, keep_s=keep_s)

    async def claim(self, key: str, /, *, lease_s: float) -> Release | None:
        self.leases.append(lease_s)
        return await super().claim(key, lease_s=lease_s)


class BrokenStore:
    """A store that fails, or does not answer."""

    def __init__(self, *, hangs: bool = False) -> None:
        self.hangs = hangs

    async def _fail(self) -> None:
        if self.hangs:
            await asyncio.get_running_loop().create_future()
        raise ConnectionError("redis://user:s3cret@host")

    async def read(self, keys: Sequence[str], /) -> Reading:
        del keys
        await self._fail()
        raise AssertionError

    async def write(self, key: str, entry: bytes, /, *, keep_s: float) -> None:
        del key, entry, keep_s
        await self._fail()

    async def claim(self, key: str, /, *, lease_s: float) -> Release | None:
        del key, lease_s
        await self._fail()
        return None


class Moody(MemoryStore):
    """A store that fails when the test wants it to."""

    def __init__(self) -> None:
        super().__init__(now)
        self.fails = False
        self.before_it_answers: Callable[[], object] = lambda: None

    async def read(self, keys: Sequence[str], /) -> Reading:
        if self.fails:
            raise ConnectionError
        reading = await super().read(keys)
        self.before_it_answers()
        return reading


class Odd(MemoryStore):
    """A store of somebody's own that keeps to no protocol."""

    def __init__(self, kind: str) -> None:
        super().__init__(now)
        self._kind = kind

    async def read(self, keys: Sequence[str], /) -> Reading:
        if self._kind == "raises":
            raise LookupError
        entries: dict[str, object] = {
            "none": None,
            "few": (b"",),
            "text": tuple("entry" for _ in keys),
        }
        odd = cast("tuple[bytes | None, ...]", entries[self._kind])
        return Reading(entries=odd, now=0.0, clock="odd")

    async def claim(self, key: str, /, *, lease_s: float) -> Release | None:
        del key, lease_s

        def release() -> Awaitable[None]:
            raise LookupError

        return release


def now() -> float:
    return asyncio.get_running_loop().time()


def sharing(store: MemoryStore | BrokenStore) -> Sharing:
    return Sharing(store, VirtualClock(), ROOT)


async def test_what_one_client_writes_another_reads_in_its_own_time() -> None:
    store = AheadStore()
    await asyncio.sleep(5)
    seal = await sharing(store).write(TOKEN, "a", {"x": 1}, said_at=now(), keep_s=60)
    await asyncio.sleep(7)
    missing, told = await sharing(store).read(TOKEN, ["b", "a"])
    assert missing is None
    assert told is not None
    assert told.content["x"] == 1
    assert told.at == pytest.approx(5)
    assert told.seal == seal


async def test_what_was_told_shows_no_secret() -> None:
    one = sharing(AheadStore())
    await one.write(TOKEN, "a", {"body": "eyJ"}, said_at=now(), keep_s=60)
    (told,) = await one.read(TOKEN, ["a"])
    assert told is not None
    assert "eyJ" not in repr(told)


async def test_what_another_access_token_wrote_is_not_read() -> None:
    store = AheadStore()
    one = sharing(store)
    await one.write(TOKEN, "a", {"x": 1}, said_at=now(), keep_s=60)
    assert await one.read(OTHER, ["a"]) == [None]
    (again,) = await one.read(TOKEN, ["a"])
    assert again is not None


async def test_what_somebody_else_put_there_is_not_read() -> None:
    store = AheadStore()
    one = sharing(store)
    await one.write(TOKEN, "a", {"x": 1}, said_at=now(), keep_s=60)
    await store.write(store.keys[0], b"0" * 64 + b'\n{"x":2}', keep_s=60)
    assert await one.read(TOKEN, ["a"]) == [None]


async def test_what_is_too_long_is_not_written() -> None:
    store = AheadStore()
    long = {"x": "x" * 200_000}
    assert (
        await sharing(store).write(TOKEN, "a", long, said_at=now(), keep_s=60) is None
    )
    assert store.keys == []


async def test_one_asks_at_a_time_and_the_next_as_soon_as_it_has_ended() -> None:
    store = AheadStore()
    order: list[tuple[str, float]] = []

    async def ask(name: str, seconds: float) -> None:
        async with sharing(store).turn(TOKEN, "a"):
            order.append((name, now()))
            await asyncio.sleep(seconds)

    await asyncio.gather(ask("first", 2.0), ask("second", 0.0))
    assert [name for name, _ in order] == ["first", "second"]
    assert [at for _, at in order] == pytest.approx([0, 2], abs=0.06)
    assert set(store.leases) == {LEASE_S}


async def test_different_things_are_asked_side_by_side() -> None:
    store = AheadStore()
    one = sharing(store)
    async with one.turn(TOKEN, "a"), one.turn(TOKEN, "b"), one.turn(OTHER, "a"):
        assert now() == 0


def test_who_waits_sees_an_abandoned_claim_end() -> None:
    assert LEASE_S + 2 * POLL_S < PATIENCE_S  # else all who wait ask at once


async def test_nobody_waits_for_ever() -> None:
    store = AheadStore()
    async with sharing(store).turn(TOKEN, "a"), sharing(store).turn(TOKEN, "a"):
        assert now() == pytest.approx(PATIENCE_S, abs=0.06)


async def test_a_turn_ends_with_whoever_had_it() -> None:
    store = AheadStore()

    async def fail() -> None:
        async with sharing(store).turn(TOKEN, "a"):
            raise LookupError

    with pytest.raises(LookupError):
        await fail()
    async with sharing(store).turn(TOKEN, "a"):
        assert now() == 0


@pytest.mark.parametrize("hangs", [False, True])
async def test_a_store_that_fails_is_one_that_is_not_there(
    caplog: pytest.LogCaptureFixture, *, hangs: bool
) -> None:
    one = sharing(BrokenStore(hangs=hangs))
    with caplog.at_level(logging.WARNING):
        assert await one.read(TOKEN, ["a", "b"]) == [None, None]
        assert await one.write(TOKEN, "a", {}, said_at=now(), keep_s=60) is None
        async with one.turn(TOKEN, "a"):
            pass
    assert now() == (STORE_S if hangs else 0)  # it is not waited for again
    kind = "TimeoutError" if hangs else "ConnectionError"
    assert [record.getMessage() for record in caplog.records] == [
        f"The store raised {kind}; nothing is shared for a while; told once."
    ]


async def test_a_store_that_failed_is_looked_at_again_after_a_while() -> None:
    store = Moody()
    one = sharing(store)
    await one.write(TOKEN, "a", {"x": 1}, said_at=now(), keep_s=60)
    store.fails = True
    assert await one.read(TOKEN, ["a"]) == [None]
    store.fails = False
    assert await one.read(TOKEN, ["a"]) == [None]
    await asyncio.sleep(AWAY_S)
    (told,) = await one.read(TOKEN, ["a"])
    assert told is not None


async def test_a_turn_is_given_up_though_the_store_has_failed_since() -> None:
    store = Moody()
    one = sharing(store)
    async with one.turn(TOKEN, "a"):
        store.fails = True
        await one.read(TOKEN, ["a"])
    async with sharing(store).turn(TOKEN, "a"):
        assert now() == 0


@pytest.mark.parametrize("kind", ["none", "few", "text", "raises"])
async def test_a_store_that_gives_what_it_must_not_is_not_there(kind: str) -> None:
    one = sharing(Odd(kind))
    assert await one.read(TOKEN, ["a", "b"]) == [None, None]
    one = sharing(Odd(kind))
    async with one.turn(TOKEN, "a"):
        pass


async def test_what_was_read_before_a_sleep_is_as_old_as_the_sleep() -> None:
    store, clock = Moody(), VirtualClock()
    one = Sharing(store, clock, ROOT)
    await one.write(TOKEN, "a", {"x": 1}, said_at=clock.now(), keep_s=60)
    said_at = clock.now()
    store.before_it_answers = lambda: clock.suspend(8 * 3600)
    (told,) = await one.read(TOKEN, ["a"])
    assert told is not None
    assert told.at == pytest.approx(said_at)
