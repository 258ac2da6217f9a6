"""A store in Redis: for services that host many users on many machines.

The clock that all sharers have is the Redis server's (`TIME`); an entry goes by itself
when what it says is over (`PX`); the claim is a key that is set only where there is
none, with a lease, and removed only by who set it (redis-py's `Lock`).
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec
from inspect import iscoroutinefunction
from typing import TYPE_CHECKING, Protocol, cast
from weakref import WeakKeyDictionary

from gitlab_completions.errors import ConfigurationError
from gitlab_completions.shared._protocol import Reading

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from redis.asyncio import Redis

    from gitlab_completions.shared._protocol import Release

_TIMEOUT_S = 0.5
"""Seconds for a connection, and for an answer: a store is there to save time."""
_MS = 1000


class _Both(Protocol):
    """Two commands in one round trip: redis-py's pipeline, as far as it is used."""

    def mget(self, keys: list[str], /) -> object:
        """Ask for entries."""
        ...

    def time(self) -> object:
        """Ask for the server's clock."""
        ...

    def execute(self) -> Awaitable[tuple[Sequence[object], tuple[int, int]]]:
        """Send both, and return what was answered: seconds and microseconds last."""
        ...


class RedisStore:
    """Shares among all processes that use one Redis.

    Connections belong to the event loop that they were made on. With a URL a store has
    some for each loop that it is used on, and any number of clients may share it; a
    client of redis-py's that you give serves the loop that it is of.

    Args:
        redis: A URL such as `"rediss://user:password@redis.example.com/0"`; or a
            `redis.asyncio.Redis`, which stays yours.
        prefix: What the keys begin with.

    Raises:
        ConfigurationError: When redis-py is missing, the URL is none of Redis, or
            `redis` is none of both, such as a `redis.Redis`, which is not async.
    """

    def __init__(
        self, redis: str | Redis, *, prefix: str = "gitlab_completions:"
    ) -> None:
        if find_spec("redis") is None:
            raise ConfigurationError(
                "RedisStore needs redis: pip install 'gitlab-completions[redis]'"
            )
        self._given = redis
        self._made: WeakKeyDictionary[asyncio.AbstractEventLoop, Redis]
        self._made = WeakKeyDictionary()
        self._prefix = prefix
        if isinstance(redis, str):
            _connected(redis)  # a wrong URL is told here; nothing connects yet
        else:
            _check_async(redis)

    async def read(self, keys: Sequence[str], /) -> Reading:
        """Return the entries of the keys, by Redis's own clock."""
        both = cast("_Both", self._redis().pipeline(transaction=False))
        both.mget([self._prefix + key for key in keys])
        both.time()
        entries, (seconds, microseconds) = await both.execute()
        return Reading(
            entries=tuple(map(_bytes, entries)),
            now=seconds + microseconds / 1e6,
            clock="redis",
        )

    async def write(self, key: str, entry: bytes, /, *, keep_s: float) -> None:
        """Set an entry that Redis drops after `keep_s`."""
        lifetime_ms = max(1, int(keep_s * _MS))
        await self._redis().set(self._prefix + key, entry, px=lifetime_ms)

    async def claim(self, key: str, /, *, lease_s: float) -> Release | None:
        """Set the key's lock for `lease_s` at most."""
        lock = self._redis().lock(
            f"{self._prefix}{key}:claim", timeout=lease_s, blocking=False
        )
        if not await lock.acquire():
            return None

        async def release() -> None:
            from redis.exceptions import LockError  # noqa: PLC0415 - an extra

            with suppress(LockError):  # the lease is over, and it is another's now
                await lock.release()

        return release

    async def aclose(self) -> None:
        """Close the connections that the store has made on the running loop.

        Those of a loop that is over are over too.
        """
        made = self._made.pop(asyncio.get_running_loop(), None)
        if made is not None:
            await made.aclose()

    def _redis(self) -> Redis:
        """Return the client for the running loop."""
        if not isinstance(self._given, str):
            return self._given
        loop = asyncio.get_running_loop()
        if loop not in self._made:
            self._made[loop] = _connected(self._given)
        return self._made[loop]

    def __repr__(self) -> str:
        return f"RedisStore(prefix={self._prefix!r})"


def _bytes(found: object) -> bytes | None:
    """Return an entry; a client of yours may decode what it reads."""
    if isinstance(found, str):
        return found.encode()
    return found if isinstance(found, bytes) else None


def _connected(url: str) -> Redis:
    """Return a client for the URL; nothing connects before the first command."""
    # By name: what redis-py says of this function's arguments is half untyped.
    connect: Callable[..., Redis] = import_module("redis.asyncio").from_url
    try:
        return connect(
            url, socket_timeout=_TIMEOUT_S, socket_connect_timeout=_TIMEOUT_S
        )
    except ValueError:
        # Its words may hold the URL, and the URL a password.
        raise ConfigurationError(
            "redis must be a URL such as 'rediss://user:password@redis.example.com:6379"
            "/0', or start with redis:// or unix://"
        ) from None


def _check_async(redis: object) -> None:
    """Refuse what sends no commands, or only while a thread waits."""
    if not iscoroutinefunction(getattr(redis, "execute_command", None)):
        kind = f"{type(redis).__module__}.{type(redis).__qualname__}"
        raise ConfigurationError(
            f"redis must be a URL or a redis.asyncio.Redis, not {kind}"
        )
