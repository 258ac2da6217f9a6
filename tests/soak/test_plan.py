"""A plan is what its seed says, and leaves room for what must be known of it."""

from __future__ import annotations

from itertools import pairwise

import pytest

from tests.soak.faults import BARRING, HOST, KILLS, NEW_KEYS, PASSING, Deed, Part
from tests.soak.plan import make_plan

SECONDS = [20.0, 600.0]


@pytest.mark.parametrize("seconds", SECONDS)
def test_a_seed_makes_one_plan(seconds: float) -> None:
    assert make_plan(7, seconds) == make_plan(7, seconds)
    assert make_plan(7, seconds) != make_plan(8, seconds)
    assert str(make_plan(7, seconds)) == str(make_plan(7, seconds))


@pytest.mark.parametrize("seconds", SECONDS)
@pytest.mark.parametrize("seed", range(20))
def test_a_lane_has_one_fault_at_a_time(seed: int, seconds: float) -> None:
    plan = make_plan(seed, seconds)
    for part in Part:
        episodes = plan.lane(part)
        assert all(one.start_s < one.end_s for one in episodes)
        assert all(one.end_s <= two.start_s for one, two in pairwise(episodes))


@pytest.mark.parametrize("seconds", SECONDS)
@pytest.mark.parametrize("seed", range(20))
def test_no_server_fails_while_the_machine_sleeps(seed: int, seconds: float) -> None:
    plan = make_plan(seed, seconds)
    assert len(plan.suspends) >= 2
    for lane in HOST:
        for episode in plan.lane(lane):
            span_s = episode.start_s, episode.end_s
            assert not any(span_s[0] <= one.at_s <= span_s[1] for one in plan.suspends)


@pytest.mark.parametrize("seconds", SECONDS)
@pytest.mark.parametrize("seed", range(20))
def test_the_end_is_quiet_and_begins_with_a_suspend(seed: int, seconds: float) -> None:
    plan = make_plan(seed, seconds)
    quiet_from_s = seconds - plan.quiet_s
    assert all(one.end_s <= quiet_from_s for one in plan.episodes)
    assert plan.suspends[-1].at_s == pytest.approx(quiet_from_s)


@pytest.mark.parametrize("seconds", SECONDS)
def test_both_servers_are_killed_even_in_a_short_soak(seconds: float) -> None:
    plan = make_plan(1, seconds)
    killed = {one.fault.lane for one in plan.episodes if one.fault.deed is Deed.KILL}
    assert killed == set(KILLS)


def test_a_long_soak_has_every_fault() -> None:
    seen = {
        one.fault.name for seed in range(6) for one in make_plan(seed, 600).episodes
    }
    expected = {one.name for lane in PASSING.values() for one in lane}
    expected |= {one.name for lane in BARRING.values() for one in lane}
    assert seen == expected | {"kill", NEW_KEYS.name}


def test_faults_overlap_so_that_at_times_no_route_can_answer() -> None:
    plan = make_plan(1, 600)
    broken = [
        (gateway, instance)
        for gateway in plan.lane(Part.GATEWAY)
        for instance in plan.lane(Part.INSTANCE)
        if gateway.start_s < instance.end_s and instance.start_s < gateway.end_s
    ]
    assert broken
