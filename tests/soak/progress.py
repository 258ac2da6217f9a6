"""Shows how a soak goes: one line that changes in a terminal, else one now and then."""

from __future__ import annotations

import asyncio
import sys
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

TERMINAL_S = 0.25
PLAIN_S = 10.0


@asynccontextmanager
async def shown(line: Callable[[], str], seconds: float) -> AsyncGenerator[None, None]:
    """Show what `line` returns for as long as the block runs, on stderr.

    Args:
        line: Returns the figures of the moment.
        seconds: How long the block will take, about.
    """
    task = asyncio.create_task(
        _in_terminal(line, seconds) if sys.stderr.isatty() else _plainly(line, seconds)
    )
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _plainly(line: Callable[[], str], seconds: float) -> None:
    loop = asyncio.get_running_loop()
    began = loop.time()
    every_s = PLAIN_S if seconds > PLAIN_S * 3 else PLAIN_S / 2
    while True:
        await asyncio.sleep(every_s)
        took_s = loop.time() - began
        print(f"{took_s:5.0f}/{seconds:.0f} s  {line()}", file=sys.stderr, flush=True)


async def _in_terminal(line: Callable[[], str], seconds: float) -> None:
    from rich.console import Console  # noqa: PLC0415 - only for people who watch
    from rich.progress import BarColumn, Progress, TextColumn  # noqa: PLC0415

    loop = asyncio.get_running_loop()
    began = loop.time()
    columns = (
        BarColumn(bar_width=16),
        TextColumn("{task.completed:.0f}/{task.total:.0f} s  {task.description}"),
    )
    # Drawn from here: a thread of its own would be counted among those left behind.
    with Progress(*columns, console=Console(stderr=True), auto_refresh=False) as bar:
        task = bar.add_task("", total=seconds)
        while True:
            bar.update(task, completed=loop.time() - began, description=line())
            bar.refresh()
            await asyncio.sleep(TERMINAL_S)
