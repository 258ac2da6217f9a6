"""Pictures: a file with axes and words, where matplotlib is installed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.benchmarks.pictures import bars, line, picture, style
from tests.benchmarks.rounds import Series

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
    with picture(path, title="It is so", caption="Measured\nhere", panels=2) as axes:
        left, right = axes
        bars(left, {"ours": ONE, "theirs": ONE})
        line(right, 0, "ours", [1, 2], [ONE, ONE])
    assert path.read_bytes().startswith(b"\x89PNG")
    assert str(path) in capsys.readouterr().err
    assert [text.get_text() for text in left.get_yticklabels()] == ["ours", "theirs"]
