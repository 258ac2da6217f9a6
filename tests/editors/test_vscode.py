"""The extension for VS Code, under Node, drives the language server like its window.

vscode-languageclient and what it stands on are Microsoft's own, of npm. Their folder is
made by the session `editors`, which names it in the environment.
"""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from gitlab_completions.emulator import Emulator, Endpoint
from tests.editors.conftest import HOME
from tests.editors.vscode.window import VARIABLE, ExtensionError, Window, open_window

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

pytestmark = [pytest.mark.real_time, pytest.mark.asyncio(loop_scope="module")]

SERVER = [sys.executable, "-m", "gitlab_completions", "lsp"]
ABOVE = "def area(width, height):\n    return width * height\n\n\ndef volume():\n"
BOXES = Path("/boxes").absolute()
TYPED = "    return width *"
HELD_S = 0.3
"""Seconds that an answer takes while another key is pressed."""


@dataclass(frozen=True, kw_only=True)
class Desk:
    """Where an author sits: a window, with a file in it, and the GitLab behind it."""

    window: Window
    gitlab: Emulator

    def sent(self) -> int:
        """Return how many completions were asked for."""
        return len(self.gitlab.gateway.requests) + len(self.gitlab.instance.requests)

    async def open(self, file: Path) -> None:
        """Open another file, with the cursor at its end."""
        uri = file.as_uri()
        await self.window.do("open", uri=uri, language="python", text=ABOVE)


@asynccontextmanager
async def desk_of(
    extension: str,
    gitlab: Emulator,
    *,
    signed_in: bool = True,
    command: list[str] = SERVER,
    automatic: bool = True,
    folders: tuple[Path, ...] = (),
    trace: str = "off",
) -> AsyncGenerator[Desk, None]:
    """An author's desk, whose token is in the environment if they are signed in."""
    token = {"GITLAB_TOKEN": gitlab.access_token} if signed_in else {}
    environment = {"PYTHONPATH": str(HOME), **token}
    async with open_window(extension, environment) as window:
        desk = Desk(window=window, gitlab=gitlab)
        settings = {
            "gitlab-completions.command": command,
            "gitlab-completions.instanceUrl": gitlab.instance_url,
            "gitlab-completions.allowPlainHttp": True,
            "gitlab-completions.automatic": automatic,
            "gitlab-completions.trace.server": trace,
        }
        await window.do("activate", settings=settings, folders=[*map(str, folders)])
        await desk.open(BOXES / "boxes.py")
        yield desk


@pytest.fixture(scope="module")
def extension() -> str:
    folder = os.environ.get(VARIABLE)
    if folder is None:
        pytest.skip(f"NO VS CODE RAN: nox -s editors, or {VARIABLE}=its folder")
    return folder


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(extension: str) -> AsyncGenerator[Desk, None]:
    async with Emulator() as gitlab, desk_of(extension, gitlab) as desk:
        yield desk


@pytest_asyncio.fixture(loop_scope="module")
async def desk(shared: Desk, request: pytest.FixtureRequest) -> Desk:
    """A desk, with a file that no other test has seen."""
    shared.gitlab.gateway.heal()
    shared.gitlab.instance.heal()
    await shared.open(BOXES / f"{request.node.name}.py")
    return shared


async def test_ghost_text_is_shown_and_accepted(desk: Desk) -> None:
    window = desk.window
    assert (await window.type(TYPED)).items == [" height"]
    await window.until(lambda seen: ["gitlab-completions.shown", True] in seen["ran"])
    await window.do("accept")
    await window.until(lambda seen: ["gitlab-completions.accept", True] in seen["ran"])
    assert await window.do("text") == f"{ABOVE}{TYPED} height"
    await window.until(lambda seen: "$(check)" in seen["bar"]["text"])
    assert not [line for line in window.seen["log"] if "failed" in line]


async def test_a_newer_keystroke_supersedes_the_older(desk: Desk) -> None:
    for endpoint in (desk.gitlab.gateway, desk.gitlab.instance):
        endpoint.delay(HELD_S)
    window = desk.window
    older, newer = await asyncio.gather(window.type(TYPED[:-1]), window.type(TYPED[-1]))
    assert older.cancelled
    assert not older.items
    assert newer.items == [" height"]
    assert not [line for line in window.seen["messages"] if "error" in line]


async def test_what_is_typed_along_costs_nothing(desk: Desk) -> None:
    assert (await desk.window.type(TYPED)).items == [" height"]
    sent = desk.sent()
    assert (await desk.window.type(" he")).items == ["ight"]
    assert desk.sent() == sent


async def test_what_the_last_suggestion_was_is_explained(desk: Desk) -> None:
    window = desk.window
    await window.type(TYPED)
    await window.do("run", command="gitlab-completions.explain")
    await window.until(lambda seen: "route answered" in "".join(seen["messages"]))
    assert ABOVE not in "".join(window.seen["messages"])


async def test_the_direct_route_is_switched_off_and_on_again(desk: Desk) -> None:
    window, gateway = desk.window, desk.gitlab.gateway
    await window.do("run", command="gitlab-completions.switchDirect")
    before = len(gateway.requests)
    assert (await window.type(TYPED)).items == [" height"]
    await window.until(lambda seen: "instance" in seen["bar"]["tooltip"])
    assert len(gateway.requests) == before
    await window.do("run", command="gitlab-completions.switchDirect")
    await window.until(lambda seen: "direct" in seen["bar"]["tooltip"])


async def test_every_command_of_the_manifest_is_there(desk: Desk) -> None:
    commands = await desk.window.do("commands")
    assert isinstance(commands, dict)
    assert commands["found"]
    assert not commands["missing"]


async def test_on_request_alone_when_that_is_set(extension: str) -> None:
    async with (
        Emulator() as gitlab,
        desk_of(extension, gitlab, automatic=False) as desk,
    ):
        assert not (await desk.window.type(TYPED)).items
        assert (await desk.window.invoke()).items == [" height"]


async def test_the_token_is_kept_as_a_secret_and_nowhere_else(extension: str) -> None:
    async with (
        Emulator() as gitlab,
        desk_of(extension, gitlab, signed_in=False, trace="verbose") as desk,
    ):
        window = desk.window
        await window.until(lambda seen: "$(error)" in seen["bar"]["text"])
        await window.do("answer", text=f" {gitlab.access_token}\n")
        await window.do("run", command="gitlab-completions.signIn")
        await window.until(lambda seen: "$(check)" in seen["bar"]["text"])
        assert (await window.type(TYPED)).items == [" height"]
        assert "initializationOptions" in "".join(window.seen["log"])
        assert gitlab.access_token not in "".join(window.said)

        await window.do("run", command="gitlab-completions.signOut")
        await window.until(lambda seen: "$(error)" in seen["bar"]["text"])


async def test_a_keyring_that_was_locked_is_told_and_asked_again(
    extension: str,
) -> None:
    async with (
        Emulator() as gitlab,
        desk_of(extension, gitlab, signed_in=False) as desk,
    ):
        window = desk.window
        await window.do("lock", locked=True)
        await window.do("answer", text=gitlab.access_token)
        await window.do("run", command="gitlab-completions.signIn")
        await window.until(lambda seen: "locked" in seen["bar"]["tooltip"])
        await window.do("lock", locked=False)
        await window.do("answer", text=gitlab.access_token)
        await window.do("run", command="gitlab-completions.signIn")
        await window.until(lambda seen: "$(check)" in seen["bar"]["text"])
        assert (await window.type(TYPED)).items == [" height"]


async def test_each_folder_has_its_project_and_nothing_of_it_is_run(
    extension: str, tmp_path: Path
) -> None:
    async with Emulator() as gitlab:
        folders = tmp_path / "one", tmp_path / "other"
        for folder in folders:
            make_repository(folder, f"{gitlab.instance_url}/group/{folder.name}.git")
            (folder / "gitlab_completions.py").write_text("raise SystemExit")
        async with desk_of(extension, gitlab, folders=folders) as desk:
            for folder in folders:
                await desk.open(folder / "boxes.py")
                assert (await desk.window.type(TYPED)).items == [" height"]
        assert projects(gitlab.direct_access) >= {"group/one", "group/other"}


def make_repository(folder: Path, remote: str) -> None:
    git = folder / ".git"
    git.mkdir(parents=True)
    (git / "HEAD").write_text("ref: refs/heads/main\n")
    (git / "config").write_text(f'[remote "origin"]\n\turl = {remote}\n')


def projects(endpoint: Endpoint) -> set[object]:
    """Return the projects that requests to an endpoint have named."""
    bodies = [request.json() for request in endpoint.requests]
    return {body.get("project_path") for body in bodies if isinstance(body, dict)}


async def test_a_server_that_is_not_installed_is_told(extension: str) -> None:
    async with (
        Emulator() as gitlab,
        desk_of(extension, gitlab, command=["no-such-program"]) as desk,
    ):
        window = desk.window
        assert "$(error)" in window.seen["bar"]["text"]
        assert "no-such-program" in window.seen["bar"]["tooltip"]
        with pytest.raises(ExtensionError, match="not found"):
            await window.do("run", command="gitlab-completions.explain")
