"""A client's calls are lines that GitLab's teams can join with what they keep."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

import gitlab_completions
from gitlab_completions import (
    AllRoutesFailedError,
    CompletionRequest,
    ConfigurationError,
    ContextItem,
    GitLabCompletionsError,
    Intent,
    SyncCompletionClient,
)
from gitlab_completions.event_log import EventLog, _writer, gitlab_part
from gitlab_completions.testing import (
    FakeGitLab,
    completion_json,
    wait_all_tasks_blocked,
)
from tests.event_log.schema import VALIDATOR

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Literal

HOME = Path(gitlab_completions.__file__).parents[1]
REQUEST = CompletionRequest(
    file_name="app/models/user.rb",
    content_above_cursor="class Ünser\n",
    content_below_cursor="end\n",
    project_path="secret/project",
    context=(ContextItem(name="lib/a.rb", content="def a\n"),),
)

GENERATION = CompletionRequest(
    file_name="a.py", content_above_cursor="# add\n", intent=Intent.GENERATION
)
CANARY = "canary_7319"
SECRET = CompletionRequest(
    file_name=f"{CANARY}/{CANARY}.py",
    content_above_cursor=f"{CANARY}\n",
    content_below_cursor=f"\n{CANARY}",
    language=f"python # {CANARY}",
    project_path=f"{CANARY}/{CANARY}",
    context=(ContextItem(name=f"{CANARY}.{CANARY} x", content=CANARY),),
)
SECRET_GENERATION = replace(
    SECRET, intent=Intent.GENERATION, user_instruction=f"explain {CANARY}"
)


def read(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def of(lines: list[dict[str, object]], action: str) -> list[dict[str, object]]:
    return [line for line in lines if line["action"] == action]


async def test_a_call_is_told_by_gitlabs_names(tmp_path: Path) -> None:
    path = tmp_path / "made" / "events.jsonl"
    gitlab = FakeGitLab()
    with EventLog(path, gitlab_realm="saas") as log:
        async with gitlab.client() as client:
            client.observe(log.observer(user="17"))
            await client.complete(REQUEST)
            await client.complete(REQUEST)
            await gitlab.settle()
    lines = read(path)
    asked, loaded = of(lines, "suggestion_requested"), of(lines, "suggestion_loaded")
    assert len(asked) == len(loaded) == 2
    assert len({line["unique_tracking_id"] for line in asked}) == 2
    last = loaded[1]
    assert last["unique_tracking_id"] == asked[1]["unique_tracking_id"]
    assert last["category"] == "code_suggestions"
    assert last["is_direct_connection"] is True
    assert last["route"] == "direct"
    assert last["has_advanced_context"] is True
    assert (last["api_status_code"], last["options_count"]) == (200, 1)
    assert (last["language"], last["suggestion_source"]) == ("ruby", "network")
    assert (last["prefix_length"], last["content_above_cursor_size_bytes"]) == (12, 13)
    assert last["total_context_size_bytes"] == 6
    assert last["context_items"] == [
        {"file_extension": "rb", "type": "file", "byte_size": 6}
    ]
    assert all(line["user"] == "17" for line in lines)
    for line in lines:
        if line["category"] == "code_suggestions":
            VALIDATOR.validate(gitlab_part(line))


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        ({"time": "now"}, "would hide a field"),
        ({"route": "direct"}, "would hide a field"),
        ({"language": "go"}, "would hide a field"),
        ({"gitlab_instance_version": "1" * 33}, "as GitLab's schema"),
    ],
)
def test_a_label_hides_no_field(
    tmp_path: Path, labels: dict[str, str], words: str
) -> None:
    log = EventLog(tmp_path / "events.jsonl")
    with pytest.raises(ConfigurationError, match=words):
        log.observer(**labels)
    assert list(tmp_path.iterdir()) == []


async def test_each_client_has_its_own_calls(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    with EventLog(path) as log:
        for user in ("17", "18"):
            gitlab = FakeGitLab()
            async with gitlab.client(observers=[log.observer(user=user)]) as client:
                await client.complete(REQUEST)
                await gitlab.settle()
    asked = of(read(path), "suggestion_requested")
    assert [line["user"] for line in asked] == ["17", "18"]
    assert len({line["unique_tracking_id"] for line in asked}) == 2


async def test_a_superseded_calls_attempt_still_has_its_id(tmp_path: Path) -> None:
    path, gitlab = tmp_path / "events.jsonl", FakeGitLab()
    with EventLog(path) as log:
        async with gitlab.client(observers=[log.observer()]) as client:
            await client.warm_up()
            gitlab.gateway.delay(0.5)
            call = asyncio.create_task(client.complete(REQUEST))
            await wait_all_tasks_blocked()
            call.cancel()
            await gitlab.settle()
    lines = read(path)
    (left,), (attempt,) = of(lines, "suggestion_cancelled"), of(lines, "attempt")
    assert lines.index(left) < lines.index(attempt)
    assert attempt["unique_tracking_id"] == left["unique_tracking_id"]
    assert (attempt["superseded"], attempt["api_status_code"]) == (True, 200)
    assert (left["language"], left["route"]) == ("ruby", None)


async def test_of_a_stream_that_is_left_it_is_told_what_had_come(
    tmp_path: Path,
) -> None:
    path, gitlab = tmp_path / "events.jsonl", FakeGitLab()
    with EventLog(path) as log:
        async with gitlab.client(observers=[log.observer()]) as client:
            gitlab.instance.hang_stream(2)  # the first one opens it
            async with client.stream(GENERATION) as stream:
                await anext(stream)
    (left,) = of(read(path), "suggestion_cancelled")
    assert (left["route"], left["is_direct_connection"]) == ("indirect", False)
    sizes = left["bytes_sent"], left["bytes_received"]
    assert all(isinstance(size, int) and size > 0 for size in sizes)


async def test_a_stream_is_told_from_its_first_piece_to_its_last(
    tmp_path: Path,
) -> None:
    path, gitlab = tmp_path / "events.jsonl", FakeGitLab()
    with EventLog(path, gitlab_realm="saas") as log:
        async with gitlab.client(observers=[log.observer()]) as client:
            async with client.stream(GENERATION) as stream:
                await stream.completion()
            await gitlab.settle()
    told = [one for one in read(path) if one["category"] == "code_suggestions"]
    assert [line["action"] for line in told] == [
        "suggestion_requested",
        "suggestion_stream_started",
        "suggestion_stream_completed",
    ]
    assert {line["is_streaming"] for line in told} == {True}
    assert {line["intent"] for line in told} == {"generation"}
    assert told[1]["route"] == told[2]["route"] == "indirect"
    assert told[2]["api_status_code"] == 200
    for line in told:
        VALIDATOR.validate(gitlab_part(line))


async def test_a_fall_back_and_an_error_are_told(tmp_path: Path) -> None:
    path, gitlab = tmp_path / "events.jsonl", FakeGitLab()
    with EventLog(path, gitlab_realm="self-managed") as log:
        async with gitlab.client(observers=[log.observer()]) as client:
            await client.warm_up()
            gitlab.gateway.fail(503)
            await client.complete(REQUEST)
            gitlab.instance.fail(429, headers={"Retry-After": "60"})
            with pytest.raises(AllRoutesFailedError):
                await client.complete(REQUEST)
            await gitlab.settle()
    lines = read(path)
    fell = of(lines, "fell_back")[0]
    assert (fell["route"], fell["api_status_code"]) == ("indirect", 503)
    loaded = of(lines, "suggestion_loaded")[0]
    assert (loaded["is_direct_connection"], loaded["attempts"]) == (False, 2)
    error = of(lines, "suggestion_error")[0]
    assert (error["error_code"], error["api_status_code"]) == ("rate_limited", 429)
    assert error["token_issuer"] == "instance"
    for line in lines:
        if line["category"] == "code_suggestions":
            VALIDATOR.validate(gitlab_part(line))


async def test_what_an_editor_adds_joins_its_call(tmp_path: Path) -> None:
    path, gitlab = tmp_path / "events.jsonl", FakeGitLab()
    with EventLog(path, gitlab_realm="saas") as log:
        async with gitlab.client(observers=[log.observer()]) as client:
            with log.tracked() as tracking_id:
                await client.complete(REQUEST)
            log.add(
                "suggestion_accepted",
                unique_tracking_id=tracking_id,
                accepted_option=1,
                user="17",
            )
            await client.complete(REQUEST)
            await gitlab.settle()
    lines = read(path)
    asked, other = of(lines, "suggestion_requested")
    (accepted,) = of(lines, "suggestion_accepted")
    assert accepted["unique_tracking_id"] == asked["unique_tracking_id"] == tracking_id
    assert other["unique_tracking_id"] != tracking_id
    assert (accepted["category"], accepted["user"]) == ("code_suggestions", "17")
    assert gitlab_part(accepted) == {"gitlab_realm": "saas", "accepted_option": 1}


async def test_tasks_side_by_side_have_their_own_ids(tmp_path: Path) -> None:
    path, gitlab = tmp_path / "events.jsonl", FakeGitLab()
    with EventLog(path) as log:
        async with gitlab.client(observers=[log.observer()]) as client:

            async def call(tracking_id: str) -> None:
                with log.tracked(tracking_id):
                    await client.complete(REQUEST)

            await asyncio.gather(call("mine-1"), call("mine-2"))
            await gitlab.settle()
    lines = read(path)
    for action in ("suggestion_requested", "suggestion_loaded", "attempt"):
        ids = {line["unique_tracking_id"] for line in of(lines, action)}
        assert ids == {"mine-1", "mine-2"}


@pytest.mark.real_time
def test_an_id_of_the_callers_reaches_a_client_without_asyncio(tmp_path: Path) -> None:
    path, gitlab = tmp_path / "events.jsonl", FakeGitLab()
    with (
        EventLog(path) as log,
        SyncCompletionClient(
            gitlab.instance_url,
            gitlab.access_token,
            sender=gitlab,
            observers=[log.observer()],
        ) as client,
        log.tracked("mine-7"),
    ):
        client.complete(REQUEST)
    assert of(read(path), "suggestion_loaded")[0]["unique_tracking_id"] == "mine-7"


def test_an_editors_mistakes_are_told_at_once(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "events.jsonl")
    for wrong in (
        partial(log.add, cast("Literal['suggestion_shown']", "shown")),
        partial(log.add, "suggestion_shown", elapsed_s=1),
        partial(log.add, "suggestion_accepted", accepted_option=0),
    ):
        with pytest.raises(ConfigurationError):
            wrong(unique_tracking_id="mine")
    with pytest.raises(ConfigurationError, match="letters"), log.tracked("a b"):
        pass


async def test_a_disk_that_fails_costs_no_completion(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    blocked = tmp_path / "secret_blocked"
    blocked.touch()
    log, gitlab = EventLog(blocked / "events.jsonl"), FakeGitLab()
    async with gitlab.client(observers=[log.observer()]) as client:
        assert (await client.complete(REQUEST)).text
        log.close()
        assert (await client.complete(REQUEST)).text
        await gitlab.settle()
    assert log.problem is not None
    assert "cannot be written" in caplog.text
    assert "secret" not in caplog.text + log.problem


async def test_nothing_secret_is_in_a_line(tmp_path: Path) -> None:
    """Canaries in all that a user or a server may say, through every kind of end."""
    gitlab = FakeGitLab(f"{CANARY} = 1")
    with EventLog(tmp_path / "events.jsonl") as log:
        for profile in ("19.3", "17.1"):
            gitlab = FakeGitLab(f"{CANARY} = 1", profile=profile)
            await meet_all(gitlab, log)
    text = (tmp_path / "events.jsonl").read_text(encoding="utf-8")
    assert text.count("\n") > 100
    for secret in (CANARY, "glpat-", "eyJ", ".test", ".example", "gitlab.", "https:"):
        assert secret not in text, secret


async def meet_all(gitlab: FakeGitLab, log: EventLog) -> None:
    """Complete, generate and stream while every endpoint echoes what is secret."""
    echo = {"detail": [{"input": CANARY}], "message": CANARY, "error": CANARY}
    faults = ({}, *({"status": status} for status in (400, 401, 403, 422, 429, 500)))
    for fault in faults:
        async with gitlab.client(observers=[log.observer(user="17")]) as client:
            for endpoint in (gitlab.direct_access, gitlab.gateway, gitlab.instance):
                endpoint.heal()
                if fault:
                    endpoint.fail(fault["status"], json=echo)
                for request in (SECRET, SECRET_GENERATION):
                    with suppress(GitLabCompletionsError):
                        await client.complete(request)
                    with suppress(GitLabCompletionsError):
                        await client.stream(request).completion()
            await gitlab.settle()


@pytest.mark.parametrize("text", [CANARY + " = 1", None], ids=["source", "token"])
async def test_a_server_that_names_its_model_after_a_secret_is_not_quoted(
    tmp_path: Path, text: str | None
) -> None:
    path, gitlab = tmp_path / "events.jsonl", FakeGitLab()
    said = text or gitlab.access_token
    model = {"engine": said, "name": said, "lang": said}
    answer = completion_json("x") | {"model": model}
    gitlab.gateway.fail(200, json=answer)
    gitlab.instance.fail(200, json=answer)
    with EventLog(path) as log:
        async with gitlab.client(observers=[log.observer()]) as client:
            done = await client.complete(REQUEST)
            await gitlab.settle()
    assert done.model is not None
    assert done.model.name == said
    assert of(read(path), "suggestion_loaded")[0]["model_name"] is None
    assert said not in path.read_text(encoding="utf-8")


def test_nothing_is_read_or_written_before_there_is_a_line(tmp_path: Path) -> None:
    with EventLog(tmp_path / "made" / "events.jsonl") as log:
        log.observer()
        assert repr(log) == f"EventLog({str(tmp_path / 'made' / 'events.jsonl')!r})"
    assert list(tmp_path.iterdir()) == []


def test_a_time_is_utc_to_the_millisecond(tmp_path: Path) -> None:
    zone = timezone(timedelta(hours=2))
    path, at = tmp_path / "events.jsonl", datetime(2026, 1, 2, 1, 0, 0, 1999, zone)
    with EventLog(path, now=lambda: at) as log:
        log.add("suggestion_shown", unique_tracking_id="mine")
    assert read(path)[0]["time"] == "2026-01-01T23:00:00.001Z"


def test_a_label_may_hold_any_character(tmp_path: Path) -> None:
    path, text = tmp_path / "events.jsonl", 'a"\n\u2028\ud800é\x00'
    with EventLog(path) as log:
        log.add("suggestion_shown", unique_tracking_id="mine", note=text)
    assert path.read_bytes().count(b"\n") == 1
    assert read(path)[0]["note"] == text


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"max_bytes": 0}, "max_bytes must be a whole number of at least 1"),
        ({"backups": -1}, "backups must be a whole number of at least 0"),
        ({"gitlab_realm": "dedicated"}, 'must be "self-managed" or "saas"'),
        ({"path": 7}, "path must be a path, not int"),
    ],
)
def test_a_wrong_argument_is_refused(
    tmp_path: Path, arguments: dict[str, object], words: str
) -> None:
    make = cast("Callable[..., EventLog]", EventLog)
    with pytest.raises(ConfigurationError, match=words):
        make(**{"path": tmp_path / "events.jsonl", **arguments})


def test_without_its_package_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "concurrent_log_handler", None)
    monkeypatch.delitem(sys.modules, "gitlab_completions.event_log._file")
    words = r"concurrent_log_handler: pip install 'gitlab-completions\[eventlog\]'"
    with pytest.raises(ConfigurationError, match=words):
        EventLog(tmp_path / "events.jsonl")


def test_a_log_that_is_forgotten_is_written_all_the_same(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "events.jsonl")
    log.add("suggestion_shown", unique_tracking_id="mine")
    thread = log._writer._thread
    assert thread is not None
    del log
    gc.collect()
    thread.join(20.0)
    assert len(read(tmp_path / "events.jsonl")) == 1


PROGRAM = """
import os, sys, warnings
from gitlab_completions.event_log import EventLog

warnings.filterwarnings("ignore", "This process .* is multi-threaded")
log = EventLog(sys.argv[1], max_bytes=100_000)

def say(who, number):
    log.add("suggestion_shown", unique_tracking_id="mine", who=who, number=str(number))

say("parent", 0)
child = os.fork()
for number in range(1, 100):
    say("child" if child == 0 else "parent", number)
if child:
    assert os.waitpid(child, 0)[1] == 0
"""  # nobody closes it


@pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing forks here")
def test_a_process_and_its_fork_end_with_all_lines_written_once(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    subprocess.run(
        [sys.executable, "-W", "error", "-c", PROGRAM, str(path)],
        check=True,
        env={**os.environ, "PYTHONPATH": str(HOME)},
        timeout=50,
    )
    lines = read(path)
    for who, first in (("parent", 0), ("child", 1)):
        mine = [line["number"] for line in lines if line["who"] == who]
        assert mine == [str(number) for number in range(first, 100)]


def test_no_file_is_larger_than_it_may_be(tmp_path: Path) -> None:
    with EventLog(tmp_path / "events.jsonl", max_bytes=2000, backups=100) as log:
        for number in range(100):
            log.add("suggestion_shown", unique_tracking_id="mine", number=str(number))
    files = sorted(tmp_path.glob("events.jsonl*"))
    assert len(files) > 5
    assert max(one.stat().st_size for one in files) <= 2000
    found = [int(str(line["number"])) for one in files for line in read(one)]
    assert sorted(found) == list(range(100))


def test_lines_that_were_lost_are_counted_in_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def start(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")  # so that all wait for the end

    monkeypatch.setattr(threading.Thread, "start", start)
    monkeypatch.setattr(_writer, "MOST_WAITING", 3)
    path, at = tmp_path / "events.jsonl", datetime(2026, 1, 2, tzinfo=UTC)
    with EventLog(path, now=lambda: at) as log:
        for _ in range(5):
            log.add("suggestion_shown", unique_tracking_id="mine")
    assert read(path)[3:] == [
        {
            "time": "2026-01-02T00:00:00.000Z",
            "category": "event_log",
            "action": "lines_lost",
            "lines": 2,
        }
    ]
