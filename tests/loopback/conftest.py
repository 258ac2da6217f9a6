from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.loopback.witness import Witness

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True, scope="module")
def witness() -> Iterator[Witness]:
    """Who hears all log records of a module's tests, and fails it on a leak."""
    with Witness().listening() as witness:
        yield witness
    assert witness.leaks == []
