"""Which files are never sent, be it as the file being edited or as context."""

from __future__ import annotations

import os
import re
import sys
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple, Protocol, runtime_checkable
from urllib.parse import unquote

from gitlab_completions.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pathspec import GitIgnoreSpec

__all__ = ("IgnoreList", "ProjectIgnoreList")

MOST_KEPT = 4096
"""Paths whose verdict is kept: the items of forty calls, or a megabyte."""
MOST_BYTES = 256 * 1024
"""Bytes of a list: ten thousand patterns, which take a second to be understood."""
MOST_STARS = 3
"""Stars in one part of a pattern. Measured on a name of 255 letters: three cost 10 ms,
four half a second, five half a minute."""
_STARS = re.compile(r"\*+")
_LIBRARY = "pathspec"
_FOLDS = sys.platform in {"win32", "darwin"}
"""Where file systems, and git by its `core.ignoreCase`, take cases for the same."""
_SCHEME = re.compile(r"file:(?://(?:localhost)?)?(?=/)", re.IGNORECASE)
"""Java writes `file:/a`, and a file on a share is `file://server/a` (RFC 8089)."""
_FOLDER = re.compile(r"(?<=[^/!])/ *$")
"""What says that a pattern is of folders only."""
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
    hold there too. Case counts where it does for git: not on Windows, nor on macOS.
    Links are not followed.

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
        here = Path(root).absolute()  # whatever folder the program goes to later
        self._file = here / file_name
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
        return self._current().exclude(_folded(self._within(_plain(path))))

    def _within(self, path: str) -> str:
        """Return the path from the root on, else all of it."""
        for root in self._roots:
            drive = _DRIVE.match(root)
            one, other = _folded(root), _folded(path)
            if drive is not None:
                one, other = root.lower(), path.lower()
            if other.startswith(one.rstrip("/") + "/"):
                path = path[len(root.rstrip("/")) :]
                break
        return path.lstrip("/")

    def _current(self) -> _Patterns:
        with self._lock:
            stamp = _stamp(self._file)
            if stamp != self._read.stamp:
                self._read = _Read(stamp, self._compiled_file(stamp))
            return self._read.patterns

    def _compiled_file(self, stamp: tuple[int, ...] | None) -> _Patterns:
        lines = () if stamp is None else _lines_of(self._file)
        return _compiled((*lines, *self._patterns), self._file.name)


class _Patterns(NamedTuple):
    """Patterns, and git's rule that a file cannot be taken back out of a folder.

    The matcher would let `!*.md` take back `secrets/a.md`, which git ignores with its
    folder.

    Args:
        files: Matches files.
        folders: Matches folders, where any pattern takes something back.
    """

    files: Callable[[str], bool]
    folders: Callable[[str], bool] | None

    def exclude(self, path: str) -> bool:
        """Tell whether a file, or a folder that it is in, is excluded."""
        folders = self.folders
        if folders is not None:
            ends = (slash.start() for slash in re.finditer("/", path))
            if any(folders(path[:end]) for end in ends):
                return True
        return self.files(path)


class _Read(NamedTuple):
    """The list as it was read.

    Args:
        stamp: What tells this state of the file from others.
        patterns: Its patterns, and those beside them.
    """

    stamp: tuple[int, ...] | None
    patterns: _Patterns


def _stamp(file: Path) -> tuple[int, ...] | None:
    """Return what changes with the file's content; `None` when there is no file."""
    try:
        state = file.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return state.st_mtime_ns, state.st_size, state.st_ino


def _lines_of(file: Path) -> Iterable[str]:
    """Return a list's lines; it may be a link to what never ends, or never begins."""
    if not file.is_file():
        raise ConfigurationError(f"{file.name} is no plain file")
    with file.open("rb") as opened:
        content = opened.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise ConfigurationError(f"{file.name} has more than {MOST_BYTES} bytes")
    try:
        return content.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise ConfigurationError(f"{file.name} is not UTF-8") from None


def _compiled(patterns: tuple[str, ...], source: str) -> _Patterns:
    from pathspec import GitIgnoreSpec  # noqa: PLC0415 - few have it

    patterns = tuple(_folded(pattern) for pattern in patterns)
    for number, pattern in enumerate(patterns, start=1):
        try:
            GitIgnoreSpec.from_lines([pattern])
        except (TypeError, ValueError, re.error):
            raise ConfigurationError(
                f"{source}: line {number} is no pattern of a .gitignore"
            ) from None
        if _is_costly(pattern):
            raise ConfigurationError(
                f"{source}: line {number} has more than {MOST_STARS} * in one part of "
                "a path, or as many **: write it as several patterns"
            )
    files = GitIgnoreSpec.from_lines(patterns)
    if all(pattern.include is not False for pattern in files.patterns):
        return _Patterns(_kept(files), None)
    # To the matcher a path without a slash at its end is no folder.
    named = [_FOLDER.sub("", pattern) for pattern in patterns]
    return _Patterns(_kept(files), _kept(GitIgnoreSpec.from_lines(named)))


def _is_costly(pattern: str) -> bool:
    """Tell whether a name could keep the matcher busy for longer than an author waits.

    Its time grows with the name's length to the power of the stars, and it holds the
    interpreter's lock. The list belongs to a repository, which may be anybody's.
    """
    parts = pattern.split("/")
    stars = max(len(_STARS.findall(part)) for part in parts)
    return stars > MOST_STARS or parts.count("**") > MOST_STARS


def _kept(spec: GitIgnoreSpec) -> Callable[[str], bool]:
    """Keep what was found: each key that an author presses asks of the same files."""
    return lru_cache(MOST_KEPT)(spec.match_file)


def _folded(text: str) -> str:
    """Return a path or a pattern in one case, where case does not count."""
    return text.lower() if _FOLDS else text


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
