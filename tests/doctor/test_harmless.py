"""A diagnosis changes nothing, here or there, and tells nobody."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from gitlab_completions import CompletionClient
from gitlab_completions._records import replace
from gitlab_completions.diagnosis import Grade
from gitlab_completions.shared import Reading
from gitlab_completions.testing import FakeGitLab, wait_all_tasks_blocked
from tests.doctor.scene import PROJECT, REQUEST
from tests.doctor.witness import CANARY, leaks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitlab_completions import RoutingStatus
    from gitlab_completions.events import Event
    from gitlab_completions.shared import Release

pytestmark = pytest.mark.virtual_time

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Untouched:
    """A store that counts how often it is used, and works for nobody."""

    def __init__(self) -> None:
        self.uses = 0

    async def read(self, keys: Sequence[str], /) -> Reading:
        self.uses += 1
        return Reading(entries=(None,) * len(keys), now=0.0, clock="none")

    async def write(self, key: str, entry: bytes, /, *, keep_s: float) -> None:
        self.uses += 1

    async def claim(self, key: str, /, *, lease_s: float) -> Release | None:
        self.uses += 1
        return None


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


async def test_what_the_user_s_processes_share_is_not_touched() -> None:
    gitlab = FakeGitLab()
    store = Untouched()
    async with gitlab.client(store=store) as client:
        diagnosis = await client.diagnose(PROJECT)
    assert diagnosis.grade is Grade.OK
    assert store.uses == 0


async def test_a_token_source_that_fails_is_told_and_does_not_tell() -> None:
    def source() -> str:
        raise RuntimeError(f"{CANARY} is what the vault says")

    gitlab = FakeGitLab()
    async with CompletionClient._for_testing(
        gitlab.instance_url,
        source,
        clock=gitlab.clock,
        jitter=lambda: 0.5,
        sender=gitlab,
    ) as client:
        diagnosis = await client.diagnose()
    assert diagnosis.problem is not None
    assert diagnosis.problem.name == "token"
    assert diagnosis.requests == 0
    assert leaks(diagnosis) == []


@pytest.mark.parametrize("where", ["inquiries", "instance", "gateway"])
async def test_who_gives_up_leaves_nothing_behind(where: str) -> None:
    gitlab = FakeGitLab()
    getattr(gitlab, where).hang()
    async with gitlab.client() as client:
        asking = asyncio.create_task(client.diagnose())
        await wait_all_tasks_blocked()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        getattr(gitlab, where).heal()
        assert (await client.complete(REQUEST)).text
    assert gitlab.in_flight == 0


async def test_many_at_once_are_as_good_as_one() -> None:
    gitlab = FakeGitLab()
    async with gitlab.client() as client:
        found = await asyncio.gather(*(client.diagnose() for _ in range(3)))
    assert {diagnosis.grade for diagnosis in found} == {Grade.OK}
    assert all(diagnosis.requests <= 12 for diagnosis in found)
