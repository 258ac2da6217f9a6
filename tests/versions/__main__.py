"""Prints the table: `python -m tests.versions`."""

from __future__ import annotations

import asyncio
import sys

from gitlab_completions.testing import VirtualTimeLoop
from tests.versions.expectation import expect
from tests.versions.facts import CELLS
from tests.versions.play import play
from tests.versions.table import lines


def main() -> int:
    """Play, print, and tell by the exit code whether all was as it must be."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        seen = [runner.run(play(cell)) for cell in CELLS]
    told = [
        (cell.profile.name, cell.column.value, outcome)
        for cell, outcome in zip(CELLS, seen, strict=True)
    ]
    sys.stdout.write("\n".join([*lines(told), ""]))
    wrong = [
        f"{cell}: {outcome}, not {expect(cell)}"
        for cell, outcome in zip(CELLS, seen, strict=True)
        if outcome != expect(cell)
    ]
    sys.stderr.write("".join(f"{line}\n" for line in wrong))
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
