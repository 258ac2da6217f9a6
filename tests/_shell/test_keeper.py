"""Connection details are fetched when a call wants them, and renewed ahead of time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from gitlab_completions._core.freshness import DetailsState
from gitlab_completions._shell.access_token import TokenDesk
from gitlab_completions._shell.background import Background
from gitlab_completions._shell.bulletin import Bulletin
from gitlab_completions._shell.fetch import Fetcher
from gitlab_completions._shell.keeper import Keeper
from gitlab_completions.errors import DirectAccessBarredError
from gitlab_completions.events import DetailsRefreshed, DetailsRefused
from gitlab_completions.policy import DetailsPolicy, DirectMode, RoutingPolicy
from gitlab_completions.senders import SendError
from gitlab_completions.testing import VirtualClock, wait_all_tasks_blocked
from tests._shell.parts import AGENT, ROOT, Diary, HeldSender

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from gitlab_completions._shell.keeper import Entry

FIRST_RENEWAL = (0.05 + 0.85) / 2
"""The share of their life after which the first details are renewed, by such chance."""
RENEWS_AT_S = FIRST_RENEWAL * 3600 + 0.001


class House:
    """A keeper, and what it sends."""

    def __init__(self, policy: RoutingPolicy | None = None) -> None:
        self.sender = HeldSender()
        self.diary = Diary()
        self.background = Background()
        self.clock = VirtualClock()
        self.keeper = Keeper(
            policy=policy or RoutingPolicy(),
            fetcher=Fetcher(
                self.sender,
                TokenDesk("glpat-1", lambda: None),
                ROOT,
                AGENT,
                allow_plain_http=False,
            ),
            clock=self.clock,
            jitter=lambda: 0.5,
            bulletin=Bulletin([self.diary]),
            background=self.background,
        )

    @property
    def fetches(self) -> int:
        return len(self.sender.exchanges)

    async def look(self, entry: Entry) -> None:
        self.keeper.look(entry)
        await wait_all_tasks_blocked()

    async def granted(
        self, project_path: str | None = None, *, lifetime_s: int = 3600
    ) -> Entry:
        entry = self.keeper.entry(project_path)
        await self.look(entry)
        self.sender.exchanges[-1].grant(lifetime_s)
        await wait_all_tasks_blocked()
        return entry

    async def used(self, entry: Entry) -> None:
        entry.freshness.used()
        await self.look(entry)


@pytest.fixture
async def house() -> AsyncIterator[House]:
    house = House()
    yield house
    house.keeper.close()
    await house.background.aclose()


def state(entry: Entry) -> DetailsState:
    return entry.freshness.state(asyncio.get_running_loop().time())


async def test_concurrent_looks_share_one_fetch(house: House) -> None:
    entry = house.keeper.entry(None)
    for _ in range(50):
        house.keeper.look(entry)
    await wait_all_tasks_blocked()
    assert house.fetches == 1


async def test_a_grant_is_told(house: House) -> None:
    entry = await house.granted("group/project")
    assert state(entry) is DetailsState.FRESH
    (told,) = house.diary.events
    assert isinstance(told, DetailsRefreshed)
    assert told.project_path == "group/project"
    await house.look(entry)
    assert house.fetches == 1


@pytest.mark.parametrize(
    ("status", "again_in_s"), [(403, 1800), (401, 300), (429, 60), (503, 1)]
)
async def test_a_refusal_is_told_and_asked_again_when_a_call_wants_it(
    house: House, status: int, again_in_s: float
) -> None:
    entry = house.keeper.entry(None)
    await house.look(entry)
    house.sender.exchanges[-1].refuse(status)
    await wait_all_tasks_blocked()
    (told,) = house.diary.events
    assert isinstance(told, DetailsRefused)
    assert told.again_in_s == told.problem.retry_after_s == again_in_s
    await asyncio.sleep(again_in_s * 0.99)
    await house.look(entry)
    assert house.fetches == 1
    await asyncio.sleep(again_in_s)
    assert house.fetches == 1
    await house.look(entry)
    assert house.fetches == 2


@pytest.mark.parametrize(("asked_s", "again_in_s"), [(7, 7), (900, 300)])
async def test_a_wait_that_the_server_asks_for_is_heeded_up_to_a_cap(
    house: House, asked_s: int, again_in_s: float
) -> None:
    await house.look(house.keeper.entry(None))
    house.sender.exchanges[-1].reply(429, b"{}", {"retry-after": str(asked_s)})
    await wait_all_tasks_blocked()
    (told,) = house.diary.events
    assert isinstance(told, DetailsRefused)
    assert told.again_in_s == again_in_s


async def test_details_that_nobody_used_are_not_renewed_ahead(house: House) -> None:
    await house.look(await house.granted())
    await asyncio.sleep(86400)
    assert house.fetches == 1


async def test_used_details_are_renewed_ahead_once(house: House) -> None:
    entry = await house.granted()
    await house.used(entry)
    await asyncio.sleep(RENEWS_AT_S - 1)
    assert house.fetches == 1
    await asyncio.sleep(1)
    (await house.sender.next()).grant()
    await asyncio.sleep(86400)
    assert house.fetches == 2


async def test_one_timer_is_armed_however_often_details_are_used(
    house: House,
) -> None:
    entry = await house.granted()
    for _ in range(10):
        await house.used(entry)
    await asyncio.sleep(RENEWS_AT_S + 1)
    assert house.fetches == 2
    house.sender.exchanges[-1].grant()


async def test_a_renewal_that_fails_is_tried_again_at_growing_waits(
    house: House,
) -> None:
    entry = await house.granted()
    await house.used(entry)
    await asyncio.sleep(RENEWS_AT_S)
    for tries, wait_s in enumerate((0, 1, 2, 4, 8, 16, 32, 64), start=1):
        await asyncio.sleep(wait_s)
        (await house.sender.next()).fail(SendError("connect"))
        assert house.fetches == 1 + tries
        await wait_all_tasks_blocked()
    await asyncio.sleep(300)
    assert house.fetches == 9
    assert state(entry) is DetailsState.STALE


async def test_a_renewal_that_is_barred_ends(house: House) -> None:
    entry = await house.granted()
    await house.used(entry)
    await asyncio.sleep(RENEWS_AT_S)
    (await house.sender.next()).refuse(403)
    await asyncio.sleep(1700)
    assert house.fetches == 2
    assert state(entry) is DetailsState.BARRED


async def test_a_renewal_begins_although_its_timer_is_early_by_a_rounding(
    house: House,
) -> None:
    await asyncio.sleep(1e6 / 3)
    for jump_s in (0.1, 0.7, 1.3):
        await asyncio.sleep(jump_s)
        entry = await house.granted(f"group/{jump_s}", lifetime_s=3601)
        await house.used(entry)
        before = house.fetches
        await asyncio.sleep(FIRST_RENEWAL * 3601 + 1)
        assert house.fetches == before + 1
        house.sender.exchanges[-1].grant()


async def test_a_refused_token_is_renewed_at_once(house: House) -> None:
    entry = await house.granted()
    details = entry.freshness.details
    assert details is not None
    problem = DirectAccessBarredError("refused")
    entry.freshness.token_refused(0.0, details.token, problem)
    await house.look(entry)
    assert house.fetches == 2


async def test_a_look_again_lifts_bars_of_all_projects(house: House) -> None:
    entry = house.keeper.entry(None)
    await house.look(entry)
    house.sender.exchanges[-1].refuse(403)
    await wait_all_tasks_blocked()
    assert state(entry) is DetailsState.BARRED
    house.keeper.look_again()
    await house.look(entry)
    assert house.fetches == 2


@pytest.mark.parametrize("status", [401, 403, 503])
async def test_a_no_to_what_has_changed_meanwhile_is_not_heeded(
    house: House, status: int
) -> None:
    entry = house.keeper.entry(None)
    await house.look(entry)
    house.keeper.look_again()
    house.sender.exchanges[-1].refuse(status)
    await wait_all_tasks_blocked()
    assert house.diary.events == []
    await house.look(entry)
    assert house.fetches == 2


async def test_with_never_nothing_is_fetched() -> None:
    house = House(RoutingPolicy(direct=DirectMode.NEVER))
    await house.look(house.keeper.entry(None))
    assert house.fetches == 0


async def test_turning_to_never_disarms_timers_and_ends_renewals(house: House) -> None:
    armed = await house.granted("group/armed")
    await house.used(armed)
    await asyncio.sleep(10)
    renewing = await house.granted("group/renewing", lifetime_s=100)
    await house.used(renewing)
    await asyncio.sleep(85)
    (await house.sender.next()).fail(SendError("connect"))
    await wait_all_tasks_blocked()
    fetches = len(house.sender.exchanges)
    house.keeper.reconfigure(RoutingPolicy(direct=DirectMode.NEVER))
    await asyncio.sleep(86400)
    assert house.fetches == fetches


async def test_the_least_recently_used_project_goes_with_its_timer() -> None:
    house = House(RoutingPolicy(details=DetailsPolicy(projects=2)))
    first = await house.granted("group/1")
    await house.used(first)
    house.keeper.entry("group/2")
    house.keeper.entry("group/3")
    assert first.timer is None
    assert house.keeper.entry("group/1") is not first
    await asyncio.sleep(86400)
    assert house.fetches == 1


async def test_a_glance_keeps_nothing_and_evicts_nothing() -> None:
    house = House(RoutingPolicy(details=DetailsPolicy(projects=1)))
    kept = house.keeper.entry("group/1")
    assert house.keeper.glance("group/1") is kept
    assert house.keeper.glance("group/2") is not house.keeper.glance("group/2")
    assert house.keeper.entry("group/1") is kept


async def test_a_fetch_that_is_ended_is_no_longer_under_way(house: House) -> None:
    entry = house.keeper.entry(None)
    await house.look(entry)
    await house.background.aclose()
    assert not entry.freshness.fetching
    assert house.diary.events == []


async def test_closing_disarms_all_timers(house: House) -> None:
    await house.used(await house.granted())
    house.keeper.close()
    await asyncio.sleep(86400)
    assert house.fetches == 1


# After a suspend.


async def test_a_fetch_that_the_machine_slept_through_is_left_and_another_begins(
    house: House,
) -> None:
    entry = house.keeper.entry(None)
    await house.look(entry)
    house.keeper.start_over()
    await house.look(entry)
    dead, alive = house.sender.exchanges
    assert (dead.cancelled, alive.cancelled) == (1, 0)
    assert entry.freshness.fetching
    await house.look(entry)
    assert house.fetches == 2
    alive.grant()
    await wait_all_tasks_blocked()
    assert state(entry) is DetailsState.FRESH
    assert house.diary.kinds == ["DetailsRefreshed"]


async def test_a_fetch_that_is_left_has_none_follow_by_itself(house: House) -> None:
    entry = house.keeper.entry(None)
    await house.look(entry)
    house.keeper.start_over()
    await wait_all_tasks_blocked()
    assert not entry.freshness.fetching
    assert house.fetches == 1
    assert house.sender.in_flight == 0


async def test_a_timer_that_stood_still_in_a_sleep_is_set_anew(house: House) -> None:
    entry = await house.granted()
    await house.used(entry)
    house.clock.suspend(600)
    await house.look(entry)
    await asyncio.sleep(RENEWS_AT_S - 600)
    assert house.fetches == 2
