from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from gitlab_completions._shell.spare import REST_AT_ONCE, SpareConnections
from gitlab_completions._transport.sender import SPARE_CONNECTIONS
from gitlab_completions.testing import wait_all_tasks_blocked

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager


class Users:
    """Exchanges that hold a connection until they are told to end."""

    def __init__(self) -> None:
        self.spare = SpareConnections()
        self.on_the_wire: list[str] = []
        self.over = asyncio.Event()

    def start(self, name: str) -> asyncio.Task[None]:
        fetch = name.startswith("fetch")
        place = self.spare.for_fetch() if fetch else self.spare.for_the_rest()
        return asyncio.create_task(self._use(name, place))

    async def _use(self, name: str, place: AbstractAsyncContextManager[None]) -> None:
        async with place:
            self.on_the_wire.append(name)
            await self.over.wait()


async def test_fetches_may_use_all_of_them() -> None:
    users = Users()
    tasks = [users.start(f"fetch {number}") for number in range(5)]
    await wait_all_tasks_blocked()
    assert len(users.on_the_wire) == SPARE_CONNECTIONS
    users.over.set()
    await asyncio.gather(*tasks)
    assert len(users.on_the_wire) == 5


async def test_the_rest_leaves_one_to_fetches() -> None:
    users = Users()
    tasks = [users.start(f"question {number}") for number in range(5)]
    await wait_all_tasks_blocked()
    assert len(users.on_the_wire) == REST_AT_ONCE == SPARE_CONNECTIONS - 1
    tasks.append(users.start("fetch"))
    await wait_all_tasks_blocked()
    assert users.on_the_wire == ["question 0", "fetch"]
    users.over.set()
    await asyncio.gather(*tasks)


async def test_all_together_need_no_more_than_there_are() -> None:
    users = Users()
    names = ("question", "fetch 1", "question", "fetch 2", "fetch 3")
    tasks = [users.start(name) for name in names]
    await wait_all_tasks_blocked()
    assert len(users.on_the_wire) == SPARE_CONNECTIONS
    users.over.set()
    await asyncio.gather(*tasks)


async def test_who_leaves_while_waiting_takes_no_place_along() -> None:
    users = Users()
    first = users.start("question 1")
    second = users.start("question 2")
    await wait_all_tasks_blocked()
    second.cancel()
    await asyncio.wait({second})
    users.over.set()
    await first
    await users.start("question 3")
    assert users.on_the_wire == ["question 1", "question 3"]
