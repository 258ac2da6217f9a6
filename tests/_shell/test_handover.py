"""Pieces are handed over in order, a few ahead at most, and both sides see the end."""

from __future__ import annotations

import asyncio

from gitlab_completions._shell.handover import ROOM, Handover
from gitlab_completions.testing import wait_all_tasks_blocked


async def test_pieces_are_taken_in_order_and_then_there_are_none() -> None:
    handover = Handover()
    handover.put(["a", "b"])
    handover.end()
    assert [await handover.take() for _ in range(4)] == ["a", "b", None, None]
    assert handover.text == handover.everything == "ab"


async def test_who_reads_waits_for_the_next_piece() -> None:
    handover = Handover()
    taking = asyncio.create_task(handover.take())
    await wait_all_tasks_blocked()
    handover.put(["a"])
    assert await taking == "a"


async def test_two_who_read_get_each_piece_once() -> None:
    handover = Handover()
    both = [asyncio.create_task(handover.take()) for _ in range(2)]
    await wait_all_tasks_blocked()
    handover.put(["a"])
    await wait_all_tasks_blocked()
    handover.end()
    assert sorted([str(await one) for one in both]) == ["None", "a"]


async def test_who_writes_waits_for_room() -> None:
    handover = Handover()
    handover.put(["x"] * (ROOM - 1))
    await handover.room()
    handover.put(["x"])
    waiting = asyncio.create_task(handover.room())
    await wait_all_tasks_blocked()
    assert not waiting.done()
    await handover.take()
    await waiting


async def test_who_writes_waits_for_nobody_who_has_left() -> None:
    handover = Handover()
    handover.put(["x"] * ROOM)
    waiting = asyncio.create_task(handover.room())
    await wait_all_tasks_blocked()
    handover.leave()
    await waiting


async def test_what_waits_counts_as_taken_when_its_reader_leaves() -> None:
    handover = Handover()
    handover.put(["a", "b"])
    assert await handover.take() == "a"
    assert (handover.text, handover.everything) == ("a", "ab")
    handover.leave()
    handover.put(["c"])
    assert await handover.take() is None
    assert handover.text == handover.everything == "ab"


def test_it_shows_how_much_waits_and_no_text() -> None:
    handover = Handover()
    handover.put(["s3cret"])
    assert repr(handover) == "Handover(<1 pieces wait>, ended=False)"
