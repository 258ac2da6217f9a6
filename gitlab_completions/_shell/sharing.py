"""A store of the user's, as one client uses it: sealed, in our time, and never raising.

Nothing of it is on the way of a completion: fetches and looks go on beside the calls. A
store that fails or takes long is one that is not there.
"""

from __future__ import annotations

import asyncio
import logging
import math
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from gitlab_completions._records import Record
from gitlab_completions._wire.entries import Sealer

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
    from typing import TypeVar

    from gitlab_completions._secrets import Secret
    from gitlab_completions._shell.clock import Clock
    from gitlab_completions.shared import DetailsStore, Reading, Release

    T = TypeVar("T")

logger = logging.getLogger("gitlab_completions")

STORE_S = 1.0
"""Seconds for a store's answer; half of them would already be more than it saves."""
AWAY_S = 10.0
"""Seconds for which a store that has failed is left alone: a fetch asks it five times,
and must not wait as often. A look behind a call finds out that it is back."""
POLL_S = 0.05
"""Seconds between two tries to claim: a fifth of what a first call waits."""
LEASE_S = 16.0
"""Seconds after which a claim that its process has not given up may be taken over: a
little more than a request may take (15 s)."""
PATIENCE_S = 20.0
"""Seconds to wait for whoever asks. Longer than a lease: when a process was killed, one
of those who wait takes its claim over, and the others wait for that one."""


class Told(Record):
    """What a store holds.

    Args:
        content: What it says; of a grant, the gateway's token too.
        at: When it was said, by the client's clock.
        seal: What tells it from another entry.
    """

    content: Mapping[str, object]
    at: float
    seal: bytes

    def __repr__(self) -> str:
        return f"Told(<{', '.join(self.content)}>, at={self.at})"


class Sharing:
    """One client's view of a store.

    Args:
        store: The user's.
        clock: Tells the client's time.
        root: The instance's URL.
    """

    def __init__(self, store: DetailsStore, clock: Clock, root: str) -> None:
        self._store = store
        self._clock = clock
        self._root = root
        self._token: Secret | None = None
        self._sealer: Sealer | None = None
        self._complained = False
        self._away_until = -math.inf

    async def read(self, token: Secret, names: Sequence[str]) -> list[Told | None]:
        """Return what processes with this access token were told, by its names."""
        sealer = self._sealer_of(token)
        keys = [sealer.key(name) for name in names]
        # Dated from before: the machine may sleep while the store answers.
        now = self._clock.now()

        async def opened() -> list[Told | None]:
            reading = await self._store.read(keys)
            return [
                _opened(sealer, key, entry, reading, now)
                for key, entry in zip(keys, reading.entries, strict=True)
            ]

        return await self._asked(opened) or [None] * len(keys)

    def now(self) -> float:
        """Return the client's time."""
        return self._clock.now()

    async def write(
        self,
        token: Secret,
        name: str,
        content: Mapping[str, object],
        *,
        said_at: float,
        keep_s: float,
    ) -> bytes | None:
        """Tell the others what was said at that time by the client's clock.

        Returns:
            What tells the entry from another, or `None` when there is none.
        """
        sealer = self._sealer_of(token)
        key = sealer.key(name)
        reading = await self._asked(lambda: self._store.read([key]))  # for the clock
        if reading is None:
            return None
        at = reading.now - (self._clock.now() - said_at)
        entry = sealer.seal(key, content, clock=reading.clock, at=at)
        if entry is None:
            return None
        await self._asked(lambda: self._store.write(key, entry, keep_s=keep_s))
        return _seal_of(entry)

    @asynccontextmanager
    async def turn(self, token: Secret, name: str) -> AsyncGenerator[None, None]:
        """Wait until no other process is asking; not for ever."""
        key = self._sealer_of(token).key(f"turn {name}")
        release = await self._claim(key)
        try:
            yield
        finally:
            if release is not None:
                await self._safely(release)  # however the store does

    async def _claim(self, key: str) -> Release | None:
        until = self._clock.now() + PATIENCE_S
        while self._clock.now() < until:
            claimed = await self._asked(lambda: self._tried(key))
            if claimed is None:
                return None  # the store fails: there is nobody to wait for
            if claimed:
                return claimed[0]
            await asyncio.sleep(POLL_S)
        return None

    async def _tried(self, key: str) -> tuple[Release, ...]:
        release = await self._store.claim(key, lease_s=LEASE_S)
        return () if release is None else (release,)

    async def _asked(self, ask: Callable[[], Awaitable[T]]) -> T | None:
        """Ask the store, unless it has failed a moment ago."""
        return None if self._clock.now() < self._away_until else await self._safely(ask)

    async def _safely(self, ask: Callable[[], Awaitable[T]]) -> T | None:
        """Return what the store gives, or `None` when it gives nothing in time."""
        try:
            async with asyncio.timeout(STORE_S):
                return await ask()
        except Exception as error:
            self._away_until = self._clock.now() + AWAY_S
            self._complain(error)
            return None

    def _complain(self, error: Exception) -> None:
        """Log the first failure by its type: its text may hold a password."""
        if not self._complained:
            self._complained = True
            kind = type(error).__name__
            logger.warning(
                "The store raised %s; nothing is shared for a while; told once.", kind
            )

    def _sealer_of(self, token: Secret) -> Sealer:
        if self._sealer is None or token != self._token:
            self._token, self._sealer = token, Sealer(token, self._root)
        return self._sealer


def _opened(
    sealer: Sealer, key: str, entry: bytes | None, reading: Reading, now: float
) -> Told | None:
    """Open an entry of a reading that was made `now` by the client's clock."""
    if entry is None:
        return None
    opened = sealer.open(key, entry, clock=reading.clock, now=reading.now)
    if opened is None:
        return None
    content, age_s = opened
    return Told(content=content, at=now - age_s, seal=_seal_of(entry))


def _seal_of(entry: bytes) -> bytes:
    return entry.partition(b"\n")[0]
