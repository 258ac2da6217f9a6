"""A window of VS Code that is played under Node, and the author in front of it.

The extension, vscode-languageclient and all that these load are the real ones; only the
module `vscode` is a fake, see fake_vscode.js. Everything waits for what is seen, for a
bounded time.
"""

from __future__ import annotations

import asyncio
import json
import os
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from collections.abc import AsyncGenerator, Callable

VARIABLE = "GITLAB_COMPLETIONS_VSCODE"
"""Names the extension's folder, with its packages; nox -s editors makes one."""
HOST = Path(__file__).with_name("host.js")
PATIENCE_S = 20.0
MOST_LINE = 1 << 22


class Bar(TypedDict):
    """The status bar's item."""

    text: str
    tooltip: str
    shown: bool


class Seen(TypedDict):
    """What an author sees beside the text, and what commands have returned."""

    bar: Bar
    messages: list[str]
    log: list[str]
    ran: list[list[object]]


class ExtensionError(Exception):
    """What the extension, or the fake, raised."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ghosts:
    """What a keystroke brought; nothing, when a newer one came first."""

    cancelled: bool
    items: list[str]


class Window:
    """A window; made by `open_window`."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._identities = count()
        self._asked: dict[int, asyncio.Future[object]] = {}
        self._news = asyncio.Condition()
        self.said: list[str] = []
        self.seen: Seen = {
            "bar": {"text": "", "tooltip": "", "shown": False},
            "messages": [],
            "log": [],
            "ran": [],
        }

    async def read(self) -> None:
        """Take in what the window says, until it ends."""
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            self.said.append(line.decode())
            news = json.loads(line)
            if "seen" in news:
                async with self._news:
                    self.seen = news["seen"]
                    self._news.notify_all()
                continue
            answered = self._asked.pop(news["id"])
            if "error" in news:
                answered.set_exception(ExtensionError(news["error"]))
            else:
                answered.set_result(news["result"])

    async def do(self, verb: str, **values: object) -> object:
        """Have something done, and wait until it is."""
        assert self._process.stdin is not None
        identity = next(self._identities)
        loop = asyncio.get_running_loop()
        done: asyncio.Future[object] = loop.create_future()
        self._asked[identity] = done
        order = {"id": identity, "verb": verb, **values}
        self._process.stdin.write(f"{json.dumps(order)}\n".encode())
        async with asyncio.timeout(PATIENCE_S):
            return await done

    async def type(self, text: str) -> Ghosts:
        """Type, and see what is suggested."""
        return ghosts(await self.do("type", text=text))

    async def invoke(self) -> Ghosts:
        """Ask for suggestions."""
        return ghosts(await self.do("invoke"))

    async def until(self, holds: Callable[[Seen], object]) -> None:
        """Wait until something can be seen."""
        async with asyncio.timeout(PATIENCE_S), self._news:
            await self._news.wait_for(lambda: holds(self.seen))


def ghosts(answer: object) -> Ghosts:
    assert isinstance(answer, dict)
    return Ghosts(**answer)


@asynccontextmanager
async def open_window(
    extension: str, environment: dict[str, str]
) -> AsyncGenerator[Window, None]:
    """Open a window, without anything of this machine's GitLab in its environment."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("GITLAB_")}
    process = await asyncio.create_subprocess_exec(
        "node",
        str(HOST),
        extension,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={**clean, **environment},
        limit=MOST_LINE,
    )
    window = Window(process)
    reading = asyncio.create_task(window.read())
    try:
        yield window
        await window.do("deactivate")
    finally:
        assert process.stdin is not None
        process.stdin.close()
        reading.cancel()
        try:
            async with asyncio.timeout(PATIENCE_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            raise
