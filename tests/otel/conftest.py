"""What the tests of spans and metrics have each anew."""

from __future__ import annotations

import pytest

from tests.otel.scene import Scene


@pytest.fixture
def scene() -> Scene:
    return Scene()
