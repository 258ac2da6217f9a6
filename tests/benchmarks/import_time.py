"""Measure what `import gitlab_completions` costs beside `import httpx`.

Fresh interpreters in turn, so that a machine that slows down slows all of them; the CPU
that each took, over a bare interpreter's in the same round. Ours imports httpx
in a thread with its first exchange, and pays for it then: it is not in the first pair.
The second pair is what a program pays until it has a client to send with: httpx makes
its TLS settings there, we make them off the event loop with the first exchange.

    python -m tests.benchmarks.import_time [--quick] [--rounds N] [--png FILE]
"""

from __future__ import annotations

import resource
import subprocess
import sys
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import gitlab_completions
from tests.benchmarks.pictures import bars, picture
from tests.benchmarks.rounds import (
    Series,
    interleave,
    machine,
    number_of,
    print_row,
    read_wish,
    say_origin,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.benchmarks.rounds import Wish

BARE = "bare"
BESIDE = {
    "httpx": "httpx",
    "gitlab_completions": "httpx",
    "openai": "httpx",
    "httpx, and a client": "httpx, and a client",
    "gitlab_completions, and a client": "httpx, and a client",
}
"""What each is measured beside."""
CODE = {
    BARE: "pass",
    "httpx": "import httpx",
    "gitlab_completions": "import gitlab_completions",
    "openai": "import openai",
    "httpx, and a client": "import asyncio, httpx; httpx.AsyncClient()",
    "gitlab_completions, and a client": (
        "import asyncio, gitlab_completions as g; g.CompletionClient('https://a', 't')"
    ),
}
HOME = Path(gitlab_completions.__file__).parents[1]
"""Where the package was found: a bare interpreter may not look there."""
ROUNDS = 21
TARGET = 1.10
"""Times `import httpx` that the library's import may take."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and report."""
    wish = read_wish(__doc__, arguments, rounds=ROUNDS)
    say_origin("ms of CPU over a bare interpreter's", wish, "httpx", "openai")
    taken = measure(wish)
    report(taken)
    if wish.png is not None:
        draw(taken, wish)


def measure(wish: Wish) -> dict[str, Series]:
    """Return what each subject took over a bare interpreter, round by round."""
    subjects = {
        name: partial(spent_ms, code)
        for name, code in CODE.items()
        if name != "openai" or find_spec("openai") is not None
    }
    for subject in subjects.values():
        subject()  # fills the caches of the file system
    series = {
        name: Series.of(values) for name, values in interleave(subjects, wish).items()
    }
    bare = series.pop(BARE)
    return {name: one.minus(bare) for name, one in series.items()}


def spent_ms(code: str) -> float:
    """Return the milliseconds of CPU that a fresh interpreter takes for the code."""
    found = f"import sys; sys.path.append({str(HOME)!r}); {code}"
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-I", "-c", found], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    user_s = after.ru_utime - before.ru_utime
    return 1000 * (user_s + after.ru_stime - before.ru_stime)


def report(taken: dict[str, Series]) -> None:
    """Print what each import takes, and its ratio to httpx's in the same round."""
    print_row("import", "ms_median", "ms_min", "ms_max", "x_httpx")
    for name, one in taken.items():
        ratio = one.over(taken[BESIDE[name]])
        print_row(name, *one.cells(), f"{ratio.median:.2f}")


def draw(taken: dict[str, Series], wish: Wish) -> None:
    """Draw the ratios to httpx's import."""
    ratios = {name: one.over(taken[BESIDE[name]]) for name, one in taken.items()}
    ours = ratios["gitlab_completions"].median
    if wish.png is None:
        return
    with picture(
        wish,
        title=f"Importing gitlab_completions takes {ours:.2f} of what importing httpx "
        f"takes (limit: {TARGET:.2f})",
        caption="CPU of fresh interpreters over a bare one's, as ratios within a "
        f"round; bar: median of {number_of(wish.rounds, 'round')}, line: least and "
        "greatest\n"
        "Ours imports httpx, and makes its TLS settings, with its first exchange, off "
        f"the event loop: its bars have neither\n{machine('httpx', 'openai')}",
    ) as (axes,):
        bars(axes, ratios)
        axes.axvline(TARGET, color="black", ls=":", lw=1.2)
        axes.set_xlabel("times what httpx takes in the same round (less is better)")


if __name__ == "__main__":
    main()
