"""Which files are never sent, be it as the file being edited or as context."""

from __future__ import annotations

import os
import re
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple, Protocol, runtime_checkable
from urllib.parse import unquote

from gitlab_completions.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pathspec import GitIgnoreSpec

__all__ = ("IgnoreList", "ProjectIgnoreList")

_LIBRARY = "pathspec"
_SCHEME = re.compile(r"file:(?://(?:localhost)?)?(?=/)", re.IGNORECASE)
"""Java writes `file:/a`, and a file on a share is `file://server/a` (RFC 8089)."""
_DRIVE = re.compile(r"/?[A-Za-z]:(?=/|$)")


@runtime_checkable
class IgnoreList(Protocol):
    """Says of a file whether it must stay on this machine.

    It is called in worker threads, in two at a time at most. When it raises, nothing is
    sent.
    """

    def excludes(self, path: str, /) -> bool:
        """Tell whether nothing of the file may be sent.

        Args:
            path: A request's file name, or a context item's name, as it was given.
        """
        ...


class ProjectIgnoreList:
    """The files that a project's ignore list names, in the syntax of `.gitignore`.

    Needs `pip install 'gitlab-completions[ignore]'`. Paths may be relative to the
    project's root, absolute, or `file:` URIs, with slashes of either kind. The file
    is read again when it has changed; while there is none, only `patterns` count.

    A path outside of the root is matched as a whole, so that `*.pem` and `secrets/`
    hold there too. Case counts, as for git, and links are not followed.

    Args:
        root: The project's folder.
        file_name: The list's file in it.
        patterns: More patterns, which the file cannot take back.

    Raises:
        ConfigurationError: When the extra is not installed, or a pattern is none.
    """

    def __init__(
        self,
        root: str | os.PathLike[str],
        *,
        file_name: str = ".gitlabduoignore",
        patterns: Iterable[str] = (),
    ) -> None:
        if find_spec(_LIBRARY) is None:
            raise ConfigurationError(
                "ProjectIgnoreList needs pathspec: "
                "pip install 'gitlab-completions[ignore]'"
            )
        if isinstance(patterns, str):
            raise ConfigurationError("patterns must be a list, not a string")
        self._file = Path(root) / file_name
        here = Path(root).absolute()
        self._roots = {_plain(str(here)), _plain(os.path.realpath(root))}
        self._patterns = tuple(patterns)
        self._lock = Lock()
        self._read = _Read(None, _compiled(self._patterns, "patterns"))

    def excludes(self, path: str, /) -> bool:
        """Tell whether nothing of the file may be sent.

        Raises:
            ConfigurationError: When the list cannot be read, or holds what is no
                pattern: a list that is not understood must not let anything through.
            OSError: When the file is there and cannot be read.
        """
        return self._current().match_file(self._within(_plain(path)))

    def _within(self, path: str) -> str:
        """Return the path from the root on, else all of it."""
        for root in self._roots:
            drive = _DRIVE.match(root)
            one, other = (root.lower(), path.lower()) if drive else (root, path)
            if other.startswith(one.rstrip("/") + "/"):
                path = path[len(root.rstrip("/")) :]
                break
        return path.lstrip("/")

    def _current(self) -> GitIgnoreSpec:
        with self._lock:
            stamp = _stamp(self._file)
            if stamp != self._read.stamp:
                self._read = _Read(stamp, self._compiled_file(stamp))
            return self._read.spec

    def _compiled_file(self, stamp: tuple[int, ...] | None) -> GitIgnoreSpec:
        lines: list[str] = []
        if stamp is not None:
            try:
                lines = self._file.read_text("utf-8-sig").splitlines()
            except UnicodeDecodeError:
                raise ConfigurationError(f"{self._file.name} is not UTF-8") from None
        return _compiled((*lines, *self._patterns), self._file.name)


class _Read(NamedTuple):
    """The list as it was read.

    Args:
        stamp: What tells this state of the file from others.
        spec: Its patterns, and those beside them.
    """

    stamp: tuple[int, ...] | None
    spec: GitIgnoreSpec


def _stamp(file: Path) -> tuple[int, ...] | None:
    """Return what changes with the file's content; `None` when there is no file."""
    try:
        state = file.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return state.st_mtime_ns, state.st_size, state.st_ino


def _compiled(patterns: tuple[str, ...], source: str) -> GitIgnoreSpec:
    from pathspec import GitIgnoreSpec  # noqa: PLC0415 - few have it

    for number, pattern in enumerate(patterns, start=1):
        try:
            GitIgnoreSpec.from_lines([pattern])
        except (TypeError, ValueError, re.error):
            raise ConfigurationError(
                f"{source}: line {number} is no pattern of a .gitignore"
            ) from None
    return GitIgnoreSpec.from_lines(patterns)


def _plain(path: str) -> str:
    """Return a path or a `file:` URI with slashes, and without detours."""
    uri = _SCHEME.match(path)
    if uri is not None:
        path = unquote(path[uri.end() :])
    path = path.replace("\\", "/")
    drive = _DRIVE.match(path)
    if drive is not None:
        path = path[drive.start() :].removeprefix("/")
    rooted = path.startswith("/")
    parts: list[str] = []
    for part in path.split("/"):
        if part == ".." and parts:
            parts.pop()
        elif part not in {"", ".", ".."}:
            parts.append(part)
    return "/" * rooted + "/".join(parts)
