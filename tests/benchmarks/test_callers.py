"""Callers: who lacks a package is left out, and the rest needs none of it."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from tests.benchmarks import callers
from tests.benchmarks.call_worker import ROOT
from tests.benchmarks.callers import CALLERS, NEEDS, missing

if TYPE_CHECKING:
    import pytest


def test_who_lacks_a_package_is_named_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(callers, "find_spec", lambda name: None)
    assert missing() == NEEDS
    assert NEEDS.keys() < CALLERS.keys()
    monkeypatch.setattr(callers, "find_spec", lambda name: object())
    assert missing() == {}


def test_only_what_the_library_requires_is_imported() -> None:
    code = (
        "import sys; sys.modules.update(httpx2=None, aiohttp=None, openai=None); "
        "import tests.benchmarks.callers"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)
