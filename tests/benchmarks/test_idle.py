"""Which pauses cost a connection: those that the server does not wait out."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from tests.benchmarks import idle
from tests.benchmarks.contenders import CONTENDERS, HTTPX, IDEAL, OURS, OURS_HTTPX2
from tests.benchmarks.idle import Pauses, Round, Subject
from tests.benchmarks.paths import far_away
from tests.benchmarks.rounds import read_wish

if TYPE_CHECKING:
    from pathlib import Path

RTT_S = 0.01
KEEPS, CLOSES = 75.0, 5.0
PAUSE_S = 6.0
"""Longer than httpx keeps a connection, and than the second server does."""
OPENED = {
    Subject(OURS, False, PAUSE_S, KEEPS): 0,
    Subject(OURS_HTTPX2, False, PAUSE_S, KEEPS): 0,
    Subject(HTTPX, False, PAUSE_S, KEEPS): 1,
    Subject(OURS, False, PAUSE_S, CLOSES): 1,
    Subject(OURS, True, PAUSE_S, CLOSES): 0,
}
"""How many connections the keystroke after the pause opens."""


@pytest.mark.real_time
async def test_a_pause_costs_a_connection_only_where_the_server_closes_it() -> None:
    with ExitStack() as stack:
        aways = {
            keep_s: stack.enter_context(far_away(RTT_S, keep_alive_s=keep_s))
            for keep_s in (KEEPS, CLOSES)
        }
        found = await Round(aways).run(list(OPENED))
    opened = [one.connections for one in found]
    assert dict(zip(OPENED, opened, strict=True)) == OPENED


def test_everybody_is_measured_after_each_pause_at_each_server() -> None:
    everybody = idle.subjects(Pauses())
    assert len(everybody) == len(set(everybody.values())) == 4 * len(CONTENDERS)
    assert IDEAL not in {one.client for one in everybody.values()}


def test_the_table_and_the_picture_tell_of_each(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    again = idle.Again(answer_s=0.22, connections=0, ideal_s=0.2)
    found = {one: [again] for one in OPENED}
    idle.report(found)
    head, *rows = (line.split("\t") for line in capsys.readouterr().out.splitlines())
    assert head == list(idle.COLUMNS)
    assert [row[2] for row in rows] == [one.label for one in OPENED]
    assert {row[6] for row in rows} == {"1.100"}
    pytest.importorskip("matplotlib")
    png = tmp_path / "idle.png"
    wish = read_wish(None, ["--png", str(png)], rounds=1)
    idle.draw(found, wish, Pauses(gaps_s=(PAUSE_S,), keeps_s=(KEEPS, CLOSES)))
    assert png.stat().st_size > 0
