"""A small fleet: its runs repeat, lose nothing, and stay within the bounds."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace
from pathlib import Path

import pytest

from gitlab_completions.policy import DetailsPolicy
from tests.benchmarks import fleet
from tests.benchmarks.fleet_model.findings import Together, find
from tests.benchmarks.fleet_model.loads import Load, peak_to_mean, total, windows
from tests.benchmarks.fleet_model.picture import DRAWN
from tests.benchmarks.fleet_model.run import simulate
from tests.benchmarks.fleet_model.scenarios import SCENARIOS, Scenario
from tests.benchmarks.fleet_model.world import Kind, World
from tests.benchmarks.rounds import Wish

BY_NAME = {one.name: one for one in SCENARIOS}
every_scenario = pytest.mark.parametrize(
    "scenario", SCENARIOS, ids=lambda one: one.name
)


def ran(
    scenario: Scenario, clients: int = 40, seed: int = 1, *, short_cuts: bool = True
) -> World:
    return simulate(scenario, clients, seed, _nothing, short_cuts=short_cuts)


def _nothing(what: object) -> None:
    del what


def everything(world: World) -> tuple[object, ...]:
    loads = (world.instance(), world.gateway(), world.calls(), world.direct_answers())
    return world.fetches, world.outcomes, loads


# How requests are counted.


def test_single_requests_and_rates_are_counted_by_the_second() -> None:
    load = Load(4)
    load.add(1.2)
    load.add(4.0)  # after the end
    load.spread(2.0, 0.5, 3.25)
    load.spread(1.0, 3.5, 3.75)
    load.spread(1.0, 3.0, 2.0)
    load.spread(1.0, 3.0, 9.0)
    assert load.per_second() == [1.0, 3.0, 2.0, 1.75]
    assert [load.in_second(at) for at in (-1, 0, 2, 3, 4)] == [0, 1.0, 2.0, 1.75, 0]
    assert sum(total([load, load])) == 2 * sum(load.per_second())


def test_the_fullest_window_is_compared_with_the_mean_one() -> None:
    assert windows([1, 2, 3, 4, 5], 2) == [3, 7]
    assert peak_to_mean([1, 2, 3, 4, 5], 2) == 1.4
    assert peak_to_mean([0, 0], 1) == 0
    even = Together.of([3.0] * 600)
    assert (even.minute, even.ten_s) == (1, 1)
    assert 1.4 < even.chance < 1.6


# Runs.


def test_a_run_repeats_by_its_seed() -> None:
    scenario = BY_NAME["gateway outage, small instance"]
    first, again, other = (ran(scenario, seed=seed) for seed in (1, 1, 2))
    assert everything(first) == everything(again)
    assert everything(first) != everything(other)


@every_scenario
def test_short_cuts_do_what_the_flows_would_have_done(scenario: Scenario) -> None:
    quick, thorough = (ran(scenario, 25, short_cuts=one) for one in (True, False))
    assert everything(quick) == everything(thorough)


@every_scenario
def test_each_fetch_is_answered_and_no_budget_is_exceeded(scenario: Scenario) -> None:
    world = ran(scenario)
    counts: Counter[str] = world.outcomes
    answered = sum(
        count for what, count in counts.items() if what.startswith("fetches answered")
    )
    assert 0 <= counts["fetches asked"] - answered <= world.clients
    assert counts["fetches asked"] == len(world.fetches) == sum(world.fetched())
    by_client: dict[int, list[float]] = defaultdict(list)
    for at, index in world.fetches:
        by_client[index].append(at)
    policy = DetailsPolicy()
    for times in by_client.values():
        assert most_within(times, 300.0) <= policy.fetches_per_5_min
        assert most_within(times, 60.0) <= policy.fetches_per_minute


def most_within(times: list[float], span_s: float) -> int:
    return max(
        sum(at - span_s < one <= at for one in times[: place + 1])
        for place, at in enumerate(times)
    )


@every_scenario
def test_calls_are_answered_by_what_they_were_sent_to(scenario: Scenario) -> None:
    world = ran(scenario)
    completions = sum(world.instance()) - sum(world.fetched())
    sent = completions + sum(world.gateway())
    assert sum(world.direct_answers()) <= sum(world.wishes()) <= sum(world.calls())
    assert sum(world.calls()) <= sent + world.outcomes["calls failed"] + 1
    assert sent <= 2 * sum(world.calls()) + 1


# What must hold.


@every_scenario
def test_nothing_doubles_the_load_that_the_instance_has_without_direct_access(
    scenario: Scenario,
) -> None:
    assert find(ran(scenario, 120)).instance <= 2.0


@pytest.mark.parametrize(
    ("name", "most_s"),
    [
        ("gateway outage", 60),
        ("instance outage", 20),
        ("token service outage", 360),
        ("start in a token outage", 360),
    ],
)
def test_direct_is_back_within_the_longest_rest(name: str, most_s: float) -> None:
    (back_s,) = find(ran(BY_NAME[name], 200)).back_s
    assert back_s <= most_s


def test_clients_that_start_together_do_not_renew_together() -> None:
    world = ran(BY_NAME["common start"], 1000)
    renewals = world.direct_access[Kind.RENEWAL].per_second()[3600:]
    assert peak_to_mean(renewals, 600) < 1.3


def test_a_roll_out_reaches_all_within_a_bar() -> None:
    found = find(ran(BY_NAME["roll-out"], 400))
    assert len(found.back_s) == 5
    assert max(found.back_s) <= 1980 + 60


# The benchmark.


def test_the_first_scenarios_are_drawn(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="NOT DRAWN: the group `bench` has it")
    path = tmp_path / "fleet.png"
    wish = Wish(quick=True, rounds=1, seed=1, png=path)
    runs = [fleet.run(BY_NAME[name], 20, 1, tell=_nothing) for name in DRAWN]
    found = {one.scenario.name: shown for shown, one in runs}
    fleet.picture_of(wish, [one for _, one in runs], found, 20)
    assert path.read_bytes().startswith(b"\x89PNG")


def test_every_scenario_is_a_row(capsys: pytest.CaptureFixture[str]) -> None:
    fleet.main(["--quick", "--clients", "40"])
    out, said = capsys.readouterr()
    head, *rows = [line.split("\t") for line in out.splitlines()]
    assert head == list(fleet.COLUMNS)
    assert [row[0] for row in rows] == list(BY_NAME)
    assert {len(row) for row in rows} == {len(head)}
    assert "a run a row, seed 1; quick" in said
    assert "no figure holds" in said
    assert "minutes\n" not in said


def test_the_title_tells_of_a_peak_that_is_not_drawn() -> None:
    found = {name: find(ran(BY_NAME[name], 5)) for name in DRAWN}
    assert ";" not in fleet.title_of(found, 5)
    peak = replace(found[DRAWN[0]], instance=9.5)
    assert "; 9.50 in: stress" in fleet.title_of({**found, "stress": peak}, 5)


def test_what_is_drawn_is_all_of_the_first_seed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    drawn: list[tuple[list[object], dict[str, object]]] = []
    seen: list[object] = []

    def run(scenario: Scenario, clients: int, seed: int, **_: object) -> object:
        seen.append((scenario.name, seed))
        return (scenario.name, seed), (scenario.name, seed)

    def picture_of(
        wish: Wish, curves: list[object], found: dict[str, object], clients: int
    ) -> None:
        drawn.append((curves, found))

    wish = Wish(quick=True, rounds=2, seed=3, png=Path("fleet.png"))
    monkeypatch.setattr(fleet, "read_wish", lambda *_, **__: wish)
    monkeypatch.setattr(fleet, "run", run)
    monkeypatch.setattr(fleet, "row", lambda *_: ())
    monkeypatch.setattr(fleet, "picture_of", picture_of)
    fleet.main([])
    assert len(seen) == 2 * len(SCENARIOS)
    ((curves, found),) = drawn
    assert curves == [(one.name, 3) for one in SCENARIOS if one.name in DRAWN]
    assert found == {name: (name, 3) for name in BY_NAME}


def test_there_is_at_least_one_client(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        fleet.main(["--quick", "--clients", "0"])
    assert "at least 1" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        fleet.main(["--help"])
    assert "--clients" in capsys.readouterr().out
