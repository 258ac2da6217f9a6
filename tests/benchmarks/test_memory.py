"""The benchmark runs, in its quick mode; what it measures is for people to judge."""

from __future__ import annotations

import asyncio
import tracemalloc
from typing import TYPE_CHECKING

from tests.benchmarks import memory
from tests.benchmarks.memory_worker import held_kb, run
from tests.benchmarks.rounds import read_wish
from tests.benchmarks.server import served

if TYPE_CHECKING:
    import pytest


def test_clients_and_calls_are_measured_as_many_as_asked_for() -> None:
    wish = read_wish("Doc.", ["--quick"], rounds=1)
    with served() as target:
        order = memory.order_of(target, "ours on httpx", wish, traced=True)
        tracemalloc.start()
        try:
            taken = asyncio.run(run(order))
        finally:
            tracemalloc.stop()
        counts = target.counts()
    clients = 1 + memory.QUICK_CLIENTS
    assert counts["gateway"].started == clients + memory.QUICK_CALLS * 5 // 4
    assert counts["gateway"].handshakes == clients
    assert counts["instance"].details == clients + 1  # and the bare ones'
    assert taken.client_kb > 0


def test_what_a_process_has_is_more_than_its_objects() -> None:
    assert held_kb(traced=False) > 1000


def test_who_is_not_there_is_not_measured_and_not_twice() -> None:
    names = memory.callers(read_wish("Doc.", [], rounds=1))
    assert {"ours on httpx", "ours on httpx2", "bare httpx", "bare httpx2"} <= {*names}
    assert memory.LEFT_OUT not in names


def test_the_table_has_a_row_for_each_client(
    capsys: pytest.CaptureFixture[str],
) -> None:
    memory.main(["--quick"])
    head, *rows = capsys.readouterr().out.splitlines()
    assert [row.split("\t")[0] for row in rows] == list(memory.QUICK_CALLERS)
    assert {len(row.split("\t")) for row in (head, *rows)} == {13}
