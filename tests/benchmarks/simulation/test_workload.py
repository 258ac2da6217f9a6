"""Sessions: drawn from their seed alone, with the latencies that are claimed."""

from __future__ import annotations

import pytest

from tests.benchmarks.simulation.tally import percentile
from tests.benchmarks.simulation.workload import (
    EPISODE_S,
    PERIOD_S,
    Session,
    sessions,
)


def test_a_seed_draws_the_same_session_again_and_another_another() -> None:
    one, again, other = Session("1/0"), Session("1/0"), Session("2/0")
    assert one.starts == again.starts
    assert one.direct_s == again.direct_s
    assert one.phase_s == again.phase_s
    assert one.starts != other.starts


def test_latencies_and_pauses_are_what_the_model_says() -> None:
    drawn = sessions(1, 10)
    direct_s = sorted(took for session in drawn for took in session.direct_s)
    assert percentile(direct_s, 0.5) == pytest.approx(0.25, rel=0.05)
    assert percentile(direct_s, 0.99) == pytest.approx(0.9, rel=0.1)
    pauses = sorted(
        after - before
        for session in drawn
        for before, after in zip(session.starts, session.starts[1:], strict=False)
    )
    assert percentile(pauses, 0.5) == pytest.approx(0.8, rel=0.05)
    assert percentile(pauses, 0.9) == pytest.approx(3.0, rel=0.1)


def test_episodes_come_once_in_a_period() -> None:
    session = Session("1/0")
    began = session.phase_s
    assert session.episode(began) == pytest.approx(began)
    assert session.episode(began + EPISODE_S - 0.1) == pytest.approx(began)
    assert session.episode(began + EPISODE_S + 0.1) is None
    later = began + 3 * PERIOD_S
    assert session.episode(later + 1) == pytest.approx(later)


def test_the_first_episode_may_be_under_way_when_the_session_begins() -> None:
    session = Session("1/0")
    for phase_s, ends_at in ((0.0, 30.0), (100.0, 130.0), (160.0, 10.0)):
        session.phase_s = phase_s
        assert session.first_ends_at == ends_at
        assert session.episode(ends_at - 0.1) is not None
        assert session.episode(ends_at + 0.1) is None
