"""Taking secrets out: how long it takes, and how long the event loop is held up.

The texts are this package's own source: as it is, with a secret in each hundredth line,
with one in each tenth, as no source has them, and in letters that are not ASCII; 5 to
100 KB of each. They are redacted in a worker thread, as a call does it, while a task on
the loop wants to run each millisecond: how much later than that it ever runs is the
lag. The lag of a loop beside a thread that only sleeps is the machine's own. The rules
are compiled before anything is measured, and how long that took is said: a first time
ever, and again from the cache.

    python -m tests.benchmarks.redaction [--quick] [--rounds N] [--seed N] [--png FILE]
"""

from __future__ import annotations

import asyncio
import random
import statistics
import string
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import gitlab_completions
from gitlab_completions.redaction import SecretRedactor
from tests.benchmarks.pictures import bars, picture
from tests.benchmarks.rounds import (
    Series,
    interleave_async,
    machine,
    number_of,
    print_row,
    read_wish,
    say,
    say_origin,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.benchmarks.rounds import Wish

ROUNDS = 7
TIMES = 20
"""Redactions of a text in a round; their median counts, and the greatest lag."""
SIZES, QUICK_SIZES = (5, 20, 50, 100), (5,)
KILOBYTE = 1000
TARGET_MS = 10.0
"""What 100 KB may take."""
FEW, MANY = 100, 10
"""Lines to a secret."""
TICK_S = 0.001
IDLE = "nothing, a thread that sleeps"
PACKAGE = "kingfisher-secret-scanner"
COLUMNS = ("text", "KB", "ms_median", "ms_min", "ms_max", "lag_ms_median", "lag_ms_max")


class Text(NamedTuple):
    """What is redacted.

    Args:
        kind: What it is.
        kilobytes: How large it is, in UTF-8.
        text: It.
    """

    kind: str
    kilobytes: int
    text: str

    @property
    def label(self) -> str:
        """Its name in the picture."""
        return f"{self.kind}, {self.kilobytes} KB"


class Taken(NamedTuple):
    """What a text took in one round, in milliseconds."""

    ms: float
    lag_ms: float


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and report."""
    wish = read_wish(__doc__, arguments, rounds=ROUNDS)
    say_origin("ms in a worker thread, and the loop's lag", wish, PACKAGE)
    with tempfile.TemporaryDirectory() as folder:
        redactor = ready(Path(folder))
        taken = asyncio.run(measure(redactor, wish))
    report(taken)
    if wish.png is not None:
        draw(taken, wish)


def ready(folder: Path) -> SecretRedactor:
    """Return a redactor whose rules are compiled; say how long that takes."""
    first, again = SecretRedactor(cache_dir=folder), SecretRedactor(cache_dir=folder)
    took = [_compiled_s(first), _compiled_s(again)]
    say(f"the rules: {took[0]:.1f} s the first time, {took[1]:.1f} s from the cache")
    return again


def _compiled_s(redactor: SecretRedactor) -> float:
    started = time.perf_counter()
    redactor.redact("")
    return time.perf_counter() - started


def texts(wish: Wish) -> list[Text]:
    """Return the texts that are redacted."""
    folder = Path(gitlab_completions.__file__).parent / "_core"
    source = "".join(path.read_text("utf-8") for path in sorted(folder.glob("*.py")))
    chance = random.Random(wish.seed)
    kinds = {
        "source": source,
        "source with secrets": _with_secrets(source, FEW, chance),
        "source full of secrets": _with_secrets(source, MANY, chance),
        "source that is not ASCII": source.replace("the ", "thé 中 😀 "),
    }
    sizes = QUICK_SIZES if wish.quick else SIZES
    return [
        Text(kind, size, _of_size(text, size * KILOBYTE))
        for kind, text in kinds.items()
        for size in sizes
    ]


def _with_secrets(source: str, lines: int, chance: random.Random) -> str:
    return "".join(
        line if number % lines else f"token = {_secret(chance)!r}\n"
        for number, line in enumerate(source.splitlines(keepends=True))
    )


def _secret(chance: random.Random) -> str:
    letters = string.ascii_letters + string.digits
    return "ghp_" + "".join(chance.choices(letters, k=36))


def _of_size(text: str, size: int) -> str:
    many = text.encode() * (size // len(text.encode()) + 1)
    return many[:size].decode(errors="ignore")


async def measure(
    redactor: SecretRedactor, wish: Wish
) -> dict[str, tuple[Text, list[Taken]]]:
    """Return what each text took, round by round; the machine's own lag first."""
    asked = [Text(IDLE, 0, ""), *texts(wish)]
    work: dict[str, Callable[[], object]] = {
        one.label: partial(redactor.redact, one.text) for one in asked
    }
    work[asked[0].label] = partial(time.sleep, TICK_S)
    subjects = {label: partial(_round, each) for label, each in work.items()}
    found = await interleave_async(subjects, wish)
    return {one.label: (one, found[one.label]) for one in asked}


async def _round(work: Callable[[], object]) -> Taken:
    watch = asyncio.create_task(_lag())
    took: list[float] = []
    for _ in range(TIMES):
        started = time.perf_counter()
        await asyncio.to_thread(work)
        took.append(time.perf_counter() - started)
    watch.cancel()
    return Taken(1000 * statistics.median(took), 1000 * await watch)


async def _lag() -> float:
    """Return by how many seconds the loop was late, at most, until cancelled."""
    greatest = 0.0
    try:
        while True:
            started = time.perf_counter()
            await asyncio.sleep(TICK_S)
            greatest = max(greatest, time.perf_counter() - started - TICK_S)
    except asyncio.CancelledError:
        return greatest


def report(taken: dict[str, tuple[Text, list[Taken]]]) -> None:
    """Print what each text takes."""
    print_row(*COLUMNS)
    for one, found in taken.values():
        ms = Series.of(each.ms for each in found)
        lag = Series.of(each.lag_ms for each in found)
        shown = (f"{lag.median:.2f}", f"{lag.high:.2f}")
        print_row(one.kind, one.kilobytes, *ms.cells(2), *shown)


def draw(taken: dict[str, tuple[Text, list[Taken]]], wish: Wish) -> None:
    """Draw how long each text takes, beside the loop's lag."""
    found = [(one, each) for one, each in taken.values() if one.kilobytes]
    most = max(one.kilobytes for one, _ in found)
    worst = max(
        Series.of(each.ms for each in rounds).median
        for one, rounds in found
        if one.kilobytes == most and "full" not in one.kind
    )
    with picture(
        wish,
        title=f"Secrets are taken out of {most} KB in {worst:.1f} ms, "
        f"unless there are hundreds (limit: {TARGET_MS:g} ms for 100 KB)",
        caption=f"In a worker thread; medians of {TIMES} redactions a round; bar: "
        f"median of {number_of(wish.rounds, 'round')}, line: least and greatest\n"
        f"{machine(PACKAGE)}",
        panels=2,
        size=(14.0, 7.0),
    ) as (left, right):
        bars(left, {one.label: Series.of(e.ms for e in each) for one, each in found})
        left.axvline(TARGET_MS, color="black", ls=":", lw=1.2)
        left.set_xlabel("ms (less is better)")
        lags = {
            one.label: Series.of(e.lag_ms for e in each) for one, each in taken.values()
        }
        bars(right, lags)
        right.set_xlabel("the loop's greatest lag of a round, ms (less is better)")


if __name__ == "__main__":
    main()
