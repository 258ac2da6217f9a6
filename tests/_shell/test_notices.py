"""What a server says to one process is passed on to the others, and heard once."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from gitlab_completions._core.circuit import Circuit, CircuitState
from gitlab_completions._core.freshness import DetailsState
from gitlab_completions._core.hedging import Pace
from gitlab_completions._core.verdicts import (
    GATEWAY,
    INSTANCE,
    Body,
    Observation,
    decide,
)
from gitlab_completions._secrets import Secret
from gitlab_completions._shell.access_token import TokenDesk
from gitlab_completions._shell.background import Background
from gitlab_completions._shell.bulletin import Bulletin
from gitlab_completions._shell.endings import Ending
from gitlab_completions._shell.fetch import Fetcher
from gitlab_completions._shell.keeper import Keeper
from gitlab_completions._shell.notices import LOOK_S, Notices
from gitlab_completions._shell.shared_fetch import SharedFetcher, access_name
from gitlab_completions._shell.sharing import Sharing
from gitlab_completions.errors import (
    DirectAccessBarredError,
    ErrorCode,
    RouteStatusError,
)
from gitlab_completions.events import DetailsRefused
from gitlab_completions.models import Route
from gitlab_completions.policy import CircuitPolicy, DirectMode, RoutingPolicy
from gitlab_completions.shared import MemoryStore
from gitlab_completions.testing import VirtualClock, wait_all_tasks_blocked
from tests._shell.parts import AGENT, GATEWAY as GATEWAY_URL, ROOT, Diary, HeldSender

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitlab_completions._shell.keeper import Entry
    from gitlab_completions.models import AccessToken
    from gitlab_completions.shared import Reading

TOKEN = "glpat-1"


class CountingStore(MemoryStore):
    """A store that counts how often it is looked at."""

    def __init__(self) -> None:
        super().__init__(lambda: asyncio.get_running_loop().time())
        self.reads = 0

    async def read(self, keys: Sequence[str], /) -> Reading:
        self.reads += 1
        return await super().read(keys)


class Window:
    """One process: its notices, and what they change."""

    def __init__(
        self,
        store: MemoryStore,
        *,
        token: AccessToken = TOKEN,
        direct: DirectMode = DirectMode.AUTO,
    ) -> None:
        clock, self.diary, self.background = VirtualClock(), Diary(), Background()
        bulletin = Bulletin([self.diary])
        desk = TokenDesk(token, lambda: None)
        self.sharing = Sharing(store, clock, ROOT)
        fetcher = Fetcher(HeldSender(), desk, ROOT, AGENT, allow_plain_http=False)
        shared = SharedFetcher(fetcher, self.sharing)
        self.circuits = {
            route: Circuit(CircuitPolicy(), lambda: 0.5, pace=Pace(None, 20))
            for route in Route
        }
        self.keeper = Keeper(
            policy=RoutingPolicy(direct=direct),
            fetcher=shared,
            clock=clock,
            jitter=lambda: 0.5,
            bulletin=bulletin,
            background=self.background,
        )
        self.notices = Notices(
            fetcher=shared,
            desk=desk,
            keeper=self.keeper,
            circuits=self.circuits,
            clock=clock,
            bulletin=bulletin,
            background=self.background,
        )

    async def tell(
        self, route: Route, status: int, retry_after_s: float | None
    ) -> None:
        seen = Observation(status=status, body=Body.JSON)
        error = RouteStatusError("no", route=route, status_code=status)
        ending = Ending(seen=seen, error=error, retry_after_s=retry_after_s)
        table = GATEWAY if route is Route.DIRECT else INSTANCE
        entry = self.keeper.entry(None)
        self.notices.tell(route, entry, decide(table, seen), ending)
        await wait_all_tasks_blocked()

    async def look(self, project_path: str | None = None) -> Entry:
        entry = self.keeper.entry(project_path)
        self.notices.look(entry)
        await wait_all_tasks_blocked()
        return entry

    async def put(self, name: str, content: Mapping[str, object]) -> None:
        await self.sharing.write(Secret(TOKEN), name, content, said_at=now(), keep_s=60)


def now() -> float:
    return asyncio.get_running_loop().time()


def state(window: Window, route: Route) -> CircuitState:
    return window.circuits[route].state(now())


@pytest.fixture
def store() -> CountingStore:
    return CountingStore()


@pytest.mark.parametrize("route", Route)
@pytest.mark.parametrize(("asked_s", "rests_s"), [(30.0, 30), (None, 60), (900.0, 120)])
async def test_a_rest_is_heard_of_for_the_time_that_is_left(
    store: CountingStore, route: Route, asked_s: float | None, rests_s: float
) -> None:
    first, second = Window(store), Window(store)
    await first.tell(route, 429, asked_s)
    await asyncio.sleep(10)
    await second.look()
    assert second.circuits[route].rests_s(now()) == pytest.approx(rests_s - 10)
    assert second.diary.kinds == ["CircuitTripped"]


async def test_a_rest_that_is_over_is_not_heard_of(store: CountingStore) -> None:
    first, second = Window(store), Window(store)
    await first.tell(Route.DIRECT, 429, 5.0)
    await first.put("rest direct", {"seconds": 5, "status": 429, "code": "x"})
    await asyncio.sleep(6)
    await second.look()
    assert state(second, Route.DIRECT) is CircuitState.CLOSED


async def test_a_rest_that_was_longer_before_is_no_news(store: CountingStore) -> None:
    first, second = Window(store), Window(store)
    second.circuits[Route.DIRECT].heed(now(), 100)
    await first.tell(Route.DIRECT, 429, 5.0)
    await second.look()
    assert second.diary.kinds == []


@pytest.mark.parametrize("status", [402, 403])
async def test_a_gateways_bar_is_heard_of(store: CountingStore, status: int) -> None:
    first, second = Window(store), Window(store)
    await first.tell(Route.DIRECT, status, None)
    entry = await second.look()
    assert entry.freshness.state(now()) is DetailsState.BARRED
    (event,) = second.diary.events
    assert isinstance(event, DetailsRefused)
    assert event.problem.status_code == status


@pytest.mark.parametrize(
    ("route", "status"),
    [
        (Route.DIRECT, 401),
        (Route.DIRECT, 422),
        (Route.DIRECT, 503),
        (Route.INDIRECT, 403),
        (Route.INDIRECT, 500),
    ],
)
async def test_what_concerns_one_process_is_not_passed_on(
    store: CountingStore, route: Route, status: int
) -> None:
    window = Window(store)
    await window.tell(route, status, None)
    assert store.reads == 0


async def test_what_a_window_passed_on_it_does_not_hear(store: CountingStore) -> None:
    window = Window(store)
    await window.tell(Route.DIRECT, 429, 30.0)
    await window.look()
    assert state(window, Route.DIRECT) is CircuitState.CLOSED  # its race saw to it


async def test_a_word_is_heard_once(store: CountingStore) -> None:
    first, second = Window(store), Window(store)
    await first.tell(Route.DIRECT, 429, 60.0)
    await second.look()
    second.circuits[Route.DIRECT].jump(now())
    await asyncio.sleep(LOOK_S)
    await second.look()
    assert state(second, Route.DIRECT) is CircuitState.HALF_OPEN


async def test_the_store_is_looked_at_once_a_second_for_each_project(
    store: CountingStore,
) -> None:
    window = Window(store)
    for _ in range(9):
        await window.look("a/one")
        await window.look("a/two")
        await asyncio.sleep(LOOK_S / 4)
    assert store.reads == 2 * 3


async def test_without_a_known_token_nothing_is_looked_for(
    store: CountingStore,
) -> None:
    window = Window(store, token=lambda: TOKEN)
    await window.look()
    await window.tell(Route.DIRECT, 429, 30.0)
    assert store.reads == 0


GRANT = {
    "status": 201,
    "headers": {},
    "body": f'{{"base_url":"{GATEWAY_URL}","token":"t","headers":{{"x-a":"b"}}}}',
}
REFUSED = {"status": 403, "headers": {}, "body": '{"message":"403 Forbidden"}'}


@pytest.mark.parametrize(
    ("told", "heard"), [(GRANT, DetailsState.FRESH), (REFUSED, DetailsState.BARRED)]
)
async def test_what_another_process_was_told_of_direct_access_is_heard_of(
    store: CountingStore, told: dict[str, object], heard: DetailsState
) -> None:
    window = Window(store)
    await asyncio.sleep(1)
    await window.put(access_name(None), told)
    entry = await window.look()
    assert entry.freshness.state(now()) is heard


async def test_a_client_that_never_goes_direct_hears_of_no_grant(
    store: CountingStore,
) -> None:
    window = Window(store, direct=DirectMode.NEVER)
    await asyncio.sleep(1)
    await window.put(access_name(None), GRANT)
    entry = await window.look()
    assert entry.freshness.state(now()) is DetailsState.ABSENT


async def test_a_client_that_never_goes_direct_hears_of_no_bar(
    store: CountingStore,
) -> None:
    window = Window(store, direct=DirectMode.NEVER)
    await window.put("bar ", {"seconds": 60, "status": 402, "code": "quota"})
    await window.look()
    assert window.diary.kinds == []


async def test_a_bar_that_this_window_has_too_is_no_news(store: CountingStore) -> None:
    first, second = Window(store), Window(store)
    await first.tell(Route.DIRECT, 402, None)
    entry = second.keeper.entry(None)
    entry.freshness.put_bar(now(), 600, DirectAccessBarredError("no"))
    await second.look()
    assert second.diary.kinds == []


async def test_a_word_with_a_code_of_a_later_release_is_heard(
    store: CountingStore,
) -> None:
    window = Window(store)
    await window.put("bar ", {"seconds": 60, "status": 451, "code": "unheard_of"})
    await window.look()
    (event,) = window.diary.events
    assert isinstance(event, DetailsRefused)
    assert event.problem.code is ErrorCode.DIRECT_BARRED


@pytest.mark.parametrize("name", ["rest direct", "bar ", access_name(None)])
async def test_what_says_nothing_changes_nothing(
    store: CountingStore, name: str
) -> None:
    window = Window(store)
    await window.put(name, {"seconds": "long"})
    entry = await window.look()
    assert entry.freshness.state(now()) is DetailsState.ABSENT
    assert state(window, Route.DIRECT) is CircuitState.CLOSED
    assert window.diary.events == []
