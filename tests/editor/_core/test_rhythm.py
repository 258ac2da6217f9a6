"""How long an author's next key is waited for."""

from __future__ import annotations

import pytest

from gitlab_completions.editor import EditorPolicy
from gitlab_completions.editor._core.rhythm import RECENT, UNKNOWN_S, Rhythm

POLICY = EditorPolicy(least_wait_s=0.025, most_wait_s=0.25)


def wait_s(gaps: list[float], policy: EditorPolicy = POLICY) -> float:
    rhythm, now = Rhythm(), 0.0
    rhythm.note(now)
    for gap in gaps:
        now += gap
        rhythm.note(now)
    return rhythm.wait_s(policy)


def test_an_unknown_author_is_taken_for_a_usual_one() -> None:
    assert wait_s([]) == wait_s([0.05] * 3) == UNKNOWN_S


def test_the_wait_is_a_little_longer_than_the_usual_gap() -> None:
    assert 0.1 < wait_s([0.1] * 8) < 0.2


def test_who_pauses_after_each_key_is_hardly_waited_for() -> None:
    assert wait_s([0.6] * 8) == 0.025


@pytest.mark.parametrize("gap", [0.001, 0.01])
def test_no_wait_is_shorter_than_the_shortest(gap: float) -> None:
    assert wait_s([gap] * 8) == 0.025


def test_no_wait_is_longer_than_the_longest() -> None:
    assert wait_s([0.1] * 8, EditorPolicy(least_wait_s=0.01, most_wait_s=0.05)) == 0.01
    # A gap below the longest wait is a rhythm, though the wait in gaps is above it.
    assert wait_s([0.04] * 8, EditorPolicy(least_wait_s=0.01, most_wait_s=0.05)) == 0.05
    assert wait_s([], EditorPolicy(least_wait_s=0.01, most_wait_s=0.05)) == 0.05


def test_pauses_and_slips_move_nothing() -> None:
    steady = wait_s([0.1] * 9)
    slipped = wait_s([0.1, 5.0, 0.1, 0.002, 0.1, 60.0, 0.1, 0.1, 1.9, 0.1, 0.1, 0.1])
    assert slipped == pytest.approx(steady)


def test_what_is_long_ago_is_forgotten() -> None:
    assert wait_s([0.05] * 50 + [0.15] * RECENT) == pytest.approx(wait_s([0.15] * 9))
