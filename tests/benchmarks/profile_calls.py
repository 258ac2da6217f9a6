"""Profile the hot path: where a call's CPU goes, by part and by function.

One call of 20 KB at a time, over TLS on loopback, direct. cProfile counts each function
call, so its counts are exact, and its times, which the counting inflates, are good for
shares alone: the table has the parts' and the dearest functions'. pyinstrument looks at
the stack twice in a millisecond and slows nothing down: its tree goes to stderr, and
with `--html FILE` into a page to click through.

    python -m tests.benchmarks.profile_calls [--quick] [--rounds N] [--png FILE]
        [--html FILE]
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import pstats
import re
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, cast

from tests.benchmarks.callers import ours, target_of
from tests.benchmarks.pictures import bars, picture
from tests.benchmarks.rounds import (
    Series,
    Wish,
    machine,
    number_of,
    print_row,
    read_wish,
    say,
    say_origin,
)
from tests.benchmarks.server import served

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pyinstrument import Profiler

    from tests.benchmarks.callers import Call

    Counts = dict[tuple[str, int, str], tuple[int, int, float, float, object]]

ROUNDS = 5
CALLS, QUICK_CALLS = 400, 8
TEXT = "    total += line.price * line.count  # what it comes to\n" * 360
"""20 KB of code above the cursor."""
MOST_FUNCTIONS = 30
INTERVAL_S = 0.0005
PACKAGES = ("httpx", "httpcore", "h11", "orjson", "pyinstrument")

PARTS = (
    *(f"gitlab_completions/{name}" for name in ("_core", "_wire", "_shell")),
    *("gitlab_completions/_transport", "gitlab_completions"),
    *("httpx", "httpcore", "h11", "anyio", "asyncio", "json"),
)
"""A function belongs to the first part that its path holds, else to the rest."""
AROUND = re.compile(r".*/(?:site-packages|python3\.\d+|tests)/")
"""What a path begins with that says nothing: a checkout may be called like the package,
and have an environment's libraries, and these benchmarks, inside."""
REST = "the rest (C functions, the standard library)"


class Cost(NamedTuple):
    """What a part or a function takes of a call.

    Args:
        calls: How often it is called.
        own_us: Microseconds in it itself, inflated by cProfile.
    """

    calls: float
    own_us: float


Profile = dict[str, Cost]
"""The cost of each function, by file, line and name."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Profile, and report."""
    own = argparse.ArgumentParser(add_help=False)
    own.add_argument("--html", type=Path, help="write the tree into this page")
    known, others = own.parse_known_args(arguments)
    wish = read_wish(__doc__, others, rounds=ROUNDS, parents=[own])
    say_origin("own us and function calls of a call, by cProfile", wish, *PACKAGES)
    profiles, samples = asyncio.run(profile(wish))
    report(profiles)
    if samples is None:
        say("NO TREE: pyinstrument is not installed here; the group `bench` has it")
    else:
        show(samples, cast("Path | None", known.html))
    if wish.png is not None:
        draw(profiles, wish)


def show(samples: Profiler, page: Path | None) -> None:
    """Say where the time was seen to go, and write it into a page."""
    say(samples.output_text(unicode=True, show_all=True))
    if page is not None:
        page.write_text(samples.output_html(), encoding="utf-8")
        say(f"page: {page}")


async def profile(wish: Wish) -> tuple[list[Profile], Profiler | None]:
    """Return what each function takes of a call, round by round; and samples."""
    calls = QUICK_CALLS if wish.quick else CALLS
    with served(keep_alive_s=3600.0) as server:
        target = await target_of(server.instance_url, server.ca_pem, server.context())
        async with ours(target) as call:
            await make(call, calls)  # what happens once is no part of the hot path
            server.reset()
            profiles = [await count(call, calls) for _ in range(wish.rounds)]
            there = find_spec("pyinstrument") is not None
            samples = await sample(call, calls * wish.rounds) if there else None
            say(f"at the gateway: {server.counts()['gateway']}")
    return profiles, samples


async def make(call: Call, calls: int) -> None:
    """Make calls, one at a time, each with another text."""
    for number in range(calls):
        await call(f"{TEXT}x = {number}")


async def count(call: Call, calls: int) -> Profile:
    """Return what cProfile counts of so many calls."""
    counter = cProfile.Profile()
    counter.enable()
    try:
        await make(call, calls)
    finally:
        counter.disable()
    found = cast("Counts", vars(pstats.Stats(counter))["stats"])
    return {
        f"{file}:{line} {name}": Cost(count / calls, own_s / calls * 1e6)
        for (file, line, name), (_, count, own_s, *_) in found.items()
    }


async def sample(call: Call, calls: int) -> Profiler:
    """Return pyinstrument's samples of so many calls."""
    from pyinstrument import Profiler  # noqa: PLC0415 - the group `bench` has it

    profiler = Profiler(interval=INTERVAL_S, async_mode="disabled")
    with profiler:
        await make(call, calls)
    return profiler


def part_of(function: str) -> str:
    """Return the part that a function belongs to."""
    path = AROUND.sub("/", function.replace("\\", "/"))
    return next((part for part in PARTS if f"/{part}/" in path), REST)


def by_part(found: Profile) -> Profile:
    """Add up the functions of each part, the dearest part first."""
    sums: Profile = {}
    for function, cost in found.items():
        part = part_of(function)
        sum_ = sums.get(part, Cost(0.0, 0.0))
        sums[part] = Cost(sum_.calls + cost.calls, sum_.own_us + cost.own_us)
    return dict(sorted(sums.items(), key=lambda item: -item[1].own_us))


def report(profiles: Sequence[Profile]) -> None:
    """Print the parts, then the dearest functions."""
    print_row("of", "what", "calls", "own_us", "min", "max", "share")
    _print_costs("part", [by_part(one) for one in profiles])
    _print_costs("function", profiles)


def _print_costs(kind: str, profiles: Sequence[Profile]) -> None:
    whole = Series.of(sum(cost.own_us for cost in one.values()) for one in profiles)
    dearest = sorted(_names(profiles), key=lambda name: -own(profiles, name).median)
    for name in dearest[:MOST_FUNCTIONS]:
        times = own(profiles, name)
        calls = Series.of(one[name].calls for one in profiles if name in one)
        share = times.over(whole).median
        print_row(kind, name, f"{calls.median:.1f}", *times.cells(), f"{share:.3f}")


def _names(profiles: Iterable[Profile]) -> set[str]:
    return {name for one in profiles for name in one}


def own(profiles: Iterable[Profile], name: str) -> Series:
    """Return the microseconds of a call in one part or function, round by round."""
    return Series.of(one.get(name, Cost(0.0, 0.0)).own_us for one in profiles)


def shares_of(parts: Sequence[Profile]) -> dict[str, Series]:
    """Return what each part takes of a call, the dearest by its median first."""
    whole = Series.of(sum(cost.own_us for cost in one.values()) for one in parts)
    shares = {name: own(parts, name).over(whole) for name in _names(parts)}
    return dict(sorted(shares.items(), key=lambda item: -item[1].median))


def draw(profiles: Sequence[Profile], wish: Wish) -> None:
    """Draw the parts' shares."""
    parts = [by_part(one) for one in profiles]
    shares = shares_of(parts)
    ours_ = sum(one.median for name, one in shares.items() if "gitlab" in name)
    with picture(
        wish,
        title=f"Of a call's CPU {ours_:.0%} is the library's own; "
        f"the most, {next(iter(shares.values())).median:.0%}, is in: "
        f"{next(iter(shares))}",
        caption="Time in the functions of each part themselves, as shares of a call of "
        "20 KB over TLS on loopback, one at a time, counted by cProfile,\nwhich makes "
        "small functions look dearer; bar: median of "
        f"{number_of(wish.rounds, 'round')}, line: "
        f"least and greatest\n{machine(*PACKAGES)}",
    ) as (axes,):
        bars(axes, shares)
        axes.set_xlabel("share of a call's CPU")


if __name__ == "__main__":
    main()
