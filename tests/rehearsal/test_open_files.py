"""A rehearsal on loopback has the files that its sockets need, or is refused."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from gitlab_completions.errors import ConfigurationError
from gitlab_completions.rehearsal import Authors, Time
from gitlab_completions.rehearsal.open_files import room_for
from gitlab_completions.rehearsal.stage import set_stage
from tests.rehearsal.parts import small

if sys.platform == "win32":
    pytest.skip("there is no such limit", allow_module_level=True)

import resource

if TYPE_CHECKING:
    from collections.abc import Generator

FEW = 256


def allowed() -> int:
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


@pytest.fixture(autouse=True)
def _few_files() -> Generator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (FEW, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.real_time
async def test_many_authors_have_room_while_they_play() -> None:
    plan = small(time=Time.LOOPBACK, authors=Authors(count=50))
    async with set_stage(plan):
        assert allowed() == 728
    assert allowed() == FEW


def test_few_authors_have_room_as_it_is() -> None:
    with room_for(3):
        assert allowed() == FEW


def test_more_than_the_system_allows_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object) -> None:
        raise ValueError("current limit exceeds maximum limit")

    with monkeypatch.context() as patched:
        patched.setattr(resource, "setrlimit", fail)
        with (
            pytest.raises(ConfigurationError, match="500 authors on loopback need"),
            room_for(500),
        ):
            pass
