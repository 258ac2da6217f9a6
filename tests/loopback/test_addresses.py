"""Where GitLab lives, and whom TLS trusts on the way there."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING

import pytest

from gitlab_completions import (
    CompletionClient,
    ConfigurationError,
    ErrorCode,
    HttpxSender,
    Route,
    RouteReason,
    RoutingPolicy,
)
from gitlab_completions.emulator import AccessTokens, Emulator
from gitlab_completions.events import AttemptFailed, DetailsRefused, Event
from tests.loopback.scene import (
    ACCESS_TOKEN,
    client_of,
    complete,
    emulate,
    go_direct,
    refusal_of,
)

if TYPE_CHECKING:
    from tests.loopback.witness import Witness

ENDPOINT = "/api/v4/code_suggestions"


def emulate_under(root: str) -> Emulator:
    tokens = AccessTokens(valid=ACCESS_TOKEN)
    return Emulator(tls=True, tokens=tokens, relative_url_root=root)


@pytest.mark.parametrize("suffix", ["", "/", "/api/v4", "/api/v4/"])
@pytest.mark.parametrize("root", ["", "/gitlab"])
async def test_the_instance_is_found_under_its_root_and_by_its_apis_url(
    root: str, suffix: str
) -> None:
    async with (
        emulate_under(root) as emulator,
        aclosing(HttpxSender(verify=emulator.ca_pem)) as sender,
        CompletionClient(
            f"{emulator.instance_url}{suffix}", ACCESS_TOKEN, sender=sender
        ) as client,
    ):
        await go_direct(client)
        emulator.gateway.fail(503, times=1)
        assert (await complete(client)).route is Route.INDIRECT
        assert [request.path for request in emulator.direct_access.requests] == [
            f"{root}{ENDPOINT}/direct_access"
        ]
        assert [request.path for request in emulator.instance.requests] == [
            f"{root}{ENDPOINT}/completions"
        ]


async def test_the_environment_as_the_emulator_describes_it_is_all_it_takes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with emulate() as emulator:
        for line in emulator.describe().splitlines():
            if not line.startswith("#"):
                monkeypatch.setenv(*line.split("=", 1))
        async with CompletionClient.from_env() as client:
            await go_direct(client)


async def test_an_authority_that_nobody_trusts_is_an_error_that_names_the_mend(
    witness: Witness,
) -> None:
    async with (
        emulate() as emulator,
        CompletionClient(emulator.instance_url, ACCESS_TOKEN) as client,
    ):
        error = await refusal_of(client)
        witness.look_at(error)
        assert error.code is ErrorCode.TLS_UNTRUSTED
        assert error.remedy is not None
        assert "HttpxSender(verify=" in error.remedy
        assert error.remedy in str(error)
        assert error.direct_refusal is not None
        assert error.direct_refusal.code is ErrorCode.TLS_UNTRUSTED
        assert not error.retryable
        assert emulator.instance.requests == emulator.direct_access.requests == []


async def test_a_gateway_whose_authority_is_not_trusted_costs_no_completion() -> None:
    events: list[Event] = []
    async with emulate() as emulator, emulate() as stranger:
        emulator._started.instance.gateway_url = stranger.gateway_url
        async with client_of(emulator, observers=(events.append,)) as client:
            await client.warm_up()
            done = await complete(client)
        assert (done.route, done.reason) == (Route.INDIRECT, RouteReason.FELL_BACK)
        assert stranger.gateway.requests == []
    failed = [event.error for event in events if isinstance(event, AttemptFailed)]
    assert [error.code for error in failed] == [ErrorCode.TLS_UNTRUSTED]


async def test_a_plain_gateway_of_an_instance_with_tls_never_gets_a_token() -> None:
    events: list[Event] = []
    async with emulate() as emulator, Emulator() as plain:
        emulator._started.instance.gateway_url = plain.gateway_url
        async with client_of(emulator, observers=(events.append,)) as client:
            done = await complete(client)
        assert (done.route, done.reason) == (Route.INDIRECT, RouteReason.BARRED)
        assert plain.gateway_front.connections_opened == 0
    refused = [event for event in events if isinstance(event, DetailsRefused)]
    assert [event.problem.code for event in refused] == [ErrorCode.DIRECT_BARRED]


async def test_plain_http_is_refused_unless_the_policy_allows_it() -> None:
    async with Emulator() as emulator:
        with pytest.raises(ConfigurationError, match="allow_plain_http"):
            CompletionClient(emulator.instance_url, emulator.access_token)
        async with CompletionClient(
            emulator.instance_url,
            emulator.access_token,
            policy=RoutingPolicy(allow_plain_http=True),
        ) as client:
            await go_direct(client)
        assert emulator.instance_front.connections_opened == 1
