"""Modules are imported off the loop, and once."""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING

import pytest

from gitlab_completions._shell.imports import import_off_loop

if TYPE_CHECKING:
    from pathlib import Path

NAME = "a_module_that_tells_its_thread"


@pytest.mark.real_time
async def test_a_module_is_imported_in_another_thread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "import threading\nimported_in = threading.current_thread()\n"
    (tmp_path / f"{NAME}.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    await import_off_loop(NAME)
    module = sys.modules.pop(NAME)
    assert module.imported_in is not threading.current_thread()


async def test_what_has_been_imported_is_left_alone() -> None:
    before = sys.modules["json"]
    await import_off_loop("json")
    assert sys.modules["json"] is before


async def test_what_does_not_exist_is_told() -> None:
    with pytest.raises(ModuleNotFoundError):
        await import_off_loop("no_such_module_at_all")
