"""Access tokens that GitLab takes no more, and where the next one comes from."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING

import pytest

from gitlab_completions import CompletionClient, ErrorCode, HttpxSender, Route
from gitlab_completions.emulator import PROFILES
from gitlab_completions.tokens import OAuthToken, PrivateToken
from tests.loopback.scene import (
    ACCESS_TOKEN,
    PATIENT,
    complete,
    emulate,
    grants_direct_access,
    refusal_of,
)

if TYPE_CHECKING:
    from tests.loopback.witness import Witness


class Renewing:
    """A token source that has another token once one is refused."""

    def __init__(self, *tokens: str) -> None:
        self.tokens = list(tokens)
        self.rejected: list[str] = []

    def get(self) -> str:
        return self.tokens[0]

    def reject(self, token: str, /) -> None:
        self.rejected.append(token)
        del self.tokens[0]


@pytest.mark.parametrize("version", ["17.2", "19.0-online-licence", "19.3"])
async def test_a_refused_token_is_followed_by_another_within_the_call(
    version: str,
) -> None:
    async with (
        emulate(version) as emulator,
        aclosing(HttpxSender(verify=emulator.ca_pem)) as sender,
    ):
        tokens = Renewing(emulator.tokens.expired, ACCESS_TOKEN)
        async with CompletionClient(
            emulator.instance_url, tokens, sender=sender
        ) as client:
            await client.warm_up()
            done = await complete(client)
        direct = grants_direct_access(PROFILES[version])
        assert done.route is (Route.DIRECT if direct else Route.INDIRECT)
        assert len(done.attempts) == 1
        assert tokens.rejected == [emulator.tokens.expired]


@pytest.mark.parametrize(
    ("state", "code"),
    [
        ("expired", ErrorCode.TOKEN_EXPIRED),
        ("revoked", ErrorCode.TOKEN_REVOKED),
        ("wrong_scope", ErrorCode.SCOPE_MISSING),
    ],
)
async def test_a_token_that_gitlab_refuses_is_told_by_what_is_wrong_with_it(
    witness: Witness, state: str, code: ErrorCode
) -> None:
    async with (
        emulate() as emulator,
        aclosing(HttpxSender(verify=emulator.ca_pem)) as sender,
    ):
        token: str = getattr(emulator.tokens, state)
        async with CompletionClient(
            emulator.instance_url, token, sender=sender
        ) as client:
            error = await refusal_of(client)
        witness.look_at(error)
        assert error.code is code
        assert error.remedy
        assert token not in str(error)


async def test_many_calls_at_once_have_a_refused_oauth_token_renewed_once(
    witness: Witness,
) -> None:
    async with (
        emulate("19.0-online-licence") as emulator,
        aclosing(HttpxSender(verify=emulator.ca_pem)) as sender,
    ):
        refreshed = 0

        def refresh() -> dict[str, object]:
            nonlocal refreshed
            refreshed += 1
            return {"access_token": emulator.tokens.oauth, "expires_in": 7200}

        token = OAuthToken(emulator.tokens.expired, refresh=refresh)
        async with CompletionClient(
            emulator.instance_url, token, policy=PATIENT, sender=sender
        ) as client:
            done = await asyncio.gather(*(complete(client) for _ in range(8)))
            found = await client.availability()
        assert {one.route for one in done} == {Route.INDIRECT}
        assert refreshed == 1
        assert found.available
        witness.look_at(token)


async def test_a_private_token_is_taken_and_an_oauth_token_not_there() -> None:
    async with (
        emulate() as emulator,
        aclosing(HttpxSender(verify=emulator.ca_pem)) as sender,
    ):
        for token, takes in ((ACCESS_TOKEN, True), (emulator.tokens.oauth, False)):
            async with CompletionClient(
                emulator.instance_url, PrivateToken(token), sender=sender
            ) as client:
                assert (await client.availability()).available is takes
                if takes:
                    await complete(client)
