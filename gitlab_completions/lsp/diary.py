"""What is written down on request: what became of suggestions, and how one types.

Both are off unless the command that starts the server names a file: no setting of a
client, be it a repository's own, can have an author recorded.
"""

from __future__ import annotations

from contextlib import nullcontext
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from gitlab_completions.editor import Recorder

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from types import TracebackType
    from typing import Self

    from gitlab_completions.editor import SuggestionEvent
    from gitlab_completions.event_log import EventLog
    from gitlab_completions.events import Observer

__all__ = ("Diary",)


class Diary:
    """The files that are written, of all sessions of a server.

    Args:
        event_log: Where an event log goes; it is gone on with when it is there.
        record: Where a recording goes; an editor starts its server many times, so the
            name gets a number when there is one already.
        content: Whether what the author writes is kept, and not disguised.

    Raises:
        ConfigurationError: When the extra `eventlog` is wanted, and missing.
    """

    def __init__(
        self,
        *,
        event_log: str | None = None,
        record: str | None = None,
        content: bool = False,
    ) -> None:
        self._log = None if event_log is None else _log(event_log)
        self.recorder: Recorder | None = None
        if record is not None:
            self.recorder = Recorder(
                _new(Path(record)), content="kept" if content else "hashed"
            )

    @property
    def problem(self) -> str | None:
        """Why nothing is written any more, `None` when all is well."""
        recording = None if self.recorder is None else self.recorder.problem
        log = None if self._log is None else self._log.problem
        return recording or log

    def observers(self) -> tuple[Observer, ...]:
        """Return who writes down what one client does."""
        return () if self._log is None else (self._log.observer(),)

    def tracked(self, suggestion_id: str) -> AbstractContextManager[object]:
        """Return what a call is made in, so that its lines have its suggestion's id."""
        return nullcontext() if self._log is None else self._log.tracked(suggestion_id)

    def note(self, event: SuggestionEvent) -> None:
        """Write down what became of a suggestion, where no call tells of it."""
        if self._log is not None and not event.of_call:
            named = event.suggestion_id
            self._log.add(event.action, unique_tracking_id=named, **event.fields)

    def close(self) -> None:
        """Write what is there, and no more."""
        for each in (self.recorder, self._log):
            if each is not None:
                each.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def _log(path: str) -> EventLog:
    from gitlab_completions.event_log import EventLog  # noqa: PLC0415

    return EventLog(path)


def _new(path: Path) -> Path:
    """Return a path at which nothing is yet."""
    numbered = (path.with_stem(f"{path.stem}-{number}") for number in count(2))
    return path if not path.exists() else next(p for p in numbered if not p.exists())
