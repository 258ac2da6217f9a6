"""A client for programs without asyncio: from any thread, and each call is told."""

from __future__ import annotations

import asyncio
import gc
import inspect
import threading
import weakref
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import pytest

from gitlab_completions import sync
from gitlab_completions._doctor import examination, roads
from gitlab_completions._shell import loop_thread
from gitlab_completions._shell.access_token import SOURCE_TIMEOUT_S
from gitlab_completions._shell.availability import TURN_S
from gitlab_completions._shell.inspection import MOST_S
from gitlab_completions.client import CompletionClient
from gitlab_completions.emulator import AccessTokens, Emulator
from gitlab_completions.errors import (
    AllRoutesFailedError,
    ClientClosedError,
    ConfigurationError,
    DeadlineExceededError,
    ErrorCode,
)
from gitlab_completions.events import (
    CallFinished,
    DetailsRefreshed,
    RouteChosen,
    Superseded,
)
from gitlab_completions.models import CompletionRequest, Route
from gitlab_completions.policy import DirectMode, RoutingPolicy
from gitlab_completions.senders import HttpxSender
from gitlab_completions.shared import MemoryStore
from gitlab_completions.status import Health
from gitlab_completions.sync import SyncCompletionClient
from gitlab_completions.testing import FakeGitLab

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from gitlab_completions.events import Event
    from gitlab_completions.models import Completion
    from gitlab_completions.senders import Sender

REQUEST = CompletionRequest.at_cursor("def f():", 8, file_name="f.py")
PATIENCE_S = 10.0
THREADS, CALLS = 8, 12


class Listener:
    """An observer that lets a test wait for an event, and do something then."""

    def __init__(self, kind: type, act: Callable[[], object] = lambda: None) -> None:
        self.kind = kind
        self.act = act
        self.heard = threading.Semaphore(0)

    def __call__(self, event: Event) -> None:
        if isinstance(event, self.kind):
            try:
                self.act()
            finally:
                self.heard.release()

    def wait(self, times: int = 1) -> None:
        for _ in range(times):
            assert self.heard.acquire(timeout=PATIENCE_S)


class Blocker(Listener):
    """An observer that blocks the client's thread until it is told not to."""

    def __init__(self, kind: type) -> None:
        super().__init__(kind, self.block)
        self.entered, self.released = threading.Event(), threading.Event()

    def block(self) -> None:
        self.entered.set()
        assert self.released.wait(PATIENCE_S)


def client_of(
    gitlab: FakeGitLab, *observers: Listener, policy: RoutingPolicy | None = None
) -> SyncCompletionClient:
    return SyncCompletionClient(
        gitlab.instance_url,
        gitlab.access_token,
        policy=policy or RoutingPolicy(),
        sender=gitlab,
        observers=observers,
    )


def is_running(client: SyncCompletionClient) -> bool:
    return client._thread is not None and client._thread._thread.is_alive()


def tasks_of(client: SyncCompletionClient) -> set[asyncio.Task[object]]:
    """Return the tasks of the client's loop, but for the one that looks."""
    thread = client._thread
    if thread is None:
        return set()
    return thread.call(lambda: asyncio.all_tasks() - {asyncio.current_task()})


@pytest.fixture
def gitlab() -> FakeGitLab:
    return FakeGitLab("return a + b")


@pytest.fixture
def client(gitlab: FakeGitLab) -> Iterator[SyncCompletionClient]:
    with client_of(gitlab) as client:
        yield client
    assert not is_running(client)


# The verbs.


def test_a_completion_comes_without_asyncio(
    gitlab: FakeGitLab, client: SyncCompletionClient
) -> None:
    done = client.complete(REQUEST)
    assert (done.text, done.route) == ("return a + b", Route.DIRECT)
    assert client.submit(REQUEST).result(PATIENCE_S).text == "return a + b"
    assert len(gitlab.gateway.requests) == 2


def test_a_client_has_what_the_asynchronous_one_has() -> None:
    for name in (
        *("__init__", "from_env", "complete", "submit", "stream"),
        *("availability", "diagnose", "status", "reconfigure"),
    ):
        one = inspect.signature(getattr(SyncCompletionClient, name))
        other = inspect.signature(
            getattr(CompletionClient, name.replace("submit", "complete"))
        )
        assert one.parameters == other.parameters, name


def test_making_a_client_starts_nothing(gitlab: FakeGitLab) -> None:
    before = threading.active_count()
    with client_of(gitlab) as client:
        assert client.status().health is Health.STARTING
        client.observe(print)()
        client.reconfigure(RoutingPolicy(direct=DirectMode.NEVER))
        assert threading.active_count() == before
        assert client.complete(REQUEST).route is Route.INDIRECT
        assert threading.active_count() > before


def test_the_environment_gives_url_and_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITLAB_URL", "https://gitlab.example.com/")
    monkeypatch.setenv("GITLAB_TOKEN", "glpat-s3cret")
    shown = repr(SyncCompletionClient.from_env(user_agent="my-editor/2.1"))
    assert "open" in shown
    assert "https://gitlab.example.com" in shown
    assert "s3cret" not in shown
    monkeypatch.delenv("GITLAB_TOKEN")
    with pytest.raises(ConfigurationError, match="GITLAB_TOKEN"):
        SyncCompletionClient.from_env()


def test_a_warm_up_makes_ready(
    gitlab: FakeGitLab, client: SyncCompletionClient
) -> None:
    assert client.warm_up().result(PATIENCE_S) is None
    assert len(gitlab.direct_access.requests) == 1
    assert client.status().token_age_s is not None


def test_whether_code_suggestions_work_is_told(
    gitlab: FakeGitLab, client: SyncCompletionClient
) -> None:
    found = client.availability("group/app")
    assert (found.available, found.problem) == (True, None)
    gitlab.settings.has_seat = False
    other = client.availability("group/other")
    assert other.problem is not None
    assert other.problem.code is ErrorCode.NO_SEAT
    assert gitlab.instance.requests == []


def test_the_time_for_it_is_that_of_its_parts() -> None:
    assert sync.AVAILABILITY_S == SOURCE_TIMEOUT_S + TURN_S + MOST_S
    ways_s = 2 * roads.ROAD_S
    assert SOURCE_TIMEOUT_S + examination.MOST_S + ways_s == sync.DIAGNOSIS_S


def test_a_client_is_diagnosed(
    gitlab: FakeGitLab, client: SyncCompletionClient
) -> None:
    assert client.diagnose("group/app").problem is None
    gitlab.settings.has_seat = False
    problem = client.diagnose("group/app").problem
    assert problem is not None
    assert problem.name == "availability"


def test_the_status_tells_how_routing_stands(client: SyncCompletionClient) -> None:
    client.complete(REQUEST)
    status = client.status()
    assert (status.health, status.route) == (Health.READY, Route.DIRECT)
    assert status.counts["completed"] == 1


def test_another_policy_counts_from_the_next_call_on(
    gitlab: FakeGitLab, client: SyncCompletionClient
) -> None:
    assert client.complete(REQUEST).route is Route.DIRECT
    client.reconfigure(RoutingPolicy(direct=DirectMode.NEVER, deadline_s=0.05))
    assert client.complete(REQUEST).route is Route.INDIRECT
    gitlab.instance.hang()
    with pytest.raises(DeadlineExceededError) as caught:
        client.complete(REQUEST)
    assert caught.value.attempts
    with pytest.raises(ConfigurationError, match="allow_plain_http"):
        client.reconfigure(RoutingPolicy(allow_plain_http=True))


def test_observers_hear_of_events_in_the_clients_thread(
    client: SyncCompletionClient,
) -> None:
    threads: set[str] = set()
    listener = Listener(
        CallFinished, lambda: threads.add(threading.current_thread().name)
    )
    unsubscribe = client.observe(listener)
    client.complete(REQUEST)
    listener.wait()
    assert threads == {"gitlab_completions"}
    unsubscribe()
    client.complete(REQUEST)
    assert not listener.heard.acquire(blocking=False)


# Errors.


def test_an_error_is_the_asynchronous_clients(
    gitlab: FakeGitLab, client: SyncCompletionClient
) -> None:
    gitlab.gateway.fail(503)
    gitlab.instance.fail(503)
    for use in client.complete, lambda one: client.submit(one).result(PATIENCE_S):
        with pytest.raises(AllRoutesFailedError) as caught:
            use(REQUEST)
        assert [one.route for one in caught.value.attempts] == list(Route)


def test_a_deadline_is_kept(gitlab: FakeGitLab, client: SyncCompletionClient) -> None:
    gitlab.gateway.hang()
    gitlab.instance.hang()
    with pytest.raises(DeadlineExceededError) as caught:
        client.complete(REQUEST, deadline_s=0.05)
    assert caught.value.attempts


def test_a_deadline_is_kept_though_something_blocks_the_thread(
    gitlab: FakeGitLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sync, "OVERTIME_S", 0.01)
    blocker = Blocker(RouteChosen)
    with client_of(gitlab, blocker) as client:
        late = client.submit(REQUEST)
        assert blocker.entered.wait(PATIENCE_S)
        with pytest.raises(DeadlineExceededError, match="something blocks it"):
            client.complete(REQUEST, deadline_s=0.01)
        with monkeypatch.context() as impatient:
            impatient.setattr(loop_thread, "ANSWER_S", 0.01)
            with pytest.raises(DeadlineExceededError, match="something blocks it"):
                client.status()
        with monkeypatch.context() as impatient:
            impatient.setattr(sync, "AVAILABILITY_S", 0.01)
            found = client.availability()
        assert isinstance(found.problem, DeadlineExceededError)
        blocker.released.set()
        assert late.result(PATIENCE_S).text
        assert client.status().counts["completed"] == 1
    assert len(gitlab.gateway.requests) == 1


@pytest.mark.parametrize(
    ("verb", "given", "told"),
    [
        ("complete", {"request": REQUEST, "deadline_s": 0}, "deadline_s"),
        ("submit", {"request": REQUEST, "deadline_s": "soon"}, "deadline_s"),
        ("complete", {"request": "def f():"}, "CompletionRequest"),
        ("submit", {"request": None}, "CompletionRequest"),
        ("warm_up", {"project_path": 7}, "project_path"),
        ("availability", {"project_path": 7}, "project_path"),
        ("diagnose", {"project_path": 7}, "project_path"),
        ("status", {"project_path": 7}, "project_path"),
    ],
)
def test_a_bad_argument_is_refused_at_once(
    client: SyncCompletionClient, verb: str, given: dict[str, object], told: str
) -> None:
    with pytest.raises(ConfigurationError, match=told):
        getattr(client, verb)(**given)
    assert not tasks_of(client)


def test_no_error_keeps_the_callers_frames(
    gitlab: FakeGitLab, client: SyncCompletionClient
) -> None:
    gitlab.gateway.fail(503)
    gitlab.instance.fail(503)

    class Source(str):
        __slots__ = ("__weakref__",)

    def call() -> weakref.ref[Source]:
        local = Source("the author's")
        with suppress(AllRoutesFailedError):  # `raises` keeps frames itself
            client.complete(REQUEST)
        return weakref.ref(local)

    gc.collect()
    gc.disable()
    try:
        local = call()
        client.status()  # the client's thread is past telling of the call then
        assert local() is None
    finally:
        gc.enable()


# Superseding.


def test_a_call_that_is_superseded_while_it_runs_is_told_at_once(
    gitlab: FakeGitLab,
) -> None:
    chosen, superseded = Listener(RouteChosen), Listener(Superseded)
    with client_of(gitlab, chosen, superseded) as client:
        client.complete(REQUEST)
        chosen.wait()
        gitlab.gateway.hang(times=1)
        future = client.submit(REQUEST)
        chosen.wait()
        assert future.cancel()
        assert future.cancelled()
        superseded.wait()
        assert wait([future], PATIENCE_S).done
        assert client.complete(REQUEST).route is Route.DIRECT
        assert client.status().counts["superseded"] == 1
        assert client.status().in_flight == 1  # the exchange outlives its caller
    assert gitlab.in_flight == 0


def test_a_call_that_is_superseded_before_it_begins_is_not_sent(
    gitlab: FakeGitLab,
) -> None:
    blocker = Blocker(CallFinished)
    with client_of(gitlab, blocker) as client:
        first = client.submit(REQUEST)
        assert blocker.entered.wait(PATIENCE_S)
        others = [client.submit(REQUEST) for _ in range(5)]
        assert all(one.cancel() for one in others)
        blocker.released.set()
        assert first.result(PATIENCE_S).text
        assert wait(others, PATIENCE_S).not_done == set()
        assert client.status().counts == {
            "details_refreshed": 1,
            "completed": 1,
            "direct": 1,
        }
    assert len(gitlab.gateway.requests) == 1


def test_a_call_that_has_ended_cannot_be_superseded(
    client: SyncCompletionClient,
) -> None:
    future = client.submit(REQUEST)
    done = future.result(PATIENCE_S)
    assert not future.cancel()
    assert future.result() is done


def test_keystrokes_that_supersede_each_other_leave_nothing(
    gitlab: FakeGitLab, client: SyncCompletionClient
) -> None:
    client.complete(REQUEST)
    gitlab.gateway.delay(0.02)
    last = client.submit(REQUEST)
    for _ in range(40):
        last.cancel()
        last = client.submit(REQUEST)
    assert last.result(PATIENCE_S).text
    while client.status().in_flight:  # each ends by itself
        client.complete(REQUEST)
    assert client._thread is not None
    assert not client._thread._calls
    assert len(tasks_of(client)) <= 1  # the timer of the details' renewal is no task


def test_a_future_wakes_who_awaits_it_in_a_loop(client: SyncCompletionClient) -> None:
    async def await_it() -> Completion:
        return await asyncio.wrap_future(client.submit(REQUEST))

    assert asyncio.run(await_it()).text


# Threads and loops.


def test_many_threads_use_one_client(
    gitlab: FakeGitLab, client: SyncCompletionClient
) -> None:
    def calls() -> list[Completion]:
        return [client.complete(REQUEST) for _ in range(CALLS)]

    with ThreadPoolExecutor(THREADS) as pool:
        done = [pool.submit(calls) for _ in range(THREADS)]
        answers = [answer for one in done for answer in one.result(PATIENCE_S)]
    assert {answer.text for answer in answers} == {"return a + b"}
    assert len(answers) == THREADS * CALLS
    assert len(gitlab.direct_access.requests) == 1


def test_threads_that_start_at_once_start_one_thread(gitlab: FakeGitLab) -> None:
    together = threading.Barrier(THREADS)

    def first() -> object:
        together.wait()
        duo.complete(REQUEST)
        return duo._thread

    with client_of(gitlab) as duo, ThreadPoolExecutor(THREADS) as pool:
        firsts = [pool.submit(first) for _ in range(THREADS)]
        assert {one.result(PATIENCE_S) for one in firsts} == {duo._thread}


async def test_a_thread_that_runs_a_loop_may_wait(client: SyncCompletionClient) -> None:
    assert client.complete(REQUEST).text
    assert client.status().health is Health.READY


def test_an_observer_that_waits_for_its_client_is_refused(gitlab: FakeGitLab) -> None:
    raised: list[Exception] = []

    def complete() -> None:
        try:
            duo.complete(REQUEST)
        except ConfigurationError as error:
            raised.append(error)

    listener = Listener(CallFinished, complete)
    with client_of(gitlab, listener) as duo:
        assert duo.complete(REQUEST).text
        listener.wait()
        assert "use submit()" in str(raised[0])
    assert len(gitlab.gateway.requests) == 1


def test_an_observer_may_do_what_waits_for_nothing(gitlab: FakeGitLab) -> None:
    futures: list[Future[Completion]] = []
    healths: list[Health] = []

    def use() -> None:
        healths.append(duo.status().health)
        duo.reconfigure(RoutingPolicy(direct=DirectMode.NEVER))
        futures.append(duo.submit(REQUEST))

    with client_of(gitlab, Listener(DetailsRefreshed, use)) as duo:
        assert duo.complete(REQUEST).text
        assert futures[0].result(PATIENCE_S).route is Route.INDIRECT
        assert len(healths) == 1


def test_an_observer_that_exits_ends_the_client(gitlab: FakeGitLab) -> None:
    def leave() -> None:
        raise SystemExit

    client = client_of(gitlab, Listener(RouteChosen, leave))
    with pytest.raises(ClientClosedError):
        client.complete(REQUEST)
    with pytest.raises(ClientClosedError):
        client.complete(REQUEST)
    client.close()
    assert not is_running(client)


# Closing.


def test_closing_ends_calls_in_flight(gitlab: FakeGitLab) -> None:
    gitlab.gateway.hang()
    gitlab.instance.hang()
    chosen = Listener(RouteChosen)
    client = client_of(gitlab, chosen)
    futures = [client.submit(REQUEST) for _ in range(12)]
    chosen.wait(8)
    client.close()
    for future in futures:
        assert isinstance(future.exception(0), ClientClosedError)
    assert not is_running(client)
    assert gitlab.in_flight == 0
    counts = client.status().counts
    assert (counts["failed"], counts.get("superseded")) == (12, None)


def test_a_closed_client_says_so(client: SyncCompletionClient) -> None:
    client.complete(REQUEST)
    client.close()
    client.close()
    for use in client.complete, client.submit, client.submit:
        with pytest.raises(ClientClosedError):
            use(REQUEST)
    with pytest.raises(ClientClosedError):
        client.warm_up()
    with pytest.raises(ClientClosedError):
        client.availability()
    with pytest.raises(ClientClosedError):
        client.diagnose()
    with pytest.raises(ClientClosedError):
        client.__enter__()
    client.observe(print)()
    client.reconfigure(RoutingPolicy())
    assert client.status().health is Health.CLOSED
    assert client.status().counts["completed"] == 1
    assert repr(client).startswith("<SyncCompletionClient closed")


def test_a_client_that_was_never_used_closes(gitlab: FakeGitLab) -> None:
    client = client_of(gitlab)
    client.close()
    assert (client.status().health, client.status().route) == (Health.CLOSED, None)
    with pytest.raises(ClientClosedError):
        client.complete(REQUEST)
    assert client._thread is None


def test_a_client_that_is_closed_as_it_starts_does_not(
    gitlab: FakeGitLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = client_of(gitlab)

    class Late:
        """A lock that another thread has had, to close the client."""

        def __enter__(self) -> None:
            client._closed = True

        def __exit__(self, *error: object) -> None:
            """Do nothing."""

    monkeypatch.setattr(client, "_lock", Late())
    with pytest.raises(ClientClosedError):
        client.complete(REQUEST)
    assert client._thread is None


def test_a_client_may_be_closed_in_another_thread_while_calls_wait(
    gitlab: FakeGitLab,
) -> None:
    gitlab.gateway.hang()
    gitlab.instance.hang()
    chosen = Listener(RouteChosen)
    client = client_of(gitlab, chosen)
    with ThreadPoolExecutor(THREADS) as pool:
        calls = [pool.submit(client.complete, REQUEST) for _ in range(THREADS)]
        chosen.wait(THREADS)
        client.close()
        for call in calls:
            assert isinstance(call.exception(PATIENCE_S), ClientClosedError)


def test_a_client_can_be_asked_while_another_thread_closes_it(
    gitlab: FakeGitLab,
) -> None:
    begun, go_on = threading.Event(), threading.Event()

    class Lingering(FakeGitLab):
        async def aclose(self) -> None:
            begun.set()
            await asyncio.to_thread(go_on.wait, PATIENCE_S)

    gitlab = Lingering()
    client = client_of(gitlab)
    client.complete(REQUEST)
    with ThreadPoolExecutor(2) as pool:
        closing = pool.submit(client.close)
        assert begun.wait(PATIENCE_S)
        asked = pool.submit(client.status)
        wait({asked}, timeout=0.2)  # it used to be refused here, at once
        go_on.set()
        assert asked.result(PATIENCE_S).health is Health.CLOSED
        closing.result(PATIENCE_S)


def test_an_observer_may_close_its_client(gitlab: FakeGitLab) -> None:
    closing = Listener(RouteChosen, lambda: duo.close())  # noqa: PLW0108 - made below
    duo = client_of(gitlab, closing)
    with pytest.raises(ClientClosedError):
        duo.complete(REQUEST)
    duo.close()
    assert not is_running(duo)


def test_closing_does_not_wait_for_ever(
    gitlab: FakeGitLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop_thread.LoopThread.join, "__defaults__", (0.01,))
    blocker = Blocker(RouteChosen)
    client = client_of(gitlab, blocker)
    future = client.submit(REQUEST)
    assert blocker.entered.wait(PATIENCE_S)
    client.close()
    assert not future.done()
    blocker.released.set()
    assert isinstance(future.exception(PATIENCE_S), ClientClosedError)


class ClosingStore(MemoryStore):
    """Has connections, of which only this is seen."""

    closed_on: asyncio.AbstractEventLoop | None = None

    async def aclose(self) -> None:
        self.closed_on = asyncio.get_running_loop()


def test_a_store_with_connections_is_closed_where_it_was_used(
    gitlab: FakeGitLab,
) -> None:
    store = ClosingStore()
    with SyncCompletionClient(
        gitlab.instance_url, gitlab.access_token, sender=gitlab, store=store
    ) as client:
        client.complete(REQUEST)
        loop = client._running().call(asyncio.get_running_loop)
    assert store.closed_on is loop


def test_a_sender_is_closed_with_its_client(gitlab: FakeGitLab) -> None:
    class Closing(FakeGitLab):
        closed_in = ""

        async def aclose(self) -> None:
            self.closed_in = threading.current_thread().name

    gitlab = Closing()
    with client_of(gitlab) as client:
        client.complete(REQUEST)
    assert gitlab.closed_in == "gitlab_completions"


def test_a_client_that_cannot_start_a_thread_says_so(
    client: SyncCompletionClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as full:
        full.setattr(threading.Thread, "start", refuse)
        with pytest.raises(ClientClosedError, match="can't start new thread"):
            client.complete(REQUEST)
    assert client.complete(REQUEST).text


# Forgotten clients.


def test_a_client_that_nobody_has_any_more_ends(gitlab: FakeGitLab) -> None:
    client = client_of(gitlab)
    client.complete(REQUEST)
    thread = client._thread
    assert thread is not None
    del client
    gc.collect()
    thread.join(PATIENCE_S)
    assert not thread._thread.is_alive()


def test_a_call_under_way_keeps_a_forgotten_client(gitlab: FakeGitLab) -> None:
    gitlab.gateway.delay(0.05)
    chosen = Listener(RouteChosen)
    client = client_of(gitlab, chosen)
    future, thread = client.submit(REQUEST), client._thread
    assert thread is not None
    chosen.wait()
    del client
    gc.collect()
    assert future.result(PATIENCE_S).text
    thread.join(PATIENCE_S)
    assert not thread._thread.is_alive()


# Over loopback.


@contextmanager
def over_loopback(
    emulator: Emulator, *, observers: Sequence[Listener] = ()
) -> Iterator[SyncCompletionClient]:
    sender: Sender = HttpxSender(verify=emulator.ca_pem, trust_env=False)
    with SyncCompletionClient(
        emulator.instance_url,
        emulator.access_token,
        policy=RoutingPolicy(indirect_per_minute=None),
        sender=sender,
        observers=observers,
    ) as client:
        yield client


def unlimited() -> Emulator:
    emulator = Emulator(tls=True, tokens=AccessTokens(valid="glpat-1"))
    emulator.settings.direct_access_limit = emulator.settings.completions_limit = 0
    return emulator


async def closed(emulator: Emulator) -> bool:
    """Wait until nothing is connected; tell whether it came to that."""
    fronts = emulator.instance_front, emulator.gateway_front
    serving = {task for front in fronts for task in front._serving}
    if serving:
        await asyncio.wait(serving, timeout=PATIENCE_S)
    return not any(front.connections_open for front in fronts)


def use_from_many_threads(emulator: Emulator) -> list[Completion]:
    def calls() -> list[Completion]:
        return [duo.complete(REQUEST) for _ in range(CALLS)]

    with over_loopback(emulator) as duo, ThreadPoolExecutor(THREADS) as pool:
        done = [pool.submit(calls) for _ in range(THREADS)]
        return [answer for one in done for answer in one.result()]


async def test_many_threads_share_the_connections_of_one_client() -> None:
    async with unlimited() as emulator:
        answers = await asyncio.to_thread(use_from_many_threads, emulator)
        assert len(answers) == THREADS * CALLS
        assert await closed(emulator)
        for front in emulator.instance_front, emulator.gateway_front:
            assert front.connections_opened <= THREADS + 2


def supersede_many(emulator: Emulator) -> None:
    with over_loopback(emulator) as client:
        client.complete(REQUEST)
        for _ in range(10):
            futures = [client.submit(REQUEST) for _ in range(5)]
            # Not all: on a busy machine one may have ended before it is superseded.
            superseded = [future for future in futures[:-1] if future.cancel()]
            assert futures[-1].result(PATIENCE_S).choices is not None
            for future in superseded:
                with pytest.raises(CancelledError):
                    future.result(0)


async def test_superseded_calls_cost_no_connections() -> None:
    async with unlimited() as emulator:
        await asyncio.to_thread(supersede_many, emulator)
        assert await closed(emulator)
        assert emulator.gateway_front.connections_opened <= THREADS + 2
