"""A typing storm: what the last answer takes, and what all that was typed costs.

Thirty keystrokes at ten a second over a path with a round trip of 60 ms; each one
supersedes the call before by cancelling the task that awaits it, as editors do. The
last answer is compared with an ideal of the same round: the same request on a raw
connection that is open and free. Every client begins with one connection open.

A client that ends its request with its caller closes a connection at each keystroke,
and the next one has to wait for two round trips more: at ten keystrokes a second none
is ready before it is thrown away, and the server does not see the requests at all.

    python -m tests.benchmarks.storm [--quick] [--rounds N] [--seed N] [--png FILE]
"""

from __future__ import annotations

import asyncio
import gc
import sys
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from tests.benchmarks.contenders import (
    CONTENDERS,
    HTTPX,
    IDEAL,
    MISSING,
    OURS,
    PACKAGES,
    usual_s,
)
from tests.benchmarks.paths import RTT_S, far_away
from tests.benchmarks.pictures import bars, picture
from tests.benchmarks.rounds import (
    Series,
    interleave_async,
    machine,
    number_of,
    print_row,
    read_wish,
    say_missing,
    say_origin,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tests.benchmarks.contenders import Contender
    from tests.benchmarks.paths import FarAway
    from tests.benchmarks.rounds import Wish

ROUNDS = 5
LOOK_S, MOST_LOOKS = 0.02, 500
"""How often the server is asked whether it has done, and how many times at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Typing:
    """How is typed.

    Args:
        keystrokes: How many, the last one included.
        every_s: Seconds between two.
        answers_s: Seconds that the gateway takes, one storm for each.
    """

    keystrokes: int = 30
    every_s: float = 0.1
    answers_s: tuple[float, ...] = (0.15, 0.6)


QUICK = Typing(keystrokes=5, answers_s=(0.15,))


@dataclass(frozen=True, slots=True, kw_only=True)
class Storm:
    """What came of one storm.

    Args:
        last_s: Seconds from the last keystroke to its answer.
        connections: TCP connections to the gateway, the first one included.
        handshakes: Those whose TLS was agreed.
        reached: Requests that reached the gateway.
        finished: Those that it answered.
        aborted: Those whose connection was closed before.
        indirect: Requests that went to the instance.
    """

    last_s: float
    connections: int = 0
    handshakes: int = 0
    reached: int = 0
    finished: int = 0
    aborted: int = 0
    indirect: int = 0


async def rest(contender: Contender, away: FarAway, typing: Typing) -> Storm:
    """Ask once, with nothing before it: the ideal."""
    return Storm(last_s=await usual_s(contender))


async def storm(contender: Contender, away: FarAway, typing: Typing) -> Storm:
    """Type, and return what came of it."""
    last_s = await type_on(contender, typing)
    await settle(away)
    counts = away.server.counts()
    gateway = counts["gateway"]
    return Storm(
        last_s=last_s,
        connections=gateway.connections,
        handshakes=gateway.handshakes,
        reached=gateway.started,
        finished=gateway.finished,
        aborted=gateway.aborted,
        indirect=counts["instance"].started,
    )


async def type_on(contender: Contender, typing: Typing) -> float:
    """Return the seconds that the last keystroke waits for its answer."""
    loop = asyncio.get_running_loop()
    calls: list[asyncio.Task[None]] = []
    began = at = loop.time()
    for number in range(typing.keystrokes):
        await asyncio.sleep(began + number * typing.every_s - loop.time())
        if calls:
            calls[-1].cancel()
        at = loop.time()
        calls.append(asyncio.create_task(contender.ask()))
    await calls[-1]
    last_s = loop.time() - at
    await asyncio.gather(*calls, return_exceptions=True)
    return last_s


async def settle(away: FarAway) -> None:
    """Wait until the server has done with all that reached it.

    Raises:
        TimeoutError: When it never has.
    """
    await asyncio.sleep(2 * away.distance.rtt_s)  # what is on its way arrives
    for _ in range(MOST_LOOKS):
        counts = away.server.counts().values()
        if all(one.started == one.finished + one.aborted for one in counts):
            return
        await asyncio.sleep(LOOK_S)
    raise TimeoutError("requests were left open at the server")


async def one(name: str, away: FarAway, typing: Typing, answer_s: float) -> Storm:
    """Measure one contender, made for this and closed again."""
    away.server.set(delay_s=answer_s)
    away.server.reset()
    contender = CONTENDERS[name](away.entrances().place)
    try:
        await contender.warm_up()
        return await (rest if name == IDEAL else storm)(contender, away, typing)
    finally:
        await contender.aclose()
        # httpcore and aiohttp forget a connection whose handshake was cancelled: let it
        # be gone before the next one is measured.
        gc.collect()


Found = dict[float, dict[str, list[Storm]]]
"""By seconds of an answer and by contender, round by round."""


async def measure(wish: Wish, typing: Typing) -> Found:
    """Measure everybody, at each speed of the gateway."""
    found: Found = {}
    with far_away() as away:
        for answer_s in typing.answers_s:
            subjects = {
                name: partial(one, name, away, typing, answer_s) for name in CONTENDERS
            }
            found[answer_s] = await interleave_async(subjects, wish)
    return found


def last_ms(storms: Sequence[Storm]) -> Series:
    """Return what the last answers took."""
    return Series.of(1000 * one.last_s for one in storms)


def over_ideal(storms: Mapping[str, Sequence[Storm]]) -> dict[str, Series]:
    """Return each contender's ratios to the ideal of the same round."""
    ideal = last_ms(storms[IDEAL])
    return {name: last_ms(one).over(ideal) for name, one in storms.items()}


COUNTS: dict[str, Callable[[Storm], int]] = {
    "tcp": lambda storm: storm.connections,
    "tls": lambda storm: storm.handshakes,
    "reached": lambda storm: storm.reached,
    "finished": lambda storm: storm.finished,
    "aborted": lambda storm: storm.aborted,
    "indirect": lambda storm: storm.indirect,
}
COLUMNS = (
    *("answer_ms", "client", "last_ms", "last_ms_min", "last_ms_max"),
    *("x_ideal", "x_ideal_min", "x_ideal_max"),
    *COUNTS,
    "tcp_max",
)


def report(found: Found) -> None:
    """Print a row for each contender and each speed of the gateway."""
    print_row(*COLUMNS)
    for answer_s, storms in found.items():
        ratios = over_ideal(storms)
        for name, rounds in storms.items():
            counts = [
                Series.of(count(one) for one in rounds) for count in COUNTS.values()
            ]
            print_row(
                f"{1000 * answer_s:.0f}",
                name,
                *last_ms(rounds).cells(),
                *ratios[name].cells(3),
                *(f"{one.median:g}" for one in counts),
                f"{counts[0].high:g}",
            )


def draw(found: Found, wish: Wish, typing: Typing) -> None:
    """Draw what the last answer takes, beside what it cost."""
    first_s, storms = next(iter(found.items()))
    ours, bare = (over_ideal(storms)[name].median for name in (OURS, HTTPX))
    title = (
        f"The last answer after {typing.keystrokes} keystrokes waits {ours:.2f} times "
        f"as long as on an open connection; with bare httpx {bare:.2f} times "
        f"(answers of {1000 * first_s:.0f} ms)"
    )
    caption = (
        f"{1 / typing.every_s:.0f} keystrokes a second, round trip "
        f"{1000 * RTT_S:.0f} ms, HTTP/1.1 and TLS, {number_of(wish.rounds, 'round')}; "
        "bars: medians, lines: least to greatest.\n"
        "TCP: connections opened; reached: requests that the gateway saw.\n"
        f"{machine(*PACKAGES)}"
    )
    with picture(
        wish, title=title, caption=caption, panels=len(found), size=(15.0, 5.5)
    ) as panels:
        for axes, (answer_s, storms) in zip(panels, found.items(), strict=True):
            labelled = {
                _label(name, storms[name]): ratio
                for name, ratio in over_ideal(storms).items()
            }
            bars(axes, labelled)
            axes.set_title(f"answers take {1000 * answer_s:.0f} ms")
            axes.set_xlabel("last answer / ideal (less is better)")
            axes.axvline(1.0, color="black", lw=0.8, ls=":")


def _label(name: str, storms: Sequence[Storm]) -> str:
    if name == IDEAL:
        return name
    tcp, reached = (
        Series.of(COUNTS[what](one) for one in storms).median
        for what in ("tcp", "reached")
    )
    return f"{name}\n{tcp:g} TCP, {reached:g} reached"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and report."""
    wish = read_wish(__doc__, arguments, rounds=ROUNDS, quick_rounds=1)
    typing = QUICK if wish.quick else Typing()
    say_origin(
        f"ms from the last of {typing.keystrokes} keystrokes to its answer",
        wish,
        *PACKAGES,
    )
    say_missing(MISSING)
    found = asyncio.run(measure(wish, typing))
    report(found)
    if wish.png is not None:
        draw(found, wish, typing)


if __name__ == "__main__":
    main(sys.argv[1:])
