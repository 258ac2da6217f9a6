"""What must not leave is taken out before anything is sent, or nothing is sent."""

from __future__ import annotations

import asyncio
import gc
import json
import math
import threading
import traceback
from typing import TYPE_CHECKING, cast

import pytest

from gitlab_completions import events
from gitlab_completions._errands import Errands
from gitlab_completions._shell.clock import SystemClock
from gitlab_completions._shell.discretion import Discretion, Limits
from gitlab_completions._wire.limits import fit
from gitlab_completions.errors import (
    ClientClosedError,
    ConfigurationError,
    DeadlineExceededError,
    ErrorCode,
    RequestRejectedError,
)
from gitlab_completions.models import CompletionRequest, ContextItem, Intent
from gitlab_completions.policy import DirectMode, RoutingPolicy
from gitlab_completions.sync import SyncCompletionClient
from gitlab_completions.testing import (
    FakeGitLab,
    VirtualClock,
    wait_all_tasks_blocked,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitlab_completions.emulator.faults import Endpoint

SECRET = "s3cret"
REQUEST = CompletionRequest(
    file_name="src/a.py",
    content_above_cursor=f"a = '{SECRET}'\nb = 's3c",
    content_below_cursor=f"ret'\nc = '{SECRET}'\n",
    context=(
        ContextItem(name="src/b.py", content=f"d = '{SECRET}'"),
        ContextItem(name="home/.env", content="e", type="snippet"),
    ),
)
GENERATION = CompletionRequest(
    file_name="a.py",
    content_above_cursor="",
    intent=Intent.GENERATION,
    user_instruction=f"log in with {SECRET}",
)


class Words:
    """A redactor that knows one secret."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def redact(self, text: str, /) -> str:
        self.texts.append(text)
        return text.replace(SECRET, "*" * len(SECRET))


class Suffixes:
    """An ignore list of endings."""

    def __init__(self, *suffixes: str) -> None:
        self.suffixes = suffixes

    def excludes(self, path: str, /) -> bool:
        return path.endswith(self.suffixes)


class Broken:
    """Raises what it is given, with the source in it, or gives back something else."""

    def __init__(self, error: Exception | None = None, text: object = "") -> None:
        self.error = error
        self.text = text

    def redact(self, text: str, /) -> str:
        if self.error is not None:
            raise self.error
        return cast("str", self.text)

    def excludes(self, path: str, /) -> bool:
        assert self.error is not None
        raise self.error


class Threads:
    """The loop's threads, each at work until the test ends it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.loop = asyncio.get_running_loop()
        self.work: list[tuple[asyncio.Future[object], Callable[[], object]]] = []
        monkeypatch.setattr(self.loop, "run_in_executor", self._start)

    def _start(
        self, executor: object, work: Callable[[], object]
    ) -> asyncio.Future[object]:
        assert isinstance(executor, Errands)
        future: asyncio.Future[object] = self.loop.create_future()
        self.work.append((future, work))
        return future

    def finish(self, place: int) -> None:
        future, work = self.work[place]
        try:
            future.set_result(work())
        except Exception as error:
            future.set_exception(error)


def limits(until: float = math.inf) -> Limits:
    return Limits(until, 50_000, asyncio.get_running_loop().create_future())


def bodies(*endpoints: Endpoint) -> list[dict[str, object]]:
    return [json.loads(one.body) for each in endpoints for one in each.requests]


@pytest.mark.parametrize("direct", [DirectMode.ONLY, DirectMode.NEVER])
async def test_secrets_and_ignored_files_stay_at_home_on_both_routes(
    direct: DirectMode,
) -> None:
    gitlab = FakeGitLab()
    told: list[events.Event] = []
    async with gitlab.client(
        policy=RoutingPolicy(direct=direct), redact=Words(), ignore=Suffixes(".env")
    ) as client:
        client.observe(told.append)
        completion = await client.complete(REQUEST)
    assert completion.text
    (body,) = bodies(gitlab.gateway, gitlab.instance)
    assert body["current_file"] == {
        "file_name": "src/a.py",
        "language_identifier": "python",
        "content_above_cursor": "a = '******'\nb = '***",
        "content_below_cursor": "***'\nc = '******'\n",
    }
    assert body["context"] == [
        {"type": "file", "name": "src/b.py", "content": "d = '******'"}
    ]
    assert [one for one in told if isinstance(one, events.ContextWithheld)] == [
        events.ContextWithheld(call_id=1, items=1)
    ]


async def test_an_instruction_is_looked_at_too() -> None:
    gitlab = FakeGitLab()
    async with gitlab.client(redact=Words()) as client:
        await client.complete(GENERATION)
    (body,) = bodies(gitlab.instance)
    assert body["user_instruction"] == "log in with ******"


async def test_of_a_file_on_the_list_nothing_goes_out() -> None:
    gitlab = FakeGitLab()
    words = Words()
    told: list[events.Event] = []
    async with gitlab.client(redact=words, ignore=Suffixes(".py")) as client:
        client.observe(told.append)
        with pytest.raises(RequestRejectedError, match="on the ignore list") as caught:
            await client.complete(REQUEST)
    assert caught.value.code is ErrorCode.FILE_IGNORED
    assert not caught.value.retryable
    assert gitlab.gateway.requests == gitlab.instance.requests == []
    assert gitlab.direct_access.requests == []
    assert words.texts == []
    _, finished = told
    assert isinstance(finished, events.CallFinished)
    assert finished.error is not None
    assert finished.error.code is ErrorCode.FILE_IGNORED


@pytest.mark.parametrize(
    ("redact", "ignore", "message"),
    [
        (Broken(ValueError(SECRET)), None, "redactor failed.*raised ValueError"),
        (Broken(text="short"), None, "text of another length"),
        (Broken(text=None), None, "redactor failed.*raised TypeError"),
        (None, Broken(OSError(SECRET)), "ignore list failed.*raised OSError"),
        (
            None,
            Broken(ConfigurationError("line 2 is no pattern")),
            "ignore list failed.*line 2 is no pattern",
        ),
    ],
)
async def test_what_guards_the_source_and_fails_ends_the_call(
    redact: Broken | None,
    ignore: Broken | None,
    message: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    gitlab = FakeGitLab()
    async with gitlab.client(redact=redact, ignore=ignore) as client:
        with pytest.raises(RequestRejectedError, match=message) as caught:
            await client.complete(REQUEST)
        await client.warm_up()
    error = caught.value
    assert error.code is ErrorCode.SOURCE_GUARD
    assert error.__cause__ is None
    shown = "".join(traceback.format_exception(error)) + str(vars(error)) + caplog.text
    assert SECRET not in shown
    assert gitlab.gateway.requests == gitlab.instance.requests == []


async def test_the_place_of_a_failure_is_told() -> None:
    broken = Broken(ValueError(SECRET))
    discretion = Discretion(None, broken, VirtualClock())
    with pytest.raises(RequestRejectedError) as caught:
        await discretion.clear(REQUEST, limits())
    (note,) = caught.value.__notes__
    assert note.endswith("in redact")


@pytest.mark.parametrize("direct", [DirectMode.ONLY, DirectMode.NEVER])
async def test_what_a_stream_sends_is_looked_at_too(direct: DirectMode) -> None:
    gitlab = FakeGitLab()
    async with (
        gitlab.client(
            policy=RoutingPolicy(direct=direct), redact=Words(), ignore=Suffixes(".env")
        ) as client,
        client.stream(REQUEST) as stream,
    ):
        assert [piece async for piece in stream]
    (body,) = bodies(gitlab.gateway, gitlab.instance)
    assert body["stream"] is True
    assert SECRET not in json.dumps(body)
    assert isinstance(body["context"], list)
    assert len(body["context"]) == 1


async def test_a_stream_of_a_file_on_the_list_does_not_begin() -> None:
    gitlab = FakeGitLab()
    told: list[events.Event] = []
    async with gitlab.client(ignore=Suffixes(".py")) as client:
        client.observe(told.append)
        with pytest.raises(RequestRejectedError) as caught:
            await client.stream(REQUEST).completion()
    assert caught.value.code is ErrorCode.FILE_IGNORED
    assert gitlab.gateway.requests == gitlab.instance.requests == []
    assert [type(event) for event in told] == [
        events.CallStarted,
        events.CallFinished,
    ]


async def test_a_stream_may_be_cancelled_before_anything_is_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gitlab = FakeGitLab()
    told: list[events.Event] = []
    async with gitlab.client(redact=Words()) as client:
        threads = Threads(monkeypatch)
        client.observe(told.append)
        async with client.stream(REQUEST) as stream:
            await wait_all_tasks_blocked()
            stream.cancel()
            assert [piece async for piece in stream] == []
        assert not (await stream.completion()).choices
        threads.finish(0)
        await wait_all_tasks_blocked()
    assert gitlab.gateway.requests == gitlab.instance.requests == []
    assert [type(event) for event in told] == [events.CallStarted, events.Superseded]


async def test_with_nothing_to_guard_there_is_nothing_to_do() -> None:
    gitlab = FakeGitLab()
    async with gitlab.client() as client:
        assert client._engine._discretion is None
    discretion = Discretion(Suffixes(".env"), None, VirtualClock())
    plain = CompletionRequest(file_name="a.py", content_above_cursor="x")
    cleared = await discretion.clear(plain, limits())
    assert cleared.request is plain
    await discretion.prepare()  # an ignore list needs none


async def test_items_without_secrets_are_handed_on() -> None:
    discretion = Discretion(None, Words(), VirtualClock())
    item = ContextItem(name="n", content="plain")
    plain = CompletionRequest(
        file_name="a.py", content_above_cursor="x", context=(item,)
    )
    cleared = await discretion.clear(plain, limits())
    assert cleared.request == plain
    assert cleared.request.context[0] is item


async def test_an_item_that_was_but_a_secret_is_left_out() -> None:
    class Blank(Words):
        """Puts blanks in place of secrets."""

        def redact(self, text: str, /) -> str:
            return super().redact(text).replace("*", " ")

    only, rest = (
        ContextItem(name=f"{text[0]}.py", content=text) for text in (SECRET, "x = 1")
    )
    request = CompletionRequest(
        file_name="a.py", content_above_cursor="", context=(only, rest)
    )
    discretion = Discretion(None, Blank(), VirtualClock())
    cleared = await discretion.clear(request, limits())
    assert cleared.request.context == (rest,)


async def test_no_more_than_two_threads_are_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    threads = Threads(monkeypatch)
    discretion = Discretion(None, Words(), VirtualClock())
    calls = [asyncio.create_task(discretion.clear(REQUEST, limits())) for _ in range(5)]
    await wait_all_tasks_blocked()
    assert len(threads.work) == 2
    calls[0].cancel()  # its thread is at work all the same
    calls[2].cancel()
    await wait_all_tasks_blocked()
    assert len(threads.work) == 2
    for place in range(4):
        threads.finish(place)
        await wait_all_tasks_blocked()
    assert len(threads.work) == 4
    for call in (calls[1], calls[3], calls[4]):
        assert SECRET not in (await call).request.content_above_cursor
    assert calls[0].cancelled()
    assert calls[2].cancelled()


async def test_a_failure_whose_caller_has_left_is_told_to_nobody(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    threads = Threads(monkeypatch)
    discretion = Discretion(None, Broken(ValueError(SECRET)), VirtualClock())
    call = asyncio.create_task(discretion.clear(REQUEST, limits()))
    await wait_all_tasks_blocked()
    call.cancel()
    await wait_all_tasks_blocked()
    threads.finish(0)
    await wait_all_tasks_blocked()
    threads.work.clear()
    gc.collect()
    assert caplog.text == ""


async def test_a_guard_that_hangs_costs_the_call_its_deadline(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gitlab = FakeGitLab()
    told: list[events.Event] = []
    async with gitlab.client(redact=Words()) as client:
        Threads(monkeypatch)
        client.observe(told.append)
        for _ in range(3):  # the third one finds no thread free
            started = gitlab.clock.now()
            with pytest.raises(DeadlineExceededError, match=r"in time.*warm_up"):
                await client.complete(REQUEST, deadline_s=2.0)
            assert gitlab.clock.now() - started == pytest.approx(2.0)
    assert gitlab.gateway.requests == gitlab.instance.requests == []
    assert [type(event) for event in told] == [
        *(events.CallStarted, events.CallFinished) * 3
    ]


def test_a_guard_that_hangs_does_not_keep_a_program_from_ending() -> None:
    free, ended = threading.Event(), threading.Event()

    class Hanging:
        """Holds its thread until the program has ended."""

        def redact(self, text: str, /) -> str:
            free.wait(5)
            ended.set()
            return text

    async def program() -> None:
        clock = SystemClock()
        with pytest.raises(DeadlineExceededError):
            await Discretion(None, Hanging(), clock).clear(
                REQUEST, limits(clock.now() + 0.01)
            )

    asyncio.run(program())
    assert not ended.is_set()
    free.set()


async def test_a_call_ends_with_its_client_and_its_caller(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gitlab = FakeGitLab()
    told: list[events.Event] = []
    client = gitlab.client(redact=Words())
    Threads(monkeypatch)
    client.observe(told.append)
    left, stayed = (asyncio.create_task(client.complete(REQUEST)) for _ in range(2))
    await wait_all_tasks_blocked()
    left.cancel()
    await wait_all_tasks_blocked()
    await client.aclose()
    with pytest.raises(ClientClosedError):
        await stayed
    assert left.cancelled()
    assert [type(event) for event in told] == [
        *(events.CallStarted, events.CallStarted),
        *(events.Superseded, events.CallFinished),
    ]


async def test_the_time_that_clearing_takes_is_the_calls(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gitlab = FakeGitLab()
    gitlab.instance.hang()
    async with gitlab.client(
        redact=Words(), policy=RoutingPolicy(direct=DirectMode.NEVER)
    ) as client:
        threads = Threads(monkeypatch)
        call = asyncio.create_task(client.complete(REQUEST, deadline_s=3.0))
        await asyncio.sleep(2.0)
        threads.finish(1)  # the first one makes the redactor ready
        with pytest.raises(DeadlineExceededError) as caught:
            await call
        assert gitlab.clock.now() == pytest.approx(3.0)
        (attempt,) = caught.value.attempts
        assert attempt.started_s == pytest.approx(2.0)


async def test_the_redactor_is_made_ready_once_from_when_the_client_is_entered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gitlab = FakeGitLab()
    words = Words()
    threads = Threads(monkeypatch)
    async with gitlab.client(redact=words) as client:
        await wait_all_tasks_blocked()
        assert len(threads.work) == 1
        ready = [asyncio.create_task(client.warm_up()) for _ in range(2)]
        await asyncio.sleep(6.0)
        assert len(threads.work) == 1
        assert not any(one.done() for one in ready)
        threads.finish(0)
        await asyncio.gather(*ready)
        assert words.texts == [""]
        assert gitlab.clock.now() == pytest.approx(6.0)


async def test_a_call_does_not_wait_for_the_redactor_to_be_made_ready(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gitlab = FakeGitLab()
    async with gitlab.client(redact=Words()) as client:
        threads = Threads(monkeypatch)
        call = asyncio.create_task(client.complete(REQUEST))
        await wait_all_tasks_blocked()
        assert len(threads.work) == 2
        threads.finish(1)
        assert (await call).text


async def test_a_client_without_a_redactor_has_nothing_to_make_ready(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    threads = Threads(monkeypatch)
    async with FakeGitLab().client(ignore=Suffixes(".env")) as client:
        await client.warm_up()
    async with FakeGitLab().client() as client:
        await client.warm_up()
    assert threads.work == []


async def test_a_warm_up_does_not_wait_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gitlab = FakeGitLab()
    async with gitlab.client(redact=Words()) as client:
        Threads(monkeypatch)
        await client.warm_up()
        assert gitlab.clock.now() == pytest.approx(30.0)


async def test_a_large_file_is_looked_at_only_as_far_as_it_can_be_sent() -> None:
    words = Words()
    discretion = Discretion(None, words, VirtualClock())
    line = f"password = '{SECRET}'\n"
    large = CompletionRequest(
        file_name="a.py",
        content_above_cursor=line * 100_000,
        content_below_cursor=line * 100_000,
    )
    cleared = await discretion.clear(large, limits())
    (text,) = words.texts
    assert len(text) < 250_000
    assert SECRET not in cleared.request.content_above_cursor
    assert SECRET not in cleared.request.content_below_cursor


async def test_a_secret_that_is_cut_where_looking_ends_is_not_sent() -> None:
    discretion = Discretion(None, Words(), VirtualClock())
    text = SECRET * 100_000
    request = CompletionRequest(
        file_name="a.py",
        content_above_cursor=text,
        content_below_cursor=text,
        context=(ContextItem(name="n", content=text),),
    )
    cleared = await discretion.clear(request, limits())
    sent = fit(cleared.request)
    assert set(sent.above) == set(sent.below) == {"*"}
    assert set(sent.context[0].content[:50_000]) == {"*"}


def test_guards_are_asked_in_worker_threads_by_a_sync_client_too() -> None:
    asked: list[threading.Thread] = []

    class Watched(Words, Suffixes):
        """Notes the threads that it is asked in."""

        def redact(self, text: str, /) -> str:
            asked.append(threading.current_thread())
            return super().redact(text)

        def excludes(self, path: str, /) -> bool:
            asked.append(threading.current_thread())
            return path.endswith(".env")

    gitlab, watched = FakeGitLab(), Watched()
    with SyncCompletionClient(
        gitlab.instance_url,
        gitlab.access_token,
        sender=gitlab,
        redact=watched,
        ignore=watched,
    ) as client:
        client.complete(REQUEST)
        assert client._thread is not None
        assert client._thread._thread not in asked
    assert threading.current_thread() not in asked
    assert len(asked) == 3 + 2  # three names, and the two texts that are left
    for body in bodies(gitlab.gateway, gitlab.instance):
        assert SECRET not in json.dumps(body)


def test_a_failure_says_what_to_do() -> None:
    error = RequestRejectedError("x", code=ErrorCode.SOURCE_GUARD)
    assert "redact or ignore" in str(error)
