"""A gateway that takes our bodies no more, and repeats the author's source in its 422.

The gateway of 17.2 answers with FastAPI's list of errors, each with its `input`. The
body is spoiled on its way by a wrapped sender, so that the emulator's refusal is the
recorded one and not a made-up one.
"""

from __future__ import annotations

from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from gitlab_completions import (
    CompletionClient,
    CompletionRequest,
    HttpxSender,
    Route,
    RouteReason,
)
from gitlab_completions.events import AttemptFailed, DetailsRefused, EndpointRefused
from gitlab_completions.senders import WireResponse
from tests.loopback.scene import ACCESS_TOKEN, POLICY, SOURCE, TEXT, emulate

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from gitlab_completions.events import Event
    from gitlab_completions.senders import Sender, WireRequest
    from tests.loopback.witness import Witness


class Spoiling:
    """A sender that renames a field which the gateway needs, on the direct route."""

    def __init__(self, sender: Sender) -> None:
        self.sender = sender
        self.refusals: list[bytes] = []

    @asynccontextmanager
    async def exchange(
        self, request: WireRequest
    ) -> AsyncGenerator[WireResponse, None]:
        if request.route is Route.DIRECT:
            spoiled = request.body.replace(b'"file_name"', b'"filename"')
            request = replace(request, body=spoiled)
        async with self.sender.exchange(request) as response:
            refused = response.status_code == 422
            yield await self._overhear(response) if refused else response

    async def _overhear(self, response: WireResponse) -> WireResponse:
        body = b"".join([chunk async for chunk in response.chunks])
        self.refusals.append(body)
        return WireResponse(
            status_code=response.status_code,
            headers=response.headers,
            chunks=once(body),
        )

    async def aclose(self) -> None:
        await self.sender.aclose()


async def once(body: bytes) -> AsyncGenerator[bytes, None]:
    yield body


def request_in(file_name: str) -> CompletionRequest:
    return CompletionRequest(
        file_name=file_name,
        content_above_cursor=f"def area_{SOURCE}(r):\n    return r\n\n\ndef area_",
    )


@pytest.mark.parametrize("version", ["17.2", "19.3"])
@pytest.mark.parametrize(
    ("files", "asked"),
    [(["a.py", "b.py", "c.py", "d.py"], 3), (["a.py", "a.py", "b.py", "b.py"], 4)],
    ids=["different files", "two files"],
)
async def test_bodies_refused_on_three_files_bar_direct_and_tell_no_source(
    witness: Witness, version: str, files: list[str], asked: int
) -> None:
    events: list[Event] = []
    async with (
        emulate(version) as emulator,
        aclosing(Spoiling(HttpxSender(verify=emulator.ca_pem))) as sender,
        CompletionClient(
            emulator.instance_url,
            ACCESS_TOKEN,
            policy=POLICY,
            sender=sender,
            observers=(witness.note, events.append),
        ) as client,
    ):
        await client.warm_up()
        made = [await client.complete(request_in(name)) for name in files]
        witness.look_at((made, client.status()))
        assert {(done.text, done.route) for done in made} == {(TEXT, Route.INDIRECT)}
        assert len(emulator.gateway.requests) == asked
    failed = [event for event in events if isinstance(event, AttemptFailed)]
    assert len(failed) == asked
    barred = [event for event in events if isinstance(event, DetailsRefused)]
    if asked == len(files):
        assert barred == []
        assert made[-1].reason is RouteReason.FELL_BACK
    else:
        assert [event.problem.status_code for event in barred] == [422]
        assert barred[0].again_in_s == pytest.approx(300, rel=0.11)
        assert made[-1].reason is RouteReason.BARRED


async def test_bodies_refused_by_v4_have_v2_asked_before_direct_is_barred(
    witness: Witness,
) -> None:
    events: list[Event] = []
    async with (
        emulate("19.5") as emulator,
        aclosing(Spoiling(HttpxSender(verify=emulator.ca_pem))) as sender,
        CompletionClient(
            emulator.instance_url,
            ACCESS_TOKEN,
            policy=POLICY,
            sender=sender,
            observers=(witness.note, events.append),
        ) as client,
    ):
        await client.warm_up()
        made = [await client.complete(request_in(f"{at}.py")) for at in range(7)]
        witness.look_at((made, client.status()))
        paths = [request.path for request in emulator.gateway.requests]
    assert paths == [*["/v4/code/suggestions"] * 3, *["/v2/completions"] * 3]
    assert {(done.text, done.route) for done in made} == {(TEXT, Route.INDIRECT)}
    assert made[-1].reason is RouteReason.BARRED
    (changed,) = (event for event in events if isinstance(event, EndpointRefused))
    assert (changed.endpoint, changed.status_code) == ("v4", 422)
    (barred,) = (event for event in events if isinstance(event, DetailsRefused))
    assert barred.again_in_s == pytest.approx(300, rel=0.11)


async def test_the_refusal_of_the_old_gateway_does_repeat_the_source() -> None:
    """Else the test above would show nothing."""
    async with (
        emulate("17.2") as emulator,
        aclosing(Spoiling(HttpxSender(verify=emulator.ca_pem))) as sender,
        CompletionClient(
            emulator.instance_url, ACCESS_TOKEN, policy=POLICY, sender=sender
        ) as client,
    ):
        await client.warm_up()
        await client.complete(request_in("a.py"))
    (refusal,) = sender.refusals
    assert refusal.startswith(b'{"detail":[')
    assert SOURCE.encode() in refusal
