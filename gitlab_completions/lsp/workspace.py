"""What surrounds a document: its folder, its project, what else is open, what stays.

The server tells it which folders and documents are open; it tells the editor session
what it needs of them: `Workspace.document` for each `suggest`, `Workspace.context` as
its context source, and `Workspace.ignored` as the client's ignore list.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from gitlab_completions._sources import errands
from gitlab_completions.editor.models import Document
from gitlab_completions.lsp.folders import Folders
from gitlab_completions.lsp.ignored_files import IgnoredFiles
from gitlab_completions.lsp.open_files import OpenFiles, context_of
from gitlab_completions.lsp.projects import Projects

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from gitlab_completions.ignoring import IgnoreList
    from gitlab_completions.lsp.configuration import Settings
    from gitlab_completions.lsp.open_files import OpenFile
    from gitlab_completions.models import ContextItem

__all__ = ("Workspace",)

WAIT_S = 0.5
"""Seconds that a keystroke waits for a disk to tell what is ignored; what takes longer
is not sent."""


class Workspace:
    """The folders and documents that are open, and what is known of them.

    Args:
        settings: What is set.
        text_of: Returns an open document's text by its URI; `None` when there is none.
        environment: The environment's variables, for git's own settings.
        folders: The URIs of the folders.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        text_of: Callable[[str], str | None],
        environment: Mapping[str, str],
        folders: Iterable[str] = (),
    ) -> None:
        self._folders = Folders(folders)
        self._environment = environment
        self._open_files = OpenFiles(self._folders, text_of)
        self._ignored = IgnoredFiles(self._folders, self._open_files)
        self.reconfigure(settings)

    @property
    def ignored(self) -> IgnoreList:
        """Which files are never sent, for the client."""
        return self._ignored

    def reconfigure(self, settings: Settings) -> None:
        """Go by other settings."""
        self._settings = settings
        self._projects = Projects(settings.instance_url, environment=self._environment)

    def folders_changed(self, added: Iterable[str], removed: Iterable[str]) -> None:
        """Take in folders that were opened and closed, by their URIs."""
        for uri in removed:
            self._folders.remove(uri)
        for uri in added:
            self._folders.add(uri)
        self._ignored.look_again()

    def opened(self, uri: str, language: str | None) -> None:
        """Take in a document that was opened."""
        self._ignored.look_again()
        self._open_files.opened(uri, language)

    def changed(self, uri: str) -> None:
        """Take note that a document was changed, saved or looked at."""
        self._open_files.used(uri)

    def closed(self, uri: str) -> None:
        """Forget a document that was closed."""
        self._open_files.closed(uri)

    async def document(self, uri: str, text: str, language: str | None) -> Document:
        """Return a document as it is now, with its project and its name."""
        self._open_files.used(uri)
        place = self._folders.place_of(uri)
        project = None
        if place.path is not None:
            project = (await self._projects.home_of(place.path)).project
        return Document(
            uri=uri,
            text=text,
            language=language,
            project_path=project or self._settings.project_path,
            file_name=place.name,
        )

    async def context(self, document: Document) -> tuple[ContextItem, ...]:
        """Return what else is open and may be sent, the last used first.

        Nothing, when what is ignored cannot be told, or not in time.
        """
        languages_off = self._settings.editor.languages_off
        files = self._open_files.beside(document.uri, languages_off=languages_off)
        if not self._settings.open_files or not files:
            return ()
        loop = asyncio.get_running_loop()
        sifted = loop.run_in_executor(errands(), partial(self._sifted, files))
        sifted.add_done_callback(_heard)
        await asyncio.wait({sifted}, timeout=WAIT_S)
        if not sifted.done() or sifted.exception() is not None:
            return ()
        return sifted.result()

    def _sifted(self, files: Iterable[OpenFile]) -> tuple[ContextItem, ...]:
        return context_of(file for file in files if not self._ignored.has(file.uri))


def _heard(sifted: asyncio.Future[tuple[ContextItem, ...]]) -> None:
    """Take note of an error that nobody may ask for: asyncio would log it."""
    sifted.exception()
