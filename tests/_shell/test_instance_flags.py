"""The instance's flags are asked for once, kept a while, and renewed behind callers."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import pytest

from gitlab_completions._core.rollout import DIRECT_FLAG
from gitlab_completions._shell.access_token import TokenDesk
from gitlab_completions._shell.background import Background
from gitlab_completions._shell.inquiry import Inquirer
from gitlab_completions._shell.instance_flags import (
    RETRY_S,
    SETTLED_S,
    STALE_S,
    InstanceFlags,
)
from gitlab_completions._shell.spare import SpareConnections
from gitlab_completions.flags import FeatureFlags, Flag, FlagReason
from gitlab_completions.senders import SendError
from gitlab_completions.testing import VirtualClock, wait_all_tasks_blocked
from tests._shell.parts import AGENT, ROOT, Exchange, HeldSender

if TYPE_CHECKING:
    from collections.abc import Mapping

R = FlagReason
LACKS = "Field '{}' doesn't exist on type '{}'"


class Asking:
    """An instance's flags, and the exchanges that they make."""

    def __init__(self, settings: FeatureFlags | None = None) -> None:
        self.tokens = ["glpat-1"]
        self.sender = HeldSender()
        self.background = Background()
        self.desk = TokenDesk(self._token, self._changed)
        inquirer = Inquirer(self.sender, self.desk, SpareConnections(), ROOT, AGENT)
        self.flags = InstanceFlags(
            inquirer, VirtualClock(), self.background, settings or FeatureFlags()
        )

    async def _token(self) -> str:
        return self.tokens.pop(0) if len(self.tokens) > 1 else self.tokens[0]

    def _changed(self) -> None:
        self.flags.forget()

    def start(self, name: str = "a", *, default: bool = True) -> asyncio.Task[Flag]:
        return asyncio.create_task(self.flags.evaluate(name, default=default))

    async def now(self, name: str = "a", *, default: bool = True) -> tuple[bool, str]:
        """Return what is answered without waiting for anybody."""
        before = len(self.sender.exchanges)
        task = self.start(name, default=default)
        await wait_all_tasks_blocked()
        assert task.done(), len(self.sender.exchanges) - before
        flag = task.result()
        return flag.enabled, flag.reason

    async def learn(self, **values: bool) -> None:
        """Have flags asked for, and answered by a GitLab of today."""
        tasks = [self.start(name) for name in values]
        say(await self.sender.next(), values)
        await asyncio.gather(*tasks)

    @property
    def asked(self) -> int:
        return len(self.sender.exchanges)


def say(
    exchange: Exchange, values: Mapping[str, bool], version: str = "19.3.0"
) -> None:
    flags = [{"name": name, "enabled": values[name]} for name in values]
    answer(exchange, {"metadata": {"version": version, "featureFlags": flags}})


def answer(exchange: Exchange, data: object) -> None:
    exchange.reply(200, json.dumps({"data": data}).encode())


def lack(exchange: Exchange, field: str, kind: str) -> None:
    errors = [{"message": LACKS.format(field, kind)}]
    exchange.reply(200, json.dumps({"errors": errors}).encode())


def names_in(exchange: Exchange) -> list[str]:
    variables = json.loads(exchange.wire.body)["variables"]
    return list(variables.get("names", variables.values()))


async def test_the_instance_says_yes_or_no() -> None:
    asking = Asking()
    yes, no = asking.start("a"), asking.start("b")
    exchange = await asking.sender.next()
    assert names_in(exchange) == ["a", "b"]
    say(exchange, {"b": False, "a": True})
    assert await yes == Flag(name="a", enabled=True, reason="instance")
    assert await no == Flag(name="b", enabled=False, reason="instance")


@pytest.mark.parametrize("default", [True, False])
async def test_an_unknown_flag_is_its_default(*, default: bool) -> None:
    asking = Asking()
    flag = asking.start(default=default)
    say(await asking.sender.next(), {})
    assert await flag == Flag(name="a", enabled=default, reason=R.UNKNOWN_FLAG)


async def test_an_override_asks_nobody() -> None:
    asking = Asking(FeatureFlags(overrides={"a": False}))
    assert await asking.now() == (False, R.OVERRIDE)
    assert asking.asked == 0


# How long an answer serves.


async def test_a_fresh_answer_serves_without_a_question() -> None:
    asking = Asking()
    await asking.learn(a=False)
    await asyncio.sleep(59)
    assert await asking.now() == (False, R.INSTANCE)
    assert asking.asked == 1


async def test_how_long_it_is_fresh_can_be_set() -> None:
    asking = Asking(FeatureFlags(max_age_s=5))
    await asking.learn(a=False)
    await asyncio.sleep(5)
    assert await asking.now() == (False, R.INSTANCE)
    assert asking.asked == 2


async def test_a_stale_answer_serves_while_one_question_is_under_way() -> None:
    asking = Asking()
    await asking.learn(a=False)
    await asyncio.sleep(60)
    for _ in range(3):
        assert await asking.now() == (False, R.INSTANCE)
    assert asking.asked == 2
    say(await asking.sender.next(), {"a": True})
    await wait_all_tasks_blocked()
    assert await asking.now() == (True, R.INSTANCE)
    assert asking.asked == 2


async def test_a_stale_answer_outlasts_an_instance_that_is_down() -> None:
    asking = Asking()
    await asking.learn(a=False)
    await asyncio.sleep(60)
    await asking.now()
    (await asking.sender.next()).reply(503, b"<html>")
    await wait_all_tasks_blocked()
    assert await asking.now() == (False, R.INSTANCE)
    assert asking.asked == 2, "it was asked a moment ago"
    await asyncio.sleep(RETRY_S)
    assert await asking.now() == (False, R.INSTANCE)
    assert asking.asked == 3


async def test_an_answer_does_not_serve_for_ever() -> None:
    asking = Asking()
    await asking.learn(a=False)
    await asyncio.sleep(STALE_S)
    flag = asking.start()
    (await asking.sender.next()).fail(SendError("connect"))
    assert await flag == Flag(name="a", enabled=True, reason=R.UNREACHABLE)


async def test_another_access_token_forgets_what_was_said() -> None:
    asking = Asking()
    await asking.learn(a=False)
    asking.tokens = ["glpat-2"]
    await asking.desk.get()
    flag = asking.start()
    say(await asking.sender.next(), {"a": True})
    assert (await flag).enabled


async def test_what_was_said_to_a_token_that_has_changed_is_not_kept() -> None:
    asking = Asking()
    asking.tokens = ["glpat-1", "glpat-2"]
    flag = asking.start(default=True)
    exchange = await asking.sender.next()
    await asking.desk.get()
    say(exchange, {"a": False})
    assert await flag == Flag(name="a", enabled=True, reason=R.UNREACHABLE)


async def test_who_has_time_waits_for_a_newer_answer() -> None:
    asking = Asking()
    await asking.learn(a=False)
    fresh = await asking.flags.evaluate_anew("a", default=True)
    assert (fresh.enabled, asking.asked) == (False, 1)
    await asyncio.sleep(60)
    anew = asyncio.create_task(asking.flags.evaluate_anew("a", default=True))
    say(await asking.sender.next(), {"a": True})
    assert (await anew).enabled


# Questions.


async def test_concurrent_wishes_share_one_question() -> None:
    asking = Asking()
    tasks = [asking.start() for _ in range(5)]
    say(await asking.sender.next(), {"a": False})
    assert {flag.enabled for flag in await asyncio.gather(*tasks)} == {False}
    assert asking.asked == 1


async def test_a_caller_that_leaves_ends_no_question() -> None:
    asking = Asking()
    first, second = asking.start(), asking.start()
    exchange = await asking.sender.next()
    first.cancel()
    await asyncio.wait({first})
    say(exchange, {"a": False})
    assert not (await second).enabled
    assert exchange.cancelled == 0


async def test_what_is_wanted_meanwhile_goes_in_the_next_question() -> None:
    asking = Asking()
    first = asking.start("a")
    exchange = await asking.sender.next()
    others = [asking.start("b"), asking.start("c")]
    say(exchange, {"a": True})
    await first
    exchange = await asking.sender.next()
    assert names_in(exchange) == ["b", "c"]
    say(exchange, {"b": False, "c": False})
    assert not any(flag.enabled for flag in await asyncio.gather(*others))


async def test_more_flags_than_gitlab_takes_go_in_two_questions() -> None:
    asking = Asking()
    names = [f"flag_{number}" for number in range(21)]
    tasks = [asking.start(name) for name in names]
    for part in (names[:20], names[20:]):
        exchange = await asking.sender.next()
        assert names_in(exchange) == part
        say(exchange, dict.fromkeys(part, False))
    assert not any(flag.enabled for flag in await asyncio.gather(*tasks))


async def test_a_hanging_instance_delays_a_caller_for_five_seconds() -> None:
    asking = Asking()
    flag = await asking.start()
    assert asyncio.get_running_loop().time() == 5
    assert flag == Flag(name="a", enabled=True, reason=R.UNREACHABLE)
    say(asking.sender.exchanges[0], {"a": False})
    await wait_all_tasks_blocked()
    assert await asking.now() == (False, R.INSTANCE)


async def test_the_end_of_the_client_is_the_end_of_the_wait() -> None:
    asking = Asking()
    flag = asking.start()
    await asking.sender.next()
    await asking.background.aclose()
    assert await flag == Flag(name="a", enabled=True, reason=R.UNREACHABLE)


# Instances of all ages, and what is in front of them.


async def test_gitlab_17_1_is_asked_in_the_older_way() -> None:
    asking = Asking()
    yes, no = asking.start("a"), asking.start("b")
    lack(await asking.sender.next(), "featureFlags", "Metadata")
    exchange = await asking.sender.next()
    assert names_in(exchange) == ["a", "b"]
    answer(exchange, {"metadata": {"version": "17.3.1"}, "f0": True, "f1": False})
    assert await yes == Flag(name="a", enabled=True, reason=R.INSTANCE)
    assert await no == Flag(name="b", enabled=False, reason=R.OFF_OR_UNKNOWN)
    another = asking.start("c")
    assert names_in(await asking.sender.next()) == ["c"]
    answer(asking.sender.exchanges[-1], {"metadata": {}, "f0": True})
    assert (await another).reason == R.INSTANCE
    assert asking.asked == 3, "the newer way was tried once"


async def test_an_instance_without_either_field_is_asked_no_more() -> None:
    asking = Asking()
    flag = asking.start()
    lack(await asking.sender.next(), "featureFlags", "Metadata")
    lack(await asking.sender.next(), "featureFlagEnabled", "Query")
    assert await flag == Flag(name="a", enabled=True, reason=R.NO_SUCH_FIELD)
    assert await asking.now("b", default=False) == (False, R.NO_SUCH_FIELD)
    await asyncio.sleep(SETTLED_S - 1)
    assert await asking.now() == (True, R.NO_SUCH_FIELD)
    assert asking.asked == 2


async def test_an_upgraded_instance_is_found_out() -> None:
    asking = Asking()
    flag = asking.start()
    lack(await asking.sender.next(), "featureFlags", "Metadata")
    lack(await asking.sender.next(), "featureFlagEnabled", "Query")
    await flag
    await asyncio.sleep(SETTLED_S)
    flag = asking.start()
    say(await asking.sender.next(), {"a": False})
    assert (await flag).reason == R.INSTANCE


async def test_who_is_not_logged_in_gets_the_default() -> None:
    asking = Asking()
    flag = asking.start()
    answer(await asking.sender.next(), {"metadata": None})
    assert await flag == Flag(name="a", enabled=True, reason=R.NOT_LOGGED_IN)
    assert await asking.now() == (True, R.NOT_LOGGED_IN)


@pytest.mark.parametrize("status", [401, 403])
async def test_who_is_not_let_in_gets_the_default(status: int) -> None:
    asking = Asking()
    flag = asking.start()
    (await asking.sender.next()).refuse(status)
    assert await flag == Flag(name="a", enabled=True, reason=R.NOT_LOGGED_IN)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b"<html>sign in</html>"),
        (200, b""),
        (200, b"{}"),
        (200, b'{"data":{"metadata":null},"errors":[{"message":"Timeout on x"}]}'),
        (302, b""),
        (401, b"<html>sign in</html>"),
        (403, b"<html>blocked</html>"),
        (404, b'{"error":"404 Not Found"}'),
        (429, b"Retry later"),
        (500, b'{"message":"500 Internal Server Error"}'),
        (503, b"<html>"),
    ],
)
async def test_what_is_no_answer_of_gitlabs_is_the_default(
    status: int, body: bytes
) -> None:
    asking = Asking()
    flag = asking.start()
    (await asking.sender.next()).reply(status, body)
    assert await flag == Flag(name="a", enabled=True, reason=R.UNREACHABLE)
    assert await asking.now() == (True, R.UNREACHABLE)
    assert asking.asked == 1
    await asyncio.sleep(RETRY_S)
    again = asking.start()
    say(await asking.sender.next(), {"a": False})
    assert not (await again).enabled


async def test_errors_beside_data_do_not_spoil_it() -> None:
    asking = Asking()
    flag = asking.start()
    told = {"version": "19.3.0", "featureFlags": [{"name": "a", "enabled": False}]}
    said = {"data": {"metadata": told}, "errors": [{"message": "something else"}]}
    (await asking.sender.next()).reply(200, json.dumps(said).encode())
    assert await flag == Flag(name="a", enabled=False, reason=R.INSTANCE)


# The flag that is gone.


@pytest.mark.parametrize("version", ["17.2.0", "17.3.9"])
async def test_a_retired_flag_that_reads_as_off_is_the_default(version: str) -> None:
    asking = Asking()
    flag = asking.start(DIRECT_FLAG)
    lack(await asking.sender.next(), "featureFlags", "Metadata")
    answer(await asking.sender.next(), {"metadata": {"version": version}, "f0": False})
    assert await flag == Flag(name=DIRECT_FLAG, enabled=True, reason=R.RETIRED)


async def test_a_flag_that_is_still_there_is_taken_at_its_word() -> None:
    asking = Asking()
    flag = asking.start(DIRECT_FLAG)
    lack(await asking.sender.next(), "featureFlags", "Metadata")
    answer(await asking.sender.next(), {"metadata": {"version": "17.1.4"}, "f0": False})
    assert await flag == Flag(name=DIRECT_FLAG, enabled=False, reason=R.OFF_OR_UNKNOWN)
