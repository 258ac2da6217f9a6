"""The gateway's two endpoints over real sockets, as strict as GitLab's about bodies."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from gitlab_completions import ContextItem, Route, RouteReason
from gitlab_completions.emulator import PROFILES
from gitlab_completions.events import EndpointRefused
from tests.loopback.scene import (
    REQUEST,
    SOURCE,
    TEXT,
    client_of,
    complete,
    emulate,
)

if TYPE_CHECKING:
    from gitlab_completions.emulator import Emulator, Profile
    from gitlab_completions.events import Event
    from tests.loopback.witness import Witness

V2, V4 = "/v2/completions", "/v4/code/suggestions"
VERSION = "x-gitlab-language-server-version"
DIRECT, INDIRECT = Route.DIRECT, Route.INDIRECT
OPEN = PROFILES["19.5"]
CLOSED = replace(OPEN, name="19.5-of-2026-08", v4_user_tokens=False)
"""A gateway that has not followed its instances, which grant metadata already."""
WITH_CONTEXT = replace(
    REQUEST,
    project_path="team/app",
    context=tuple(
        ContextItem(name=f"secret_file_{at}.py", content=f"{SOURCE} = {at}\n" * 20_000)
        for at in range(120)
    ),
    choices_count=1,
)


def asked(emulator: Emulator) -> list[str]:
    paths = [request.path for request in emulator.gateway.requests]
    return [path for path in paths if path in {V2, V4}]


@pytest.mark.parametrize(
    ("profile", "v2_gone", "paths", "routes"),
    [
        (OPEN, False, [V4, V4, V4], [DIRECT, DIRECT, DIRECT]),
        (OPEN, True, [V4, V4, V4], [DIRECT, DIRECT, DIRECT]),
        (CLOSED, False, [V4, V2, V2], [INDIRECT, DIRECT, DIRECT]),
        (CLOSED, True, [V4, V2], [INDIRECT, INDIRECT, INDIRECT]),
        (PROFILES["19.3"], False, [V2, V2, V2], [DIRECT, DIRECT, DIRECT]),
        (PROFILES["19.3"], True, [V2, V4], [INDIRECT, INDIRECT, INDIRECT]),
        (PROFILES["17.2"], True, [V2, V4], [INDIRECT, INDIRECT, INDIRECT]),
        (
            replace(PROFILES["19.3"], v4_user_tokens=True),
            True,
            [V2, V4, V4],
            [INDIRECT, DIRECT, DIRECT],
        ),
    ],
    ids=[
        "19.5",
        "19.5 without v2",
        "19.5, gateway of 2026-08",
        "the same without v2",
        "19.3",
        "19.3 without v2",
        "17.2 without v2",
        "19.3, gateway without v2 that takes users on v4",
    ],
)
async def test_calls_go_direct_by_the_endpoint_that_serves(
    witness: Witness,
    profile: Profile,
    v2_gone: bool,
    paths: list[str],
    routes: list[Route],
) -> None:
    events: list[Event] = []
    async with emulate(profile) as emulator:
        emulator.settings.v2_gone = v2_gone
        observers = (witness.note, events.append)
        async with client_of(emulator, observers=observers) as client:
            await client.warm_up()
            made = [await complete(client) for _ in range(3)]
            witness.look_at((made, client.status()))
            status = client.status()
        assert asked(emulator) == paths
    assert [done.route for done in made] == routes
    if routes[-1] is DIRECT:
        assert status.reason is RouteReason.PREFERRED
        changes = sum(isinstance(event, EndpointRefused) for event in events)
        assert changes == len(set(paths)) - 1
    else:
        assert status.reason is RouteReason.BARRED
        assert status.recheck_in_s == pytest.approx(1800, rel=0.11)


@pytest.mark.parametrize("profile", [OPEN, CLOSED], ids=["v4", "v4, then v2"])
async def test_context_is_heeded_and_the_instance_is_told_no_version(
    profile: Profile,
) -> None:
    async with emulate(profile) as emulator:
        async with client_of(emulator) as client:
            await client.warm_up()
            for request in (WITH_CONTEXT, REQUEST, WITH_CONTEXT):
                done = await client.complete(request)
                assert done.text == TEXT
        with_version = [
            (request.path, request.headers[VERSION])
            for request in emulator.gateway.requests
            if VERSION in request.headers
        ]
        times = 2 if profile is OPEN else 1
        assert with_version == [(V4, "7.17.1")] * times
        others = [*emulator.instance.requests, *emulator.direct_access.requests]
        assert not any(VERSION in request.headers for request in others)
        bodies = [one.body for one in emulator.gateway.requests if one.path == V4]
        assert b'"code_context"' in bodies[0]
        assert all(b'"model_metadata":{"provider":"gitlab"' in one for one in bodies)


@pytest.mark.parametrize("profile", [OPEN, CLOSED], ids=["v4", "v4, then v2"])
async def test_a_stream_comes_from_either_endpoint(profile: Profile) -> None:
    async with emulate(profile) as emulator:
        async with client_of(emulator) as client:
            await client.warm_up()
            for number in range(2):
                async with client.stream(REQUEST) as stream:
                    text = "".join([piece async for piece in stream])
                    done = await stream.completion()
                assert SOURCE in text
                first = profile is CLOSED and number == 0
                assert done.route is (INDIRECT if first else DIRECT)
        assert asked(emulator) == ([V4, V4] if profile is OPEN else [V4, V2])
