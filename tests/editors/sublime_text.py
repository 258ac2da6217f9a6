"""Sublime Text as an author has it before them: the fake API, the plugin, the keys.

The plugin is loaded as Sublime does it: the files of a package that is named after its
folder, commands by their classes' names, keys by the package's own bindings.
"""

from __future__ import annotations

import json
import re
import sys
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest
    import sublime
    from sublime_plugin import EventListener, TextCommand

PLUGIN = Path(__file__).parents[2] / "examples" / "editors" / "sublime"
API = Path(__file__).with_name("sublime_api")
PACKAGE = "GitLabCompletions"
SETTINGS = f"{PACKAGE}.sublime-settings"


class Context(TypedDict, total=False):
    """What must hold for a key binding."""

    key: str
    operand: object


class Binding(TypedDict, total=False):
    """What a key does."""

    keys: list[str]
    command: str
    args: dict[str, object]
    context: list[Context]


class SublimeText:
    """The editor, with the plugin in it."""

    def __init__(self, api: ModuleType, plugin: ModuleType) -> None:
        self.app: sublime.App = api.app
        self.plugin = plugin
        self._api = api
        self._listener: EventListener = plugin.GitlabCompletionsListener()
        self.app.listeners.append(self._listener)
        self.app.commands.update(commands_of(plugin))
        text = (PLUGIN / "Default.sublime-keymap").read_text()
        self._bindings: list[Binding] = json.loads(text)

    def settings(self, **values: object) -> None:
        """Set what the author sets."""
        settings: sublime.Settings = self._api.load_settings(SETTINGS)
        settings.change(**values)

    def open(
        self, text: str, name: str = "boxes.py", scope: str = "source.python"
    ) -> sublime.View:
        """Open a file, with the cursor at its end."""
        view: sublime.View = self._api.View(text, name=name, scope=scope)
        self.app.run_due()
        return view

    def press(self, view: sublime.View, key: str) -> bool:
        """Press a key; tell whether it does what the plugin binds to it."""
        for binding in self._bindings:
            held = all(self._holds(view, each) for each in binding.get("context", ()))
            if binding["keys"] == [key] and held:
                view.run_command(binding["command"], binding.get("args"))
                return True
        return False

    def _holds(self, view: sublime.View, context: Context) -> bool:
        operand = context.get("operand", True)
        if context["key"] == "auto_complete_visible":
            return view.is_auto_complete_visible() is operand
        ask = getattr(self._listener, "on_query_context")  # noqa: B009 - as Sublime does
        equal = self._api.QueryOperator.EQUAL
        return ask(view, context["key"], equal, operand, False) is True


def commands_of(plugin: ModuleType) -> Iterator[tuple[str, type[TextCommand]]]:
    """Yield a plugin's commands by the names that Sublime gives them."""
    for name, kind in vars(plugin).items():
        if name.endswith("Command"):
            words = re.findall("[A-Z][a-z]*", name.removesuffix("Command"))
            yield "_".join(words).lower(), kind


def ghost(view: sublime.View) -> str:
    """Return the grey text that is shown, as it reads."""
    lines = [
        re.sub("<[^>]*>", "", each.replace("</div><div>", "\n"))
        for each in (one.content for one in view.phantoms.get("gitlab_completions", ()))
    ]
    return "\n".join(lines).replace("&nbsp;", " ")


@contextmanager
def sublime_text(patch: pytest.MonkeyPatch) -> Iterator[SublimeText]:
    """Start it: with modules of its own, which nobody sees afterwards."""
    patch.syspath_prepend(str(API))
    before = set(sys.modules)
    package = ModuleType(PACKAGE)
    package.__path__ = [str(PLUGIN)]
    sys.modules[PACKAGE] = package
    plugin = import_module(f"{PACKAGE}.plugin")
    editor = SublimeText(sys.modules["sublime"], plugin)
    plugin.plugin_loaded()
    try:
        yield editor
    finally:
        plugin.plugin_unloaded()
        for name in set(sys.modules) - before:
            if name.startswith(("sublime", PACKAGE)):
                del sys.modules[name]
