"""The ignore lists of all folders and repositories that are open, as one.

A client has one `IgnoreList` and is asked about the names that models see, which may
stand for files of several folders. So a name is taken back to the open files that have
it, and each of them is looked up in the list of its folder, and in that of the
repository around it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlab_completions.ignoring import ProjectIgnoreList
from gitlab_completions.lsp.repositories import repository_of

if TYPE_CHECKING:
    from pathlib import Path

    from gitlab_completions.lsp.folders import Folders
    from gitlab_completions.lsp.open_files import OpenFiles

__all__ = ("IgnoredFiles",)

FILE_NAME = ".gitlabduoignore"
MOST_KEPT = 256
"""Folders whose repository is remembered."""


class IgnoredFiles:
    """Says of open files whether they must stay on this machine: an `IgnoreList`.

    Blocks, so it is asked in worker threads. When it raises, nothing may be sent.

    Args:
        folders: The workspace's folders.
        open_files: What is open, by the names that models see.
    """

    def __init__(self, folders: Folders, open_files: OpenFiles) -> None:
        self._folders = folders
        self._open_files = open_files
        self._lists: dict[Path, ProjectIgnoreList] = {}
        self._tops: dict[Path, Path | None] = {}

    def excludes(self, path: str, /) -> bool:
        """Tell whether nothing of a file may be sent, by a name that a model sees.

        A name that no open file has is one of a file that was closed meanwhile: which
        lists it may be on cannot be told any more, and its suggestion has no reader.

        Raises:
            ConfigurationError: When a list is there and cannot be understood, or the
                extra `ignore` is missing, which reads it.
            OSError: When a list is there and cannot be read.
        """
        open_files = self._open_files.named(path)
        if not open_files:
            return True
        return any(self.has(uri) for uri in open_files)

    def has(self, uri: str) -> bool:
        """Tell the same of a document; raises the same."""
        place = self._folders.place_of(uri)
        if place.path is None:
            return False
        roots = {place.folder, self._top_of(place.path.parent)}
        return any(self._excluded(str(place.path), each) for each in roots)

    def look_again(self) -> None:
        """Find repositories anew: one may have been made."""
        self._tops = {}

    def _excluded(self, path: str, root: Path | None) -> bool:
        if root is None:
            return False
        ignored = self._lists.get(root)
        if ignored is None:
            if not (root / FILE_NAME).exists():
                return False
            ignored = self._lists[root] = ProjectIgnoreList(root)
        return ignored.excludes(path)

    def _top_of(self, folder: Path) -> Path | None:
        tops = self._tops
        if folder not in tops:
            if len(tops) >= MOST_KEPT:
                tops.clear()
            repository = repository_of(folder)
            tops[folder] = None if repository is None else repository.top
        return tops[folder]
