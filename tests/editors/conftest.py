"""What editors are tested with: a GitLab, the command that they start, and screens."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from anyio.from_thread import start_blocking_portal

import gitlab_completions
from gitlab_completions.emulator import Emulator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gitlab_completions.emulator import Prompt

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples" / "editors"
HOME = Path(gitlab_completions.__file__).parents[1]


class Intentions:
    """A model that knows what the author is going to write, and offers the rest."""

    def __init__(self) -> None:
        self.text = ""

    def __call__(self, prompt: Prompt) -> str:
        above = prompt.above.replace("\r\n", "\n")
        return self.text.removeprefix(above) if self.text.startswith(above) else ""


@dataclass(frozen=True)
class Workplace:
    """Where an author works.

    Attributes:
        home: The author's home, in which nothing is.
        folder: A folder with the author's files.
        environment: What programs find in their environment.
        intentions: What the model thinks that the author is going to write.
    """

    home: Path
    folder: Path
    environment: dict[str, str]
    intentions: Intentions


@pytest.fixture(scope="session")
def gitlab() -> Iterator[tuple[Intentions, dict[str, str]]]:
    """A GitLab on loopback: its model, and the environment that leads there."""
    intentions = Intentions()
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(
            Emulator(tls=True, model=intentions)
        ) as running,
    ):
        lines = [line for line in running.describe().splitlines() if line[0] != "#"]
        yield intentions, dict(line.split("=", 1) for line in lines)


@pytest.fixture(scope="session")
def commands(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for the PATH, where `gitlab-completions` is what is tested."""
    folder = tmp_path_factory.mktemp("bin")
    command = folder / "gitlab-completions"
    command.write_text(
        f'#!/bin/sh\n"{sys.executable}" -m gitlab_completions "$@"\n'
        'echo $? >"${ENDED:-/dev/null}"\n'
    )
    command.chmod(0o755)
    return folder


@pytest.fixture(scope="module")
def workplace(
    gitlab: tuple[Intentions, dict[str, str]],
    commands: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Workplace:
    intentions, access = gitlab
    home = tmp_path_factory.mktemp("home")
    folder = home / "boxes"
    folder.mkdir()
    environment = {
        **access,
        "PATH": f"{commands}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(HOME),
        "HOME": str(home),
        "LANG": "C.UTF-8",
    }
    return Workplace(home, folder, environment, intentions)


@pytest.fixture
def keep() -> Callable[[Path, str], None]:
    """Hold a screen to the one that is kept; with KEEP_SCREENS, keep this one."""

    def keep_or_compare(path: Path, screen: str) -> None:
        if "KEEP_SCREENS" in os.environ:
            path.parent.mkdir(exist_ok=True)
            path.write_text(screen, encoding="utf-8")
        assert screen == path.read_text(encoding="utf-8")

    return keep_or_compare
