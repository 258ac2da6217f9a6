"""A fake of Sublime Text's module `sublime`: as much of its API as the plugin uses.

Signatures are those of build 4200's own `sublime.py`. Sublime has two threads for
plugins, one that draws and one for what ends in `_async`. Here one thread, the test's,
is both: it runs what is due in order, in a time that only `App.run_until` moves, and
really waits for nothing but other threads.
"""

from __future__ import annotations

import heapq
import itertools
import threading
from enum import IntEnum
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sublime_plugin import EventListener, TextCommand

LOOK_S, MOST_LOOKS = 0.01, 2000
"""How long nothing may be due until a test looks again, and how often it looks."""


class PhantomLayout(IntEnum):
    INLINE = 0
    BELOW = 1
    BLOCK = 2


class QueryOperator(IntEnum):
    EQUAL = 0
    NOT_EQUAL = 1


class Region:
    def __init__(self, a: int, b: int | None = None) -> None:
        self.a = a
        self.b = a if b is None else b

    def empty(self) -> bool:
        return self.a == self.b

    def begin(self) -> int:
        return min(self.a, self.b)

    def end(self) -> int:
        return max(self.a, self.b)


class Selection:
    def __init__(self) -> None:
        self.regions = [Region(0)]

    def __len__(self) -> int:
        return len(self.regions)

    def __getitem__(self, index: int) -> Region:
        return self.regions[index]

    def __iter__(self) -> Iterator[Region]:
        return iter(self.regions)


class Phantom:
    def __init__(self, region: Region, content: str, layout: PhantomLayout) -> None:
        self.region = region
        self.content = content
        self.layout = layout


class PhantomSet:
    def __init__(self, view: View, key: str = "") -> None:
        self.view = view
        self.key = key

    def update(self, phantoms: Sequence[Phantom]) -> None:
        self.view.phantoms[self.key] = list(phantoms)


class Settings:
    def __init__(self, values: dict[str, object]) -> None:
        self.values = values
        self.watchers: dict[str, Callable[[], object]] = {}

    def get(self, key: str, default: object = None) -> object:
        return self.values.get(key, default)

    def add_on_change(self, tag: str, callback: Callable[[], object]) -> None:
        self.watchers[tag] = callback

    def clear_on_change(self, tag: str) -> None:
        self.watchers.pop(tag, None)

    def change(self, **values: object) -> None:
        self.values.update(values)
        for watcher in self.watchers.values():
            watcher()


class Syntax:
    def __init__(self, scope: str) -> None:
        self.scope = scope


class Edit:
    """What only the commands of a view are given, while they run."""


class Window:
    def __init__(self) -> None:
        self.messages: list[str] = []

    def folders(self) -> list[str]:
        return ["/boxes"]

    def status_message(self, msg: str) -> None:
        self.messages.append(msg)


class View:
    """One file, and what stands around its text."""

    def __init__(
        self, text: str, *, name: str, scope: str, element: str | None = None
    ) -> None:
        self.text = text
        self.element_of = element
        self.read_only = False
        self.phantoms: dict[str, list[Phantom]] = {}
        self.status: dict[str, str] = {}
        self.menu_is_open = False
        self._name = name
        self._scope = scope
        self._selection = Selection()
        self._count = 0
        self._window = Window()
        self._closed = False
        self._id = next(app.identities)
        self._settings = Settings({"tab_size": 4})
        self.put_cursor(len(text))

    # What plugins may call.

    def id(self) -> int:
        return self._id

    def is_valid(self) -> bool:
        return not self._closed

    def window(self) -> Window | None:
        return None if self._closed else self._window

    def element(self) -> str | None:
        return self.element_of

    def is_read_only(self) -> bool:
        return self.read_only

    def file_name(self) -> str | None:
        return f"/boxes/{self._name}" if self._name else None

    def syntax(self) -> Syntax | None:
        return Syntax(self._scope) if self._scope else None

    def settings(self) -> Settings:
        return self._settings

    def sel(self) -> Selection:
        return self._selection

    def size(self) -> int:
        return len(self.text)

    def substr(self, region: Region) -> str:
        return self.text[region.begin() : region.end()]

    def change_count(self) -> int:
        return self._count

    def is_auto_complete_visible(self) -> bool:
        return self.menu_is_open

    def set_status(self, key: str, value: str) -> None:
        self.status[key] = value

    def erase_status(self, key: str) -> None:
        self.status.pop(key, None)

    def insert(self, edit: Edit, pt: int, text: str) -> int:
        assert edit is app.edit, "an Edit is good while its command runs"
        self.replace_text(pt, pt, text)
        return len(text)

    def run_command(self, name: str, args: dict[str, object] | None = None) -> None:
        run: Callable[..., None] = app.commands[name](self).run
        app.edit = Edit()
        run(app.edit, **(args or {}))
        app.edit = None

    # What the author does.

    def put_cursor(self, *places: int) -> None:
        self._selection.regions = [Region(place) for place in places]
        app.tell("on_selection_modified_async", self)

    def type(self, text: str, closer: str = "") -> None:
        """Type; what the editor closes by itself comes after the cursor."""
        at = self._selection[0].b
        self.replace_text(at, at, text + closer)
        self.put_cursor(at + len(text))

    def backspace(self) -> None:
        at = self._selection[0].b
        self.replace_text(at - 1, at, "")

    def replace_text(self, start: int, end: int, text: str) -> None:
        self.text = self.text[:start] + text + self.text[end:]
        self._count += 1
        grown = len(text) - (end - start)
        for region in self._selection:
            if region.b >= end:
                region.a = region.b = region.b + grown
        app.tell("on_modified_async", self)
        app.tell("on_selection_modified_async", self)

    def close(self) -> None:
        self._closed = True
        app.tell("on_close", self)


class App:
    """The editor as a whole; a test has one of its own."""

    def __init__(self) -> None:
        self.edit: Edit | None = None
        self.settings: dict[str, Settings] = {}
        self.messages: list[str] = []
        self.listeners: list[EventListener] = []
        self.commands: dict[str, type[TextCommand]] = {}
        self.identities = itertools.count(1)
        self.now_ms = 0.0
        self._order = itertools.count()
        self._due: list[tuple[float, int, Callable[[], object]]] = []
        self._news = threading.Condition()

    def later(self, callback: Callable[[], object], delay_ms: float) -> None:
        """Have something run; any thread may ask for that."""
        with self._news:
            due = (self.now_ms + delay_ms, next(self._order), callback)
            heapq.heappush(self._due, due)
            self._news.notify()

    def tell(self, event: str, view: View) -> None:
        """Tell the listeners that have a method for an event, in the other thread."""
        for listener in self.listeners:
            hear = getattr(listener, event, None)
            if hear is not None:
                self.later(partial(hear, view), 0)

    def run_until(self, holds: Callable[[], object]) -> None:
        """Run what is due, one after the other, until something holds."""
        for _ in range(MOST_LOOKS):
            if holds():
                return
            with self._news:
                if not self._news.wait_for(lambda: self._due, LOOK_S):
                    continue
                self.now_ms, _, callback = heapq.heappop(self._due)
            callback()
        raise TimeoutError

    def run_due(self) -> None:
        """Run all that is due by itself, without any other thread."""
        self.run_until(lambda: not self._due)


app = App()


def load_settings(base_name: str) -> Settings:
    return app.settings.setdefault(base_name, Settings({}))


def status_message(msg: str) -> None:
    app.messages.append(msg)


def set_timeout(callback: Callable[[], object], delay: float = 0) -> None:
    app.later(callback, delay)


def set_timeout_async(callback: Callable[[], object], delay: float = 0) -> None:
    app.later(callback, delay)
