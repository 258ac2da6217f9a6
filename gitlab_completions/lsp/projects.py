"""Which repository, and which GitLab project, a document belongs to.

Files are read in a thread, once a minute at most for each folder, and no keystroke
waits long for it: a disk may be at the other end of a network.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from cachetools import LRUCache

from gitlab_completions._records import Record
from gitlab_completions._sources import errands
from gitlab_completions.lsp.addresses import address_of
from gitlab_completions.lsp.remotes import project_of
from gitlab_completions.lsp.repositories import configuration_of, repository_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from gitlab_completions.lsp.addresses import Address

__all__ = ("NOWHERE", "Home", "Projects", "find_home")

MOST_KEPT = 256
"""Folders whose repository is remembered."""
KEPT_S = 60.0
"""Seconds after which a folder is looked at again: remotes change once in a project."""
WAIT_S = 0.5
"""Seconds that a keystroke waits for a disk; reading takes a local one a millisecond.
What comes later serves the next one."""


class Home(Record):
    """Where a document is at home.

    Args:
        project: The path of its GitLab project, where its remotes tell one.
        top: The top folder of its repository; `None` outside of any.
    """

    project: str | None = None
    top: Path | None = None


NOWHERE = Home()


def find_home(
    folder: Path, instance: Address | None, environment: Mapping[str, str]
) -> Home:
    """Return the repository that a folder is in, and its project on the instance."""
    repository = repository_of(folder)
    if repository is None or instance is None:
        return Home(top=repository.top) if repository else NOWHERE
    configuration = configuration_of(repository, environment)
    project = project_of(configuration, instance)
    return Home(project=project, top=repository.top)


class Projects:
    """Finds where documents are at home, and remembers it.

    Args:
        instance_url: The instance that projects are looked for on.
        environment: The environment's variables, for git's own settings.
    """

    def __init__(
        self, instance_url: str | None, *, environment: Mapping[str, str]
    ) -> None:
        self._instance = address_of(instance_url)
        self._environment = environment
        self._searches: LRUCache[Path, _Search] = LRUCache(MOST_KEPT)

    async def home_of(self, path: Path) -> Home:
        """Return where a file is at home, as far as is known by then.

        Nowhere, when a disk takes too long the first time that it is asked.
        """
        search = self._search(path.parent)
        if not search.found.done() and search.before is None:
            await asyncio.wait({search.found}, timeout=WAIT_S)
        return search.home

    def _search(self, folder: Path) -> _Search:
        """Return the search of a folder, begun anew when its result is old."""
        loop = asyncio.get_running_loop()
        search = self._searches.get(folder)
        if search is None or loop.time() - search.begun_at > KEPT_S:
            find = partial(find_home, folder, self._instance, self._environment)
            found = loop.run_in_executor(errands(), find)
            found.add_done_callback(_heard)
            before = None if search is None else search.home
            search = _Search(begun_at=loop.time(), found=found, before=before)
            self._searches[folder] = search
        return search


def _heard(found: asyncio.Future[Home]) -> None:
    """Take note of an error that nobody may ask for: asyncio would log it."""
    found.exception()


class _Search(Record):
    """A search that was begun.

    Args:
        begun_at: When, on the loop's clock.
        found: Its end.
        before: What the one before it found, if there was one.
    """

    begun_at: float
    found: asyncio.Future[Home]
    before: Home | None

    @property
    def home(self) -> Home:
        """What is known now."""
        if self.found.done() and self.found.exception() is None:
            return self.found.result()
        return NOWHERE if self.before is None else self.before
