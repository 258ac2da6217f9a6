"""Listens to everything that a program under test says, and knows its secrets."""

from __future__ import annotations

import logging
import traceback
from typing import TYPE_CHECKING

from tests.loopback.scene import ACCESS_TOKEN, SOURCE

if TYPE_CHECKING:
    from gitlab_completions.events import Event

GATEWAY_TOKEN = "eyJ"
"""How each part of a JSON Web Token begins that says something: `{"` in base64."""
SECRETS = (ACCESS_TOKEN, GATEWAY_TOKEN, SOURCE, "secret_file")


class Witness(logging.Handler):
    """A log handler, an observer, and one who can be told of any object.

    Attributes:
        heard: Who has said something: loggers, and kinds of events and objects.
        leaks: What was said that must not be.
    """

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.heard: set[str] = set()
        self.leaks: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        said = [record.getMessage(), repr(record.args), record.stack_info or ""]
        if record.exc_info:
            said += traceback.format_exception(record.exc_info[1])
        self._hear(record.name, *said)

    def note(self, event: Event) -> None:
        """Take note of an event, as an observer."""
        self.look_at(event)

    def look_at(self, thing: object) -> None:
        """Take note of how an object shows itself; of an error, and of its causes."""
        self._hear(type(thing).__name__, repr(thing), str(thing))
        if isinstance(thing, BaseException):
            self._hear(type(thing).__name__, *traceback.format_exception(thing))

    def _hear(self, who: str, *said: str) -> None:
        self.heard.add(who)
        self.leaks += [
            f"{who} tells {secret}: {words[:1000]}"
            for words in said
            for secret in SECRETS
            if secret in words
        ]
