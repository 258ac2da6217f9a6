"""What a run shows: how high the load rises, how much clients act together, how soon
direct is back."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.benchmarks.fleet_model.loads import peak_to_mean, windows
from tests.benchmarks.fleet_model.scenarios import MINUTE_S, STEADY_S, STEP_S
from tests.benchmarks.fleet_model.world import Kind

if TYPE_CHECKING:
    from tests.benchmarks.fleet_model.scenarios import Scenario
    from tests.benchmarks.fleet_model.world import World

WIDTH_S = 10
"""Of the windows in which a load's peak is looked for."""
BACK = 0.99
WAVES_AFTER_S = 6 * MINUTE_S
"""Until then all have asked again: the longest wait after failures is 5 minutes."""
LIFETIME_S = 3600


@dataclass(frozen=True, slots=True)
class Together:
    """How much more clients ask in the fullest minute, or 10 s, than in the mean one.

    `chance` is what independent clients would show in 10 s, by their number alone.
    """

    minute: float
    ten_s: float
    chance: float

    @classmethod
    def of(cls, per_second: list[float]) -> Together:
        """Measure requests, given second by second."""
        minute, ten_s = peak_to_mean(per_second, 60), peak_to_mean(per_second, 10)
        asked, count = sum(per_second), len(per_second) // 10
        if asked == 0:
            return cls(math.nan, math.nan, math.nan)
        chance = 1.0 + math.sqrt(2 * math.log(max(2, count)) * count / asked)
        return cls(minute, ten_s, chance)


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What a run shows.

    Loads are peaks of 10 s, as shares of the calls: of what the instance would be asked
    with direct access off.

    Attributes:
        instance: All that the instance is asked.
        direct_access: What it is asked for direct access alone.
        gateway: What the gateway is asked.
        instance_of_steady: The instance's peak against its mean before.
        renewals: How much renewals come together, when all is as usual before.
        waves: The same after the outage, or after the first life of the details.
        rechecks: How much re-checks of bars come together.
        probes: How much probes of the gateway come together in its outage.
        back_s: Seconds until the calls of clients with the flag go direct again, but
            for one in a hundred more than before; one figure for each turn.
        failed: Share of calls that no route answered.
    """

    instance: float
    direct_access: float
    gateway: float
    instance_of_steady: float
    renewals: Together
    waves: Together
    rechecks: Together
    probes: Together
    back_s: tuple[float, ...]
    failed: float


def find(world: World) -> Findings:
    """Return what a run shows."""
    scenario, off = world.scenario, world.calls_with_direct_off
    began, ended = _outage(scenario)
    steady = slice(max(0, began - 1800), began) if began else slice(ended, None)
    instance, gateway = world.instance(), world.gateway()
    renewals = world.direct_access[Kind.RENEWAL].per_second()
    down = gateway[began + 60 : ended] if not_reached(scenario) else []
    usual = sum(instance[steady]) / max(1, len(instance[steady]))
    failed = world.outcomes["calls failed"] / max(1.0, sum(world.calls()))
    from_s = 0 if scenario.start_within_s <= MINUTE_S else max(0, began - 1800)
    from_s *= bool(scenario.outages)  # a roll-out is all of it
    return Findings(
        instance=_peak(instance[from_s:]) / off,
        direct_access=_peak(world.fetched()[from_s:]) / off,
        gateway=_peak(gateway[from_s:]) / off,
        instance_of_steady=_peak(instance[from_s:]) / usual,
        renewals=Together.of(renewals[steady]),
        waves=Together.of(renewals[_waves_from(scenario) :]),
        rechecks=Together.of(_rechecks(world)),
        probes=Together.of(down),
        back_s=tuple(_back_s(world, turn) for turn in turns(scenario)),
        failed=failed,
    )


def turns(scenario: Scenario) -> list[int]:
    """Return the moments from which on direct should be back."""
    ends = [int(one.end_s) for one in scenario.outages]
    steps = [int(at) for at, share in scenario.flag if share and at]
    return ends or steps or [int(scenario.start_within_s)]


def not_reached(scenario: Scenario) -> bool:
    """Tell whether the gateway is not to be reached for a while."""
    return any("gateway" in one.parts for one in scenario.outages)


def _outage(scenario: Scenario) -> tuple[int, int]:
    """Return when what happens begins and ends; a start is none."""
    if scenario.outages:
        one = scenario.outages[0]
        return int(one.start_s), int(one.end_s)
    last = int(scenario.flag[-1][0])
    return (0, LIFETIME_S) if last == 0 else (last, last)


def _waves_from(scenario: Scenario) -> int:
    if scenario.start_within_s <= MINUTE_S:
        return LIFETIME_S + _outage(scenario)[1] * bool(scenario.outages)
    return int(_outage(scenario)[1] + WAVES_AFTER_S)


def _peak(per_second: list[float]) -> float:
    return max(windows(per_second, WIDTH_S)) / WIDTH_S


def _rechecks(world: World) -> list[float]:
    """Return the re-checks while no more than a quarter of the clients has the flag."""
    flag = world.scenario.flag
    asked = world.direct_access[Kind.RECHECK].per_second()
    return asked[int(STEP_S) : int(flag[3][0])] if len(flag) > 3 else []


def _back_s(world: World, turn: int) -> float:
    """Return the seconds until direct serves as many calls as it usually does."""
    direct, wishes = world.direct_answers(), world.wishes()
    stops = [int(at) for at in world.scenario.changes() if at > turn]
    end = min(stops, default=len(direct))
    began = int(STEADY_S) if world.scenario.outages else 0
    usual = slice(began - 1800, began) if began and turn > began else slice(-1200, None)
    target = BACK * sum(direct[usual]) / sum(wishes[usual])
    width = WIDTH_S if world.scenario.outages else 60
    served = windows(direct[turn:end], width)
    wished = windows(wishes[turn:end], width)
    for place, (one, all_) in enumerate(zip(served, wished, strict=True)):
        if all_ and one / all_ >= target:
            return float(width * (place + 1))
    return math.inf
