from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

from tests.loopback.witness import Witness

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def _no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
    for name in (*names, "SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture(autouse=True, scope="module")
def witness() -> Iterator[Witness]:
    """Who hears all log records of a module's tests, and fails it on a leak."""
    witness = Witness()
    root = logging.getLogger()
    level = root.level
    root.addHandler(witness)
    root.setLevel(logging.DEBUG)
    try:
        yield witness
    finally:
        root.removeHandler(witness)
        root.setLevel(level)
    assert witness.leaks == []
