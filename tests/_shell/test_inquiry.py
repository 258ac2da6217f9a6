"""A question to the instance brings an answer, or why there is none."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from gitlab_completions._shell.access_token import TokenDesk, TokenSourceError
from gitlab_completions._shell.inquiry import Asked, Inquirer
from gitlab_completions._shell.spare import SpareConnections
from gitlab_completions._wire.graphql import query_request
from gitlab_completions.senders import SendError
from gitlab_completions.testing import wait_all_tasks_blocked
from tests._shell.parts import AGENT, ROOT, Exchange, HeldSender

if TYPE_CHECKING:
    import pytest


class Asking:
    """Questions under way, and their exchanges."""

    def __init__(self, *tokens: str) -> None:
        self.left = list(tokens or ("glpat-1",))
        self.sender = HeldSender()
        self.desk = TokenDesk(self._token, lambda: None)
        self.spare = SpareConnections()
        self.inquirer = Inquirer(self.sender, self.desk, self.spare, ROOT, AGENT)

    async def _token(self) -> str:
        token = self.left.pop(0) if len(self.left) > 1 else self.left[0]
        if not token:
            raise LookupError("s3cret")
        return token

    def start(self, name: str = "a") -> asyncio.Task[Asked]:
        question = partial(query_request, query="q", variables={"n": name})
        return asyncio.create_task(self.inquirer.ask(question))

    async def next(self) -> Exchange:
        return await self.sender.next()


async def test_an_answer_is_returned_whatever_it_says() -> None:
    asking = Asking()
    question = asking.start()
    exchange = await asking.next()
    assert exchange.wire.url == f"{ROOT}/api/graphql"
    assert exchange.wire.purpose == "inquiry"
    assert exchange.wire.timeout_s == 15
    assert exchange.wire.headers["Authorization"] == "Bearer glpat-1"
    assert exchange.wire.headers["User-Agent"] == AGENT
    assert exchange.wire.headers["X-Request-ID"]
    exchange.reply(503, b"<html>", {"server": "nginx"})
    asked = await question
    assert asked.answer is not None
    assert (asked.status_code, asked.answer.body) == (503, b"<html>")
    assert asked.answer.headers == {"server": "nginx"}
    assert (asked.error, asked.outdated) == (None, False)


async def test_a_broken_exchange_is_told() -> None:
    asking = Asking()
    question = asking.start()
    (await asking.next()).fail(SendError("tls", detail="expired"))
    asked = await question
    assert (asked.answer, asked.status_code) == (None, None)
    assert isinstance(asked.error, SendError)
    assert asked.error.detail == "expired"
    assert asked.error.__traceback__ is None


async def test_a_sender_that_raises_what_it_must_not_is_broken(
    caplog: pytest.LogCaptureFixture,
) -> None:
    asking = Asking()
    question = asking.start()
    (await asking.next()).fail(ZeroDivisionError("s3cret"))
    asked = await question
    assert isinstance(asked.error, SendError)
    assert asked.error.kind == "broken"
    assert caplog.messages == ["The sender raised ZeroDivisionError."]


async def test_a_sender_that_does_not_keep_time_is_stopped() -> None:
    asking = Asking()
    asked = await asking.start()
    assert asyncio.get_running_loop().time() == 25
    assert isinstance(asked.error, SendError)
    assert asked.error.kind == "timeout"
    assert asking.sender.in_flight == 0


async def test_a_source_that_fails_sends_nothing() -> None:
    asking = Asking("")
    asked = await asking.start()
    assert isinstance(asked.error, TokenSourceError)
    assert asking.sender.exchanges == []
    assert "s3cret" not in repr(asked)


async def test_a_refused_token_is_replaced_and_asked_with_once_more() -> None:
    asking = Asking("glpat-1", "glpat-2")
    question = asking.start()
    (await asking.next()).refuse(401)
    again = await asking.next()
    assert again.wire.headers["Authorization"] == "Bearer glpat-2"
    again.refuse(401)
    assert (await question).status_code == 401
    assert len(asking.sender.exchanges) == 2


async def test_a_user_without_a_seat_costs_no_other_token() -> None:
    asking = Asking("glpat-1", "glpat-2")
    question = asking.start()
    no_seat = b'{"message": "401 Unauthorized"}'
    (await asking.next()).reply(401, no_seat, {"x-gitlab-error-origin": "monolith"})
    assert (await question).status_code == 401
    assert len(asking.sender.exchanges) == 1


async def test_a_refused_token_without_another_is_told() -> None:
    asking = Asking()
    question = asking.start()
    (await asking.next()).refuse(401)
    assert (await question).status_code == 401
    assert len(asking.sender.exchanges) == 1


async def test_an_answer_to_a_token_that_has_changed_is_outdated() -> None:
    asking = Asking("glpat-1", "glpat-2")
    question = asking.start()
    exchange = await asking.next()
    await asking.desk.get()
    exchange.reply(200, b"{}")
    assert (await question).outdated


async def test_questions_go_one_after_the_other() -> None:
    asking = Asking()
    questions = [asking.start(name) for name in "abc"]
    for sent in (1, 2, 3):
        exchange = await asking.next()
        assert len(asking.sender.exchanges) == sent
        exchange.reply(200, b"{}")
    asked = await asyncio.gather(*questions)
    assert [one.status_code for one in asked] == [200, 200, 200]


async def test_a_caller_that_leaves_lets_the_next_one_ask() -> None:
    asking = Asking()
    first, second = asking.start(), asking.start()
    await asking.next()
    first.cancel()
    await asyncio.wait({first})
    await wait_all_tasks_blocked()
    assert len(asking.sender.exchanges) == 2
    asking.sender.exchanges[1].reply(200, b"{}")
    assert (await second).status_code == 200
