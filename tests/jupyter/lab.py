"""A JupyterLab of its own on loopback, with the example installed, and a page in it.

Nothing of the user's counts: settings, kernels' histories and notebooks are in a folder
of the test's.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from threading import Thread
from typing import TYPE_CHECKING

from anyio.from_thread import start_blocking_portal

from gitlab_completions.emulator import Emulator

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import IO

    from playwright.sync_api import Locator, Page

TOKEN = "nobodys-but-the-tests"
STOP_S = 20
EDITOR = ".jp-mod-active .cm-content"
GHOST = ".jp-GhostText"
STATUS = ".gitlab-completions-status"


@contextmanager
def gitlab(**options: float) -> Iterator[Emulator]:
    """An emulator in a thread of its own: the browser's driver has a loop already."""
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(Emulator(tls=True, **options)) as emulator,
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
    command += [f"--ServerApp.root_dir={lab.files}", "--ServerApp.port_retries=50"]
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
        page.on("pageerror", lambda error: self.said.append(str(error)))

    def open(self, path: str) -> Window:
        """Open a notebook or a file, alone."""
        self.page.goto(f"{self.lab.url}/doc/tree/{path}?token={TOKEN}")
        self.page.locator(EDITOR).first.wait_for()
        return self

    @property
    def ghost(self) -> Locator:
        return self.page.locator(GHOST)

    @property
    def status(self) -> Locator:
        return self.page.locator(STATUS)

    def code(self) -> str:
        """Return the text of the editor in use, without what is only suggested."""
        text: str = self.page.evaluate(
            "([content]) => content.cmTile.view.state.doc.toString()",
            [self.page.locator(f"{EDITOR}").first.element_handle()],
        )
        return text


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
