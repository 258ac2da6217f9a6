"""A stream for programs without asyncio: read in any thread, ended in any other."""

from __future__ import annotations

import gc
import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from gitlab_completions.errors import (
    AllRoutesFailedError,
    ClientClosedError,
    ConfigurationError,
    DeadlineExceededError,
    StreamBrokenError,
)
from gitlab_completions.events import (
    AttemptSucceeded,
    CallFinished,
    RouteChosen,
    Superseded,
)
from gitlab_completions.models import Route, RouteReason
from gitlab_completions.policy import DirectMode, RoutingPolicy
from gitlab_completions.testing import FakeGitLab
from tests.test_sync import PATIENCE_S, REQUEST, Listener, client_of, is_running

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitlab_completions.stream import SyncCompletionStream
    from gitlab_completions.sync import SyncCompletionClient

TEXT = "one two three four"
NEVER = RoutingPolicy(direct=DirectMode.NEVER)


@pytest.fixture
def gitlab() -> FakeGitLab:
    return FakeGitLab(TEXT)


@pytest.fixture
def client(gitlab: FakeGitLab) -> Iterator[SyncCompletionClient]:
    with client_of(gitlab) as client:
        yield client
    assert not is_running(client)
    assert gitlab.in_flight == 0


def test_pieces_come_without_asyncio(client: SyncCompletionClient) -> None:
    pieces = []
    with client.stream(REQUEST) as stream:
        for piece in stream:
            pieces.append(piece)
            assert stream.text == "".join(pieces)
    assert len(pieces) > 1
    done = stream.completion()
    assert done.text == stream.text == TEXT
    assert (done.route, done.reason) == (Route.DIRECT, RouteReason.PREFERRED)
    assert list(stream) == []


def test_what_was_read_is_there_when_the_client_has_ended(
    client: SyncCompletionClient,
) -> None:
    read, unread = client.stream(REQUEST), client.stream(REQUEST)
    assert "".join(read) == TEXT
    client.close()
    assert read.completion().text == TEXT
    with pytest.raises(ClientClosedError):
        unread.completion()
    read.cancel()
    unread.cancel()


def test_a_completion_alone_reads_all_of_it(client: SyncCompletionClient) -> None:
    stream = client.stream(REQUEST)
    assert stream.completion().text == TEXT
    assert stream.completion() is stream.completion()
    client.close()
    assert list(stream) == []


def test_errors_are_the_asynchronous_streams(
    gitlab: FakeGitLab, client: SyncCompletionClient
) -> None:
    gitlab.gateway.break_stream(pieces=1)
    with client.stream(REQUEST) as stream, pytest.raises(StreamBrokenError) as broken:
        list(stream)
    assert broken.value.text == stream.text == "one"
    gitlab.gateway.fail(503)
    gitlab.instance.fail(503)
    with pytest.raises(AllRoutesFailedError):
        client.stream(REQUEST).completion()


def test_a_deadline_is_kept(gitlab: FakeGitLab, client: SyncCompletionClient) -> None:
    gitlab.gateway.hang_stream(pieces=1)
    with (
        client.stream(REQUEST, deadline_s=0.2) as stream,
        pytest.raises(StreamBrokenError),
    ):
        list(stream)
    gitlab.gateway.hang()
    gitlab.instance.hang()
    with pytest.raises(DeadlineExceededError):
        next(client.stream(REQUEST, deadline_s=0.2))


def test_a_bad_argument_is_refused_at_once(client: SyncCompletionClient) -> None:
    with pytest.raises(ConfigurationError):
        client.stream(REQUEST, deadline_s=-1)
    client.close()
    with pytest.raises(ClientClosedError):
        client.stream(REQUEST)


def test_cancelling_in_another_thread_ends_the_wait(gitlab: FakeGitLab) -> None:
    gitlab.gateway.hang_stream(pieces=1)
    superseded = Listener(Superseded)
    with (
        client_of(gitlab, superseded) as client,
        client.stream(REQUEST) as stream,
        ThreadPoolExecutor() as pool,
    ):
        assert next(stream) == "one"
        rest = pool.submit(list, stream)
        stream.cancel()
        stream.cancel()
        assert rest.result(PATIENCE_S) == []
        assert stream.completion().text == "one"
        superseded.wait()
    assert gitlab.in_flight == 0


def test_cancelling_what_has_broken_off_just_ends(gitlab: FakeGitLab) -> None:
    gitlab.gateway.break_stream(pieces=3)
    finished = Listener(CallFinished)
    with client_of(gitlab, finished) as client, client.stream(REQUEST) as stream:
        assert next(stream) == "one"
        finished.wait()
        stream.cancel()
        assert list(stream) == []
        with pytest.raises(StreamBrokenError) as broken:
            stream.completion()
    assert broken.value.text == stream.text == "one two three"


def test_a_stream_cancelled_before_its_use_sends_nothing(
    gitlab: FakeGitLab, client: SyncCompletionClient
) -> None:
    stream = client.stream(REQUEST)
    stream.cancel()
    assert list(stream) == []
    assert stream.completion().choices == ()
    assert gitlab.gateway.requests == gitlab.instance.requests == []


def test_leaving_the_context_ends_the_call(gitlab: FakeGitLab) -> None:
    gitlab.gateway.hang_stream(pieces=1)
    superseded = Listener(Superseded)
    with client_of(gitlab, superseded) as client:
        with client.stream(REQUEST) as stream:
            next(stream)
        superseded.wait()


def test_a_stream_that_is_forgotten_ends(gitlab: FakeGitLab) -> None:
    gitlab.gateway.hang_stream(pieces=1)
    superseded = Listener(Superseded)
    with client_of(gitlab, superseded) as client:
        next(client.stream(REQUEST))
        gc.collect()
        superseded.wait()


def test_a_stream_keeps_its_client(gitlab: FakeGitLab) -> None:
    stream = client_of(gitlab).stream(REQUEST)
    gc.collect()
    assert "".join(stream) == TEXT


def test_closing_the_client_ends_the_wait(gitlab: FakeGitLab) -> None:
    gitlab.gateway.hang_stream(pieces=0)
    chosen = Listener(RouteChosen)
    with client_of(gitlab, chosen) as client, ThreadPoolExecutor() as pool:
        rest = pool.submit(list, client.stream(REQUEST))
        chosen.wait()
        client.close()
        with pytest.raises(ClientClosedError):
            rest.result(PATIENCE_S)


def test_an_observer_may_cancel_but_not_read(gitlab: FakeGitLab) -> None:
    refused: list[ConfigurationError] = []
    streams: list[SyncCompletionStream] = []

    def act() -> None:
        try:
            next(streams[0])
        except ConfigurationError as error:
            refused.append(error)
        streams[0].cancel()

    with client_of(gitlab, Listener(RouteChosen, act), policy=NEVER) as client:
        streams.append(client.stream(REQUEST))
        assert list(streams[0]) == []
    assert len(refused) == 1


def test_many_threads_read_streams_of_one_client(client: SyncCompletionClient) -> None:
    def read(_: int) -> str:
        with client.stream(REQUEST) as stream:
            return "".join(stream)

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(read, range(40))) == {TEXT}


def test_a_call_is_finished_when_its_last_piece_has_come(gitlab: FakeGitLab) -> None:
    kinds: list[str] = []
    listener = Listener(CallFinished)
    with client_of(gitlab, listener) as client:
        client.observe(lambda event: kinds.append(type(event).__name__))
        client.stream(REQUEST).completion()
        listener.wait()
    assert kinds.index(AttemptSucceeded.__name__) < kinds.index(CallFinished.__name__)


def test_it_shows_no_text(client: SyncCompletionClient) -> None:
    stream = client.stream(REQUEST)
    assert "new, 0 characters" in repr(stream)
    stream.completion()
    assert repr(stream) == (
        f"<SyncCompletionStream of <CompletionStream ended, {len(TEXT)} characters>>"
    )


def test_in_a_forked_child_nothing_is_ended(
    client: SyncCompletionClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = client.stream(REQUEST)
    assert next(stream) == "one"
    parent = os.getpid()
    monkeypatch.setattr(os, "getpid", lambda: parent + 1)
    stream.cancel()
    for use in (stream.__enter__, stream.completion, lambda: next(stream)):
        with pytest.raises(ConfigurationError):
            use()
    monkeypatch.undo()
    assert stream.completion().text == TEXT
