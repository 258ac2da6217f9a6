"""The folders that are open, and where in them a document is."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from gitlab_completions._records import Record

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ("Folders", "Place", "path_of")

MOST_KEPT = 1024
"""Documents whose place is kept: each key that an author presses asks for those of all
open files."""
_FILE = re.compile(r"file:(?://([^/?#]*))?(?=/)", re.IGNORECASE)
_DRIVE = re.compile(r"/[A-Za-z]:(?=/|$)")
_HERE = frozenset({"", "localhost"})
_UNTITLED = "untitled"
_AS_ON_DISK = "surrogateescape"
"""How Python spells the bytes of a path that are no UTF-8; they are never sent so."""


class Place(Record):
    """Where a document is.

    Args:
        path: Its path; `None` for what is on no disk.
        folder: The innermost folder that it is in; `None` outside of all.
        name: What a model is told of it: its path within its folder. Outside of all
            folders it is the last part alone: what is above tells of the author's
            machine, and nothing of the code.
    """

    path: Path | None
    folder: Path | None
    name: str

    def __repr__(self) -> str:
        return f"Place(name=<{len(self.name)} characters>)"


class Folders:
    """The workspace's folders; there may be several, one within another too.

    Places may be asked for in any thread, folders change in one.

    Args:
        uris: Their URIs.
    """

    def __init__(self, uris: Iterable[str] = ()) -> None:
        self._paths: dict[str, Path] = {}
        self._places: dict[str, Place] = {}
        for uri in uris:
            self.add(uri)

    @property
    def paths(self) -> tuple[Path, ...]:
        """Their paths."""
        return tuple(self._paths.values())

    def add(self, uri: str) -> None:
        """Take in a folder that was opened; one that is on no disk has no say."""
        path = path_of(uri)
        if path is not None:
            self._paths = {**self._paths, uri: path}
            self._places = {}

    def remove(self, uri: str) -> None:
        """Forget a folder that was closed."""
        self._paths = {each: path for each, path in self._paths.items() if each != uri}
        self._places = {}

    def place_of(self, uri: str) -> Place:
        """Return where a document is."""
        places = self._places  # another one once the folders have changed
        place = places.get(uri)
        if place is None:
            if len(places) >= MOST_KEPT:
                places.clear()
            place = places[uri] = self._found(uri)
        return place

    def _found(self, uri: str) -> Place:
        path = path_of(uri)
        if path is None:
            return Place(path=None, folder=None, name=_last_part(uri))
        around = [each for each in self.paths if path.is_relative_to(each)]
        folder = max(around, key=lambda each: len(each.parts), default=None)
        name = path.name
        if folder is not None and path != folder:
            name = path.relative_to(folder).as_posix()
        return Place(path=path, folder=folder, name=name if name.strip() else _UNTITLED)


def path_of(uri: str) -> Path | None:
    """Return the path that a `file:` URI names; `None` for what is on no disk."""
    scheme = _FILE.match(uri)
    if scheme is None:
        return None
    host, path = scheme[1] or "", unquote(uri[scheme.end() :], errors=_AS_ON_DISK)
    if "\0" in path:  # which no system has in a path
        return None
    if host.lower() not in _HERE:
        path = f"//{host}{path}"  # on a share (RFC 8089)
    elif os.name == "nt" and _DRIVE.match(path):
        path = path[1:]
    return Path(os.path.normpath(path))


def _last_part(uri: str) -> str:
    """Return the end of a URI's path: `Untitled-1` of `untitled:Untitled-1`."""
    path = re.split("[?#]", uri, maxsplit=1)[0]
    return unquote(re.split("[/:]", path)[-1]).strip() or _UNTITLED
