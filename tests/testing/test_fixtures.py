"""Marks choose the loop, here and in a user's own tests."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

import gitlab_completions
from gitlab_completions.testing import FakeGitLab, VirtualTimeLoop
from gitlab_completions.testing.fixtures import fake_gitlab, loop_factories
from tests.testing.exchanges import indirect, send

HOME = str(Path(gitlab_completions.__path__[0]).parent)

CONFTEST = """
from gitlab_completions.testing.fixtures import fake_gitlab, loop_factories

def pytest_asyncio_loop_factories(config, item):
    return loop_factories(item)
"""
TESTS = """
import asyncio
import pytest
from gitlab_completions.testing import FakeGitLab, VirtualTimeLoop

@pytest.mark.asyncio
@pytest.mark.virtual_time
async def test_virtual(fake_gitlab):
    await asyncio.sleep(3600)
    assert repr(fake_gitlab).startswith("FakeGitLab")

@pytest.mark.asyncio
async def test_real(fake_gitlab):
    assert not isinstance(asyncio.get_running_loop(), VirtualTimeLoop)
"""
SETTINGS = """
[pytest]
markers = virtual_time: run on a loop that never waits
asyncio_default_fixture_loop_scope = function
"""

__all__ = ("fake_gitlab",)


def python(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        check=False,
        env={
            **os.environ,
            "PYTHONPATH": HOME,
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        },
        text=True,
    )


@pytest.mark.virtual_time
async def test_the_mark_virtual_time_chooses_virtual_time(
    request: pytest.FixtureRequest,
) -> None:
    assert loop_factories(request.node) == {"virtual": VirtualTimeLoop}
    assert isinstance(asyncio.get_running_loop(), VirtualTimeLoop)


@pytest.mark.real_time
def test_the_mark_real_time_chooses_a_loop_that_waits(
    request: pytest.FixtureRequest,
) -> None:
    assert [*loop_factories(request.node, virtual=True)] == ["real"]


def test_without_a_mark_the_default_decides(request: pytest.FixtureRequest) -> None:
    assert [*loop_factories(request.node)] == ["real"]
    assert [*loop_factories(request.node, virtual=True)] == ["virtual"]


async def test_the_fixture_is_a_fake(fake_gitlab: FakeGitLab) -> None:
    reply = await send(fake_gitlab, indirect(fake_gitlab))
    assert reply.status_code == 200


def test_the_documented_conftest_works(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "pytest.ini").write_text(SETTINGS)
    (tmp_path / "test_theirs.py").write_text(TESTS)
    program = python("-m", "pytest", "-q", "-p", "pytest_asyncio.plugin", str(tmp_path))
    assert "2 passed" in program.stdout, program.stdout


def test_a_missing_pytest_is_named() -> None:
    program = python(
        "-c",
        "import sys; sys.modules['pytest'] = None\n"
        "import gitlab_completions.testing.fixtures",
    )
    assert "pip install pytest pytest-asyncio" in program.stderr
