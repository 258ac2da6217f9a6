"""Tells the client how things stand, its log what happens, and a person what to do."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from gitlab_completions.lsp.board import STATUS, Board

if TYPE_CHECKING:
    from gitlab_completions.lsp.board import Standing
    from gitlab_completions.lsp.conversation import Conversation

__all__ = ("Herald", "Weight")


class Weight:
    """The protocol's numbers for how much a line for people weighs."""

    ERROR = 1
    WARNING = 2
    INFO = 3
    LOG = 4


class Herald:
    """Tells each thing once, and nothing to a client that does not listen yet.

    Args:
        conversation: With the client.
    """

    def __init__(self, conversation: Conversation) -> None:
        self._conversation = conversation
        self._board = Board()
        self._is_heard = False

    @property
    def told(self) -> Standing | None:
        """How things stood last."""
        return self._board.told

    def begin(self) -> None:
        """The client listens from now on: tell how things stand."""
        self._is_heard = True
        if self._board.told is not None:
            self.show(self._board.told, again=True)

    def end(self) -> None:
        """The client has left."""
        self._is_heard = False

    def forget(self) -> None:
        """Begin anew: settings have changed, so what is wrong now is news."""
        self._board.forget()

    def show(self, standing: Standing, *, again: bool = False) -> None:
        """Tell the client how things stand, and a person what they have to do."""
        is_news = self._board.put(standing)
        if not self._is_heard:
            return
        if is_news or again:
            self._conversation.notify(STATUS, standing.document())
        problem, line = standing.problem, standing.message
        if problem is None or line is None:
            return
        # Once for each code: one problem is seen from several sides, in other words.
        if self._board.is_new(problem.code):
            self.tell(line, Weight.ERROR)

    def tell(self, line: str, weight: int) -> None:
        """Show a person a line."""
        shown = {"type": weight, "message": f"GitLab Duo: {line}"}
        self._conversation.notify("window/showMessage", shown)

    def tell_once(self, line: str, weight: int) -> None:
        """Show a person a line that they have not been shown yet."""
        if self._board.is_new(line):
            self.tell(line, weight)

    def log(self, line: str, weight: int) -> None:
        """Write a line into the client's log; to stderr when it does not listen."""
        if self._is_heard:
            logged = {"type": weight, "message": line}
            self._conversation.notify("window/logMessage", logged)
        else:
            sys.stderr.write(f"{line}\n")
