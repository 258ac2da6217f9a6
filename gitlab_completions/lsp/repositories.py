"""Finds a file's git repository and reads its configuration, without running git.

Whoever wrote a repository is not to be trusted: nothing of it is run, of files only the
beginning is read, what is no plain file is not waited for, and no share of another
machine is opened because a repository says so (which would hand that machine the
author's credentials). What comes of it is a list of variables.

See gitrepository-layout(5) and git-config(1).
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from gitlab_completions._records import Record
from gitlab_completions.lsp.git_config import entries

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gitlab_completions.lsp.git_config import Entry

__all__ = ("Repository", "configuration_of", "repository_of")

MOST_BYTES = 1024 * 1024
"""Of a configuration file and those that it includes: ten thousand branches, and
remotes stand before them. Reading as many takes half a second of the interpreter."""
MOST_OF_A_PATH = 4096
"""Bytes of a file that holds a path: Linux takes no longer one."""
MOST_ABOVE = 100
"""Folders above a file that are looked into."""
MOST_FILES = 20
"""Files that are read for one that includes others; git stops at a depth of ten."""
_INCLUDE = ("include", "", "path")
_POINTER = "gitdir:"
_SHARES = ("//", "\\\\", "/\\", "\\/")
"""What begins a path on another machine, on Windows."""


class Repository(Record):
    """A repository on this disk.

    Args:
        top: The folder that its files are in.
        git: The folder that its configuration is in.
    """

    top: Path
    git: Path


def repository_of(folder: Path) -> Repository | None:
    """Return the repository that a folder is in, the innermost one, or `None`."""
    for top in (folder, *folder.parents)[:MOST_ABOVE]:
        git = _git_folder(top)
        if git is not None:
            return Repository(top=top, git=git)
    return None


def configuration_of(
    repository: Repository, environment: Mapping[str, str]
) -> Iterator[Entry]:
    """Give the variables of a repository, after those of the system and the user.

    Args:
        repository: Which.
        environment: The environment's variables, which say where those files are.
    """
    home = environment.get("HOME") or environment.get("USERPROFILE") or ""
    for file in (*_shared_files(environment, home), repository.git / "config"):
        yield from _Reading(home).variables(file)


class _Reading:
    """Reads one file, and those that it includes where it does.

    Args:
        home: The user's folder.
    """

    def __init__(self, home: str) -> None:
        self._home = home
        self._files_left = MOST_FILES
        self._bytes_left = MOST_BYTES

    def variables(self, file: Path) -> Iterator[Entry]:
        """Give them; of a file too many there are none."""
        if self._files_left == 0:
            return
        self._files_left -= 1
        text = _beginning(file, self._bytes_left)
        self._bytes_left -= len(text or "")
        for entry in entries(text or ""):
            if (entry.section, entry.subsection, entry.name) == _INCLUDE:
                yield from self._included(file, entry.value)
            else:
                yield entry

    def _included(self, file: Path, path: str) -> Iterator[Entry]:
        if path.startswith("~/"):
            path = f"{self._home}{path[1:]}"
        included = _within(file.parent, path)
        if included is not None:
            yield from self.variables(included)


def _shared_files(environment: Mapping[str, str], home: str) -> Iterator[Path]:
    """Give the files that hold for all of a user's repositories, in git's order."""
    if not environment.get("GIT_CONFIG_NOSYSTEM"):
        yield Path(environment.get("GIT_CONFIG_SYSTEM") or "/etc/gitconfig")
    if "GIT_CONFIG_GLOBAL" in environment:
        yield Path(environment["GIT_CONFIG_GLOBAL"])
        return
    settings = environment.get("XDG_CONFIG_HOME") or (home and f"{home}/.config")
    if settings:
        yield Path(settings) / "git" / "config"
    if home:
        yield Path(home) / ".gitconfig"


def _git_folder(top: Path) -> Path | None:
    """Return where a repository's configuration is, if its files begin in this folder.

    Of a worktree it is the repository's that it belongs to.
    """
    git: Path | None = top / ".git"
    pointer = _beginning(top / ".git", MOST_OF_A_PATH)
    if pointer is not None:  # a worktree, or a submodule
        if not pointer.startswith(_POINTER):
            return None
        git = _within(top, pointer.removeprefix(_POINTER).strip())
    if git is None or _beginning(git / "HEAD", 1) is None:
        return None
    shared = (_beginning(git / "commondir", MOST_OF_A_PATH) or "").strip()
    return _within(git, shared) if shared else git


def _within(folder: Path, path: str) -> Path | None:
    """Return a path that a repository names, unless it is on another machine."""
    if path.startswith(_SHARES) and not str(folder).startswith(_SHARES):
        return None
    return folder / path


def _beginning(file: Path, most: int) -> str | None:
    """Return at most `most` bytes of a plain file, whole lines if there are more.

    `None` when there is none, or it cannot be read.
    """
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        descriptor = os.open(file, flags)
    except (OSError, ValueError):  # the latter for what is no path at all
        return None
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return None
        with os.fdopen(descriptor, "rb", closefd=False) as opened:
            content = opened.read(most + 1)
    except OSError:
        return None
    finally:
        os.close(descriptor)
    if len(content) > most:  # a URL cut short would name another project
        content = content[: content.rfind(b"\n", 0, most) + 1]
    return content.decode(errors="replace")
