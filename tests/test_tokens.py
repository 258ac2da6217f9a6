"""Access tokens in other headers, and OAuth tokens that are renewed."""

from __future__ import annotations

import asyncio
import os
import threading
from typing import TYPE_CHECKING

import pytest

from gitlab_completions import ConfigurationError
from gitlab_completions._shell.access_token import TokenDesk, TokenSourceError
from gitlab_completions.testing import VirtualClock, wait_all_tasks_blocked
from gitlab_completions.tokens import (
    JobToken,
    OAuthToken,
    PrivateToken,
    Renewal,
    TokenHeader,
)

if TYPE_CHECKING:
    from gitlab_completions.models import AccessToken

CANARY = "glpat-canary-4410"


class Refresh:
    """What gets tokens, counted; each answer is given once, the last one again."""

    def __init__(self, *answers: Renewal | Exception) -> None:
        self.answers = list(answers)
        self.asked = 0

    async def __call__(self) -> Renewal:
        self.asked += 1
        await asyncio.sleep(0.1)
        left = self.answers
        answer = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


def oauth(
    refresh: Refresh, token: str | None = "t0", expires_in_s: float | None = None
) -> OAuthToken:
    made = OAuthToken(token, refresh=refresh, expires_in_s=expires_in_s)
    made._clock = VirtualClock()
    if expires_in_s is not None:
        made._ends_at = made._clock.now() + expires_in_s
    return made


# Headers.


async def test_a_private_token_is_a_string_or_what_supplies_one() -> None:
    async def function() -> str:
        return "glpat-1"

    class Source:
        async def get(self) -> str:
            return "glpat-1"

        def reject(self, token: str, /) -> None:
            rejected.append(token)

    rejected: list[str] = []
    sources: list[AccessToken] = ["glpat-1", function, Source()]
    for source in sources:
        token = PrivateToken(source)
        assert await token.get() == "glpat-1"
        token.reject("glpat-1")
        assert token.header is TokenHeader.PRIVATE_TOKEN
    assert rejected == ["glpat-1"]


@pytest.mark.parametrize("wrong", [7, None, object()])
def test_what_supplies_no_token_is_refused_at_once(wrong: object) -> None:
    with pytest.raises(ConfigurationError, match="access_token must be a string, a"):
        PrivateToken(wrong)  # type: ignore[arg-type]


def test_a_job_token_has_a_header_of_its_own() -> None:
    assert JobToken("glcbt-1").header is TokenHeader.JOB_TOKEN


def test_an_oauth_token_goes_into_no_other_header() -> None:
    token = OAuthToken("t", refresh=lambda: "u")
    assert token.header is TokenHeader.AUTHORIZATION
    for kind in (PrivateToken, JobToken):
        with pytest.raises(ConfigurationError, match="takes no OAuth token"):
            kind(token)


@pytest.mark.parametrize(
    "token",
    [
        PrivateToken(CANARY),
        JobToken(CANARY),
        OAuthToken(CANARY, refresh=lambda: CANARY, expires_in_s=1),
    ],
)
def test_a_token_does_not_show_itself(token: object) -> None:
    assert CANARY not in f"{token!r} {token} {vars(token)}"


# OAuth.


@pytest.mark.parametrize("bad", [None, "t", 7])
def test_a_refresh_is_a_function(bad: object) -> None:
    with pytest.raises(ConfigurationError, match="refresh must be a function"):
        OAuthToken("t", refresh=bad)  # type: ignore[arg-type]


@pytest.mark.parametrize("bad", [0, -1, float("nan"), "7200"])
def test_a_span_is_a_number_of_seconds(bad: object) -> None:
    with pytest.raises(ConfigurationError, match="expires_in_s"):
        OAuthToken("t", refresh=lambda: "u", expires_in_s=bad)  # type: ignore[arg-type]


async def test_a_token_is_used_until_it_is_refused() -> None:
    refresh = Refresh("t1")
    token = oauth(refresh)
    assert [await token.get() for _ in range(3)] == ["t0", "t0", "t0"]
    token.reject("t0")
    assert await token.get() == "t1"
    token.reject("t0")  # who learns of it later
    assert await token.get() == "t1"
    assert refresh.asked == 1


async def test_the_first_token_may_come_by_a_refresh() -> None:
    token = oauth(Refresh({"access_token": "t1", "expires_in": 7200}), token=None)
    assert await token.get() == "t1"


async def test_a_token_is_renewed_ahead_behind_the_calls() -> None:
    refresh = Refresh({"access_token": "t1", "expires_in": 7200, "refresh_token": "r"})
    token = oauth(refresh, expires_in_s=7200)
    await asyncio.sleep(7139)
    assert await token.get() == "t0"
    assert refresh.asked == 0
    await asyncio.sleep(2)
    assert {await token.get() for _ in range(50)} == {"t0"}
    await asyncio.sleep(0.2)
    assert await token.get() == "t1"
    assert refresh.asked == 1
    await asyncio.sleep(7000)
    assert await token.get() == "t1"
    assert refresh.asked == 1


async def test_a_token_that_is_over_is_waited_for_by_all_at_once() -> None:
    refresh = Refresh("t1")
    token = oauth(refresh, expires_in_s=100)
    await asyncio.sleep(101)
    assert set(await asyncio.gather(*(token.get() for _ in range(50)))) == {"t1"}
    assert refresh.asked == 1


async def test_a_sleep_of_the_machine_counts() -> None:
    token = oauth(Refresh("t1"), expires_in_s=7200)
    assert isinstance(token._clock, VirtualClock)
    token._clock.suspend(8000)
    assert await token.get() == "t1"


async def test_a_refresh_that_fails_leaves_a_good_token_in_use() -> None:
    refresh = Refresh(OSError("s3cret"), "t1")
    token = oauth(refresh, expires_in_s=100)
    await asyncio.sleep(50)
    assert [await token.get() for _ in range(9)] == ["t0"] * 9
    await asyncio.sleep(0.2)
    assert await token.get() == "t0"
    assert refresh.asked == 1  # it is not asked again at once
    await asyncio.sleep(5)
    assert await token.get() == "t0"
    await asyncio.sleep(0.2)
    assert await token.get() == "t1"


async def test_a_refresh_that_fails_is_the_cause_when_there_is_no_token() -> None:
    refresh = Refresh(OSError("s3cret"), "t1")
    token = oauth(refresh, token=None)
    for _ in range(3):
        with pytest.raises(RuntimeError, match="its refresh raised OSError") as caught:
            await token.get()
        assert isinstance(caught.value.__cause__, OSError)
        assert caught.value.__cause__.__traceback__ is None
        assert "s3cret" not in str(caught.value)
    assert refresh.asked == 1
    await asyncio.sleep(5)
    assert await token.get() == "t1"


async def test_a_refresh_that_returns_the_refused_token_failed() -> None:
    refresh = Refresh("t0", "t1")
    token = oauth(refresh)
    token.reject("t0")
    with pytest.raises(RuntimeError):
        await token.get()
    await asyncio.sleep(5)
    assert await token.get() == "t1"


@pytest.mark.parametrize("bad", [7, None, {}, {"access_token": 7}, b"t"])
async def test_what_is_no_token_is_told_and_not_shown(bad: object) -> None:
    token = oauth(Refresh(bad), token=None)  # type: ignore[arg-type]
    with pytest.raises(RuntimeError, match="refresh must return a token") as caught:
        await token.get()
    assert isinstance(caught.value.__cause__, ConfigurationError)
    desk = TokenDesk(token, lambda: None)
    with pytest.raises(TokenSourceError, match=r"^refresh must return a token"):
        await desk.get()


@pytest.mark.parametrize("life", [0, -1, "7200", None, [], True])
async def test_a_life_that_is_none_is_unknown(life: object) -> None:
    refresh = Refresh({"access_token": "t1", "expires_in": life})
    token = oauth(refresh, token=None)
    assert await token.get() == "t1"
    await asyncio.sleep(100_000)
    assert await token.get() == "t1"
    assert refresh.asked == 1


async def test_a_refresh_without_an_end_is_given_up_after_30_s() -> None:
    asked = 0

    async def refresh() -> str:
        nonlocal asked
        asked += 1
        if asked == 1:
            await asyncio.Event().wait()
        return "t1"

    token = OAuthToken(refresh=refresh)
    token._clock = VirtualClock()
    waiting = asyncio.create_task(token.get())
    await asyncio.sleep(31)
    assert await token.get() == "t1"
    await wait_all_tasks_blocked()
    assert await waiting == "t1"
    assert asked == 2


async def test_a_refresh_that_is_too_slow_for_one_call_serves_the_next() -> None:
    async def refresh() -> str:
        await asyncio.sleep(3)
        return "t1"

    token = OAuthToken(refresh=refresh)
    token._clock = VirtualClock()
    one = TokenDesk(token, lambda: None)
    with pytest.raises(TokenSourceError, match="no answer within 2 s"):
        await one.get()
    await asyncio.sleep(2)
    assert (await one.get()).reveal() == "t1"


async def test_many_refused_calls_share_one_refresh() -> None:
    refresh = Refresh("t1", "t2")
    one = TokenDesk(oauth(refresh), lambda: None)
    refused = await one.get()
    others = await asyncio.gather(*(one.another(refused) for _ in range(50)))
    assert {other.reveal() for other in others if other} == {"t1"}
    assert refresh.asked == 1


@pytest.mark.real_time
async def test_a_plain_refresh_runs_in_another_thread() -> None:
    threads: list[threading.Thread] = []

    def refresh() -> str:
        threads.append(threading.current_thread())
        return "t1"

    assert await OAuthToken(refresh=refresh).get() == "t1"
    assert threads != [threading.current_thread()]


def test_a_refresh_that_an_ended_loop_left_is_begun_anew() -> None:
    answers = iter([True, False])

    async def refresh() -> str:
        if next(answers):
            await asyncio.Event().wait()
        return "t1"

    token = OAuthToken(refresh=refresh)

    async def leave() -> None:
        token._renew()
        await asyncio.sleep(0)

    loop = asyncio.new_event_loop()
    loop.run_until_complete(leave())
    left = token._renewal
    loop.close()
    assert left is not None
    left.get_coro().close()
    assert asyncio.run(token.get()) == "t1"


@pytest.mark.parametrize("blank", ["", " ", "t1\n", "t 1", {"access_token": ""}])
async def test_what_no_header_can_carry_replaces_no_token(blank: Renewal) -> None:
    refresh = Refresh(blank, "t1")
    token = oauth(refresh, expires_in_s=100)
    await asyncio.sleep(50)
    assert await token.get() == "t0"
    await asyncio.sleep(0.2)
    assert await token.get() == "t0"
    await asyncio.sleep(60)
    assert await token.get() == "t1"
    assert refresh.asked == 2


@pytest.mark.parametrize("bad", ["", " ", "t\n", "tö"])
def test_a_string_that_no_header_can_carry_is_refused_at_once(bad: str) -> None:
    for make in (PrivateToken, JobToken, lambda token: OAuthToken(token, refresh=str)):
        with pytest.raises(ConfigurationError, match="access_token"):
            make(bad)


async def test_a_token_of_a_minute_is_not_renewed_at_each_use() -> None:
    refresh = Refresh({"access_token": "t1", "expires_in": 50})
    token = oauth(refresh, token=None)
    for _ in range(50):
        await token.get()
        await asyncio.sleep(1)
    assert refresh.asked == 2


async def test_a_token_that_is_refused_while_young_is_not_renewed_again() -> None:
    refresh = Refresh("t1", "t2", "t3")
    token = oauth(refresh)
    for _ in range(29):
        token.reject(await token.get())
        await asyncio.sleep(1)
    assert (await token.get(), refresh.asked) == ("t1", 1)
    await asyncio.sleep(2)
    token.reject("t1")
    assert await token.get() == "t2"


async def test_a_source_in_another_header_is_told_of_a_refusal_and_awaited() -> None:
    told: list[str] = []

    class Source:
        async def get(self) -> str:
            return "t2" if told else "t1"

        async def reject(self, token: str, /) -> None:
            await asyncio.sleep(0.1)
            told.append(token)

    source: AccessToken = Source()  # type: ignore[assignment]  # as people write it
    one = TokenDesk(PrivateToken(source), lambda: None)
    other = await one.another(await one.get())
    assert told == ["t1"]
    assert other is not None
    assert other.reveal() == "t2"


@pytest.mark.real_time
async def test_clients_on_two_loops_share_one_refresh() -> None:
    begun, go_on = threading.Event(), threading.Event()
    asked = 0

    def refresh() -> str:
        nonlocal asked
        asked += 1
        begun.set()
        assert go_on.wait(timeout=10)
        return "t1"

    token = OAuthToken(refresh=refresh)
    elsewhere = asyncio.to_thread(lambda: asyncio.run(token.get()))
    other = asyncio.create_task(elsewhere)
    await asyncio.to_thread(begun.wait, 10)
    mine = asyncio.create_task(token.get())
    await asyncio.sleep(0)
    go_on.set()
    assert (await mine, await other, asked) == ("t1", "t1", 1)


async def test_a_young_token_that_is_refused_for_its_renewal_waits_for_that() -> None:
    refresh = Refresh({"access_token": "t1", "expires_in": 20}, "t2")
    token = oauth(refresh, token=None)
    assert await token.get() == "t1"
    await asyncio.sleep(11)
    assert await token.get() == "t1"
    await asyncio.sleep(0.05)
    token.reject("t1")  # GitLab has made the next one, and it is not here yet
    assert await token.get() == "t2"
    assert refresh.asked == 2


async def test_a_forked_child_does_not_wait_for_its_parents_refresh(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    refresh = Refresh("t1")
    token = oauth(refresh, token=None)
    asked = asyncio.create_task(token.get())
    await wait_all_tasks_blocked()
    monkeypatch.setattr(os, "getpid", lambda: -1)
    assert await token.get() == "t1"
    assert refresh.asked == 2
    await asked


@pytest.mark.real_time
async def test_a_loop_that_ended_is_not_told_of_a_refresh_elsewhere(
    caplog: pytest.LogCaptureFixture,
) -> None:
    go_on = asyncio.Event()

    async def refresh() -> str:
        await go_on.wait()
        return "t1"

    async def leave() -> None:
        other = asyncio.create_task(token.get())
        await asyncio.sleep(0)
        other.cancel()
        await asyncio.wait({other})

    token = OAuthToken(refresh=refresh)
    mine = asyncio.create_task(token.get())
    await asyncio.sleep(0)
    await asyncio.to_thread(lambda: asyncio.run(leave()))
    go_on.set()
    assert await mine == "t1"
    assert caplog.records == []
