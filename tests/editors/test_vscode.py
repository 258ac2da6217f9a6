"""The extension for VS Code, under Node, drives the language server like its window.

vscode-languageclient and what it stands on are Microsoft's own, of npm. Their folder is
made by the session `editors`, which names it in the environment.
"""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from gitlab_completions.emulator import Emulator
from tests.editors.vscode.window import VARIABLE, ExtensionError, Window, open_window

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

pytestmark = pytest.mark.real_time

SERVER = [sys.executable, "-m", "gitlab_completions", "lsp"]
ABOVE = "def area(width, height):\n    return width * height\n\n\ndef volume():\n"
FILE = {"uri": "file:///boxes/boxes.py", "language": "python", "text": ABOVE}
TYPED = "    return width *"


@pytest.fixture(scope="module")
def extension() -> str:
    folder = os.environ.get(VARIABLE)
    if folder is None:
        pytest.skip(f"needs npm's packages: nox -s editors, or {VARIABLE}=folder")
    return folder


@asynccontextmanager
async def authored(
    extension: str,
    gitlab: Emulator,
    *,
    token: str | None = None,
    command: list[str] = SERVER,
    automatic: bool = True,
) -> AsyncGenerator[Window, None]:
    """A window with a file in it, of an author who has set an instance."""
    environment = {} if token is None else {"GITLAB_TOKEN": token}
    async with open_window(extension, environment) as window:
        settings = {
            "gitlab-completions.command": command,
            "gitlab-completions.instanceUrl": gitlab.instance_url,
            "gitlab-completions.allowPlainHttp": True,
            "gitlab-completions.automatic": automatic,
        }
        await window.do("activate", settings=settings)
        await window.do("open", **FILE)
        yield window


def bar(window: Window) -> str:
    shown = window.seen["bar"]
    return f"{shown['text']} {shown['tooltip']}"


async def test_ghost_text_is_shown_and_accepted(extension: str) -> None:
    async with (
        Emulator() as gitlab,
        authored(extension, gitlab, token=gitlab.access_token) as window,
    ):
        ghosts = await window.type(TYPED)
        assert ghosts.items == [" height"]
        await window.do("accept")
        assert await window.do("text") == f"{ABOVE}{TYPED} height"
        await window.until(lambda seen: "$(check)" in seen["bar"]["text"])
        assert not [line for line in window.seen["log"] if "failed" in line]


async def test_a_newer_keystroke_supersedes_the_older(extension: str) -> None:
    async with (
        Emulator(direct_latency_s=0.2, indirect_latency_s=0.2) as gitlab,
        authored(extension, gitlab, token=gitlab.access_token) as window,
    ):
        older, newer = await asyncio.gather(
            window.type(TYPED[:-1]), window.type(TYPED[-1])
        )
        assert older.cancelled
        assert not older.items
        assert newer.items == [" height"]
        assert not window.seen["messages"]


async def test_what_is_typed_along_costs_nothing(extension: str) -> None:
    async with (
        Emulator() as gitlab,
        authored(extension, gitlab, token=gitlab.access_token) as window,
    ):
        assert (await window.type(TYPED)).items == [" height"]
        assert (await window.type(" he")).items == ["ight"]
        assert len(gitlab.gateway.requests) + len(gitlab.instance.requests) == 1


async def test_on_request_alone_when_that_is_set(extension: str) -> None:
    async with (
        Emulator() as gitlab,
        authored(
            extension, gitlab, token=gitlab.access_token, automatic=False
        ) as window,
    ):
        assert not (await window.type(TYPED)).items
        assert (await window.invoke()).items == [" height"]


async def test_the_token_is_kept_as_a_secret_and_nowhere_else(extension: str) -> None:
    async with Emulator() as gitlab, authored(extension, gitlab) as window:
        await window.until(lambda seen: "$(error)" in seen["bar"]["text"])
        await window.do("answer", text=f" {gitlab.access_token}\n")
        await window.do("run", command="gitlab-completions.signIn")
        await window.until(lambda seen: "$(check)" in seen["bar"]["text"])
        assert (await window.type(TYPED)).items == [" height"]
        assert gitlab.access_token not in "".join(window.said)

        await window.do("run", command="gitlab-completions.signOut")
        await window.until(lambda seen: "$(error)" in seen["bar"]["text"])


async def test_what_the_last_suggestion_was_is_explained(extension: str) -> None:
    async with (
        Emulator() as gitlab,
        authored(extension, gitlab, token=gitlab.access_token) as window,
    ):
        await window.type(TYPED)
        await window.do("run", command="gitlab-completions.explain")
        await window.until(lambda seen: seen["messages"])
        assert ABOVE not in window.seen["messages"][0]


async def test_the_direct_route_is_switched_off(extension: str) -> None:
    async with (
        Emulator() as gitlab,
        authored(extension, gitlab, token=gitlab.access_token) as window,
    ):
        await window.do("run", command="gitlab-completions.switchDirect")
        assert (await window.type(TYPED)).items == [" height"]
        await window.until(lambda seen: "instance" in seen["bar"]["tooltip"])
        assert not gitlab.gateway.requests


async def test_every_command_of_the_manifest_is_there(extension: str) -> None:
    async with (
        Emulator() as gitlab,
        authored(extension, gitlab, token=gitlab.access_token) as window,
    ):
        found, missing = await commands(window)
        assert found
        assert not missing


async def commands(window: Window) -> tuple[list[str], list[str]]:
    """Return the manifest's commands, and which of them nobody has registered."""
    answer = await window.do("commands")
    assert isinstance(answer, dict)
    return answer["found"], answer["missing"]


async def test_a_server_that_is_not_installed_is_told(extension: str) -> None:
    async with (
        Emulator() as gitlab,
        authored(extension, gitlab, command=["no-such-program"]) as window,
    ):
        assert "$(error)" in bar(window)
        assert "no-such-program" in bar(window)
        with pytest.raises(ExtensionError, match="not found"):
            await window.do("run", command="gitlab-completions.explain")
