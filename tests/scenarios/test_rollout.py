"""Direct connections are rolled out, by an organisation or by the instance's flag."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from gitlab_completions import events
from gitlab_completions._core.rollout import DIRECT_FLAG, is_in_share
from gitlab_completions.client import CompletionClient
from gitlab_completions.errors import (
    AllRoutesFailedError,
    ClientClosedError,
    ConfigurationError,
    DirectAccessBarredError,
    ErrorCode,
)
from gitlab_completions.flags import FeatureFlags, Flag, FlagReason
from gitlab_completions.models import CompletionRequest, Intent, Route, RouteReason
from gitlab_completions.policy import DirectMode, RoutingPolicy
from gitlab_completions.shared import MemoryStore
from gitlab_completions.status import Health
from gitlab_completions.testing import FakeGitLab, wait_all_tasks_blocked

REQUEST = CompletionRequest.at_cursor("def f():", 8, file_name="f.py")
GENERATION = replace(REQUEST, intent=Intent.GENERATION)
VARIABLE = "GITLAB_COMPLETIONS_DIRECT"
IN, OUT = "User:2", "User:5"
QUARTER = RoutingPolicy(direct_percentage=25, actor=IN)
NOT_QUARTER = replace(QUARTER, actor=OUT)


class Source:
    """An organisation's flag service."""

    def __init__(self, *, enabled: bool = True, after_s: float = 0.0) -> None:
        self.enabled = enabled
        self.after_s = after_s
        self.asked = 0

    async def evaluate(self, name: str, /, *, default: bool) -> Flag:
        assert (name, default) == (DIRECT_FLAG, True)
        self.asked += 1
        await asyncio.sleep(self.after_s)
        return Flag(name=name, enabled=self.enabled, reason="ours")


def test_the_actors_are_what_they_are_called() -> None:
    assert is_in_share(25, IN)
    assert not is_in_share(25, OUT)


@pytest.fixture
def gitlab() -> FakeGitLab:
    return FakeGitLab()


# By percentage and environment: decided here, and nobody is asked.


async def test_who_is_in_the_share_goes_direct(gitlab: FakeGitLab) -> None:
    async with gitlab.client(policy=QUARTER) as client:
        assert (await client.complete(REQUEST)).route is Route.DIRECT


@pytest.mark.parametrize(
    "policy", [NOT_QUARTER, RoutingPolicy(direct_percentage=0)], ids=["out", "none"]
)
async def test_who_is_not_goes_indirect_and_asks_for_no_direct_access(
    gitlab: FakeGitLab, policy: RoutingPolicy
) -> None:
    async with gitlab.client(policy=policy) as client:
        await client.warm_up()
        done = await client.complete(REQUEST)
        assert (done.route, done.reason) == (Route.INDIRECT, RouteReason.ROLLOUT)
        status = client.status()
        assert (status.route, status.reason) == (Route.INDIRECT, RouteReason.ROLLOUT)
        assert (status.health, status.problem) == (Health.READY, None)
        assert status.recheck_in_s is None
        generation = await client.complete(GENERATION)
        assert generation.reason is RouteReason.GENERATION
    assert gitlab.direct_access.requests == []
    assert gitlab.gateway.requests == []


async def test_streams_are_rolled_out_alike(gitlab: FakeGitLab) -> None:
    async with gitlab.client(policy=NOT_QUARTER) as client:
        async with client.stream(REQUEST) as stream:
            done = await stream.completion()
        assert (done.route, done.reason) == (Route.INDIRECT, RouteReason.ROLLOUT)
        client.reconfigure(QUARTER)
        async with client.stream(REQUEST) as stream:
            assert (await stream.completion()).route is Route.DIRECT
    assert len(gitlab.direct_access.requests) == 1


async def test_an_instance_that_fails_is_told_with_why_direct_was_no_choice(
    gitlab: FakeGitLab,
) -> None:
    gitlab.instance.fail(503)
    async with gitlab.client(policy=NOT_QUARTER) as client:
        with pytest.raises(AllRoutesFailedError) as caught:
            await client.complete(REQUEST)
    refusal = caught.value.direct_refusal
    assert isinstance(refusal, DirectAccessBarredError)
    assert "not rolled out" in refusal.message
    assert VARIABLE in (refusal.remedy or "")
    assert caught.value.code is ErrorCode.SERVER


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("", None),
        ("auto", None),
        ("never", RouteReason.POLICY),
        ("0%", RouteReason.ROLLOUT),
        ("gitlab.example.com=never,auto", RouteReason.POLICY),
        ("gitlab.example.com=auto,never", None),
        ("old.corp=never", None),
    ],
)
async def test_the_environment_has_a_say(
    gitlab: FakeGitLab, value: str, reason: RouteReason | None
) -> None:
    async with gitlab.client(direct_override=value) as client:
        done = await client.complete(REQUEST)
    assert done.reason is (reason or RouteReason.PREFERRED)
    assert bool(gitlab.direct_access.requests) is (reason is None)


async def test_the_environment_is_read_when_the_client_is_made(
    gitlab: FakeGitLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "never")
    token = gitlab.access_token
    async with CompletionClient(gitlab.instance_url, token, sender=gitlab) as client:
        monkeypatch.setenv(VARIABLE, "auto")
        assert (await client.complete(REQUEST)).reason is RouteReason.POLICY
        client.reconfigure(RoutingPolicy(deadline_s=5))
        assert (await client.complete(REQUEST)).reason is RouteReason.POLICY
        client.reconfigure(RoutingPolicy(environment_override=False))
        assert (await client.complete(REQUEST)).route is Route.DIRECT


@pytest.mark.parametrize("value", ["sometimes", "never,25%"])
def test_an_environment_that_cannot_be_read_is_refused_by_name(
    gitlab: FakeGitLab, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv(VARIABLE, value)
    with pytest.raises(ConfigurationError, match=VARIABLE):
        CompletionClient(gitlab.instance_url, "glpat-1")
    CompletionClient(
        gitlab.instance_url, "glpat-1", policy=RoutingPolicy(environment_override=False)
    )


async def test_a_policy_that_leaves_no_route_changes_nothing(
    gitlab: FakeGitLab,
) -> None:
    async with gitlab.client(direct_override="never") as client:
        with pytest.raises(ConfigurationError, match=VARIABLE):
            client.reconfigure(RoutingPolicy(direct=DirectMode.ONLY))
        assert (await client.complete(REQUEST)).reason is RouteReason.POLICY


async def test_the_share_is_of_logins_where_no_actor_is_named(
    gitlab: FakeGitLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    reasons: set[RouteReason] = set()
    for number in range(20):
        monkeypatch.setenv("LOGNAME", f"jane-{number}")
        async with gitlab.client(policy=RoutingPolicy(direct_percentage=50)) as client:
            reasons.add(client.status().reason)
    assert reasons == {RouteReason.ROLLOUT, RouteReason.DETAILS_ABSENT}


async def test_a_wider_rollout_reaches_a_client_that_runs(gitlab: FakeGitLab) -> None:
    async with gitlab.client(policy=NOT_QUARTER) as client:
        assert (await client.complete(REQUEST)).reason is RouteReason.ROLLOUT
        client.reconfigure(replace(NOT_QUARTER, direct_percentage=100))
        assert (await client.complete(REQUEST)).route is Route.DIRECT
        client.reconfigure(NOT_QUARTER)
        assert (await client.complete(REQUEST)).reason is RouteReason.ROLLOUT
    assert len(gitlab.direct_access.requests) == 1


async def test_details_in_the_store_are_no_way_round_a_rollout(
    gitlab: FakeGitLab,
) -> None:
    store = MemoryStore(gitlab.clock.now)
    async with (
        gitlab.client(store=store) as first,
        gitlab.client(store=store, policy=NOT_QUARTER) as second,
    ):
        await first.complete(REQUEST)
        await gitlab.settle()
        for _ in range(3):
            assert (await second.complete(REQUEST)).reason is RouteReason.ROLLOUT
            await asyncio.sleep(5)


async def test_used_details_are_not_renewed_once_direct_is_withdrawn(
    gitlab: FakeGitLab,
) -> None:
    async with gitlab.client() as client:
        await client.complete(REQUEST)
        client.reconfigure(NOT_QUARTER)
        await asyncio.sleep(3600)
    assert len(gitlab.direct_access.requests) == 1


# By a user's flag source: the last word holds, and no call waits for it.


async def test_a_source_that_says_no_keeps_direct_access_from_being_asked_for(
    gitlab: FakeGitLab,
) -> None:
    source = Source(enabled=False)
    async with gitlab.client(flags=source) as client:
        done = await client.complete(REQUEST)
        assert (done.route, done.reason) == (Route.INDIRECT, RouteReason.ROLLOUT)
        await client.warm_up()
        assert client.status().reason is RouteReason.ROLLOUT
    assert gitlab.direct_access.requests == []
    assert source.asked == 1


async def test_a_source_that_says_yes_costs_the_first_call_its_own_time(
    gitlab: FakeGitLab,
) -> None:
    async with gitlab.client(flags=Source(after_s=0.05)) as client:
        done = await client.complete(REQUEST)
    assert done.route is Route.DIRECT
    assert done.elapsed_s == pytest.approx(0.05, abs=0.02)


async def test_a_slow_source_delays_no_call_for_longer_than_details_would(
    gitlab: FakeGitLab,
) -> None:
    async with gitlab.client(flags=Source(after_s=1.0)) as client:
        first = await client.complete(REQUEST)
        assert first.reason is RouteReason.DETAILS_ABSENT
        assert first.elapsed_s == pytest.approx(0.25, abs=0.02)
        assert gitlab.direct_access.requests == []
        await asyncio.sleep(1)
        assert (await client.complete(REQUEST)).route is Route.DIRECT


async def test_a_hanging_source_fails_open(
    gitlab: FakeGitLab, caplog: pytest.LogCaptureFixture
) -> None:
    async with gitlab.client(flags=Source(after_s=1e6)) as client:
        assert (await client.complete(REQUEST)).route is Route.INDIRECT
        await asyncio.sleep(2)
        for _ in range(30):
            assert (await client.complete(REQUEST)).route is Route.DIRECT
            await asyncio.sleep(10)
    told = [line for line in caplog.messages if "feature flags" in line]
    assert told == ["The source of feature flags gave no answer within 2 s."]


async def test_a_source_that_changes_its_mind_is_heard_within_a_minute(
    gitlab: FakeGitLab,
) -> None:
    source = Source()
    async with gitlab.client(flags=source) as client:
        assert (await client.complete(REQUEST)).route is Route.DIRECT
        source.enabled = False
        await asyncio.sleep(60)
        assert (await client.complete(REQUEST)).route is Route.DIRECT
        await wait_all_tasks_blocked()
        assert (await client.complete(REQUEST)).reason is RouteReason.ROLLOUT
        source.enabled = True
        await asyncio.sleep(60)
        assert (await client.complete(REQUEST)).reason is RouteReason.ROLLOUT
        await wait_all_tasks_blocked()
        assert (await client.complete(REQUEST)).route is Route.DIRECT
    assert source.asked == 3


async def test_a_source_is_heard_before_direct_access_after_a_night_too(
    gitlab: FakeGitLab,
) -> None:
    async with gitlab.client(flags=Source(enabled=False)) as client:
        for _ in range(3):
            assert (await client.complete(REQUEST)).reason is RouteReason.ROLLOUT
            await asyncio.sleep(10 * 3600)
    assert gitlab.direct_access.requests == []


async def test_the_change_is_told_to_observers(gitlab: FakeGitLab) -> None:
    told: list[RouteReason] = []

    def observe(event: events.Event) -> None:
        if isinstance(event, events.StatusChanged):
            told.append(event.status.reason)

    source = Source()
    async with gitlab.client(flags=source) as client:
        client.observe(observe)
        await client.complete(REQUEST)
        source.enabled = False
        await asyncio.sleep(60)
        for _ in range(2):
            await client.complete(REQUEST)
            await wait_all_tasks_blocked()
    assert told == [RouteReason.PREFERRED, RouteReason.ROLLOUT]


async def test_the_policy_decides_before_a_source_is_asked(gitlab: FakeGitLab) -> None:
    source = Source()
    async with gitlab.client(flags=source, policy=NOT_QUARTER) as client:
        for _ in range(3):
            assert (await client.complete(REQUEST)).reason is RouteReason.ROLLOUT
            await asyncio.sleep(60)
    assert source.asked == 0


async def test_direct_only_ends_where_a_source_says_no(gitlab: FakeGitLab) -> None:
    policy = RoutingPolicy(direct=DirectMode.ONLY)
    async with gitlab.client(flags=Source(enabled=False), policy=policy) as client:
        with pytest.raises(AllRoutesFailedError, match="not rolled out") as caught:
            await client.complete(REQUEST)
        assert caught.value.code is ErrorCode.DIRECT_BARRED
        assert caught.value.attempts == ()
        assert client.status().route is None
    assert gitlab.instance.requests == []


# By the instance's own flag, in GitLab 17.0 and 17.1.


@pytest.mark.parametrize("profile", ["17.0", "17.1", "17.2", "19.3"])
async def test_nobody_asks_for_the_instances_flag_before_a_call(profile: str) -> None:
    gitlab = FakeGitLab(profile=profile)
    async with gitlab.client() as client:
        await client.warm_up()
        for _ in range(3):
            assert (await client.complete(REQUEST)).route is Route.DIRECT
            await asyncio.sleep(1000)
    assert gitlab.inquiries.requests == []


async def test_gitlab_17_1_with_its_flag_off_is_found_out_behind_the_404() -> None:
    gitlab = FakeGitLab(profile="17.1")
    gitlab.flags.disable(DIRECT_FLAG)
    async with gitlab.client() as client:
        first = await client.complete(REQUEST)
        assert (first.route, first.reason) == (Route.INDIRECT, RouteReason.BARRED)
        await gitlab.settle()
        assert (await client.complete(REQUEST)).reason is RouteReason.ROLLOUT
        for _ in range(100):
            await asyncio.sleep(60)
            assert (await client.complete(REQUEST)).route is Route.INDIRECT
    assert len(gitlab.direct_access.requests) == 1, "the flag is asked instead"


async def test_direct_is_there_a_minute_after_the_flag_is_switched_on() -> None:
    gitlab = FakeGitLab(profile="17.1")
    gitlab.flags.disable(DIRECT_FLAG)
    async with gitlab.client() as client:
        await client.complete(REQUEST)
        await gitlab.settle()
        gitlab.flags.enable(DIRECT_FLAG)
        await asyncio.sleep(60)
        await client.complete(REQUEST)
        await gitlab.settle()
        assert (await client.complete(REQUEST)).route is Route.DIRECT


async def test_an_instance_without_a_field_for_flags_is_barred_as_ever() -> None:
    gitlab = FakeGitLab(profile="17.0")
    gitlab.flags.disable(DIRECT_FLAG)
    async with gitlab.client() as client:
        for _ in range(3):
            done = await client.complete(REQUEST)
            assert done.reason is RouteReason.BARRED
            await gitlab.settle()
        assert (await client.flag(DIRECT_FLAG)).reason == FlagReason.NO_SUCH_FIELD


async def test_a_404_of_the_operators_is_not_taken_for_one_of_the_flag() -> None:
    gitlab = FakeGitLab(profile="17.2")
    gitlab.settings.code_suggestions_enabled = False
    async with gitlab.client() as client:
        for _ in range(3):
            with pytest.raises(AllRoutesFailedError):
                await client.complete(REQUEST)
            await gitlab.settle()
            assert client.status().reason is RouteReason.BARRED
        flag = await client.flag(DIRECT_FLAG)
    assert flag.enabled
    assert flag.reason == FlagReason.RETIRED
    assert len(gitlab.inquiries.requests) == 2, "one in each generation of fields"


async def test_an_override_of_the_flag_is_a_word_of_the_users(
    gitlab: FakeGitLab,
) -> None:
    flags = FeatureFlags(overrides={DIRECT_FLAG: False})
    async with gitlab.client(flags=flags) as client:
        assert (await client.complete(REQUEST)).reason is RouteReason.ROLLOUT
    assert gitlab.direct_access.requests == []
    assert gitlab.inquiries.requests == []


# What a user asks.

SWITCH = "ai_duo_code_suggestions_switch"


@pytest.mark.parametrize(
    ("profile", "name", "enabled", "reason"),
    [
        ("17.0", SWITCH, True, FlagReason.NO_SUCH_FIELD),
        ("17.1", SWITCH, True, FlagReason.INSTANCE),
        ("17.1", "dpop_authentication", False, FlagReason.OFF_OR_UNKNOWN),
        ("17.1", DIRECT_FLAG, True, FlagReason.INSTANCE),
        ("17.1-flag-off", DIRECT_FLAG, False, FlagReason.OFF_OR_UNKNOWN),
        ("17.2", DIRECT_FLAG, True, FlagReason.RETIRED),
        ("17.4", SWITCH, True, FlagReason.INSTANCE),
        ("17.4", DIRECT_FLAG, True, FlagReason.RETIRED),
        ("19.3", SWITCH, True, FlagReason.INSTANCE),
        ("19.3", "dpop_authentication", False, FlagReason.INSTANCE),
        ("19.3", "no_such_flag", True, FlagReason.UNKNOWN_FLAG),
        ("19.3", DIRECT_FLAG, True, FlagReason.RETIRED),
    ],
)
async def test_what_every_release_says_of_a_flag(
    profile: str, name: str, reason: FlagReason, *, enabled: bool
) -> None:
    gitlab = FakeGitLab(profile=profile)
    async with gitlab.client() as client:
        flag = await client.flag(name)
    assert flag == Flag(name=name, enabled=enabled, reason=reason)


@pytest.mark.parametrize("kind", ["expired", "revoked", "ai_features"])
async def test_who_may_not_ask_gets_the_default(gitlab: FakeGitLab, kind: str) -> None:
    token: str = getattr(gitlab.tokens, kind)
    async with CompletionClient(gitlab.instance_url, token, sender=gitlab) as client:
        flag = await client.flag(SWITCH)
    assert flag == Flag(name=SWITCH, enabled=True, reason=FlagReason.NOT_LOGGED_IN)


async def test_a_portal_is_no_instance(gitlab: FakeGitLab) -> None:
    gitlab.inquiries.html()
    async with gitlab.client() as client:
        flag = await client.flag(SWITCH)
    assert flag == Flag(name=SWITCH, enabled=True, reason=FlagReason.UNREACHABLE)


async def test_a_users_flags_ask_by_way_of_the_client(gitlab: FakeGitLab) -> None:
    flags = FeatureFlags(overrides={"mine": False})
    async with gitlab.client(flags=flags) as client:
        asked = Flag(name=SWITCH, enabled=True, reason="instance")
        assert await client.flag(SWITCH) == asked
        assert await flags.evaluate(SWITCH) == asked
        mine = Flag(name="mine", enabled=False, reason="override")
        assert await client.flag("mine", default=True) == mine
    assert len(gitlab.inquiries.requests) == 1
    with pytest.raises(ClientClosedError):
        await client.flag(SWITCH)
    with pytest.raises(ClientClosedError):
        await flags.evaluate(SWITCH)


async def test_a_user_asks_the_source_that_was_given(gitlab: FakeGitLab) -> None:
    async with gitlab.client(flags=Source(enabled=False)) as client:
        flag = await client.flag(DIRECT_FLAG)
    assert flag == Flag(name=DIRECT_FLAG, enabled=False, reason="ours")


@pytest.mark.parametrize("name", ["", " "])
async def test_a_flag_without_a_name_is_refused(gitlab: FakeGitLab, name: str) -> None:
    async with gitlab.client() as client:
        with pytest.raises(ConfigurationError, match="a flag's name"):
            await client.flag(name)


async def test_flags_of_one_client_are_none_of_anothers(gitlab: FakeGitLab) -> None:
    flags = FeatureFlags()
    gitlab.client(flags=flags)
    with pytest.raises(ConfigurationError, match="another client"):
        gitlab.client(flags=flags)


async def test_availability_asks_for_no_direct_access_either(
    gitlab: FakeGitLab,
) -> None:
    async with gitlab.client(policy=NOT_QUARTER) as client:
        assert (await client.availability("group/project")).available
    assert gitlab.direct_access.requests == []
