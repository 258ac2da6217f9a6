"""Calls that outlive their keystrokes, and how their ends are told."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING

import pytest

from gitlab_completions import CompletionRequest, ConfigurationError
from gitlab_completions.editor._core.commands import Ending
from gitlab_completions.editor._shell.dispatch import Dispatch
from gitlab_completions.testing import FakeGitLab
from tests.editor._core.scenes import desk, key

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Generator

    from gitlab_completions import CompletionClient, ContextItem
    from gitlab_completions.editor._core.desk import Desk
    from gitlab_completions.editor._shell.dispatch import Tracked

REQUEST = CompletionRequest(file_name="code.py", content_above_cursor="x = y.")


@pytest.fixture
def gitlab() -> FakeGitLab:
    one = FakeGitLab("value")
    one.gateway.delay(0.3)
    return one


@pytest.fixture
async def client(gitlab: FakeGitLab) -> AsyncIterator[CompletionClient]:
    async with gitlab.client() as one:
        yield one


class Sent:
    """A call under way.

    Args:
        client: Whom it is made with.
        within: What it is made in.
    """

    def __init__(
        self,
        client: CompletionClient,
        within: Tracked | None = None,
    ) -> None:
        self.desk: Desk = desk()
        self.told = 0
        self.dispatch = Dispatch(client, self.desk, self._tell, within)
        self.call = self.desk.send(key("x = y.|"), 0.0, 0.0).call
        self.dispatch.start(self.call, REQUEST, None)
        ending = self.dispatch.ending(self.call.number)
        assert ending is not None
        self.ending = ending

    def _tell(self) -> None:
        self.told += 1


async def test_an_answer_is_told_and_forgotten(client: CompletionClient) -> None:
    one = Sent(client)
    ended = await one.ending
    assert ended.answer is not None
    assert ended.answer.texts == ("value",)
    assert [one.told, len(one.desk.calls)] == [1, 0]
    assert one.dispatch.ending(one.call.number) is None
    await asyncio.sleep(0)
    assert one.told == 1


async def test_a_call_that_is_given_up_ends_without_an_answer(
    client: CompletionClient,
) -> None:
    one = Sent(client)
    await asyncio.sleep(0.1)
    one.desk.give_up((1,))
    one.dispatch.give_up((1, 99))
    assert await one.ending == Ending(number=1)


async def test_a_call_that_never_began_ends_too(client: CompletionClient) -> None:
    one = Sent(client)
    one.dispatch.give_up((1,))
    assert await one.ending == Ending(number=1)
    assert len(one.desk.calls) == 0


async def test_a_call_that_never_began_leaves_nobody_gathering(
    client: CompletionClient,
) -> None:
    async def gather() -> tuple[ContextItem, ...]:
        await asyncio.sleep(0.2)
        return ()

    for end in ("given up", "closed"):
        one = Sent(client)
        gathering = asyncio.create_task(gather())
        call = one.desk.send(key("y.|"), 0.0, 0.0).call
        one.dispatch.start(call, REQUEST, gathering)
        if end == "closed":
            await one.dispatch.aclose()
        one.dispatch.give_up((call.number,))
        await asyncio.wait({gathering})
        assert gathering.cancelled()
        await one.dispatch.aclose()


async def test_a_failure_has_no_frames(
    gitlab: FakeGitLab, client: CompletionClient
) -> None:
    gitlab.gateway.fail(503)
    gitlab.instance.fail(503)
    problem = (await Sent(client).ending).problem
    assert problem is not None
    assert problem.__traceback__ is None


async def test_closing_ends_calls_and_warm_ups(
    gitlab: FakeGitLab, client: CompletionClient
) -> None:
    gitlab.direct_access.hang()
    one = Sent(client)
    one.dispatch.warm_up(None)
    await asyncio.sleep(0.1)
    await one.dispatch.aclose()
    await one.dispatch.aclose()
    assert one.ending.result() == Ending(number=1)


async def test_a_warm_up_that_fails_says_nothing(client: CompletionClient) -> None:
    await client.aclose()
    dispatch = Dispatch(client, desk(), lambda: None)
    dispatch.warm_up(None)
    await asyncio.sleep(0)
    await dispatch.aclose()


async def test_a_call_is_made_within_what_tracks_it(client: CompletionClient) -> None:
    tracked: list[str] = []

    @contextmanager
    def track(name: str) -> Generator[None]:
        tracked.append(name)
        yield
        tracked.append("done")

    one = Sent(client, track)
    await one.ending
    assert tracked == [one.call.id, "done"]


async def test_a_mistake_of_the_users_is_a_failure_without_its_text(
    client: CompletionClient,
) -> None:
    def broken(name: str) -> nullcontext[None]:
        raise ValueError(f"x = y.{name}")

    problem = (await Sent(client, broken).ending).problem
    assert isinstance(problem, ConfigurationError)
    assert "ValueError" in str(problem)
    assert "x = y." not in str(problem)
