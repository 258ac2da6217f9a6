"""Fixtures for pytest, to be imported where they are wanted; nothing loads by itself.

In a `conftest.py`::

    from gitlab_completions.testing.fixtures import (
        completion_client,
        fake_gitlab,
        loop_factories,
    )

    def pytest_asyncio_loop_factories(config, item):
        return loop_factories(item)

Tests marked `virtual_time` then run on a `VirtualTimeLoop` (pytest-asyncio 1.4 or
later), all others on a real one; the settings of pytest list the mark::

    markers = ["virtual_time: run on a loop that never waits"]
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from gitlab_completions.testing.fake import FakeGitLab
from gitlab_completions.testing.virtual_time import VirtualTimeLoop

try:
    import pytest
    import pytest_asyncio
except ImportError as _error:
    raise ImportError(
        "gitlab_completions.testing.fixtures needs pytest and pytest-asyncio: "
        "pip install pytest pytest-asyncio"
    ) from _error

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from gitlab_completions.client import CompletionClient

__all__ = ("completion_client", "fake_gitlab", "loop_factories")


@pytest.fixture
def fake_gitlab() -> FakeGitLab:
    """A GitLab of the newest kind, in memory."""
    return FakeGitLab()


@pytest_asyncio.fixture
async def completion_client(
    fake_gitlab: FakeGitLab,
) -> AsyncGenerator[CompletionClient, None]:
    """A client of `fake_gitlab`, closed after the test."""
    async with fake_gitlab.client() as client:
        yield client


def loop_factories(
    item: pytest.Item, *, virtual: bool = False
) -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Choose a test's loop, for the hook `pytest_asyncio_loop_factories`.

    Args:
        item: The test. The nearest of its marks `virtual_time` and `real_time` decides.
        virtual: What a test without such a mark gets.
    """
    for mark in item.iter_markers():
        if mark.name in {"virtual_time", "real_time"}:
            virtual = mark.name == "virtual_time"
            break
    return {"virtual": VirtualTimeLoop} if virtual else {"real": asyncio.new_event_loop}
