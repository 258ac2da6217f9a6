"""The synthetic authors write what they should, each in its way, the same each time."""

from __future__ import annotations

import statistics

import pytest

from gitlab_completions.errors import ConfigurationError
from gitlab_completions.replay.authors import AUTHORS, write
from gitlab_completions.replay.passages import PASSAGES
from gitlab_completions.replay.script import states


@pytest.mark.parametrize("name", AUTHORS)
def test_an_author_writes_each_passage_into_its_place(name: str) -> None:
    scripts = write(name, strokes=4000)
    assert len(scripts) >= len(PASSAGES)
    for passage, script in zip(PASSAGES, scripts, strict=False):
        *_, last = states(script)
        above = passage.head + passage.body
        assert last.text.startswith(above)
        # Words below are mended, which leaves their lengths.
        assert len(last.text) == len(above) + len(passage.tail)
        assert last.text != above + passage.tail


@pytest.mark.parametrize("name", AUTHORS)
def test_a_seed_makes_all_that_is_random(name: str) -> None:
    assert write(name, seed=3, strokes=300) == write(name, seed=3, strokes=300)
    assert write(name, seed=3, strokes=300) != write(name, seed=4, strokes=300)


@pytest.mark.parametrize("strokes", [1, 700, 2500])
def test_an_author_makes_so_many_strokes_in_all(strokes: int) -> None:
    scripts = write("steady", strokes=strokes)
    assert sum(len(each.strokes) for each in scripts) == strokes


def test_who_is_no_author_is_told_who_is_one() -> None:
    with pytest.raises(ConfigurationError, match="one of steady, bursty, hunt-and"):
        write("nobody")
    with pytest.raises(ConfigurationError, match="at least 1"):
        write("steady", strokes=0)


@pytest.mark.parametrize(("name", "gap_s"), [(n, h.gap_s) for n, h in AUTHORS.items()])
def test_gaps_are_about_the_authors_own_with_longer_pauses_between(
    name: str, gap_s: float
) -> None:
    gaps_s = [stroke.gap_s for each in write(name) for stroke in each.strokes]
    assert statistics.median(gaps_s) == pytest.approx(gap_s, rel=0.15)
    assert max(gaps_s) > 8 * gap_s


def test_authors_mistype_step_back_and_leave_the_line() -> None:
    strokes = [stroke for each in write("bursty") for stroke in each.strokes]
    assert any(stroke.removed for stroke in strokes)
    moves = [stroke for stroke in strokes if not stroke.asks]
    assert len(moves) > 10
