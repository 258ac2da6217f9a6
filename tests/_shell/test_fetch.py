"""A request for direct access brings a grant, or why there is none."""

from __future__ import annotations

import asyncio

import pytest

from gitlab_completions._core.verdicts import Body, Observation
from gitlab_completions._shell.access_token import TokenDesk
from gitlab_completions._shell.fetch import Fetched, Fetcher
from gitlab_completions.errors import (
    DirectAccessBarredError,
    DirectAccessUnavailableError,
    ErrorCode,
)
from gitlab_completions.senders import SendError, SendErrorKind
from tests._shell.parts import AGENT, ROOT, Exchange, HeldSender


def _never(_: Fetched) -> bool:
    """Take nothing that another process was told: nobody offers it."""
    raise AssertionError("there is no store")


class Asking:
    """A fetch under way, and its exchanges."""

    def __init__(self, *tokens: str) -> None:
        left = list(tokens or ("glpat-1",))

        async def source() -> str:
            token = left.pop(0) if len(left) > 1 else left[0]
            if not token:
                raise LookupError("s3cret")
            return token

        self.sender = HeldSender()
        desk = TokenDesk(source, lambda: None)
        self.fetcher = Fetcher(self.sender, desk, ROOT, AGENT, allow_plain_http=False)

    def start(self, project_path: str | None = None) -> asyncio.Task[Fetched]:
        return asyncio.create_task(self.fetcher.fetch(project_path, _never))

    async def next(self) -> Exchange:
        return await self.sender.next()


async def test_a_grant_is_read() -> None:
    asking = Asking()
    fetch = asking.start("group/project")
    exchange = await asking.next()
    assert exchange.wire.url == f"{ROOT}/api/v4/code_suggestions/direct_access"
    assert exchange.wire.body == b'{"project_path":"group/project"}'
    assert exchange.wire.purpose == "details"
    exchange.grant(1800)
    grant = (await fetch).grant
    assert grant is not None
    assert grant.details.lifetime_s == pytest.approx(1800, abs=2)
    assert grant.details.model_details is not None


@pytest.mark.parametrize("status", [400, 402, 403, 404, 422, 429, 500, 503])
async def test_a_refusal_is_told_by_its_status(status: int) -> None:
    asking = Asking()
    fetch = asking.start()
    (await asking.next()).refuse(status)
    fetched = await fetch
    assert fetched.grant is None
    assert fetched.seen == Observation(status=status, body=Body.JSON)
    problem = fetched.problem(barred=True)
    assert isinstance(problem, DirectAccessBarredError)
    assert problem.status_code == status
    assert "s3cret" not in str(problem)
    assert isinstance(fetched.problem(barred=False), DirectAccessUnavailableError)


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("connect", ErrorCode.OFFLINE),
        ("tls", ErrorCode.TLS_UNTRUSTED),
        ("proxy", ErrorCode.PROXY),
        ("timeout", ErrorCode.TIMEOUT),
        ("pool", ErrorCode.TIMEOUT),
        ("broken", ErrorCode.OFFLINE),
        ("protocol", ErrorCode.MALFORMED),
    ],
)
async def test_a_broken_exchange_is_told_by_its_kind(
    kind: SendErrorKind, code: ErrorCode
) -> None:
    asking = Asking()
    fetch = asking.start()
    (await asking.next()).fail(SendError(kind))
    fetched = await fetch
    assert (fetched.seen.status, fetched.code) == (None, code)


async def test_a_broken_fetch_says_what_to_configure() -> None:
    asking = Asking()
    fetch = asking.start()
    (await asking.next()).fail(SendError("proxy", detail="proxy_credentials"))
    problem = (await fetch).problem(barred=False)
    assert problem.message.startswith(
        "the request for direct access broke: GitLab was not reached"
    )
    assert "HTTPS_PROXY" in (problem.remedy or "")


async def test_a_sender_that_raises_what_it_must_not_is_offline() -> None:
    asking = Asking()
    fetch = asking.start()
    (await asking.next()).fail(ZeroDivisionError("s3cret"))
    fetched = await fetch
    assert fetched.code is ErrorCode.OFFLINE
    assert "s3cret" not in fetched.message


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"<html>", ErrorCode.CAPTIVE_PORTAL),
        (b"", ErrorCode.MALFORMED),
        (b"{}", ErrorCode.MALFORMED),
        (b'{"token": null}', ErrorCode.MALFORMED),
    ],
)
async def test_an_answer_without_a_token_grants_nothing(
    body: bytes, code: ErrorCode
) -> None:
    asking = Asking()
    fetch = asking.start()
    (await asking.next()).reply(201, body)
    fetched = await fetch
    assert (fetched.grant, fetched.code) == (None, code)
    assert fetched.seen == Observation(status=201, body=Body.OTHER)


@pytest.mark.parametrize(
    ("status", "body", "code", "words"),
    [
        (200, b"<html>sign in</html>", ErrorCode.CAPTIVE_PORTAL, "sign-in page"),
        (302, b"", ErrorCode.CAPTIVE_PORTAL, "sign-in page"),
        (511, b"", ErrorCode.CAPTIVE_PORTAL, "sign-in page"),
        (407, b"<html>", ErrorCode.PROXY, "the proxy wants credentials"),
    ],
)
async def test_what_answers_in_gitlabs_place_is_told(
    status: int, body: bytes, code: ErrorCode, words: str
) -> None:
    asking = Asking()
    fetch = asking.start()
    (await asking.next()).reply(status, body)
    fetched = await fetch
    assert fetched.code is code
    assert words in fetched.message
    assert (fetched.seen.status, fetched.seen.body) == (status, Body.OTHER)


async def test_a_grant_that_must_not_be_used_is_told_by_its_reason() -> None:
    asking = Asking()
    fetch = asking.start()
    body = b'{"token": "t", "base_url": "http://gateway", "headers": {"X-A": "b"}}'
    (await asking.next()).reply(201, body)
    assert (await fetch).seen == Observation(
        status=201, body=Body.JSON, word="bad_grant"
    )


async def test_a_source_that_fails_sends_nothing() -> None:
    asking = Asking("")
    fetched = await asking.start()
    assert fetched.code is ErrorCode.TOKEN_SOURCE
    assert asking.sender.exchanges == []


async def test_a_refused_access_token_is_replaced_and_asked_with_once_more() -> None:
    asking = Asking("glpat-1", "glpat-2")
    fetch = asking.start()
    (await asking.next()).refuse(401)
    again = await asking.next()
    old, new = asking.sender.exchanges
    assert again is new
    assert old.wire.headers != new.wire.headers
    assert "glpat-2" in " ".join(new.wire.headers.values())
    new.refuse(401)
    assert (await fetch).seen.status == 401
    assert len(asking.sender.exchanges) == 2


async def test_a_user_without_a_seat_costs_no_other_token() -> None:
    asking = Asking("glpat-1", "glpat-2")
    fetch = asking.start()
    no_seat = b'{"message": "401 Unauthorized"}'
    (await asking.next()).reply(401, no_seat, {"x-gitlab-error-origin": "monolith"})
    assert (await fetch).code is ErrorCode.NO_SEAT
    assert len(asking.sender.exchanges) == 1


async def test_a_refused_access_token_without_another_is_told() -> None:
    asking = Asking("glpat-1")
    fetch = asking.start()
    (await asking.next()).refuse(401)
    assert (await fetch).seen.status == 401
    assert len(asking.sender.exchanges) == 1


async def test_two_fetches_go_at_once_and_others_wait() -> None:
    asking = Asking()
    fetches = [asking.start(f"group/{number}") for number in range(3)]
    await asking.next()
    assert len(asking.sender.exchanges) == 2
    asking.sender.exchanges[0].grant()
    (await asking.next()).grant()
    asking.sender.exchanges[1].grant()
    assert all(fetched.grant for fetched in await asyncio.gather(*fetches))


async def test_a_sender_that_does_not_keep_time_is_stopped() -> None:
    asking = Asking()
    fetched = await asking.start()
    assert asyncio.get_running_loop().time() == 25
    assert fetched.code is ErrorCode.TIMEOUT
    assert asking.sender.in_flight == 0
