"""Everything that is asked is counted, bounded and noted, and nothing twice."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from gitlab_completions import Route
from gitlab_completions._doctor.notebook import (
    MOST_REQUESTS,
    OUTSTAYED_S,
    REQUEST_S,
    Notebook,
)
from gitlab_completions._shell.breaks import meaning_of
from gitlab_completions.senders import SendError, WireRequest, WireResponse
from gitlab_completions.testing import VirtualClock
from tests._doctor.parts import AT, ROOT

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator


class Slow:
    """A sender whose every answer takes a second, half of it for the body."""

    def __init__(self, status: int = 200) -> None:
        self.status = status
        self.asked: list[WireRequest] = []

    @asynccontextmanager
    async def exchange(
        self, request: WireRequest
    ) -> AsyncGenerator[WireResponse, None]:
        self.asked.append(request)
        await asyncio.sleep(0.5)
        yield WireResponse(
            status_code=self.status, headers={"date": "now"}, chunks=self._body()
        )

    async def _body(self) -> AsyncIterator[bytes]:
        yield b"canary"
        await asyncio.sleep(0.5)
        yield b"-body"

    async def aclose(self) -> None:
        raise AssertionError


def request(method: str = "GET", token: str = "a", path: str = "/x") -> WireRequest:
    return WireRequest(
        route=Route.INDIRECT,
        method=method,
        url=f"{ROOT}{path}",
        headers={"Authorization": f"Bearer {token}"},
        body=b"",
        timeout_s=15.0,
        purpose="inquiry",
    )


def notebook(sender: Slow, until: float = 100.0) -> Notebook:
    return Notebook(sender, VirtualClock().now, lambda: AT, until)


async def ask(notes: Notebook, wire: WireRequest) -> bytes:
    async with notes.exchange(wire) as response:
        assert response.status_code == 200
        return await response.read()


async def test_an_answer_is_noted_with_its_time() -> None:
    sender = Slow()
    notes = notebook(sender)
    assert await ask(notes, request()) == b"canary-body"
    (entry,) = notes.entries
    assert (entry.elapsed_s, entry.wall, notes.requests) == (1.0, AT, 1)
    assert notes.last("/x") is entry
    assert notes.last("/y") is None
    assert "canary" not in repr(entry)
    await notes.aclose()


async def test_a_question_is_put_once() -> None:
    sender = Slow()
    notes = notebook(sender)
    for _ in range(2):
        assert await ask(notes, request()) == b"canary-body"
    assert notes.requests == 1
    await ask(notes, request(token="b"))
    await ask(notes, request("POST"))
    await ask(notes, request("POST"))
    assert notes.requests == len(sender.asked) == 4


async def test_no_request_takes_longer_than_it_may() -> None:
    sender = Slow()
    await ask(notebook(sender), request())
    await ask(notebook(sender, until=VirtualClock().now() + 4), request())
    assert [wire.timeout_s for wire in sender.asked] == [REQUEST_S, 4.0]


async def test_what_is_one_too_many_or_too_late_is_not_sent() -> None:
    sender = Slow()
    notes = notebook(sender)
    for number in range(MOST_REQUESTS):
        await ask(notes, request(path=f"/{number}"))
    with pytest.raises(SendError, match="pool"):
        await ask(notes, request())
    late = notebook(sender, until=VirtualClock().now())
    with pytest.raises(SendError, match="timeout"):
        await ask(late, request())
    assert len(sender.asked) == notes.requests == MOST_REQUESTS


class Odd(Slow):
    """A sender that keeps no time, or is at fault itself."""

    def __init__(self, fault: Exception | None = None) -> None:
        super().__init__()
        self._fault = fault

    async def _body(self) -> AsyncIterator[bytes]:
        if self._fault is not None:
            raise self._fault
        await asyncio.Event().wait()
        yield b""


async def test_a_sender_that_keeps_no_time_is_stopped() -> None:
    began = asyncio.get_running_loop().time()
    with pytest.raises(SendError, match="timeout"):
        await ask(notebook(Odd()), request())
    took_s = asyncio.get_running_loop().time() - began
    assert took_s == REQUEST_S + OUTSTAYED_S


async def test_a_fault_of_the_sender_s_own_is_told_as_one() -> None:
    with pytest.raises(SendError, match="protocol") as told:
        await ask(notebook(Odd(ValueError("canary"))), request())
    meaning = meaning_of(told.value, "GitLab")
    assert meaning.words.endswith("the HTTP client raised ValueError")
    with pytest.raises(SendError, match="connect"):
        await ask(notebook(Odd(SendError("connect"))), request())
