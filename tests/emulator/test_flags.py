"""Flags are evaluated as GitLab does it, by the release that they are of."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from gitlab_completions.emulator.flags import Flags, bucket_of
from gitlab_completions.emulator.profiles import PROFILES

ALICE, BOB = "User:42", "User:43"
SWITCH = "ai_duo_code_suggestions_switch"
V4 = "code_completion_v4_endpoint"
DIRECT = "code_suggestions_direct_completions"


def flags(profile: str = "19.1", *, rolls: float = 0.5) -> Flags:
    return Flags(PROFILES[profile], roll=lambda: rolls)


@pytest.mark.parametrize(
    ("name", "actor", "bucket"),
    [
        ("demo_flag", ALICE, 81725),
        ("demo_flag", BOB, 35339),
        ("other_flag", ALICE, 57550),
    ],
)
def test_buckets_are_gitlab_s_own(name: str, actor: str, bucket: int) -> None:
    assert bucket_of(name, actor) == bucket


@pytest.mark.parametrize(
    ("percent", "on"), [(0.0, False), (81.725, False), (81.726, True), (100.0, True)]
)
def test_a_share_of_actors_goes_in_steps_of_a_thousandth(
    percent: float, *, on: bool
) -> None:
    known = flags()
    known.admit_share("demo_flag", percent)
    assert known.is_on("demo_flag", ALICE) is on
    assert not known.is_on("demo_flag", None)


@pytest.mark.parametrize(("rolls", "on"), [(0.0, True), (0.29, True), (0.3, False)])
def test_a_share_of_time_is_rolled_for(rolls: float, *, on: bool) -> None:
    known = flags(rolls=rolls)
    known.admit_share(V4, 30, of_time=True)
    assert known.is_on(V4, None) is on
    assert known.is_on(V4, ALICE) is on


@pytest.mark.parametrize("percent", [-1.0, 100.1, float("nan")])
def test_a_share_is_a_percentage(percent: float) -> None:
    with pytest.raises(ValueError, match="from 0 to 100"):
        flags().admit_share(V4, percent)


def test_an_unset_flag_has_its_default() -> None:
    assert flags().is_on(SWITCH, None)
    assert not flags().is_on(V4, ALICE)
    assert not flags().is_on("no_such_flag", ALICE)


def test_a_set_flag_has_its_gates_and_no_default() -> None:
    known = flags()
    known.admit_actors(SWITCH, [BOB])
    assert not known.is_on(SWITCH, ALICE)
    assert known.is_on(SWITCH, BOB)
    known.forget(SWITCH)
    assert known.is_on(SWITCH, ALICE)


def test_the_boolean_gate_is_for_everyone() -> None:
    known = flags()
    known.admit_actors(V4, [BOB])
    known.enable(V4)
    assert known.is_on(V4, None)
    assert known.gates[V4].actors == set()
    known.disable(V4)
    assert not known.is_on(V4, BOB)


def test_actors_are_dismissed_one_by_one() -> None:
    known = flags()
    known.admit_actors(V4, [ALICE, BOB])
    known.dismiss_actors(V4, [ALICE])
    assert (known.is_on(V4, ALICE), known.is_on(V4, BOB)) == (False, True)


@given(percent=st.floats(0, 100))
def test_who_opted_out_is_out_whatever_gate_is_open(percent: float) -> None:
    known = flags()
    known.admit_share(V4, percent)
    known.admit_actors(V4, [f"{ALICE}:opt_out", ALICE, BOB])
    assert not known.is_on(V4, ALICE)
    assert known.is_on(V4, BOB)
    known.gates[V4].boolean = True
    assert not known.is_on(V4, ALICE)


@pytest.mark.parametrize("of_time", [False, True])
def test_what_is_on_for_all_gets_no_share(*, of_time: bool) -> None:
    known = flags("17.1")
    with pytest.raises(ValueError, match="for a fully-enabled flag"):
        known.admit_share(DIRECT, 50, of_time=of_time)
    assert known.is_on(DIRECT, ALICE)
    known.disable(DIRECT)
    known.admit_share(DIRECT, 50, of_time=of_time)
    assert known.gates[DIRECT].state == "conditional"


@pytest.mark.parametrize(
    ("profile", "name", "there"),
    [
        ("17.0", "code_suggestions_direct_completions", True),
        ("17.1", "code_suggestions_direct_completions", True),
        ("17.2", "code_suggestions_direct_completions", False),
        ("17.0", "code_suggestions_context", False),
        ("17.4", "code_suggestions_context", True),
        ("18.9", "code_suggestions_context", False),
        ("19.0", V4, False),
        ("19.1", V4, True),
        ("19.3", "code_suggestions_direct_access_cloud_connected", True),
        ("19.5", "code_suggestions_direct_access_cloud_connected", False),
    ],
)
def test_flags_come_and_go_with_releases(
    profile: str, name: str, *, there: bool
) -> None:
    assert (name in flags(profile).definitions) is there


def test_a_profile_has_its_flags_on() -> None:
    assert flags("19.5").is_on(V4, None)
    assert not flags("19.3").is_on(V4, None)
    assert flags("17.1").is_on("code_suggestions_direct_completions", ALICE)
    assert not flags("17.1-flag-off").is_on("code_suggestions_direct_completions", BOB)


def test_the_state_is_on_off_or_conditional() -> None:
    known = flags()
    known.disable(V4)
    assert known.gates[V4].state == "off"
    known.admit_share(V4, 5)
    assert known.gates[V4].state == "conditional"
    known.admit_share(V4, 100, of_time=True)
    assert known.gates[V4].state == "on"
    known.enable(V4)
    assert known.gates[V4].state == "on"
