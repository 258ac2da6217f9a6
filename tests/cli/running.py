"""The command line, run in this process, and an emulator for it in another thread."""

from __future__ import annotations

import asyncio
import json
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast

import gitlab_completions
from gitlab_completions.cli import main
from gitlab_completions.emulator import AccessTokens, Emulator

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

T = TypeVar("T")
HOME = Path(gitlab_completions.__file__).parents[1]
"""Where a process of its own finds the package."""
CANARY = "glpat-canary-8c1f2e"
SOURCE = "total = 1\nprint(total)\ntot"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str

    def json(self) -> dict[str, object]:
        return cast("dict[str, object]", json.loads(self.out))


class Terminal:
    """Runs commands."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *arguments: str) -> Ended:
        self._capsys.readouterr()
        code = main(arguments)
        captured = self._capsys.readouterr()
        return Ended(code=code, out=captured.out, err=captured.err)


class Background:
    """An emulator on a loop of its own, which a command's loop cannot disturb."""

    def __init__(self) -> None:
        self.emulator = Emulator(tokens=AccessTokens(valid=CANARY))
        self._loop = asyncio.new_event_loop()
        self._stopping = asyncio.Event()
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._thread.start()
        assert self._started.wait(10)

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(10)
        self._loop.close()

    def do(self, action: Callable[[Emulator], T]) -> T:
        """Do something to the emulator, in its own thread."""

        async def act() -> T:
            return action(self.emulator)

        return asyncio.run_coroutine_threadsafe(act(), self._loop).result(10)

    def _run(self) -> None:
        self._loop.run_until_complete(self._serve())

    async def _serve(self) -> None:
        async with self.emulator:
            self._started.set()
            await self._stopping.wait()
