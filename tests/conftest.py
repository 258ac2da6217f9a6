"""Which loop a test runs on, how Hypothesis searches, and what the tests do not see.

Tests run in virtual time, except in the folders and modules named below, which need
sockets or threads. The mark `real_time` or `virtual_time` on a test, class or module
decides otherwise. How this machine reaches the network, and what it lets programs do,
concerns none of them.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from gitlab_completions.testing.fixtures import loop_factories

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

REAL_TIME = {
    "_transport",
    "doctor",
    "emulator",
    "loopback",
    "matrix",
    "networks",
    "test_senders.py",
    "test_sync.py",
}

SETTINGS_OF_THIS_MACHINE = (
    *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR"),
    "GITLAB_COMPLETIONS_DIRECT",
)

settings.register_profile("default", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, max_examples=50)
settings.load_profile("ci" if os.environ.get("CI") else "default")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "real_time: run on a loop that really waits")
    config.addinivalue_line("markers", "virtual_time: run on a loop that never waits")
    for name in SETTINGS_OF_THIS_MACHINE:
        os.environ.pop(name, None)
        os.environ.pop(name.lower(), None)


@pytest.fixture(scope="session", autouse=True)
def _rules_stay_here(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Have the rules of secrets compiled once, and leave nothing in anybody's cache."""
    if "KF_RULE_CACHE_DIR" not in os.environ:
        os.environ["KF_RULE_CACHE_DIR"] = str(tmp_path_factory.mktemp("rules"))


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    within = item.path.relative_to(Path(__file__).parent).parts
    return loop_factories(item, virtual=REAL_TIME.isdisjoint(within))
