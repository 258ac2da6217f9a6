"""The event log that users hold: its observers, and when it ends."""

from __future__ import annotations

import json
import secrets
import weakref
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from uuid import uuid4

from gitlab_completions._checks import check_count
from gitlab_completions.errors import ConfigurationError
from gitlab_completions.event_log._labels import (
    check_fields,
    check_labels,
    check_tracking_id,
)
from gitlab_completions.event_log._names import ACTIONS, GITLAB
from gitlab_completions.event_log._scribe import SUGGESTIONS, Scribe
from gitlab_completions.event_log._writer import MOST_AT_ONCE, Writer

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Generator, Mapping
    from types import TracebackType
    from typing import Self

    from gitlab_completions.event_log._writer import Lines
    from gitlab_completions.events import Event, Observer

    StrPath = str | os.PathLike[str]
    Realm = Literal["self-managed", "saas"]
    Action = Literal[
        "suggestion_requested",
        "suggestion_loaded",
        "suggestion_not_provided",
        "suggestion_shown",
        "suggestion_error",
        "suggestion_accepted",
        "suggestion_rejected",
        "suggestion_cancelled",
        "suggestion_stream_started",
        "suggestion_stream_completed",
    ]

MAX_BYTES = 32 * 1024 * 1024
"""Bytes of a file: some 15 000 calls, a week of an author."""
BACKUPS = 4
_KEY_BYTES = 32
_TRACKED: ContextVar[str | None] = ContextVar("_TRACKED", default=None)
"""The tracking id that a caller gives its call."""
_utc_now = partial(datetime.now, UTC)
_encode = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode


class EventLog:
    """Writes what observers are told to a file, one JSON object a line.

    Nothing is read or written before there is a line, and then by a thread of its own:
    an event loop never waits for the disk. A file that cannot be written costs lines
    (their number is told when it can be again), never a completion; a warning in the
    log and `problem` say why. Several processes may write to one file. A forked child
    goes on writing what its own clients do; one that ends by `os._exit`, as those of
    `multiprocessing` do, closes the log first.

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
        line_file = _import_line_file()
        check_count("max_bytes", max_bytes)
        check_count("backups", backups, least=0)
        if gitlab_realm is not None and not GITLAB["gitlab_realm"].takes(gitlab_realm):
            raise ConfigurationError('gitlab_realm must be "self-managed" or "saas"')
        self._path = _absolute(path)
        self._realm = gitlab_realm
        self._now = now
        self._writer = Writer(
            partial(line_file, self._path, max_bytes=max_bytes, backups=backups),
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
        check_labels(labels)
        scribe = Scribe(secrets.token_bytes(_KEY_BYTES), self._realm)
        return partial(self._observe, scribe, labels)

    @contextmanager
    def tracked(self, unique_tracking_id: str | None = None) -> Generator[str]:
        """Give the call inside an id that you know, to add what came of it.

        ::

            with log.tracked() as tracking_id:
                done = await client.complete(request)
            log.add("suggestion_accepted", unique_tracking_id=tracking_id)

        Args:
            unique_tracking_id: The id; a random one when it is left out.

        Raises:
            ConfigurationError: When it is no string of 1 to 64 letters, digits and
                dashes.
        """
        given = str(uuid4()) if unique_tracking_id is None else unique_tracking_id
        check_tracking_id(given)
        token = _TRACKED.set(given)
        try:
            yield given
        finally:
            _TRACKED.reset(token)

    def add(
        self,
        action: Action,
        /,
        *,
        unique_tracking_id: str,
        **fields: str | int,
    ) -> None:
        """Write what only an editor knows, such as `suggestion_accepted`.

        It may be called in any thread.

        Args:
            action: GitLab's word for it.
            unique_tracking_id: The call's, from `tracked`.
            **fields: GitLab's, such as `accepted_option=1`, and labels.

        Raises:
            ConfigurationError: When an argument is wrong.
        """
        if action not in ACTIONS:
            raise ConfigurationError(f"action must be one of {', '.join(ACTIONS)}")
        check_tracking_id(unique_tracking_id)
        check_fields(fields)
        known = {} if self._realm is None else {"gitlab_realm": self._realm}
        told = {"category": SUGGESTIONS, "action": action}
        called = {"unique_tracking_id": unique_tracking_id}
        line = {**told, **called, **known, **fields}
        self._writer.put(partial(_encoded, self._now(), line))

    def close(self) -> None:
        """Write what is there, and no more; usually in milliseconds.

        It waits 5 s at most for a disk that hangs, so where an event loop goes on
        running: `await asyncio.to_thread(log.close)`.
        """
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
        # An event is told in its call's context, and the time is now; the rest waits.
        given = _TRACKED.get()
        self._writer.put(partial(_line, scribe, labels, event, self._now(), given))


def _line(
    scribe: Scribe,
    labels: Mapping[str, str],
    event: Event,
    at: datetime,
    given: str | None,
) -> bytes:
    """Return an event's line; nothing for one that has none."""
    line = scribe.line(event, given)
    return b"" if line is None else _encoded(at, {**line, **labels})


def _lost_line(now: Callable[[], datetime], lines: int) -> bytes:
    line = {"category": "event_log", "action": "lines_lost", "lines": lines}
    return _encoded(now(), line)


def _encoded(at: datetime, line: Mapping[str, object]) -> bytes:
    utc = at.astimezone(UTC).replace(tzinfo=None)
    time = f"{utc.isoformat(timespec='milliseconds')}Z"
    return _encode({"time": time, **line}).encode("ascii") + b"\n"


def _import_line_file() -> Callable[..., Lines]:
    # Here and not in the thread: a child forked in the midst of an import waits for
    # ever when it imports the same.
    try:
        from gitlab_completions.event_log._file import line_file  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            f"EventLog needs {error.name}: pip install 'gitlab-completions[eventlog]'"
        ) from error
    return line_file


def _absolute(path: StrPath) -> Path:
    """Return where the file is, whatever directory the program goes to later."""
    try:
        return Path(path).absolute()
    except TypeError:
        raise ConfigurationError(
            f"path must be a path, not {type(path).__name__}"
        ) from None
