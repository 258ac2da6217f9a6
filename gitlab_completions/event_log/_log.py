"""The event log that users hold: its observers, and when it ends."""

from __future__ import annotations

import json
import secrets
import weakref
from datetime import UTC, datetime
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from gitlab_completions._checks import check_count
from gitlab_completions.errors import ConfigurationError
from gitlab_completions.event_log._names import GITLAB, OWN
from gitlab_completions.event_log._scribe import Scribe
from gitlab_completions.event_log._writer import MOST_AT_ONCE, Writer

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping
    from types import TracebackType
    from typing import Self

    from gitlab_completions.event_log._writer import Lines
    from gitlab_completions.events import Event, Observer

    StrPath = str | os.PathLike[str]
    Realm = Literal["self-managed", "saas"]

MAX_BYTES = 32 * 1024 * 1024
"""Bytes of a file: some 15 000 calls, a week of an author."""
BACKUPS = 4
_LABELS = frozenset(
    {
        "gitlab_host_name",
        "gitlab_instance_id",
        "gitlab_instance_version",
        "gitlab_global_user_id",
        "region",
    }
)
"""GitLab's names of what the library does not tell by itself, for who wants to."""
_KEY_BYTES = 32
_utc_now = partial(datetime.now, UTC)
_encode = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode


class EventLog:
    """Writes what observers are told to a file, one JSON object a line.

    Nothing is read or written before there is a line, and then by a thread of its own:
    an event loop never waits for the disk. A file that cannot be written costs lines
    (their number is told when it can be again), never a completion; a warning in the
    log and `problem` say why. Several processes may write to one file. A forked child
    goes on writing what its own clients do.

    Args:
        path: The file. It and its directory are made when they are missing, the file
            for its user's eyes only.
        max_bytes: A file that would get larger is rotated first.
        backups: So many old files are kept, as `path.1`, `path.2` and so on; 0 for
            none.
        gitlab_realm: GitLab's word for the kind of instance; the one field that its
            schema demands.
        now: Tells the wall clock's time, with its zone.

    Raises:
        ConfigurationError: When the package of the extra `eventlog` is missing, or an
            argument is wrong.
    """

    def __init__(
        self,
        path: StrPath,
        *,
        max_bytes: int = MAX_BYTES,
        backups: int = BACKUPS,
        gitlab_realm: Realm | None = None,
        now: Callable[[], datetime] = _utc_now,
    ) -> None:
        if find_spec("concurrent_log_handler") is None:
            raise ConfigurationError(
                "EventLog needs concurrent-log-handler: "
                "pip install 'gitlab-completions[eventlog]'"
            )
        check_count("max_bytes", max_bytes)
        check_count("backups", backups, least=0)
        if gitlab_realm is not None and not GITLAB["gitlab_realm"].takes(gitlab_realm):
            raise ConfigurationError('gitlab_realm must be "self-managed" or "saas"')
        self._path = _absolute(path)
        self._realm = gitlab_realm
        self._now = now
        self._writer = Writer(
            partial(_open, self._path, max_bytes, backups),
            partial(_lost_line, now),
            most_at_once=min(max_bytes, MOST_AT_ONCE),
        )
        # Who forgets to close it has what is there written all the same.
        weakref.finalize(self, self._writer.stop).atexit = False

    @property
    def problem(self) -> str | None:
        """Why the file cannot be written, since it was last tried; `None` if it can."""
        return self._writer.problem

    def observer(self, **labels: str) -> Observer:
        """Return an observer for one client: its calls have numbers of their own.

        Args:
            **labels: Written with each line, such as `user="17"`; also GitLab's names
                of what it is not told otherwise, such as `gitlab_host_name`.

        Raises:
            ConfigurationError: When a label is no string, or would hide a field.
        """
        _check_labels(labels)
        scribe = Scribe(secrets.token_bytes(_KEY_BYTES), self._realm)
        return partial(self._observe, scribe, labels)

    def close(self) -> None:
        """Write what is there, and no more; waits 5 s at most for a disk that hangs."""
        self._writer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"EventLog({str(self._path)!r})"

    def _observe(
        self, scribe: Scribe, labels: Mapping[str, str], event: Event, /
    ) -> None:
        line = scribe.line(event)
        if line is not None:
            self._writer.put(_encoded({"time": _time(self._now), **line, **labels}))


def _encoded(line: Mapping[str, object]) -> bytes:
    return _encode(line).encode("ascii") + b"\n"


def _time(now: Callable[[], datetime]) -> str:
    utc = now().astimezone(UTC)
    return f"{utc.replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"


def _lost_line(now: Callable[[], datetime], lines: int) -> bytes:
    line = {"category": "event_log", "action": "lines_lost", "lines": lines}
    return _encoded({"time": _time(now), **line})


def _open(path: Path, max_bytes: int, backups: int) -> Lines:
    # Imported only by who has a line to write.
    from gitlab_completions.event_log._file import line_file  # noqa: PLC0415

    return line_file(path, max_bytes=max_bytes, backups=backups)


def _absolute(path: StrPath) -> Path:
    """Return where the file is, whatever directory the program goes to later."""
    try:
        return Path(path).absolute()
    except TypeError:
        raise ConfigurationError(
            f"path must be a path, not {type(path).__name__}"
        ) from None


def _check_labels(labels: Mapping[str, object]) -> None:
    for name, value in labels.items():
        if not isinstance(value, str):
            raise ConfigurationError(
                f"the label {name} must be a string, not {type(value).__name__}"
            )
        known = GITLAB.get(name)
        if name in OWN or (known is not None and name not in _LABELS):
            raise ConfigurationError(f"the label {name} would hide a field of a line")
        if known is not None and not known.takes(value):
            raise ConfigurationError(f"the label {name} is too long for GitLab")
