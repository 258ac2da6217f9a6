"""Flags as a user has them: settings, and a flag service by way of OpenFeature."""

from __future__ import annotations

import asyncio
import sys
import threading
from typing import TYPE_CHECKING, cast

import pytest
from openfeature import api
from openfeature.evaluation_context import EvaluationContext
from openfeature.flag_evaluation import FlagResolutionDetails
from openfeature.provider.in_memory_provider import InMemoryFlag, InMemoryProvider

from gitlab_completions._core.rollout import DIRECT_FLAG
from gitlab_completions.client import CompletionClient
from gitlab_completions.errors import ConfigurationError
from gitlab_completions.flags import (
    FeatureFlags,
    Flag,
    FlagReason,
    FlagSource,
    OpenFeatureFlags,
)
from gitlab_completions.models import CompletionRequest, Route, RouteReason
from gitlab_completions.sync import SyncCompletionClient
from gitlab_completions.testing import FakeGitLab, run

if TYPE_CHECKING:
    from collections.abc import Callable

    from openfeature.client import OpenFeatureClient

REQUEST = CompletionRequest.at_cursor("def f():", 8, file_name="f.py")
DOMAIN = "gitlab_completions tests"


def service(**flags: bool | InMemoryFlag[bool]) -> OpenFeatureClient:
    """Return a client of a flag service in memory."""
    made = {
        name: flag
        if isinstance(flag, InMemoryFlag)
        else InMemoryFlag("it", {"it": flag})
        for name, flag in flags.items()
    }
    api.set_provider_and_wait(InMemoryProvider(made), DOMAIN)
    return api.get_client(DOMAIN)


def by_user(name: str) -> InMemoryFlag[bool]:
    """Return a flag that is on for one targeting key."""

    def resolve(
        flag: InMemoryFlag[bool], context: EvaluationContext
    ) -> FlagResolutionDetails[bool]:
        del flag
        return FlagResolutionDetails(context.targeting_key == name)

    return InMemoryFlag("no", {"no": False}, context_evaluator=resolve)


# Settings of the instance's own.


async def test_flags_of_no_client_are_their_defaults() -> None:
    flags = FeatureFlags(overrides={"a": False})
    assert isinstance(flags, FlagSource)
    assert await flags.evaluate("a", default=True) == Flag(
        name="a", enabled=False, reason=FlagReason.OVERRIDE
    )
    assert await flags.evaluate("b", default=False) == Flag(
        name="b", enabled=False, reason=FlagReason.DEFAULT
    )
    assert repr(flags) == "FeatureFlags(overrides=<1>)"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"max_age_s": 0}, "max_age_s must be a positive number"),
        ({"overrides": {"a": 1}}, "overrides must be True or False, not int"),
        ({"overrides": ["a"]}, "overrides must be a mapping .* not list"),
        ({"overrides": ""}, "overrides must be a mapping .* not str"),
    ],
)
def test_odd_settings_are_refused(arguments: dict[str, object], words: str) -> None:
    make: Callable[..., object] = FeatureFlags
    with pytest.raises(ConfigurationError, match=words):
        make(**arguments)


@pytest.mark.parametrize("wrong", [FeatureFlags, object(), "flags"])
def test_what_tells_of_no_flags_is_refused(wrong: object) -> None:
    with pytest.raises(ConfigurationError, match="flags must"):
        CompletionClient("https://a", "t", flags=cast("FlagSource", wrong))


# Another library's flags.


@pytest.mark.parametrize("enabled", [True, False])
async def test_what_the_service_says_is_the_flags_value(*, enabled: bool) -> None:
    flags = OpenFeatureFlags(service(a=enabled))
    assert await flags.evaluate("a", default=not enabled) == Flag(
        name="a", enabled=enabled, reason=FlagReason.PROVIDER
    )


@pytest.mark.parametrize("default", [True, False])
async def test_a_flag_that_the_service_does_not_know_is_its_default(
    *, default: bool
) -> None:
    flags = OpenFeatureFlags(service(a=True))
    assert await flags.evaluate("b", default=default) == Flag(
        name="b", enabled=default, reason=FlagReason.UNKNOWN_FLAG
    )


async def test_a_service_that_fails_says_nothing() -> None:
    def fail(*_: object) -> FlagResolutionDetails[bool]:
        raise ZeroDivisionError("s3cret")

    broken = InMemoryFlag("no", {"no": False}, context_evaluator=fail)
    flags = OpenFeatureFlags(service(a=broken))
    assert await flags.evaluate("a", default=True) == Flag(
        name="a", enabled=True, reason=FlagReason.SOURCE_FAILED
    )


async def test_the_actor_is_the_targeting_key() -> None:
    client = service(a=by_user("User:42"))
    values = [
        (await OpenFeatureFlags(client, actor=actor).evaluate("a", default=False))
        for actor in ("User:42", "User:43", None)
    ]
    assert [flag.enabled for flag in values] == [True, False, False]


async def test_without_an_actor_the_clients_own_context_says() -> None:
    client = service(a=by_user("User:42"))
    client.context = EvaluationContext("User:42")
    flag = await OpenFeatureFlags(client).evaluate("a", default=False)
    assert flag.enabled


def test_a_provider_that_hangs_holds_one_thread_for_each_flag() -> None:
    release = threading.Event()
    asked: list[str] = []

    def hang(
        flag: InMemoryFlag[bool], context: EvaluationContext
    ) -> FlagResolutionDetails[bool]:
        del flag, context
        asked.append("a")
        release.wait(30)
        return FlagResolutionDetails(value=False)

    async def session() -> Flag:
        slow = InMemoryFlag("no", {"no": False}, context_evaluator=hang)
        flags = OpenFeatureFlags(service(a=slow))
        left = [asyncio.create_task(flags.evaluate("a")) for _ in range(9)]
        await asyncio.sleep(0)
        for one in left:
            one.cancel()
        await asyncio.wait(left)
        last = asyncio.create_task(flags.evaluate("a"))
        await asyncio.sleep(0)
        release.set()
        return await last

    assert not asyncio.run(session()).enabled  # real time, for real threads
    assert asked == ["a"]


def test_a_provider_that_hung_once_is_asked_again_after_a_while(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begun, release = threading.Event(), threading.Event()
    asked: list[str] = []

    def hang_once(
        flag: InMemoryFlag[bool], context: EvaluationContext
    ) -> FlagResolutionDetails[bool]:
        del flag, context
        asked.append("a")
        if len(asked) == 1:
            begun.set()
            release.wait(30)
        return FlagResolutionDetails(value=False)

    async def session() -> Flag:
        slow = InMemoryFlag("no", {"no": False}, context_evaluator=hang_once)
        flags = OpenFeatureFlags(service(a=slow))
        left = asyncio.create_task(flags.evaluate("a"))
        await asyncio.to_thread(begun.wait, 30)
        left.cancel()
        monkeypatch.setattr("gitlab_completions.flags.GIVEN_UP_S", 0.0)
        found = await flags.evaluate("a")
        release.set()
        return found

    assert not asyncio.run(session()).enabled  # real time, for real threads
    assert asked == ["a", "a"]


def test_an_openfeature_client_decides_who_goes_direct() -> None:
    async def session() -> tuple[Route, RouteReason]:
        gitlab = FakeGitLab()
        flags = OpenFeatureFlags(service(**{DIRECT_FLAG: False}))
        async with gitlab.client(flags=flags) as client:
            await client.warm_up()
            done = await client.complete(REQUEST)
            assert gitlab.direct_access.requests == []
            return done.route, done.reason

    assert run(session()) == (Route.INDIRECT, RouteReason.ROLLOUT)


@pytest.mark.parametrize(
    ("client", "actor", "words"),
    [
        (object(), None, "client must be an OpenFeatureClient"),
        ("service", " ", "actor must not be blank"),
        ("service", 42, "actor must be a string"),
    ],
)
def test_odd_arguments_are_refused(client: object, actor: object, words: str) -> None:
    given = service() if client == "service" else client
    make: Callable[..., object] = OpenFeatureFlags
    with pytest.raises(ConfigurationError, match=words):
        make(given, actor=actor)


def test_without_the_package_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client = service()
    monkeypatch.setitem(sys.modules, "openfeature.evaluation_context", None)
    with pytest.raises(ConfigurationError, match=r"gitlab-completions\[openfeature\]"):
        OpenFeatureFlags(client)


# Without asyncio.


def test_a_program_without_asyncio_asks_too() -> None:
    flags = FeatureFlags(overrides={"a": False})
    with SyncCompletionClient("https://gitlab.example.com", "t", flags=flags) as client:
        assert client.flag("a") == Flag(name="a", enabled=False, reason="override")
        with pytest.raises(ConfigurationError, match="a flag's name"):
            client.flag("")
        with pytest.raises(ConfigurationError, match="default must be True or"):
            client.flag("a", default=cast("bool", "no"))
