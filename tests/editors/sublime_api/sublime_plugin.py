"""A fake of Sublime Text's module `sublime_plugin`, beside that of `sublime`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sublime import Edit, View


class EventListener:
    """Whose methods are called by their names."""


class TextCommand:
    """A command of one view."""

    def __init__(self, view: View) -> None:
        self.view = view

    def run(self, edit: Edit) -> None:
        raise NotImplementedError
