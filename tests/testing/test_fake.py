"""The fake answers as the emulator does, by the loop's time, and tells no secrets."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

import pytest

from gitlab_completions.emulator.access_tokens import Credential
from gitlab_completions.emulator.profiles import PROFILES
from gitlab_completions.models import Route
from gitlab_completions.testing import FakeGitLab
from tests.testing.exchanges import details, direct, indirect, send

if TYPE_CHECKING:
    from datetime import datetime

    from gitlab_completions.senders import ReplaceableSender, Sender

FLAG = "code_suggestions_direct_completions"
REFUSALS = {
    "17.1-flag-off": 404,
    "19.0-online-licence": 403,
    "19.1": 400,
    "19.2": 400,
    "19.3-flag-off": 400,
}


async def test_what_the_model_suggests_may_depend_on_what_it_is_asked() -> None:
    gitlab = FakeGitLab(lambda prompt: f"{len(prompt.above)} characters")
    (text,) = (await send(gitlab, indirect(gitlab))).texts
    assert text == f"{len(gitlab.prompts[0].above)} characters"


@pytest.mark.parametrize("profile", PROFILES)
async def test_every_profile_completes_through_the_instance(profile: str) -> None:
    reply = await send(gitlab := FakeGitLab(profile=profile), indirect(gitlab))
    assert (reply.status_code, reply.texts) == (200, ["return a + b"])


@pytest.mark.parametrize("profile", sorted(PROFILES.keys() - REFUSALS.keys()))
async def test_a_profile_that_grants_direct_access_completes_directly(
    profile: str,
) -> None:
    gitlab = FakeGitLab("a - b", profile=profile)
    reply = await send(gitlab, await direct(gitlab))
    assert (reply.status_code, reply.texts) == (200, ["a - b"])


@pytest.mark.parametrize(("profile", "status"), REFUSALS.items())
async def test_a_profile_that_bars_direct_access_says_so(
    profile: str, status: int
) -> None:
    reply = await send(gitlab := FakeGitLab(profile=profile), details(gitlab))
    assert reply.status_code == status


def test_an_unknown_profile_is_refused_with_the_names_of_the_known() -> None:
    with pytest.raises(ValueError, match=r"19\.3"):
        FakeGitLab(profile="1.0")


async def test_no_text_is_no_suggestion() -> None:
    gitlab = FakeGitLab("")
    assert (await send(gitlab, indirect(gitlab))).texts == []
    gitlab.text = "late"
    assert (await send(gitlab, indirect(gitlab))).texts == ["late"]


async def test_what_it_is_sent_is_checked() -> None:
    gitlab = FakeGitLab()
    request = await direct(gitlab)
    wrong = replace(request, body=b'{"prompt_version": "1"}')
    stranger = replace(request, headers={**request.headers, "Authorization": "x y"})
    assert (await send(gitlab, wrong)).status_code == 422
    assert (await send(gitlab, stranger)).status_code == 401


@pytest.mark.parametrize(
    ("name", "status"), [("expired", 401), ("revoked", 401), ("wrong_scope", 403)]
)
async def test_some_access_tokens_are_refused(name: str, status: int) -> None:
    gitlab = FakeGitLab()
    token = getattr(gitlab.tokens, name)
    refused = replace(indirect(gitlab), headers={"Authorization": f"Bearer {token}"})
    assert (await send(gitlab, refused)).status_code == status


async def test_it_has_clients_of_other_users_with_dice_of_their_own() -> None:
    gitlab = FakeGitLab(profile="17.1")
    gitlab.flags.disable(FLAG)
    gitlab.flags.admit_actors(FLAG, ["User:7"])
    rolls: list[float] = []

    def jitter() -> float:
        rolls.append(0.25)
        return 0.25

    gitlab.set_credential("glpat-seven", Credential(user_id=7))
    async with gitlab.client(access_token="glpat-seven", jitter=jitter) as client:
        await client.warm_up()
        assert client.status().route is Route.DIRECT
    async with gitlab.client() as client:
        await client.warm_up()
        assert client.status().route is Route.INDIRECT
    assert rolls


async def test_settings_are_those_of_the_emulator() -> None:
    gitlab = FakeGitLab()
    gitlab.settings.direct_enabled = False
    assert (await send(gitlab, details(gitlab))).status_code == 403


async def test_a_granted_token_expires_with_the_loops_time() -> None:
    gitlab = FakeGitLab()
    request = await direct(gitlab)
    await asyncio.sleep(3600)
    assert (await send(gitlab, request)).status_code == 200
    await asyncio.sleep(1)
    assert (await send(gitlab, request)).status_code == 401


async def test_a_granted_token_expires_while_the_machine_is_suspended() -> None:
    gitlab = FakeGitLab()
    request = await direct(gitlab)
    gitlab.clock.suspend(3601)
    assert (await send(gitlab, request)).status_code == 401


async def test_answers_are_dated_by_the_loops_time() -> None:
    async def date() -> datetime:
        reply = await send(gitlab, details(gitlab))
        return parsedate_to_datetime(reply.headers["date"])

    gitlab = FakeGitLab()
    before = await date()
    await asyncio.sleep(90)
    assert await date() - before == timedelta(seconds=90)


async def test_the_same_seed_makes_the_same_tokens() -> None:
    async def grant(seed: int) -> object:
        return (await send(gitlab := FakeGitLab(seed=seed), details(gitlab))).json

    assert await grant(3) == await grant(3)
    assert await grant(3) != await grant(4)


async def test_requests_show_what_arrived_without_credentials() -> None:
    gitlab = FakeGitLab()
    await send(gitlab, await direct(gitlab))
    (seen,) = gitlab.gateway.requests
    assert (seen.method, seen.path) == ("POST", "/v2/completions")
    assert seen.headers["content-type"] == "application/json"
    assert seen.headers["authorization"].startswith("sha256:")
    document = seen.json()
    assert isinstance(document, dict)
    assert document["current_file"]["file_name"] == "add.py"
    assert len(gitlab.direct_access.requests) == 1
    assert gitlab.instance.requests == []


async def test_a_repr_shows_no_secrets() -> None:
    gitlab = FakeGitLab()
    request = await direct(gitlab)
    await send(gitlab, request)
    shown = repr([gitlab, gitlab.gateway.requests, gitlab.tokens, gitlab.gateway])
    assert gitlab.access_token not in shown
    assert request.headers["Authorization"].split()[1] not in shown
    assert "def add" not in shown


async def test_settling_waits_for_what_is_in_flight_and_what_follows_it() -> None:
    gitlab = FakeGitLab()
    gitlab.instance.delay(30)

    async def twice() -> None:
        for _ in range(2):
            await send(gitlab, indirect(gitlab, timeout_s=60))

    task = asyncio.create_task(twice())
    await asyncio.sleep(0)
    assert gitlab.in_flight == 1
    await gitlab.settle()
    assert (gitlab.in_flight, task.done()) == (0, True)
    assert asyncio.get_running_loop().time() == 60.0


async def test_settling_with_nothing_in_flight_takes_no_time() -> None:
    await FakeGitLab().settle()
    assert asyncio.get_running_loop().time() == 0.0


@pytest.mark.real_time
async def test_it_works_on_a_real_loop() -> None:
    gitlab = FakeGitLab()
    gitlab.instance.delay(0.01)
    task = asyncio.create_task(send(gitlab, indirect(gitlab)))
    await asyncio.sleep(0)
    await gitlab.settle()
    assert task.result().status_code == 200


def test_it_notes_which_connections_were_to_be_replaced() -> None:
    gitlab = FakeGitLab()
    sender: ReplaceableSender = gitlab
    assert sender.replace(Route.DIRECT)
    assert gitlab.replaced == [Route.DIRECT]


async def test_it_is_a_sender_and_closing_it_closes_nothing() -> None:
    gitlab = FakeGitLab()
    sender: Sender = gitlab
    await sender.aclose()
    assert (await send(gitlab, indirect(gitlab))).status_code == 200


async def test_what_the_model_is_asked_is_kept() -> None:
    gitlab = FakeGitLab()
    await send(gitlab, indirect(gitlab))
    (prompt,) = gitlab.prompts
    assert prompt.file_name
    assert not prompt.generation
