"""A store in memory shares among the clients of one process."""

from __future__ import annotations

import asyncio
import threading

from gitlab_completions.shared import DetailsStore, MemoryStore

KEY, OTHER = "a" * 64, "b" * 64


class Hand:
    """A clock that the test turns."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


async def test_entries_are_read_in_the_order_of_their_keys() -> None:
    hand = Hand()
    store = MemoryStore(hand)
    await store.write(KEY, b"one", keep_s=60)
    reading = await store.read([OTHER, KEY])
    assert reading.entries == (None, b"one")
    assert reading.now == 1000
    assert isinstance(store, DetailsStore)


async def test_an_entry_goes_when_its_time_is_over() -> None:
    hand = Hand()
    store = MemoryStore(hand)
    await store.write(KEY, b"one", keep_s=60)
    hand.now_s += 59.9
    assert (await store.read([KEY])).entries == (b"one",)
    hand.now_s += 0.1
    assert (await store.read([KEY])).entries == (None,)


async def test_the_machines_clock_is_read_by_default() -> None:
    store = MemoryStore()
    first, second = await store.read([]), await store.read([])
    assert 0 <= second.now - first.now < 60


async def test_the_oldest_entry_goes_where_there_are_many() -> None:
    store = MemoryStore(Hand())
    for number in range(1025):
        await store.write(f"{number:064x}", b"", keep_s=60)
    first, last = (await store.read([f"{0:064x}", f"{1024:064x}"])).entries
    assert (first, last) == (None, b"")


async def test_one_claims_at_a_time() -> None:
    store = MemoryStore(Hand())
    release = await store.claim(KEY, lease_s=1)
    assert release is not None
    assert await store.claim(KEY, lease_s=1) is None
    assert await store.claim(OTHER, lease_s=1) is not None
    await release()
    assert await store.claim(KEY, lease_s=1) is not None


def test_it_serves_loops_in_several_threads() -> None:
    store, claimed = MemoryStore(), []

    def claim() -> None:
        claimed.append(asyncio.run(store.claim(KEY, lease_s=1)))

    threads = [threading.Thread(target=claim) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert sum(release is not None for release in claimed) == 1


async def test_it_shows_no_entry() -> None:
    store = MemoryStore(Hand())
    await store.write(KEY, b"eyJ", keep_s=60)
    shown = repr(store) + repr(await store.read([KEY]))
    assert "eyJ" not in shown
