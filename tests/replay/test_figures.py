"""Tallies in, figures out."""

from __future__ import annotations

import pytest

from gitlab_completions.replay.figures import Tally, compare

OURS = Tally(
    asked=100,
    waits_s=[0.0, 0.0, 0.1, 0.2, 0.3],
    stayed=40,
    accepted=2,
    accepted_characters=30,
    requests=10,
    elapsed_s=60.0,
)
REFERENCE = Tally(
    asked=120,
    waits_s=[0.5, 0.5, 0.6],
    accepted=1,
    requests=10,
    repeated=3,
    stale=2,
    elapsed_s=30.0,
)


def test_what_came_at_once_is_counted_and_not_waited_for() -> None:
    ours = compare("somebody", [OURS], [REFERENCE]).ours
    assert (ours.shown, ours.at_once, ours.p50_s, ours.p90_s) == (5, 2, 0.2, 0.3)


def test_figures_are_of_all_tallies_together() -> None:
    both = compare("all", [OURS, OURS], [REFERENCE]).ours
    assert (both.strokes, both.requests, both.accepted, both.shown) == (200, 20, 4, 10)
    assert (both.requests_per_accepted, both.requests_a_minute) == (5.0, 10.0)
    assert both.accepted_share == 0.4


def test_aims_are_met_or_missed_by_ratios() -> None:
    compared = compare("somebody", [OURS], [REFERENCE])
    assert [aim.name for aim in compared.aims] == ["p50", "requests", "stale"]
    assert [aim.value for aim in compared.aims] == pytest.approx([0.4, 0.5, 0.0])
    assert all(aim.is_met for aim in compared.aims)
    turned = compare("somebody", [REFERENCE], [OURS])
    assert not any(aim.is_met for aim in turned.aims)


def test_where_nothing_was_shown_or_taken_there_is_nothing_to_compare() -> None:
    empty = compare("nobody", [Tally()], [Tally()])
    assert empty.ours.p50_s is None
    assert empty.ours.requests_per_accepted is None
    assert [aim.is_met for aim in empty.aims] == [False, False, True]
