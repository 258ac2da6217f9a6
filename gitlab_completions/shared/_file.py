"""A store of files that only their user can read: for the processes of one machine.

One small file for each key, in a directory of the user's own that the system empties
when the user has left. A file is put in place whole, by a rename; a reader opens it
without following links and looks at whose it is before it reads. The claim is a file
lock, which the system lifts when a process ends, however it ends.

Times are those of the clock that counts suspend, named by the boot id, since that clock
starts anew with the machine. Where a platform has none of the two it is the wall clock:
set back, it makes a token look younger than it is, which costs a refusal by the gateway
and a renewal.

All of it runs in threads of its own: a runtime directory is in memory, but a directory
that a user names may be on a disk that hangs. That must neither use up the threads in
which a loop resolves names, nor keep the interpreter from its end.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import re
import stat
import tempfile
import threading
import warnings
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from gitlab_completions._errands import Errands
from gitlab_completions._shell.clock import machine_clock, wall_time
from gitlab_completions.errors import ConfigurationError
from gitlab_completions.shared._memory import MemoryStore
from gitlab_completions.shared._protocol import Reading

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import TypeVar

    from filelock import BaseFileLock

    from gitlab_completions.shared._protocol import DetailsStore, Release

    T = TypeVar("T")

logger = logging.getLogger("gitlab_completions")

_APP = "gitlab_completions"
_MAX_BYTES = 256 * 1024
"""Bytes that are read of a file; a client writes half of it at most."""
_STALE_S = 24 * 3600.0
"""Seconds after which a file is swept: no token of GitLab's lives longer."""
_TEMPORARY = ".gitlab-completions-"
_OURS = re.compile(r"[0-9a-f]{64}\.(entry|lock)|\.gitlab-completions-.*")
"""The names that a sweep may touch: a directory that a user names may hold others."""
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_WRITABLE_BY_OTHERS = stat.S_IWGRP | stat.S_IWOTH
_PRIVATE = stat.S_IRUSR | stat.S_IWUSR
_NEEDED = ("filelock", "platformdirs")
MOST_ASIDE = 64
"""Threads at once, far more than a disk that answers needs: more are all stuck."""


class FileStore:
    """Shares among the processes of one user on one machine.

    Where the directory cannot be used (there is none, it is another user's, or others
    may write to it or put another one in its place), the store shares within this
    process only; a warning in the log and `problem` say why, once it has been used.

    Args:
        directory: Where; by default a directory of ours in the user's runtime
            directory, such as `/run/user/1000`. It is made when it is missing.

    Attributes:
        directory: Where; `None` where the system has no such directory.
        problem: Why it cannot be used, once that has been tried; `None` if it can.

    Raises:
        ConfigurationError: When the packages of the extra `shared` are missing, or
            `directory` is no path.
    """

    def __init__(self, directory: str | os.PathLike[str] | None = None) -> None:
        for package in _NEEDED:
            if find_spec(package) is None:
                raise ConfigurationError(
                    f"FileStore needs {package}: "
                    "pip install 'gitlab-completions[shared]'"
                )
        self.directory: Path | None = _directory(directory)
        self.problem: str | None = None
        self._alone: DetailsStore | None = None
        self._clock, self._now = machine_clock()
        self._is_ready = False
        self._guard = threading.Lock()
        self._errands = Errands()
        self._under_way: set[object] = set()

    async def read(self, keys: Sequence[str], /) -> Reading:
        """Return the entries of the keys."""
        alone = await self._prepared()
        if alone is not None:
            return await alone.read(keys)
        return await self._off_loop(partial(self._read, tuple(keys)))

    async def write(self, key: str, entry: bytes, /, *, keep_s: float) -> None:
        """Put a file in place, and sweep those that are long unused."""
        alone = await self._prepared()
        if alone is not None:
            await alone.write(key, entry, keep_s=keep_s)
        else:
            await self._off_loop(partial(self._write, key, entry))

    async def claim(self, key: str, /, *, lease_s: float) -> Release | None:
        """Take the key's file lock; the system lifts it when the process ends."""
        alone = await self._prepared()
        if alone is not None:
            return await alone.claim(key, lease_s=lease_s)
        # What a thread has locked must be unlocked, though its caller has left.
        taking = self._off_loop(partial(self._lock, key))
        try:
            lock = await asyncio.shield(taking)
        except asyncio.CancelledError:
            taking.add_done_callback(_unlock)
            raise
        if lock is None:
            return None
        return partial(self._released, lock)

    def __repr__(self) -> str:
        return f"FileStore({str(self.directory)!r})"

    async def _prepared(self) -> DetailsStore | None:
        """Return what serves in place of the directory, if it cannot be used."""
        if not self._is_ready:
            await self._off_loop(self._prepare)
        return self._alone

    async def _released(self, lock: BaseFileLock) -> None:
        await self._off_loop(lock.release)

    def _off_loop(self, work: Callable[[], T]) -> asyncio.Future[T]:
        """Have it done in a daemon thread, unless too many are stuck in theirs."""
        if len(self._under_way) >= MOST_ASIDE:
            raise TimeoutError(f"{self.directory} does not answer")
        errand = self._errands.submit(work)
        self._under_way.add(errand)
        errand.add_done_callback(self._under_way.discard)
        return asyncio.wrap_future(errand)

    def _prepare(self) -> None:
        with self._guard:
            if not self._is_ready:
                self.problem = _why_unusable(self.directory)
                if self.problem is not None:
                    self._alone = MemoryStore()
                    logger.warning("Sharing in this process only: %s.", self.problem)
                self._is_ready = True

    def _check(self) -> None:
        """Make the directory again if it is gone, as when its user had left."""
        problem = _why_unusable(self.directory)
        if problem is not None:
            raise PermissionError(problem)

    def _read(self, keys: tuple[str, ...]) -> Reading:
        return Reading(
            entries=tuple(_content(self._path(key)) for key in keys),
            now=self._now(),
            clock=self._clock,
        )

    def _write(self, key: str, entry: bytes) -> None:
        path = self._path(key)
        self._check()
        # Made with mode 0600, and of a name that nobody can guess or has taken.
        handle, name = tempfile.mkstemp(prefix=_TEMPORARY, dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(entry)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        _sweep(path.parent)

    def _lock(self, key: str) -> BaseFileLock | None:
        import filelock  # noqa: PLC0415 - an extra

        path = self._path(key).with_suffix(".lock")
        self._check()
        lock = filelock.FileLock(path, timeout=0, mode=_PRIVATE, thread_local=False)
        try:
            lock.acquire()
        except filelock.Timeout:
            return None
        return lock

    def _path(self, key: str) -> Path:
        if not (key.isascii() and key.isalnum()):
            raise ValueError("a key must be letters and digits")
        return Path(self.directory or "", f"{key}.entry")


def _unlock(taking: asyncio.Future[BaseFileLock | None]) -> None:
    if not taking.cancelled() and taking.exception() is None:
        lock = taking.result()
        if lock is not None:
            lock.release()


def _directory(given: str | os.PathLike[str] | None) -> Path | None:
    """Return the directory that was given, or else the runtime directory."""
    if given is None:
        return _runtime_directory()
    try:
        directory = Path(given)
    except TypeError:
        kind = type(given).__name__
        raise ConfigurationError(f"directory must be a path, not {kind}") from None
    if given == "":  # Path would take it for the working directory
        raise ConfigurationError("directory must be a path, not ''")
    return directory


def _runtime_directory() -> Path | None:
    """Return our directory among the user's runtime files, if the system has one."""
    import platformdirs  # noqa: PLC0415 - an extra

    with warnings.catch_warnings():
        # It says that $XDG_RUNTIME_DIR is not set; where it turns to is checked here.
        warnings.simplefilter("ignore")
        try:
            return platformdirs.user_runtime_path(_APP, appauthor=False)
        except OSError:
            return None


def _why_unusable(directory: Path | None) -> str | None:
    """Make the directory if it is missing; return why it must not be used."""
    if directory is None:
        return "the system has no runtime directory for this user"
    try:
        _make(directory)
        status, above = directory.lstat(), directory.parent.stat()
    except FileExistsError:
        return f"{directory} is not a directory"
    except OSError as error:
        return f"{directory} cannot be made: {error.strerror or type(error).__name__}"
    if not stat.S_ISDIR(status.st_mode):
        return f"{directory} is not a directory"
    if not _is_ours(status):
        return f"{directory} belongs to another user"
    if os.name == "posix" and status.st_mode & _WRITABLE_BY_OTHERS:
        return f"{directory} can be written to by others; it must be the user's alone"
    if os.name == "posix" and not _is_safe_below(above):
        return f"{directory} is in a directory that others may change"
    return None


def _make(directory: Path) -> None:
    """Make what is missing for the user alone, whatever the process's umask is."""
    if not directory.parent.exists():
        _make(directory.parent)
    directory.mkdir(mode=stat.S_IRWXU, exist_ok=True)


def _is_safe_below(above: os.stat_result) -> bool:
    """Tell whether nobody but the user and root can put another directory there.

    Where the system has none, the runtime directory is below one in `/tmp` whose name
    everybody knows, and may have taken.
    """
    open_to_all = above.st_mode & stat.S_IWOTH and not above.st_mode & stat.S_ISVTX
    return above.st_uid in {0, os.geteuid()} and not open_to_all


def _is_ours(status: os.stat_result) -> bool:
    return os.name != "posix" or status.st_uid == os.geteuid()


def _content(path: Path) -> bytes | None:
    """Return a file's bytes, if it is a file of ours that others cannot read."""
    flags = os.O_RDONLY
    for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY"):
        flags |= getattr(os, name, 0)  # no links, no pipes that wait for a writer
    try:
        handle = os.open(path, flags)
    except OSError:
        return None
    try:
        status = os.fstat(handle)
        private = os.name != "posix" or not status.st_mode & _OTHERS
        if not (stat.S_ISREG(status.st_mode) and _is_ours(status) and private):
            return None
        with os.fdopen(handle, "rb", closefd=False) as file:
            content = file.read(_MAX_BYTES + 1)
    finally:
        os.close(handle)
    return content if len(content) <= _MAX_BYTES else None


def _sweep(directory: Path) -> None:
    """Remove what nobody has written to for a day: of tokens and projects long gone."""
    oldest = wall_time().timestamp() - _STALE_S
    for path in directory.iterdir():
        with contextlib.suppress(OSError):
            if _OURS.fullmatch(path.name) and path.stat().st_mtime < oldest:
                path.unlink()
