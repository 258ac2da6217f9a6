"""A store in Redis, against a real server: entries that go, one clock, one who asks."""

from __future__ import annotations

import asyncio
import importlib.util
from contextlib import aclosing
from typing import TYPE_CHECKING

import pytest
from redis import Redis as BlockingRedis
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from gitlab_completions import (
    CompletionRequest,
    ConfigurationError,
    Route,
    SyncCompletionClient,
)
from gitlab_completions.shared import DetailsStore, RedisStore
from gitlab_completions.testing import FakeGitLab

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

pytestmark = pytest.mark.real_time

KEY, OTHER = "a" * 64, "b" * 64


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    """A client of the test's own, at a server that is empty."""
    async with aclosing(Redis.from_url(redis_url)) as redis:
        await redis.flushall()
        yield redis


@pytest.fixture
async def store(redis_url: str, redis: Redis) -> AsyncIterator[RedisStore]:
    async with aclosing(RedisStore(redis_url)) as store:
        yield store


async def test_another_store_reads_what_one_wrote(
    store: RedisStore, redis_url: str
) -> None:
    await store.write(KEY, b"one", keep_s=60)
    async with aclosing(RedisStore(redis_url)) as other:
        reading = await other.read([OTHER, KEY])
    assert reading.entries == (None, b"one")
    assert isinstance(store, DetailsStore)


async def test_an_entry_lives_as_long_as_it_may(
    store: RedisStore, redis: Redis
) -> None:
    await store.write(KEY, b"one", keep_s=3600)
    (key,) = await redis.keys()
    assert key == f"gitlab_completions:{KEY}".encode()
    assert 3_590_000 < await redis.pttl(key) <= 3_600_000


async def test_an_entry_goes_by_itself(store: RedisStore, redis: Redis) -> None:
    await store.write(KEY, b"one", keep_s=0.0001)
    async with asyncio.timeout(10):
        while (await store.read([KEY])).entries != (None,):
            pass  # Redis's own clock decides, a millisecond from now
    assert await redis.keys() == []


async def test_its_clock_is_the_servers(store: RedisStore, redis: Redis) -> None:
    before = await redis.time()
    reading = await store.read([KEY])
    after = await redis.time()
    assert before[0] - 1 <= reading.now <= after[0] + 1
    assert reading.clock == "redis"


async def test_one_claims_at_a_time(store: RedisStore, redis_url: str) -> None:
    async with aclosing(RedisStore(redis_url)) as other:
        release = await store.claim(KEY, lease_s=20)
        assert release is not None
        assert await other.claim(KEY, lease_s=20) is None
        assert await other.claim(OTHER, lease_s=20) is not None
        await release()
        assert await other.claim(KEY, lease_s=20) is not None


async def test_a_claim_that_was_abandoned_is_taken_over(
    store: RedisStore, redis: Redis
) -> None:
    release = await store.claim(KEY, lease_s=20)
    assert release is not None
    await redis.delete(f"gitlab_completions:{KEY}:claim")  # as its lease's end does
    again = await store.claim(KEY, lease_s=20)
    assert again is not None
    await release()  # the first one's: it must not end the other's claim
    assert await store.claim(KEY, lease_s=20) is None


async def test_a_claim_ends_with_its_lease(store: RedisStore, redis: Redis) -> None:
    await store.claim(KEY, lease_s=20)
    assert 19_000 < await redis.pttl(f"gitlab_completions:{KEY}:claim") <= 20_000


@pytest.mark.parametrize("decoded", [False, True])
async def test_a_client_of_yours_serves_and_stays_open(
    redis_url: str, redis: Redis, *, decoded: bool
) -> None:
    async with aclosing(Redis.from_url(redis_url, decode_responses=decoded)) as yours:
        store = RedisStore(yours, prefix="app:")
        await store.write(KEY, b"one", keep_s=60)
        assert (await store.read([KEY])).entries == (b"one",)
        await store.aclose()
        assert await yours.ping()
        assert await redis.keys() == [f"app:{KEY}".encode()]


async def test_a_server_that_is_not_there_is_told_by_an_exception() -> None:
    async with aclosing(RedisStore("unix:///nowhere/at.all")) as store:
        with pytest.raises(RedisConnectionError):
            await store.read([KEY])


def test_a_store_serves_one_loop_after_the_other(redis_url: str) -> None:
    store = RedisStore(redis_url)

    async def use() -> None:
        await store.write(KEY, b"one", keep_s=60)
        assert (await store.read([KEY])).entries == (b"one",)
        await store.aclose()
        await store.aclose()

    asyncio.run(use())
    asyncio.run(use())


async def test_a_client_without_asyncio_leaves_no_connection(
    store: RedisStore, redis: Redis
) -> None:
    gitlab = FakeGitLab()
    request = CompletionRequest(file_name="f.py", content_above_cursor="def f():")

    def complete() -> Route:
        with SyncCompletionClient(
            gitlab.instance_url, gitlab.access_token, sender=gitlab, store=store
        ) as client:
            return client.complete(request).route

    await store.read([KEY])  # on this loop, whose connection stays
    assert await asyncio.to_thread(complete)
    assert len(gitlab.direct_access.requests) == 1
    assert len(await redis.keys()) == 1
    assert len(await redis.client_list()) == 2


def test_a_url_of_something_else_is_refused_without_its_password() -> None:
    with pytest.raises(ConfigurationError, match="redis://") as caught:
        RedisStore("https://user:s3cret@redis.example.com")
    assert "s3cret" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(
        "gitlab_completions.shared._redis.find_spec",
        lambda name: None if name == "redis" else found(name),
    )
    with pytest.raises(ConfigurationError, match=r"pip install .*\[redis\]"):
        RedisStore("redis://localhost")


def test_it_shows_no_password() -> None:
    store = RedisStore("redis://user:s3cret@redis.example.com")
    assert repr(store) == "RedisStore(prefix='gitlab_completions:')"


@pytest.mark.parametrize("given", [None, b"redis://", BlockingRedis()])
def test_what_is_no_client_for_asyncio_is_refused(given: Redis) -> None:
    with pytest.raises(ConfigurationError, match=r"redis\.asyncio\.Redis, not "):
        RedisStore(given)
