"""Plays the whole matrix: `python -m tests.matrix`, or `nox -s matrix`."""

from __future__ import annotations

import argparse
import asyncio
import platform
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.loopback.witness import Witness
from tests.matrix.engines import Engine
from tests.matrix.facts import cells
from tests.matrix.schedule import play_all
from tests.matrix.statuses import STATUSES
from tests.matrix.table import explained, markdown
from tests.matrix.troubles import TROUBLES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.matrix.facts import Cell
    from tests.matrix.schedule import Played

TELLS_S = 5.0
"""Seconds between two words on how far it is."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Play, print, and tell by the exit code whether all was as it must be."""
    options = _parser().parse_args(arguments)
    engines = list(Engine) if options.engine == "all" else [Engine(options.engine)]
    chosen = [cell for cell in cells((*TROUBLES, *STATUSES)) if _fits(cell, options)]
    tables, failed = [], not chosen
    for engine in engines:
        table, wrong = _play(chosen, engine)
        tables.append(table)
        failed = failed or wrong
    text = "\n".join(tables)
    sys.stdout.write(text)
    if options.write:
        Path(options.write).write_text(text, encoding="utf-8")
    return int(failed)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="matrix", description=__doc__)
    parser.add_argument("--engine", choices=[*Engine, "all"], default=Engine.OWN)
    parser.add_argument("--write", metavar="FILE", help="write the table there too")
    parser.add_argument("--only", default="", help="cells with this in their names")
    return parser


def _fits(cell: Cell, options: argparse.Namespace) -> bool:
    only: str = options.only
    return only.lower() in str(cell).lower()


def _play(chosen: list[Cell], engine: Engine) -> tuple[str, bool]:
    """Play cells with one engine; return the table, and whether anything is wrong."""
    started = time.perf_counter()
    with Witness().listening() as witness:
        played = asyncio.run(
            play_all(chosen, engine=engine, told=_teller(len(chosen), engine))
        )
    took_s = time.perf_counter() - started
    python = f"CPython {platform.python_version()}"
    table = markdown(played, f"Fault matrix: {engine} on {python}, {took_s:.0f} s")
    leaks = [f"- {leak}" for leak in witness.leaks]
    if leaks:
        table = "\n".join([table, "## Told to the logs", "", *leaks, ""])
    return table, bool(leaks) or any(one.wrong for one in played)


def _teller(most: int, engine: Engine) -> Callable[[Played], None]:
    """Return what tells how far it is, every few seconds, and what is unexpected."""
    started = told_at = time.perf_counter()
    done = wrong = 0

    def tell(one: Played) -> None:
        nonlocal told_at, done, wrong
        done, wrong = done + 1, wrong + bool(one.wrong)
        if one.wrong:
            sys.stderr.write(f"{explained(one)}\n")
        now = time.perf_counter()
        if now - told_at >= TELLS_S or done == most:
            told_at = now
            sys.stderr.write(
                f"{engine}: {done} of {most} cells, {wrong} unexpected, "
                f"{now - started:.0f} s\n"
            )
        sys.stderr.flush()

    return tell


if __name__ == "__main__":
    sys.exit(main())
