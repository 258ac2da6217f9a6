"""A diagnosis changes nothing, here or there, and tells nobody."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from gitlab_completions.testing import FakeGitLab
from tests.doctor.setups import PROJECT, REQUEST

if TYPE_CHECKING:
    from gitlab_completions import RoutingStatus
    from gitlab_completions.events import Event

pytestmark = pytest.mark.virtual_time

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def known(status: RoutingStatus) -> RoutingStatus:
    """Return a status without what only tells that time went by."""
    return replace(status, at=NOW, recheck_in_s=None)


@pytest.mark.parametrize("used_before", [False, True])
async def test_what_is_known_and_set_stays_as_it_is(*, used_before: bool) -> None:
    gitlab = FakeGitLab()
    events: list[Event] = []
    async with gitlab.client(observers=[events.append]) as client:
        if used_before:
            await client.warm_up()
            await client.complete(REQUEST)
            await gitlab.settle()
        before = known(client.status()), gitlab.settings.document(), list(events)
        gates = {name: gate.state for name, gate in gitlab.flags.gates.items()}
        asked = len(gitlab.direct_access.requests)
        diagnosis = await client.diagnose(PROJECT)
        assert diagnosis.requests <= 12
        await gitlab.settle()
        assert len(gitlab.direct_access.requests) <= asked + 1
        after = known(client.status()), gitlab.settings.document(), events
        assert after == before
        assert {name: gate.state for name, gate in gitlab.flags.gates.items()} == gates


async def test_only_what_reads_is_asked_and_two_small_completions() -> None:
    gitlab = FakeGitLab()
    async with gitlab.client() as client:
        await client.diagnose(PROJECT)
    assert len(gitlab.instance.requests) == 1
    completions = [one for one in gitlab.gateway.requests if one.method == "POST"]
    assert len(completions) == 1
    assert len(gitlab.direct_access.requests) == 1
    for seen in gitlab.inquiries.requests:
        reads = seen.method == "GET" or seen.path.endswith(("/graphql", "/enabled"))
        assert reads, seen
        assert b"mutation" not in seen.body
