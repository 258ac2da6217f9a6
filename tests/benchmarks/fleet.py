"""Run a hundred thousand clients on one instance and one gateway, and count who asks.

Each client is the library's own core: its freshness, circuits and flows, told the time
by one heap of events. Roll-out of the flag, outages of the gateway, of the instance and
of direct access alone; what an overloaded instance answers; a start of all within a
minute. One row for each run on stdout, progress and units on stderr. Stresses run a
twentieth of the clients. Rounds are seeds.

    python -m tests.benchmarks.fleet [--quick] [--clients N] [--rounds N] [--seed N]
        [--png FILE]
"""

from __future__ import annotations

import argparse
import math
import time
from typing import TYPE_CHECKING

from tests.benchmarks.fleet_model.findings import Findings, Together, find
from tests.benchmarks.fleet_model.picture import DRAWN, Curves, draw
from tests.benchmarks.fleet_model.run import simulate
from tests.benchmarks.fleet_model.scenarios import SCENARIOS, Scenario
from tests.benchmarks.fleet_model.world import (
    CALLS_PER_MINUTE,
    PAUSES_S,
    TYPES_S,
)
from tests.benchmarks.rounds import (
    caveat,
    count,
    machine,
    number_of,
    print_row,
    read_wish,
    say,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.benchmarks.rounds import Wish

CLIENTS, QUICK_CLIENTS = 100_000, 1_000
COLUMNS = (
    "scenario",
    "clients",
    "seed",
    "instance_peak",
    "direct_access_peak",
    "gateway_peak",
    "instance_peak_of_steady",
    "renewals_1min",
    "renewals_10s",
    "waves_1min",
    "waves_10s",
    "waves_10s_by_chance",
    "rechecks_1min",
    "rechecks_10s",
    "probes_1min",
    "probes_10s",
    "back_99_s",
    "failed_calls",
)
UNITS = (
    "*_peak: requests in the fullest 10 s, of the calls of 10 s: what the instance "
    "would get with direct access off (_of_steady: of its own mean before); all "
    "requests weigh the same\n"
    "*_1min, *_10s: the fullest minute or 10 s against the mean one; renewals: before, "
    "waves: from 6 minutes after the outage on, or from the details' second life on\n"
    "back_99_s: seconds until calls go direct again, as many as before but for 1 %; "
    "failed_calls: share that no route answered\n"
    f"assumed: {CALLS_PER_MINUTE:.0f} calls a minute while an author types, "
    f"{TYPES_S / 60:.0f} minutes of typing, {PAUSES_S / 60:.0f} of pause on average "
    "(busy: no pause), tokens of 3600 s"
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run all scenarios, print what they show, and draw the first ones."""
    knobs = argparse.ArgumentParser(add_help=False)
    usual = f"{CLIENTS}; quick: {QUICK_CLIENTS}"
    knobs.add_argument("--clients", type=count, help=usual)
    knob, rest = knobs.parse_known_args(arguments)
    wish = read_wish(__doc__, rest, rounds=1, quick_rounds=1, parents=[knobs])
    clients: int = knob.clients or (QUICK_CLIENTS if wish.quick else CLIENTS)
    say(UNITS)
    last = wish.seed + wish.rounds - 1
    seeds = f"seed {last}" if wish.rounds == 1 else f"seeds {wish.seed} to {last}"
    say(f"a run a row, {seeds}{caveat(wish)}; {machine()}")
    print_row(*COLUMNS)
    curves: list[Curves] = []
    found: dict[str, Findings] = {}
    for seed in range(wish.seed, wish.seed + wish.rounds):
        for scenario in SCENARIOS:
            fleet = max(1, clients // 20) if scenario.stress else clients
            shown, drawn = run(
                scenario, fleet, seed, tell=_nothing if wish.quick else say
            )
            print_row(*row(scenario, fleet, seed, shown))
            if seed == wish.seed:
                found[scenario.name] = shown
            if seed == wish.seed and scenario.name in DRAWN:
                curves.append(drawn)
    if wish.png is not None:
        picture_of(wish, curves, found, clients)


def _nothing(text: str) -> None:
    del text


def run(
    scenario: Scenario, clients: int, seed: int, *, tell: Callable[[str], object]
) -> tuple[Findings, Curves]:
    """Run one scenario, and tell how far it has come."""
    name = scenario.name

    def tell_how_far(at: float) -> None:
        tell(f"  {name}: {at / 60:.0f} of {scenario.seconds / 60:.0f} minutes")

    tell(f"{name}: {scenario.title}; {number_of(clients, 'client')}")
    began = time.process_time()
    world = simulate(scenario, clients, seed, tell_how_far)
    took_s = time.process_time() - began
    counts = (f"{what}: {count:g}" for what, count in sorted(world.outcomes.items()))
    tell(f"  {name}: {took_s:.0f} s of CPU; {', '.join(counts)}")
    return find(world), Curves.of(world)


def row(
    scenario: Scenario, clients: int, seed: int, found: Findings
) -> tuple[object, ...]:
    """Return a run's row of the table."""
    peaks = (
        found.instance,
        found.direct_access,
        found.gateway,
        found.instance_of_steady,
    )
    back = ",".join(
        "never" if math.isinf(one) else f"{one:.0f}" for one in found.back_s
    )
    return (
        scenario.name,
        clients,
        seed,
        *(f"{peak:.3f}" for peak in peaks),
        *_pair(found.renewals),
        *_pair(found.waves),
        _cell(found.waves.chance),
        *_pair(found.rechecks),
        *_pair(found.probes),
        back,
        f"{found.failed:.4f}",
    )


def _pair(together: Together) -> tuple[str, str]:
    return _cell(together.minute), _cell(together.ten_s)


def _cell(ratio: float) -> str:
    return "-" if math.isnan(ratio) else f"{ratio:.2f}"


def picture_of(
    wish: Wish,
    curves: Sequence[Curves],
    found: dict[str, Findings],
    clients: int,
) -> None:
    """Draw the load on the services, and say what it shows."""
    shown = {one.scenario.name: found[one.scenario.name] for one in curves}
    waves = max(shown[name].waves.minute for name in DRAWN if name != "roll-out")
    backs = "; ".join(f"{name}: {shown[name].back_s[-1]:.0f} s" for name in DRAWN[2:])
    caption = (
        f"Shaded: outage. Dotted: the flag is on for so many users. Renewals of the "
        f"fullest minute after it all: {waves:.2f} of the mean one (limit 1.3). "
        f"Direct is back for 99 % after {backs}.\n"
        f"The library's own core in virtual time, one mean per minute; "
        f"{CALLS_PER_MINUTE:.0f} calls a minute while typing, a third of the clients "
        f"types at a time (at the common start: all). Seed {wish.seed}."
    )
    draw(wish, curves, title_of(found, clients), caption)


def title_of(found: dict[str, Findings], clients: int) -> str:
    """Say what the instance gets at most, in whatever scenario that is."""
    drawn = max(found[name].instance for name in DRAWN)
    most = max(found, key=lambda name: found[name].instance)
    beyond = "" if most in DRAWN else f"; {found[most].instance:.2f} in: {most}"
    return (
        f"{clients} clients on one instance and one gateway: in these {len(DRAWN)} "
        f"scenarios the instance gets at most {drawn:.2f} of what it would get without "
        f"direct access{beyond} (limit 2, dashed)"
    )


if __name__ == "__main__":
    main()
