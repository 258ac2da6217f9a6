"""Where documents are at home is found in threads, and remembered."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

from gitlab_completions.lsp import projects
from gitlab_completions.lsp.projects import NOWHERE, Home, Projects

URL = "https://gitlab.example.com"
FILE = Path("/w/app/a.py")


class Disk:
    """Stands for what is found on a disk."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked: list[Path] = []
        self.project = "group/one"
        self.failure: Exception | None = None
        self.spinning = threading.Event()
        self.spinning.set()
        monkeypatch.setattr(projects, "find_home", self.find)

    def find(self, folder: Path, *_: object) -> Home:
        self.asked.append(folder)
        assert self.spinning.wait(10)
        if self.failure is not None:
            raise self.failure
        return Home(project=self.project, top=folder)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    return Disk(monkeypatch)


async def test_a_folder_is_looked_at_once_a_minute(disk: Disk) -> None:
    found = Projects(URL, environment={})
    for name in ("a.py", "b.py"):
        home = await found.home_of(Path("/w/app") / name)
        assert home.project == "group/one"
    assert disk.asked == [Path("/w/app")]
    disk.project = "group/two"
    await asyncio.sleep(projects.KEPT_S + 1)
    assert (await found.home_of(FILE)).project == "group/one"  # nobody waits for it
    await asyncio.sleep(0)
    assert (await found.home_of(FILE)).project == "group/two"
    assert len(disk.asked) == 2


async def test_a_search_that_fails_later_takes_nothing_back(disk: Disk) -> None:
    found = Projects(URL, environment={})
    await found.home_of(FILE)
    await asyncio.sleep(projects.KEPT_S + 1)
    disk.failure = RecursionError()
    await found.home_of(FILE)
    await asyncio.sleep(0)
    assert (await found.home_of(FILE)).project == "group/one"


async def test_documents_that_ask_at_once_share_one_search(disk: Disk) -> None:
    found = Projects(URL, environment={})
    homes = await asyncio.gather(*(found.home_of(FILE) for _ in range(5)))
    assert {home.project for home in homes} == {"group/one"}
    assert len(disk.asked) == 1


@pytest.mark.real_time
async def test_a_slow_disk_is_not_waited_for_and_serves_the_next(
    disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk.spinning.clear()
    found = Projects(URL, environment={})
    monkeypatch.setattr(projects, "WAIT_S", 0.001)
    assert await found.home_of(FILE) == NOWHERE
    disk.spinning.set()
    monkeypatch.setattr(projects, "WAIT_S", 10)
    assert (await found.home_of(FILE)).project == "group/one"
    assert len(disk.asked) == 1


async def test_a_search_that_fails_finds_nothing(disk: Disk) -> None:
    disk.failure = RecursionError()
    assert await Projects(URL, environment={}).home_of(FILE) == NOWHERE
    assert await Projects(None, environment={}).home_of(FILE) == NOWHERE
