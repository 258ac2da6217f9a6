"""A JupyterLab of its own on loopback, with the example installed, and a page in it.

Nothing of the user's counts: settings, kernels' histories and notebooks are in a folder
of the test's.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import contextmanager, suppress
from threading import Thread
from typing import TYPE_CHECKING

from anyio.from_thread import start_blocking_portal
from playwright.sync_api import TimeoutError as WaitedError

from gitlab_completions.emulator import Emulator

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import IO

    from playwright.sync_api import Locator, Page, Request

TOKEN = "nobodys-but-the-tests"
STOP_S = 20
KEY_MS = 30
PANEL = ".jp-NotebookPanel:not(.lm-mod-hidden)"
EDITOR = ".cm-content"
GHOST = (  # the spacers that take its place are of its class
    ".jp-GhostText:not(.jp-GhostText-lineSpacer):not(.jp-GhostText-letterSpacer)"
)
CODE = """() => {
    const { content } = jupyterapp.shell.currentWidget;
    const { editor } = content.activeCell ?? content;
    return editor.model.sharedModel.getSource();
}"""
STATUS = ".gitlab-completions-status"


@contextmanager
def gitlab() -> Iterator[Emulator]:
    """An emulator in a thread of its own: the browser's driver has a loop already."""
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(Emulator(tls=True)) as emulator,
    ):
        yield emulator


class Lab:
    """A JupyterLab that runs, and what it has logged."""

    def __init__(self, files: Path) -> None:
        self.files = files
        self.url = ""
        self.log: list[str] = []

    def read(self, stream: IO[str]) -> None:
        """Read on until the server says where it is, then in a thread of its own."""
        for line in stream:
            self.log.append(line)
            if "http://127.0.0.1:" in line and "/lab?token=" in line:
                self.url = line[line.index("http") :].partition("/lab?")[0]
                Thread(target=self.log.extend, args=[stream], daemon=True).start()
                return
        raise AssertionError("JupyterLab has not started:\n" + "".join(self.log))


@contextmanager
def jupyterlab(home: Path, **environment: str) -> Iterator[Lab]:
    """Start JupyterLab in a folder."""
    lab = Lab(home / "files")
    lab.files.mkdir()
    settings = home / "config_dir/lab/user-settings/@jupyterlab/apputils-extension"
    settings.mkdir(parents=True)
    quiet = {"fetchNews": "false", "checkForUpdates": False}
    told = json.dumps(quiet)
    (settings / "notification.jupyterlab-settings").write_text(told, "utf-8")
    homes = ("CONFIG_DIR", "DATA_DIR", "RUNTIME_DIR")
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("GITLAB_")}
    ours = {f"JUPYTER_{name}": str(home / name.lower()) for name in homes}
    ours["IPYTHONDIR"] = str(home / "ipython")
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"]
    command += ["--ServerApp.ip=127.0.0.1", "--ServerApp.port=0"]
    command += [f"--ServerApp.root_dir={lab.files}", "--expose-app-in-browser"]
    with subprocess.Popen(
        [*command, f"--IdentityProvider.token={TOKEN}"],
        env={**inherited, **ours, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=lab.files,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            lab.read(process.stdout)
            yield lab
        finally:
            process.terminate()
            process.wait(timeout=STOP_S)


class Window:
    """JupyterLab in a browser, as an author sees it."""

    def __init__(self, page: Page, lab: Lab) -> None:
        self.page = page
        self.lab = lab
        self.said: list[str] = []
        page.on("console", lambda message: self.said.append(message.text))
        page.on("pageerror", lambda error: self.said.append(f"error: {error}"))

    def open(self, path: str, content: str, *, alone: bool = True) -> Window:
        """Write a notebook or a file, and open it."""
        (self.lab.files / path).parent.mkdir(exist_ok=True)
        (self.lab.files / path).write_text(content, "utf-8")
        kind = "doc" if alone else "lab"
        self.page.goto(f"{self.lab.url}/{kind}/tree/{path}?token={TOKEN}&reset")
        return self._ready()

    def open_new(self) -> Window:
        """Open a notebook that was never saved."""
        self.page.goto(f"{self.lab.url}/lab?token={TOKEN}&reset")
        self.page.locator('.jp-LauncherCard[data-category="Notebook"]').first.click()
        return self._ready()

    def _ready(self) -> Window:
        self.page.locator(EDITOR).first.wait_for()
        self.page.locator(STATUS).filter(has_text=":").wait_for()
        return self

    def enter_cell(self, index: int) -> None:
        """Click into a cell, once its kernel runs: until then editors are made anew."""
        self.page.locator('[data-status="idle"]').first.wait_for(state="attached")
        cell = self.page.locator(f"{PANEL} .jp-Cell").nth(index)
        cell.locator(".cm-content").click()

    def enter_file(self) -> None:
        self.page.locator(f".jp-FileEditor {EDITOR}").click()

    def type(self, text: str) -> None:
        self.page.keyboard.type(text, delay=KEY_MS)

    def sees(self, text: str) -> None:
        """Wait until exactly this is suggested."""
        self.page.wait_for_function(
            "([ghost, text]) => [...document.querySelectorAll(ghost)]"
            ".map(each => each.textContent).join() === text",
            arg=[GHOST, text],
        )

    def sees_nothing(self) -> None:
        """Wait until nothing is suggested."""
        self.page.wait_for_function(
            "ghost => !document.querySelector(ghost)", arg=GHOST
        )

    def settled(self) -> None:
        """Wait until the page has drawn twice: what was to be shown is by then."""
        self.page.evaluate(
            "() => new Promise(done => requestAnimationFrame("
            "() => requestAnimationFrame(done)))"
        )

    def code(self) -> str:
        """Return the text of the editor in use, without what is only suggested."""
        text: str = self.page.evaluate(CODE)
        return text

    def has_code(self, text: str) -> None:
        """Wait until the editor in use has exactly this text."""
        with suppress(WaitedError):
            self.page.wait_for_function(f"text => ({CODE})() === text", arg=text)
        assert self.code() == text

    @contextmanager
    def tells(self, what: str, part: str = "all") -> Iterator[None]:
        """Expect that an outcome is told meanwhile."""

        def is_it(request: Request) -> bool:
            if "/gitlab-completions/outcomes" not in request.url:
                return False
            said = posted(request)
            return (said["what"], said["part"]) == (what, part)

        with self.page.expect_request(is_it):
            yield

    @contextmanager
    def answered(self) -> Iterator[None]:
        """Expect that the last question of what is typed meanwhile is answered."""
        asked: list[Request] = []

        def note(request: Request) -> None:
            if "/gitlab-completions/suggestions" in request.url:
                asked.append(request)

        self.page.on("request", note)
        yield
        self.page.wait_for_load_state("networkidle")
        self.page.remove_listener("request", note)
        assert asked
        for request in asked:
            response = request.response()
            assert response is not None
            response.finished()

    @property
    def ghost(self) -> Locator:
        return self.page.locator(GHOST)

    @property
    def status(self) -> Locator:
        return self.page.locator(STATUS)

    def said_wrong(self) -> list[str]:
        """Return what the page's console has of ours, or of errors.

        But for JupyterLab's own of a notebook that is closed while its kernel starts.
        """
        return [
            each
            for each in self.said
            if "gitlab" in each.lower()
            or (each.startswith("error: ") and each != "error: Disposed")
        ]


def posted(request: Request) -> dict[str, object]:
    """Return what the page has posted."""
    said: dict[str, object] = json.loads(request.post_data or "{}")
    return said


def notebook(*cells: tuple[str, str], language: str | None = "python") -> str:
    """Return a notebook's file."""
    kernel = {"display_name": "Python 3", "language": language, "name": "python3"}
    return json.dumps(
        {
            "cells": [
                {
                    "cell_type": kind,
                    "id": f"cell-{number}",
                    "metadata": {},
                    "source": source,
                    **(
                        {"outputs": [], "execution_count": None}
                        if kind == "code"
                        else {}
                    ),
                }
                for number, (kind, source) in enumerate(cells)
            ],
            "metadata": {"kernelspec": kernel} if language else {},
            "nbformat": 4,
            "nbformat_minor": 5,
        }
    )
