"""The server ends with the program that it was started for."""

from __future__ import annotations

import asyncio
import os

import pytest

from gitlab_completions.lsp import parents
from gitlab_completions.lsp.features import initialize
from gitlab_completions.lsp.running import make_server


class Processes:
    """Stands in for the system's."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.error: Exception | None = None
        self.looks = 0
        monkeypatch.setattr(os, "kill", self._kill)
        monkeypatch.setattr(os, "name", "posix")

    def _kill(self, process_id: int, signal: int) -> None:
        assert process_id > 1  # else whole groups are meant
        assert signal == 0
        self.looks += 1
        if self.error is not None:
            raise self.error


async def test_it_ends_when_the_program_is_gone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    processes = Processes(monkeypatch)
    server = make_server({})
    await initialize(server, {"capabilities": {}, "processId": 77})
    await asyncio.sleep(100 * parents.EVERY_S)
    assert not server.over.is_set()
    processes.error = ProcessLookupError()
    await asyncio.wait_for(server.over.wait(), 2 * parents.EVERY_S)
    await server.aclose()


async def test_another_users_program_counts_as_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    processes = Processes(monkeypatch)
    processes.error = PermissionError()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(parents.gone(77), 5 * parents.EVERY_S)
    assert processes.looks > 1


@pytest.mark.parametrize(
    "process_id", [None, True, 0, 1, -1, 7.0, "7", [], 10**30, 77], ids=str
)
async def test_what_is_no_program_here_is_never_gone(
    monkeypatch: pytest.MonkeyPatch, process_id: object
) -> None:
    Processes(monkeypatch).error = (
        ProcessLookupError() if process_id == 77 else OverflowError()
    )
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(parents.gone(process_id), 5 * parents.EVERY_S)
