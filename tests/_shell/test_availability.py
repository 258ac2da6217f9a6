"""What was found out is kept for a while, shared, and forgotten when disproved."""

from __future__ import annotations

import asyncio
import contextlib
import traceback
from dataclasses import replace

import pytest

from gitlab_completions import (
    AllRoutesFailedError,
    Availability,
    ClientClosedError,
    ConfigurationError,
    ErrorCode as Code,
    RoutingPolicy,
)
from gitlab_completions.policy import DetailsPolicy, DirectMode
from gitlab_completions.senders import SendError
from gitlab_completions.testing import (
    FakeGitLab,
    VirtualClock,
    wait_all_tasks_blocked,
)
from tests._shell.parts import REQUEST
from tests._shell.scripted import (
    BARE_401,
    BARE_404,
    CHECK,
    COMPLETIONS,
    HANG,
    MONOLITH,
    Said,
    ScriptedInstance,
    completion,
)

NEVER = RoutingPolicy(direct=DirectMode.NEVER)
OFF = Said(403, {"message": "403 Forbidden"})
NO_SEAT = Said(401, {"message": "401 Unauthorized"}, MONOLITH)
SWITCHED_OFF = Said(404, {"message": "404 Not Found"}, MONOLITH)
IN_PROJECT = replace(REQUEST, project_path="group/app")


def scripted(check: Said | SendError | str) -> ScriptedInstance:
    instance = ScriptedInstance()
    instance.say(CHECK, check)
    return instance


def checks(instance: ScriptedInstance) -> int:
    return instance.paths.count(CHECK)


async def test_a_yes_is_kept_for_five_minutes() -> None:
    instance = ScriptedInstance()
    async with instance.client() as client:
        first = await client.availability("group/app")
        await asyncio.sleep(299)
        assert await client.availability(" group/app ") == first
        assert checks(instance) == 1
        await asyncio.sleep(2)
        await client.availability("group/app")
        assert checks(instance) == 2


@pytest.mark.parametrize(
    ("check", "keep_s"),
    [
        (OFF, 60),
        (NO_SEAT, 60),
        (SendError("connect"), 5),
        (Said(500, {}), 5),
        (Said(429, {}, {"retry-after": "30"}), 30),
        (Said(429, {}, {"retry-after": "9999"}), 60),
        (Said(429, {}), 5),
    ],
)
async def test_a_no_is_kept_for_less(check: Said | SendError, keep_s: float) -> None:
    instance = scripted(check)
    async with instance.client() as client:
        await client.availability("group/app")
        await asyncio.sleep(keep_s - 1)
        assert not (await client.availability("group/app")).available
        assert checks(instance) == 1
        instance.say(CHECK, Said(200))
        await asyncio.sleep(2)
        assert (await client.availability("group/app")).available


async def test_each_project_is_kept_by_itself_and_few_of_them() -> None:
    instance = ScriptedInstance()
    policy = RoutingPolicy(details=DetailsPolicy(projects=2))
    async with instance.client(policy=policy) as client:
        for name in ("a/a", "a/b", "a/c", "a/c", "a/b"):
            await client.availability(name)
        assert checks(instance) == 3
        await client.availability("a/a")
        assert checks(instance) == 4


async def test_who_asks_meanwhile_shares_the_look() -> None:
    instance = ScriptedInstance()
    async with instance.client() as client:
        asking = [asyncio.create_task(client.availability()) for _ in range(50)]
        leaver = asyncio.create_task(client.availability())
        await wait_all_tasks_blocked()
        leaver.cancel()
        found = await asyncio.gather(*asking)
        assert all(one.available for one in found)
        assert checks(instance) == 1


async def test_a_problem_is_each_askers_own_to_raise() -> None:
    instance = scripted(OFF)
    async with instance.client() as client:
        first, second = (
            await client.availability("a/b"),
            await client.availability("a/b"),
        )
    assert first.problem is not None
    assert second.problem is not None
    with pytest.raises(Exception, match="switched off for this project"):
        raise first.problem
    assert traceback.extract_tb(first.problem.__traceback__)
    assert second.problem.__traceback__ is None
    assert (first.problem.code, str(first.problem)) == (
        second.problem.code,
        str(second.problem),
    )


async def test_another_access_token_makes_it_forgotten_at_once() -> None:
    tokens = ["glpat-1"]

    async def source() -> str:
        return tokens[0]

    instance = scripted(NO_SEAT)
    async with instance.client(source) as client:
        assert not (await client.availability()).available
        instance.say(CHECK, Said(200))
        assert not (await client.availability()).available
        tokens[0] = "glpat-2"
        assert (await client.availability()).available
    assert instance.requests[-1].headers["Authorization"] == "Bearer glpat-2"


async def test_another_policy_makes_it_forgotten_at_once() -> None:
    instance = scripted(OFF)
    async with instance.client() as client:
        assert not (await client.availability("a/b")).available
        instance.say(CHECK, Said(200))
        client.reconfigure(NEVER)
        assert (await client.availability("a/b")).available


async def test_a_sleep_of_the_machine_makes_it_forgotten_at_once() -> None:
    clock = VirtualClock()
    instance = scripted(SendError("connect"))
    async with instance.client(clock=clock) as client:
        assert not (await client.availability()).available
        instance.say(CHECK, Said(200))
        clock.suspend(6)
        assert (await client.availability()).available


async def test_an_outage_leaves_no_queue_of_questions() -> None:
    gitlab = FakeGitLab()
    async with gitlab.client() as client:
        gitlab.inquiries.hang()
        for number in range(9):
            problem = (await client.availability(f"a/{number}")).problem
            assert problem is not None
            assert problem.code is Code.TIMEOUT
        await asyncio.sleep(15)
        hung = len(gitlab.inquiries.requests)
        gitlab.inquiries.heal()
        await asyncio.sleep(600)
        assert len(gitlab.inquiries.requests) == hung
        assert (await client.availability("a/b")).available


async def test_what_was_asked_before_a_change_is_not_kept() -> None:
    instance = scripted(OFF)
    async with instance.client() as client:
        asking = asyncio.create_task(client.availability("a/b"))
        await wait_all_tasks_blocked()
        instance.say(CHECK, OFF, Said(200))
        client.reconfigure(NEVER)
        later = asyncio.create_task(client.availability("a/b"))
        assert not (await asking).available
        assert (await later).available
        assert (await client.availability("a/b")).available


async def test_a_completion_disproves_a_no() -> None:
    for no in (NO_SEAT, SWITCHED_OFF, BARE_404, SendError("connect")):
        instance = scripted(no)
        async with instance.client() as client:
            assert not (await client.availability("group/app")).available
            instance.say(CHECK, Said(200))
            await client.complete(IN_PROJECT)
            assert (await client.availability("group/app")).available


async def test_a_streamed_completion_disproves_a_no_too() -> None:
    instance = scripted(NO_SEAT)
    async with instance.client(policy=NEVER) as client:
        assert not (await client.availability("group/app")).available
        instance.say(CHECK, Said(200))
        async with client.stream(IN_PROJECT) as stream:
            assert [piece async for piece in stream] == ["return 1"]
        assert (await client.availability("group/app")).available


async def test_a_completion_does_not_disprove_that_a_project_is_off() -> None:
    """GitLab completes there too, and leaves it to its clients to keep away."""
    instance = scripted(OFF)
    async with instance.client() as client:
        await client.availability("group/app")
        await client.complete(IN_PROJECT)
        found = await client.availability("group/app")
        assert found.problem is not None
        assert found.problem.code is Code.PROJECT_DISABLED
        assert checks(instance) == 1


async def test_a_completion_elsewhere_says_nothing_of_a_project() -> None:
    instance = scripted(BARE_404)
    async with instance.client() as client:
        await client.availability("group/typo")
        await client.complete(IN_PROJECT)
        await client.availability("group/typo")
        assert checks(instance) == 1


async def test_what_ends_by_itself_meanwhile_breaks_no_call() -> None:
    """A real clock goes on between two looks at it."""

    class Running(VirtualClock):
        steps = 0.0

        def now(self) -> float:
            self.steps += 0.5
            return super().now() + self.steps

    for check in (Said(200), NO_SEAT):
        instance = scripted(check)
        async with instance.client(clock=Running(), policy=NEVER) as client:
            for answer in (completion(), Said(500, {})) * 100:
                await client.availability()
                instance.say(COMPLETIONS, answer)
                with contextlib.suppress(AllRoutesFailedError):
                    await client.complete(REQUEST)


async def test_a_failed_call_disproves_a_yes() -> None:
    instance = ScriptedInstance()
    async with instance.client(policy=NEVER) as client:
        assert (await client.availability("group/app")).available
        for path in (CHECK, COMPLETIONS):
            instance.say(path, NO_SEAT)
        with pytest.raises(AllRoutesFailedError):
            await client.complete(IN_PROJECT)
        found = await client.availability("group/app")
        assert found.problem is not None
        assert found.problem.code is Code.NO_SEAT


async def test_a_rate_limit_disproves_nothing() -> None:
    instance = ScriptedInstance()
    async with instance.client(policy=NEVER) as client:
        await client.availability("group/app")
        instance.say(COMPLETIONS, Said(429, {}))
        with pytest.raises(AllRoutesFailedError):
            await client.complete(IN_PROJECT)
        await client.availability("group/app")
        assert checks(instance) == 1


async def test_closing_ends_a_look() -> None:
    instance = scripted(HANG)
    client = instance.client()
    asking = asyncio.create_task(client.availability())
    await wait_all_tasks_blocked()
    await client.aclose()
    with pytest.raises(ClientClosedError):
        await asking
    with pytest.raises(ClientClosedError):
        await client.availability()
    assert instance.in_flight == 0


async def test_only_a_string_is_a_project() -> None:
    async with ScriptedInstance().client() as client:
        with pytest.raises(ConfigurationError, match="project_path must be a string"):
            await client.availability(7)  # type: ignore[arg-type]


async def test_a_look_that_fails_on_its_own_ends_for_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def boom(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("gitlab_completions._shell.inspection.decide", boom)
    async with ScriptedInstance().client() as client:
        with pytest.raises(ClientClosedError):
            await client.availability()


async def test_a_refused_token_is_replaced_within_a_look() -> None:
    tokens = ["glpat-1", "glpat-2"]

    class Source:
        async def get(self) -> str:
            return tokens[0]

        def reject(self, token: str, /) -> None:
            tokens.remove(token)

    instance = ScriptedInstance()
    instance.say(CHECK, BARE_401, Said(200))
    async with instance.client(Source()) as client:
        assert (await client.availability()).available
    sent = [wire.headers["Authorization"] for wire in instance.requests]
    assert sent[:2] == ["Bearer glpat-1", "Bearer glpat-2"]
    assert set(sent[2:]) == {"Bearer glpat-2"}


def test_it_is_a_frozen_record() -> None:
    found = Availability(available=True, problem=None, gitlab_version="19.3.0")
    with pytest.raises(AttributeError):
        found.available = False  # type: ignore[misc]
    assert "19.3.0" in repr(found)
