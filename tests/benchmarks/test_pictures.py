"""Pictures: a file with axes and words, where matplotlib is installed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.benchmarks.pictures import bars, filled, line, picture, style
from tests.benchmarks.rounds import Series, Wish

if TYPE_CHECKING:
    from pathlib import Path

ONE = Series.of([1.0, 2.0, 3.0])


def test_styles_differ_without_their_colours() -> None:
    looks = [style(index) for index in range(8)]
    assert len({look.hatch for look in looks}) == 8
    assert len({look.marker for look in looks}) == 8
    assert style(8) == looks[0]


def test_a_picture_is_drawn_into_a_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("matplotlib", reason="NOT DRAWN: the group `bench` has it")
    path = tmp_path / "one.png"
    wish = Wish(quick=True, rounds=1, seed=1, png=path)
    with picture(
        wish, title="It is so", caption="Measured\nhere", panels=3, columns=2
    ) as axes:
        left, right, _ = axes
        bars(left, {"ours": ONE, "theirs": ONE})
        line(right, 0, "ours", [1, 2], [ONE, ONE])
    assert path.read_bytes().startswith(b"\x89PNG")
    assert str(path) in capsys.readouterr().err
    assert [text.get_text() for text in left.get_yticklabels()] == ["ours", "theirs"]
    figure = left.get_figure()
    assert figure is not None
    assert figure.get_suptitle() == "QUICK: It is so"


def test_long_lines_are_broken_where_the_picture_ends() -> None:
    assert filled("one\ntwo three", 12, 1.0) == "one\ntwo three"
    assert filled("a word and another\nshort", 12, 1.0) == "a word and\nanother\nshort"
