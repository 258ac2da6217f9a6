"""Faults in memory do what the network's do, at the same moments."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from gitlab_completions._wire.messages import SendError
from gitlab_completions.testing import FakeGitLab
from tests.testing.exchanges import details, direct, indirect, send


def now() -> float:
    return asyncio.get_running_loop().time()


@pytest.fixture
def gitlab() -> FakeGitLab:
    return FakeGitLab()


async def broken(gitlab: FakeGitLab, *, timeout_s: float = 5.0) -> SendError:
    with pytest.raises(SendError) as caught:
        await send(gitlab, indirect(gitlab, timeout_s=timeout_s))
    return caught.value


async def test_an_exchange_takes_a_turn_of_the_loop(gitlab: FakeGitLab) -> None:
    task = asyncio.create_task(send(gitlab, indirect(gitlab)))
    await asyncio.sleep(0)
    assert not task.done()
    assert (await task).status_code == 200
    assert now() == 0.0


async def test_a_failure_answers_as_told_as_often_as_told(gitlab: FakeGitLab) -> None:
    gitlab.instance.fail(503, json={"a": 1}, headers={"Retry-After": "9"}, times=2)
    replies = [await send(gitlab, indirect(gitlab)) for _ in range(3)]
    assert [reply.status_code for reply in replies] == [503, 503, 200]
    assert replies[0].headers["retry-after"] == "9"
    assert replies[0].json == {"a": 1}
    assert len(gitlab.instance.requests) == 3


async def test_a_fault_strikes_its_endpoint_only(gitlab: FakeGitLab) -> None:
    gitlab.gateway.fail(500)
    assert (await send(gitlab, await direct(gitlab))).status_code == 500
    assert (await send(gitlab, indirect(gitlab))).status_code == 200


async def test_html_is_a_page_of_somebody_else(gitlab: FakeGitLab) -> None:
    gitlab.direct_access.html()
    reply = await send(gitlab, details(gitlab))
    assert reply.headers["content-type"].startswith("text/html")
    assert b"<html>" in b"".join(reply.chunks)


async def test_a_delay_holds_the_answer(gitlab: FakeGitLab) -> None:
    gitlab.instance.delay(1.25)
    await send(gitlab, indirect(gitlab))
    assert now() == 1.25


async def test_a_delay_past_the_timeout_is_a_timeout(gitlab: FakeGitLab) -> None:
    gitlab.instance.delay(9)
    assert (await broken(gitlab, timeout_s=2.0)).kind == "timeout"
    assert (now(), gitlab.in_flight) == (2.0, 0)


async def test_a_hang_ends_at_the_timeout(gitlab: FakeGitLab) -> None:
    gitlab.instance.hang()
    error = await broken(gitlab, timeout_s=5.0)
    assert (error.kind, error.bytes_received, now()) == ("timeout", 0, 5.0)


async def test_a_hang_ends_when_it_is_healed(gitlab: FakeGitLab) -> None:
    gitlab.instance.hang(times=1)
    hung = asyncio.create_task(send(gitlab, indirect(gitlab)))
    await asyncio.sleep(1)
    gitlab.instance.fail(500)
    assert (await send(gitlab, indirect(gitlab))).status_code == 500
    assert not hung.done()
    gitlab.instance.heal()
    assert (await hung).status_code == 200
    assert now() == 1.0


async def test_a_hang_ends_when_it_is_cancelled(gitlab: FakeGitLab) -> None:
    gitlab.instance.hang()
    hung = asyncio.create_task(send(gitlab, indirect(gitlab)))
    await asyncio.sleep(1)
    hung.cancel()
    with pytest.raises(asyncio.CancelledError):
        await hung
    assert gitlab.in_flight == 0
    gitlab.instance.heal()


async def test_no_timeout_is_none(gitlab: FakeGitLab) -> None:
    gitlab.instance.delay(1e6)
    reply = await send(gitlab, indirect(gitlab, timeout_s=float("inf")))
    assert (reply.status_code, now()) == (200, 1e6)


async def test_a_reset_breaks_the_exchange(gitlab: FakeGitLab) -> None:
    gitlab.instance.reset(times=1)
    assert (await broken(gitlab)).kind == "broken"
    assert (await send(gitlab, indirect(gitlab))).status_code == 200


@pytest.mark.parametrize("fault", ["half_answer", "reset_midway", "cut_chunks"])
async def test_half_an_answer_is_half_of_the_bytes(
    gitlab: FakeGitLab, fault: str
) -> None:
    whole = b"".join((await send(gitlab, indirect(gitlab))).chunks)
    getattr(gitlab.instance, fault)()
    async with gitlab.exchange(indirect(gitlab)) as response:
        assert await anext(response.chunks) == whole[: len(whole) // 2]
        with pytest.raises(SendError, match="broken") as caught:
            await anext(response.chunks)
    assert caught.value.bytes_received == len(whole) // 2


async def test_a_drip_takes_its_time(gitlab: FakeGitLab) -> None:
    gitlab.instance.drip(100)
    reply = await send(gitlab, indirect(gitlab, timeout_s=60))
    assert reply.texts == ["return a + b"]
    assert now() == pytest.approx(sum(map(len, reply.chunks)) / 100)


async def test_a_drip_past_the_timeout_counts_its_bytes(gitlab: FakeGitLab) -> None:
    gitlab.instance.drip(20)
    error = await broken(gitlab, timeout_s=2.05)
    assert (error.kind, error.bytes_received, now()) == ("timeout", 40, 2.05)


@pytest.mark.parametrize("endpoint", ["direct_access", "instance"])
async def test_a_host_that_refuses_refuses_all_of_it(
    gitlab: FakeGitLab, endpoint: str
) -> None:
    getattr(gitlab, endpoint).refuse()
    assert (await broken(gitlab)).kind == "connect"
    assert (gitlab.instance.requests, now()) == ([], 0.0)
    getattr(gitlab, endpoint).heal()
    assert (await send(gitlab, indirect(gitlab))).status_code == 200


@pytest.mark.parametrize("fault", ["huge", "gzip_bomb"])
async def test_what_is_too_much_is_not_read(gitlab: FakeGitLab, fault: str) -> None:
    getattr(gitlab.instance, fault)()
    error = await broken(gitlab)
    assert error.kind == "protocol"
    assert error.bytes_received > 1 << 20


async def test_a_redirect_is_an_answer(gitlab: FakeGitLab) -> None:
    gitlab.instance.redirect("https://elsewhere.example.com/")
    reply = await send(gitlab, indirect(gitlab))
    assert reply.status_code == 307
    assert reply.headers["location"] == "https://elsewhere.example.com/"


async def test_an_answer_is_spoilt_as_on_the_network(gitlab: FakeGitLab) -> None:
    gitlab.instance.wrong_types("choices")
    assert (await send(gitlab, indirect(gitlab))).json["choices"] == "wrong"
    gitlab.instance.wrong_content_type("text/html")
    reply = await send(gitlab, indirect(gitlab))
    assert reply.headers["content-type"] == "text/html"


async def test_no_connection_is_stale(gitlab: FakeGitLab) -> None:
    await send(gitlab, indirect(gitlab))
    gitlab.instance.stale()
    assert (await send(gitlab, indirect(gitlab))).status_code == 200


@pytest.mark.parametrize(
    ("fault", "kind"), [("untrusted", "tls"), ("broken_handshake", "connect")]
)
async def test_a_fault_of_tls_fails_the_connection(
    gitlab: FakeGitLab, fault: str, kind: str
) -> None:
    getattr(gitlab.direct_access, fault)()
    assert (await broken(gitlab)).kind == kind
    assert (gitlab.instance.requests, now()) == ([], 0.0)


@pytest.mark.parametrize("fault", ["blackhole", "deaf"])
@pytest.mark.parametrize(("last_resort", "given_up_s"), [(False, 1.0), (True, 3.2)])
async def test_a_black_hole_is_given_up_as_a_connection_is(
    gitlab: FakeGitLab, last_resort: bool, given_up_s: float, fault: str
) -> None:
    getattr(gitlab.instance, fault)()
    with pytest.raises(SendError) as caught:
        await send(gitlab, indirect(gitlab, last_resort=last_resort))
    assert (caught.value.kind, now()) == ("connect", given_up_s)


@pytest.mark.parametrize(
    "url", ["https://elsewhere.example.com/", "http://gitlab.example.com/"]
)
async def test_nobody_listens_elsewhere(gitlab: FakeGitLab, url: str) -> None:
    with pytest.raises(SendError, match="connect"):
        await send(gitlab, replace(indirect(gitlab), url=url))


@pytest.mark.parametrize("flaw", ["expired_token", "tampered_token"])
async def test_a_flawed_token_is_refused_by_the_gateway(
    gitlab: FakeGitLab, flaw: str
) -> None:
    getattr(gitlab.direct_access, flaw)(times=1)
    assert (await send(gitlab, await direct(gitlab))).status_code == 401
    assert (await send(gitlab, await direct(gitlab))).status_code == 200


async def test_leaving_early_ends_the_exchange(gitlab: FakeGitLab) -> None:
    gitlab.instance.drip(10)
    async with gitlab.exchange(indirect(gitlab)) as response:
        await anext(response.chunks)
        assert gitlab.in_flight == 1
    assert gitlab.in_flight == 0
