"""One process asks for direct access; the others are told."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from gitlab_completions._secrets import Secret
from gitlab_completions._shell.access_token import TokenDesk
from gitlab_completions._shell.fetch import Fetched, Fetcher
from gitlab_completions._shell.shared_fetch import SharedFetcher, access_name
from gitlab_completions._shell.sharing import Sharing
from gitlab_completions.errors import ErrorCode
from gitlab_completions.shared import MemoryStore
from gitlab_completions.testing import VirtualClock
from tests._shell.parts import AGENT, ROOT, Exchange, HeldSender

if TYPE_CHECKING:
    from gitlab_completions.models import AccessToken

TOKEN = "glpat-1"


def always(_: Fetched) -> bool:
    return True


def never(_: Fetched) -> bool:
    return False


def now() -> float:
    return asyncio.get_running_loop().time()


class Office:
    """Processes of one user that share a store, and what they send."""

    def __init__(self) -> None:
        self.sender = HeldSender()
        self.store = MemoryStore(now)

    def process(self, token: AccessToken = TOKEN) -> SharedFetcher:
        desk = TokenDesk(token, lambda: None)
        fetcher = Fetcher(self.sender, desk, ROOT, AGENT, allow_plain_http=False)
        return SharedFetcher(fetcher, Sharing(self.store, VirtualClock(), ROOT))

    def start(self, *projects: str | None) -> list[asyncio.Task[Fetched]]:
        return [
            asyncio.create_task(self.process().fetch(project, always))
            for project in projects or (None,)
        ]

    async def next(self) -> Exchange:
        return await self.sender.next()

    @property
    def asked(self) -> int:
        return len(self.sender.exchanges)


@pytest.fixture
def office() -> Office:
    return Office()


async def test_ten_processes_ask_once(office: Office) -> None:
    fetches = office.start(*[None] * 10)
    (await office.next()).grant(3600)
    fetched = await asyncio.gather(*fetches)
    assert office.asked == 1
    assert sum(one.told_at is None for one in fetched) == 1
    assert len({one.grant.details.token for one in fetched if one.grant}) == 1


async def test_what_was_told_a_while_ago_is_dated_from_then(office: Office) -> None:
    office.start()
    (await office.next()).grant(3600)
    await asyncio.sleep(600)
    (later,) = office.start()
    fetched = await later
    assert fetched.grant is not None
    assert fetched.grant.details.lifetime_s == pytest.approx(3600, abs=2)
    assert fetched.told_at == pytest.approx(0, abs=0.1)
    assert office.asked == 1


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 422, 429])
async def test_a_refusal_is_told_to_the_others(office: Office, status: int) -> None:
    (first,) = office.start()
    (await office.next()).refuse(status)
    asked = await first
    (second,) = office.start()
    told = await second
    assert office.asked == 1
    assert told.seen == asked.seen
    assert (told.message, told.code) == (asked.message, asked.code)
    assert told.told_at is not None


@pytest.mark.parametrize("trouble", ["a failing server", "a broken connection"])
async def test_a_failure_is_every_process_own(office: Office, trouble: str) -> None:
    (first,) = office.start()
    exchange = await office.next()
    if trouble == "a failing server":
        exchange.refuse(503)
    else:
        exchange.fail(ConnectionError())
    await first
    office.start()
    (await office.next()).grant()
    assert office.asked == 2


async def test_details_of_one_project_serve_no_other(office: Office) -> None:
    office.start("a/one")
    (await office.next()).grant()
    office.start("a/two")
    await office.next()
    assert office.asked == 2


async def test_what_is_not_good_enough_is_asked_again_and_told(office: Office) -> None:
    office.start()
    (await office.next()).grant(100)
    renewal = asyncio.create_task(office.process().fetch(None, never))
    (await office.next()).grant(200)
    asked = await renewal
    assert office.asked == 2
    (later,) = office.start()
    told = await later
    assert told.grant is not None
    assert asked.grant is not None
    assert told.grant.details.token == asked.grant.details.token


async def test_a_process_that_ends_while_it_asks_leaves_the_turn(
    office: Office,
) -> None:
    (first,) = office.start()
    await office.next()
    first.cancel()
    (second,) = office.start()
    await asyncio.sleep(0.1)
    (await office.next()).grant()
    assert (await second).grant is not None


async def test_what_another_token_was_told_is_that_tokens(office: Office) -> None:
    office.start()
    (await office.next()).grant()
    other = asyncio.create_task(office.process("glpat-2").fetch(None, always))
    (await office.next()).grant()
    await other
    assert office.asked == 2


async def test_a_second_token_is_told_what_it_was_told(office: Office) -> None:
    tokens = ["glpat-old", "glpat-new"]

    async def source() -> str:
        return tokens.pop(0) if len(tokens) > 1 else tokens[0]

    fetch = asyncio.create_task(office.process(source).fetch(None, always))
    (await office.next()).refuse(401)
    (await office.next()).grant()
    assert (await fetch).grant is not None
    again = await office.process("glpat-new").fetch(None, always)
    assert again.told_at is not None
    assert office.asked == 2


async def test_without_a_token_nobody_is_asked(office: Office) -> None:
    async def source() -> str:
        raise LookupError

    fetched = await office.process(source).fetch(None, always)
    assert fetched.code is ErrorCode.TOKEN_SOURCE
    assert office.asked == 0


async def test_what_is_no_answer_is_not_understood(office: Office) -> None:
    one = office.process()
    await one.sharing.write(
        Secret(TOKEN), access_name(None), {"status": "x"}, said_at=now(), keep_s=60
    )
    (fetch,) = office.start()
    (await office.next()).grant()
    assert (await fetch).told_at is None


async def test_a_grant_is_validated_as_if_it_had_just_come(office: Office) -> None:
    body = '{"base_url":"http://127.0.0.1","token":"eyJ","headers":{"x-a":"b"}}'
    content = {"status": 201, "headers": {}, "body": body}
    one = office.process()
    await one.sharing.write(
        Secret(TOKEN), access_name(None), content, said_at=now(), keep_s=60
    )
    (told,) = await one.sharing.read(Secret(TOKEN), [access_name(None)])
    assert told is not None
    fetched = one.understand(told)
    assert fetched is not None
    assert fetched.grant is None
    assert fetched.seen.word == "bad_grant"


async def test_an_answer_that_is_no_text_is_not_told(office: Office) -> None:
    (fetch,) = office.start()
    (await office.next()).reply(429, b"\xff")
    await fetch
    office.start()
    await office.next()
    assert office.asked == 2


async def test_an_answer_that_took_long_is_as_old_as_the_question(
    office: Office,
) -> None:
    office.start()
    exchange = await office.next()
    await asyncio.sleep(10)
    exchange.grant()
    (later,) = office.start()
    assert (await later).told_at == pytest.approx(0)
