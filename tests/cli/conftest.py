from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gitlab_completions.emulator.settings import Settings
from tests.cli.running import CANARY, SOURCE, Background, Terminal

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from gitlab_completions.emulator import Emulator

UNSET = (
    "GITLAB_URL",
    "GITLAB_TOKEN",
    "GITLAB_COMPLETIONS_ALLOW_PLAIN_HTTP",
    "GITLAB_COMPLETIONS_DIRECT",
    "NO_COLOR",
    "FORCE_COLOR",
    "SSL_CERT_FILE",
)


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in UNSET:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "120")


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Terminal:
    return Terminal(capsys)


@pytest.fixture(scope="session")
def served() -> Generator[Background]:
    background = Background()
    background.start()
    yield background
    background.stop()


def _like_new(emulator: Emulator) -> None:
    for endpoint in (
        emulator.direct_access,
        emulator.gateway,
        emulator.instance,
        emulator.inquiries,
    ):
        endpoint.heal()
        endpoint.requests.clear()
    emulator.settings.update(Settings().document())
    emulator.settings.direct_access_limit = 0
    emulator.settings.completions_limit = 0


@pytest.fixture
def gitlab(served: Background, monkeypatch: pytest.MonkeyPatch) -> Background:
    """An emulator that the environment names."""
    served.do(_like_new)
    monkeypatch.setenv("GITLAB_URL", served.emulator.instance_url)
    monkeypatch.setenv("GITLAB_TOKEN", CANARY)
    monkeypatch.setenv("GITLAB_COMPLETIONS_ALLOW_PLAIN_HTTP", "1")
    return served


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A file in the working directory whose end can be completed: `al = 1`."""
    (tmp_path / "calc.py").write_bytes(SOURCE.encode())
    monkeypatch.chdir(tmp_path)
    return "calc.py:3:4"
