"""The first keystroke of a process: cold, and after a warm-up.

Every sample is a process of its own, so that what a library imports at its first call
counts too. Cold, the author types as soon as the client is made; warmed up, when
`warm_up()` has returned, as it has in an editor that calls it when a file is opened. A
bare client's warm-up is a small GET by hand. The ideal is the same request on a raw
connection that is open already, in the same round.

What differs by nature: the bare clients have their token from the start, this library
has to ask the instance for it first, and a cold call does not wait for that longer than
a quarter of a second; then it goes through the instance.

    python -m tests.benchmarks.first_keystroke [--quick] [--rounds N] [--seed N]
                                               [--png FILE]
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from tests.benchmarks.contenders import (
    CONTENDERS,
    HTTPX,
    IDEAL,
    MISSING,
    OURS,
    PACKAGES,
    usual_s,
)
from tests.benchmarks.distance import ROOT
from tests.benchmarks.paths import RTT_S, far_away
from tests.benchmarks.pictures import bars, picture
from tests.benchmarks.rounds import (
    Series,
    interleave,
    machine,
    number_of,
    print_row,
    read_wish,
    say_missing,
    say_origin,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.benchmarks.contenders import Place
    from tests.benchmarks.paths import FarAway
    from tests.benchmarks.rounds import Wish

ROUNDS = 7
ANSWER_S = 0.15
"""Seconds that the gateway takes."""
INDIRECT_EXTRA_S = 0.125
"""Seconds that a completion takes longer through the instance, as GitLab says."""


class Subject(NamedTuple):
    """Who types, and whether after a warm-up."""

    client: str
    warm: bool


SUBJECTS = {
    f"{name}, {'warmed up' if warm else 'cold'}": Subject(name, warm)
    for warm in (True, False)
    for name in CONTENDERS
    if name != IDEAL
}


@dataclass(frozen=True, slots=True, kw_only=True)
class First:
    """What came of one first keystroke.

    Args:
        answer_s: Seconds from the keystroke to its answer.
        process_s: Seconds from the start of the process to that answer.
        connections: TCP connections that the keystroke opened, to either host.
        direct: Completions that went to the gateway.
        indirect: Completions that went to the instance.
    """

    answer_s: float
    process_s: float = 0.0
    connections: int = 0
    direct: int = 0
    indirect: int = 0


def ideal(away: FarAway) -> First:
    """Ask on a raw connection that is open."""
    return asyncio.run(_ideal(away.entrances().place))


async def _ideal(place: Place) -> First:
    contender = CONTENDERS[IDEAL](place)
    await contender.warm_up()
    try:
        return First(answer_s=await usual_s(contender))
    finally:
        await contender.aclose()


def newcomer(subject: Subject, away: FarAway) -> First:
    """Have a process start, and type in it."""
    place = away.entrances().place
    words = {
        **subject._asdict(),
        "instance_url": place.instance_url,
        "gateway_url": place.gateway_url,
        "headers": dict(place.headers),
        "ca_pem": str(away.server.ca_pem),
    }
    began = time.monotonic()
    with subprocess.Popen(
        (sys.executable, "-m", "tests.benchmarks.newcomer", json.dumps(words)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    ) as process:
        ready = _hear(process)["ready"]
        away.server.reset()
        _tell(process)
        told = _hear(process)
        counts = away.server.counts()
        _tell(process)
    waited_s = told["typed"] - ready
    return First(
        answer_s=told["answered"] - told["typed"],
        process_s=told["answered"] - began - waited_s,
        connections=sum(one.connections for one in counts.values()),
        direct=counts["gateway"].started,
        indirect=counts["instance"].started,
    )


def _tell(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("go on\n")
    process.stdin.flush()


def _hear(process: subprocess.Popen[str]) -> dict[str, float]:
    assert process.stdout is not None
    words: dict[str, float] = json.loads(process.stdout.readline())
    return words


Found = dict[str, list[First]]


def measure(wish: Wish) -> Found:
    """Measure everybody, in processes of their own."""
    with far_away(delay_s=ANSWER_S, indirect_extra_s=INDIRECT_EXTRA_S) as away:
        subjects = {
            name: partial(newcomer, subject, away) for name, subject in SUBJECTS.items()
        }
        return interleave({IDEAL: partial(ideal, away), **subjects}, wish)


def answer_ms(firsts: Sequence[First]) -> Series:
    """Return what first keystrokes waited."""
    return Series.of(1000 * one.answer_s for one in firsts)


def over_ideal(found: Mapping[str, Sequence[First]]) -> dict[str, Series]:
    """Return each subject's ratios to the ideal of the same round."""
    beside = answer_ms(found[IDEAL])
    return {name: answer_ms(firsts).over(beside) for name, firsts in found.items()}


COLUMNS = (
    *("first_keystroke", "answer_ms", "answer_ms_min", "answer_ms_max"),
    *("x_ideal", "x_ideal_min", "x_ideal_max", "ms_since_process_start"),
    *("new_tcp", "direct", "indirect"),
)


def report(found: Found) -> None:
    """Print a row for each."""
    print_row(*COLUMNS)
    ratios = over_ideal(found)
    for name, firsts in found.items():
        process = Series.of(1000 * one.process_s for one in firsts)
        counts = (
            Series.of(one.connections for one in firsts),
            Series.of(one.direct for one in firsts),
            Series.of(one.indirect for one in firsts),
        )
        print_row(
            name,
            *answer_ms(firsts).cells(),
            *ratios[name].cells(3),
            f"{process.median:.0f}" if name != IDEAL else "",
            *(f"{one.median:g}" for one in counts),
        )


def draw(found: Found, wish: Wish) -> None:
    """Draw the ratios to the ideal."""
    ratios = over_ideal(found)
    warm, cold, bare = (
        ratios[subject].median
        for subject in (f"{OURS}, warmed up", f"{OURS}, cold", f"{HTTPX}, cold")
    )
    title = (
        f"The first keystroke after a warm-up waits {warm:.2f} times as long as on an "
        f"open connection; cold {cold:.2f}, with bare httpx {bare:.2f}"
    )
    caption = (
        f"Round trip {1000 * RTT_S:.0f} ms, answers of {1000 * ANSWER_S:.0f} ms, TLS; "
        f"{number_of(wish.rounds, 'round')}, a process for each sample.\n"
        "Bars: medians, lines: least to greatest. Bare clients have their token from "
        "the start; this library asks the instance\n"
        "for it, and its cold call waits for that 0.25 s before it goes through the "
        "instance.\n"
        f"{machine(*PACKAGES)}"
    )
    with picture(wish, title=title, caption=caption) as (axes,):
        bars(axes, ratios)
        axes.set_xlabel(
            "from the first keystroke to its answer / ideal (less is better)"
        )
        axes.axvline(1.0, color="black", lw=0.8, ls=":")


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and report."""
    wish = read_wish(__doc__, arguments, rounds=ROUNDS, quick_rounds=1)
    say_origin("ms from the first keystroke to its answer", wish, *PACKAGES)
    say_missing(MISSING)
    found = measure(wish)
    report(found)
    if wish.png is not None:
        draw(found, wish)


if __name__ == "__main__":
    main(sys.argv[1:])
