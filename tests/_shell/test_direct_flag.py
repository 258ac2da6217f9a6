"""The flag's word on direct: told behind the calls, open whenever nobody says no."""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import TYPE_CHECKING, cast

import pytest

from gitlab_completions._core.rollout import DIRECT_FLAG, Switch
from gitlab_completions._core.verdicts import Body, Observation
from gitlab_completions._shell.background import Background
from gitlab_completions._shell.direct_flag import (
    AGAIN_S,
    RETRY_S,
    SOURCE_WAIT_S,
    WORD_LASTS_S,
    DirectFlag,
    GuardedSource,
)
from gitlab_completions._shell.fetch import Fetched
from gitlab_completions._wire.direct_access import Grant
from gitlab_completions._wire.messages import Answer
from gitlab_completions.details import ConnectionDetails
from gitlab_completions.flags import Flag, FlagReason
from gitlab_completions.testing import VirtualClock, wait_all_tasks_blocked

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitlab_completions.flags import FlagSource

DETAILS = ConnectionDetails(
    base_url="https://gateway", token="token", headers={}, lifetime_s=3600
)


class Source:
    """A source that says what the test wants."""

    def __init__(self, *, enabled: bool = True) -> None:
        self.enabled = enabled
        self.reason = "test"
        self.asked: list[tuple[str, bool]] = []
        self.hangs = False

    async def evaluate(self, name: str, /, *, default: bool) -> Flag:
        self.asked.append((name, default))
        if self.hangs:
            await asyncio.Event().wait()
        return Flag(name=name, enabled=self.enabled, reason=self.reason)


class Keeping:
    """A direct flag and what it keeps."""

    def __init__(self, source: FlagSource, *, first: bool) -> None:
        self.switch = Switch()
        self.news: list[bool] = []
        self.background = Background()
        self.flag = DirectFlag(
            partial(source.evaluate, DIRECT_FLAG, default=True),
            first=first,
            switch=self.switch,
            clock=VirtualClock(),
            background=self.background,
            on_news=lambda: self.news.append(self.switch.on),
        )

    async def look(self) -> bool:
        self.flag.look()
        await wait_all_tasks_blocked()
        return self.switch.on


def refusal(status: int = 404, body: bytes = b'{"message":"404 Not Found"}') -> Fetched:
    return Fetched(
        seen=Observation(status=status, body=Body.JSON),
        answer=Answer(status_code=status, headers={}, body=body),
    )


# A user's source.


async def test_a_users_source_is_asked_first_by_gitlabs_name() -> None:
    source = Source(enabled=False)
    one = Keeping(source, first=True)
    await one.flag.first_word()
    assert source.asked == [(DIRECT_FLAG, True)]
    assert (one.switch.on, one.news) == (False, [False])
    await one.flag.first_word()
    assert len(source.asked) == 1


async def test_concurrent_waiters_share_the_first_question() -> None:
    source = Source()
    one = Keeping(source, first=True)
    await asyncio.gather(*(one.flag.first_word() for _ in range(3)))
    assert len(source.asked) == 1


async def test_the_last_word_holds_while_the_source_is_asked_again() -> None:
    source = Source(enabled=False)
    one = Keeping(source, first=True)
    await one.flag.first_word()
    source.enabled = True
    await asyncio.sleep(AGAIN_S - 1)
    assert not await one.look()
    assert len(source.asked) == 1
    await asyncio.sleep(1)
    one.flag.look()
    assert not one.switch.on, "the call that looks does not wait"
    await wait_all_tasks_blocked()
    assert (one.switch.on, one.news) == (True, [False, True])


async def test_nobody_is_asked_before_there_is_a_first_question() -> None:
    source = Source(enabled=False)
    one = Keeping(source, first=True)
    assert await one.look()
    assert source.asked == []


async def test_a_source_that_hangs_delays_the_first_word_for_two_seconds() -> None:
    source = Source()
    source.hangs = True
    one = Keeping(source, first=True)
    await one.flag.first_word()
    assert asyncio.get_running_loop().time() == SOURCE_WAIT_S
    assert one.switch.on
    await one.background.aclose()


@pytest.mark.parametrize(
    "reason", [FlagReason.SOURCE_FAILED, FlagReason.UNREACHABLE, "not_logged_in"]
)
async def test_who_says_nothing_changes_nothing_and_is_asked_again_soon(
    reason: str,
) -> None:
    source = Source(enabled=False)
    one = Keeping(source, first=True)
    await one.flag.first_word()
    source.enabled, source.reason = True, reason
    await asyncio.sleep(AGAIN_S)
    assert not await one.look()
    source.reason = "test"
    await asyncio.sleep(RETRY_S)
    assert await one.look()


async def test_a_no_that_nobody_repeats_is_forgotten() -> None:
    source = Source(enabled=False)
    one = Keeping(source, first=True)
    await one.flag.first_word()
    source.hangs = True
    await asyncio.sleep(WORD_LASTS_S - 1)
    assert not await one.look()
    await asyncio.sleep(1)
    assert await one.look()
    await one.background.aclose()


async def test_who_has_not_asked_for_long_waits_for_a_first_word_again() -> None:
    source = Source(enabled=False)
    one = Keeping(source, first=True)
    await one.flag.first_word()
    await asyncio.sleep(WORD_LASTS_S)
    one.flag.look()
    await one.flag.first_word()
    assert not one.switch.on
    assert len(source.asked) == 2


async def test_a_users_source_outlasts_an_access_token() -> None:
    one = Keeping(Source(enabled=False), first=True)
    await one.flag.first_word()
    one.flag.forget()
    assert not one.switch.on


async def test_a_refusal_is_no_matter_of_a_users_source() -> None:
    source = Source(enabled=False)
    one = Keeping(source, first=True)
    one.flag.refused(refusal())
    assert await one.look()
    assert source.asked == []


# The instance's own flag.


async def test_the_instances_flag_is_asked_for_behind_a_404_alone() -> None:
    source = Source(enabled=False)
    one = Keeping(source, first=False)
    await one.flag.first_word()
    assert await one.look()
    one.flag.refused(refusal(403, b'{"message":"403 Forbidden"}'))
    one.flag.refused(refusal(404, b'{"error":"404 Not Found"}'))
    one.flag.refused(Fetched(seen=Observation(status=None, body=Body.NONE)))
    assert await one.look()
    assert source.asked == []
    one.flag.refused(refusal())
    assert not await one.look()
    assert len(source.asked) == 1


@pytest.mark.parametrize(
    ("version", "asked"), [("17.1.2", 1), (None, 1), ("17.2.0", 0), ("19.3.0", 0)]
)
async def test_an_instance_that_lacks_the_flag_is_not_asked(
    version: str | None, asked: int
) -> None:
    source = Source(enabled=False)
    one = Keeping(source, first=False)
    one.flag.granted(Grant(details=DETAILS, dropped_headers=0, gitlab_version=version))
    one.flag.refused(refusal())
    await wait_all_tasks_blocked()
    assert len(source.asked) == asked


async def test_the_instances_flag_is_asked_again_while_it_is_off() -> None:
    source = Source(enabled=False)
    one = Keeping(source, first=False)
    one.flag.refused(refusal())
    await wait_all_tasks_blocked()
    source.enabled = True
    await asyncio.sleep(AGAIN_S)
    assert await one.look()
    await asyncio.sleep(10 * AGAIN_S)
    assert await one.look()
    assert len(source.asked) == 2


async def test_another_access_token_opens_what_the_instance_had_closed() -> None:
    one = Keeping(Source(enabled=False), first=False)
    one.flag.refused(refusal())
    await wait_all_tasks_blocked()
    one.flag.forget()
    assert (one.switch.on, one.news) == (True, [False, True])


# What a user's source may do.


class Odd:
    """A source that does what it must not."""

    def __init__(self, act: Callable[[], object]) -> None:
        self.act = act

    async def evaluate(self, name: str, /, *, default: bool) -> Flag:
        del name, default
        return cast("Flag", self.act())


def fail() -> object:
    raise ZeroDivisionError("s3cret")


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (fail, "raised ZeroDivisionError"),
        (lambda: None, "returned a NoneType, and no Flag"),
        (lambda: True, "returned a bool, and no Flag"),
        (lambda: Flag(name="a", enabled=cast("bool", "s3cret"), reason="x"), "Flag"),
    ],
)
@pytest.mark.parametrize("default", [True, False])
async def test_a_source_that_fails_is_as_one_that_says_nothing_and_told_once(
    caplog: pytest.LogCaptureFixture,
    act: Callable[[], object],
    words: str,
    *,
    default: bool,
) -> None:
    caplog.set_level(logging.WARNING)
    source = GuardedSource(Odd(act))
    for name in ("a", "b"):
        assert await source.evaluate(name, default=default) == Flag(
            name=name, enabled=default, reason=FlagReason.SOURCE_FAILED
        )
    (message,) = caplog.messages
    assert words in message
    assert "s3cret" not in message


async def test_a_source_that_hangs_is_left_after_two_seconds(
    caplog: pytest.LogCaptureFixture,
) -> None:
    source = Source()
    source.hangs = True
    flag = await GuardedSource(source).evaluate("a", default=True)
    assert flag.reason == FlagReason.SOURCE_FAILED
    assert asyncio.get_running_loop().time() == SOURCE_WAIT_S
    assert caplog.messages == ["The source of feature flags gave no answer within 2 s."]


async def test_what_a_source_says_is_passed_on() -> None:
    flag = await GuardedSource(Source(enabled=False)).evaluate("a", default=True)
    assert flag == Flag(name="a", enabled=False, reason="test")
