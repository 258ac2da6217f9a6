"""What takes long to import is imported in a thread, and once."""

from __future__ import annotations

import sys
import threading

import pytest

from gitlab_completions._shell.imports import import_off_loop

pytestmark = pytest.mark.real_time


@pytest.fixture
def importers(monkeypatch: pytest.MonkeyPatch) -> list[threading.Thread]:
    """Return who imports, from now on."""
    threads: list[threading.Thread] = []
    import_module = sys.modules["importlib"].import_module

    def noted(name: str) -> object:
        if name == "this":
            threads.append(threading.current_thread())
        return import_module(name)

    monkeypatch.setattr("importlib.import_module", noted)
    return threads


async def test_a_module_is_imported_in_a_thread_once(
    importers: list[threading.Thread], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "this", raising=False)
    monkeypatch.setattr("builtins.print", lambda *_: None)
    for _ in range(2):
        await import_off_loop("this")
    assert len(importers) == 1
    assert importers[0] is not threading.current_thread()
