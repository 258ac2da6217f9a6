"""Listens to everything that a program under test says, and knows its secrets."""

from __future__ import annotations

import copy
import json
import logging
import pickle
import traceback
from contextlib import contextmanager
from typing import TYPE_CHECKING, Self

from rich.traceback import Traceback

from gitlab_completions import GitLabCompletionsError
from gitlab_completions._frames import chain
from gitlab_completions.event_log._scribe import Scribe
from tests.loopback.scene import ACCESS_TOKEN, SOURCE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitlab_completions.events import Event

GATEWAY_TOKEN = "eyJ"
"""How each part of a JSON Web Token begins that says something: `{"` in base64."""
PROXY_PASSWORD = "pr0xy-canary-1903"
SECRETS = (ACCESS_TOKEN, GATEWAY_TOKEN, SOURCE, "secret_file", PROXY_PASSWORD)


class Witness(logging.Handler):
    """A log handler, an observer, and one who can be told of any object.

    Attributes:
        heard: Who has said something: loggers, and kinds of events and objects.
        leaks: What was said that must not be.
    """

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self._scribe = Scribe(b"key")
        self.heard: set[str] = set()
        self.leaks: list[str] = []

    @contextmanager
    def listening(self) -> Iterator[Self]:
        """Hear every record of every logger, debugging's included."""
        root = logging.getLogger()
        level = root.level
        root.addHandler(self)
        root.setLevel(logging.DEBUG)
        try:
            yield self
        finally:
            root.removeHandler(self)
            root.setLevel(level)

    def emit(self, record: logging.LogRecord) -> None:
        said = [record.getMessage(), repr(record.args), record.stack_info or ""]
        if record.exc_info:
            said += traceback.format_exception(record.exc_info[1])
        self._hear(record.name, *said)

    def note(self, event: Event) -> None:
        """Take note of an event, as an observer; also of what a process sends on."""
        self.look_at(event)
        self._hear("event_log", json.dumps(self._scribe.line(event)))
        self._hear(type(event).__name__, pickle.dumps(event).decode("latin-1"))

    def look_at(self, thing: object) -> None:
        """Take note of how an object shows itself; of an error, all that tools show."""
        self._hear(type(thing).__name__, repr(thing), str(thing))
        if isinstance(thing, BaseException):
            self._hear(type(thing).__name__, *crash_reports(thing))
        if isinstance(thing, GitLabCompletionsError):
            self._hear(type(thing).__name__, *_parts(thing))

    def _hear(self, who: str, *said: str) -> None:
        self.heard.add(who)
        self.leaks += [
            f"{who} tells {secret}: {words[:1000]}"
            for words in said
            for secret in SECRETS
            if secret in words
        ]


def crash_reports(error: BaseException) -> Iterator[str]:
    """Give what is printed of a crash: plainly, with all locals, and by rich.

    Nothing cuts long values here; what a person sees is a part of this. Rich's own
    printing, which colours the code, would take most of the tests' time.
    """
    yield from traceback.format_exception(error)
    shown = traceback.TracebackException.from_exception(error, capture_locals=True)
    yield from shown.format()
    trace = Traceback.extract(
        type(error),
        error,
        error.__traceback__,
        show_locals=True,
        locals_max_length=1000,
        locals_max_string=100_000,
    )
    for stack in trace.stacks:
        yield f"{stack.exc_value} {stack.notes}"
        for frame in stack.frames:
            yield from (
                f"{name} = {node}" for name, node in (frame.locals or {}).items()
            )


def _parts(error: GitLabCompletionsError) -> Iterator[str]:
    """Give what is sent to another process of an error, and what is in it."""
    for twin in (error, copy.copy(error), pickle.loads(pickle.dumps(error))):
        yield pickle.dumps(twin).decode("latin-1")
        yield repr(twin)
    for link in chain(error):
        yield from (repr(value) for value in vars(link).values())
