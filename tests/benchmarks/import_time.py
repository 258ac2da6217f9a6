"""Measure what `import gitlab_completions` costs beside `import httpx`.

Fresh interpreters in turn, so that a machine that slows down slows all of them; the CPU
that each took, over a bare interpreter's: TSV on stdout, units and machine on stderr.
The second pair is what a program pays until it has a client to send with: httpx makes
its TLS settings there, we make them off the event loop with the first exchange.

    python tests/benchmarks/import_time.py [--quick]
"""

from __future__ import annotations

import os
import platform
import resource
import statistics
import subprocess
import sys

BARE = "bare"
PAIRS = {
    "httpx": "import httpx",
    "gitlab_completions": "import gitlab_completions",
    "httpx, and a client": "import asyncio, httpx; httpx.AsyncClient()",
    "gitlab_completions, and a client": (
        "import asyncio, gitlab_completions as g; g.CompletionClient('https://a', 't')"
    ),
}
SUBJECTS = {BARE: "pass", **PAIRS}
ROUNDS, QUICK_ROUNDS = 21, 3


def spent_ms(code: str) -> float:
    """Return the milliseconds of CPU that a fresh interpreter takes for the code."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-I", "-c", code], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    user_s = after.ru_utime - before.ru_utime
    return 1000 * (user_s + after.ru_stime - before.ru_stime)


def measure(rounds: int) -> dict[str, list[float]]:
    """Return what each subject took over a bare interpreter, round by round."""
    for code in SUBJECTS.values():
        spent_ms(code)  # fills the caches of the file system
    taken: dict[str, list[float]] = {name: [] for name in PAIRS}
    for _ in range(rounds):
        one = {name: spent_ms(code) for name, code in SUBJECTS.items()}
        for name in PAIRS:
            taken[name].append(one[name] - one[BARE])
    return taken


def report(taken: dict[str, list[float]]) -> None:
    """Print what each import takes, and its ratio to httpx's in the same round."""
    print("import", "ms_median", "ms_min", "ms_max", "x_httpx", sep="\t")
    for name, series in taken.items():
        beside = taken["httpx, and a client" if "client" in name else "httpx"]
        ratios = [one / other for one, other in zip(series, beside, strict=True)]
        figures = [statistics.median(series), min(series), max(series)]
        shown = [f"{figure:.1f}" for figure in figures]
        print(name, *shown, f"{statistics.median(ratios):.2f}", sep="\t")


def main() -> None:
    """Measure and report."""
    rounds = QUICK_ROUNDS if "--quick" in sys.argv[1:] else ROUNDS
    machine = f"{platform.machine()}, {os.cpu_count()} CPUs"
    python = f"CPython {platform.python_version()}"
    print(f"ms of CPU; {python}, {machine}, {rounds} rounds", file=sys.stderr)
    report(measure(rounds))


if __name__ == "__main__":
    main()
