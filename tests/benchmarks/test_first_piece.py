"""Each piece is measured, of each stream and by everybody; figures are for people."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from tests.benchmarks import first_piece
from tests.benchmarks.first_piece import Batch, Taken, measure
from tests.benchmarks.rounds import Series, read_wish
from tests.benchmarks.stream_server import PIECES, streaming

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.real_time
async def test_everybody_gets_every_piece_of_every_stream() -> None:
    wish = read_wish(None, ["--rounds", "2"], rounds=1)
    with streaming() as server:
        taken = await measure(wish, server, batch=2)  # which counts the pieces
    assert len(taken) == 6
    for one in taken.values():
        assert len(one.first.values) == len(one.each.values) == wish.rounds
        assert min(*one.first.values, *one.each.values) > 0  # one clock for both


def test_a_piece_tells_when_it_was_sent() -> None:
    batch = Batch([], [])
    sent = time.monotonic_ns() - 5_000_000
    for is_first in (True, False):
        first_piece.note(batch, f"{sent} ", is_first=is_first)
    assert len(batch.first_us) == 1
    assert batch.each_us[1] >= batch.each_us[0] == batch.first_us[0] >= 5000


def test_pieces_that_are_missing_are_noticed() -> None:
    first_piece.check_counts(Batch([1.0], [1.0] * PIECES), 1)
    with pytest.raises(RuntimeError, match="pieces came"):
        first_piece.check_counts(Batch([1.0], [1.0] * (PIECES - 1)), 1)


def test_the_table_and_the_picture_tell_of_each(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    fast, slow = Series((400.0, 500.0)), Series((900.0, 9000.0))
    taken = {
        first_piece.BARE: Taken(fast, fast),
        first_piece.OURS: Taken(slow, fast),
    }
    first_piece.report(taken)
    head, *rows = (line.split("\t") for line in capsys.readouterr().out.splitlines())
    assert head == list(first_piece.COLUMNS)
    assert [row[0] for row in rows] == list(taken)
    assert [row[-1] for row in rows] == ["yes", "NO"]
    assert rows[1][4] == "4500"
    pytest.importorskip("matplotlib")
    png = tmp_path / "first.png"
    first_piece.draw(taken, read_wish(None, ["--png", str(png)], rounds=2))
    assert png.stat().st_size > 0
