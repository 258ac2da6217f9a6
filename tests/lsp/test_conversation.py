"""JSON-RPC: what is answered, what is refused, and what nothing brings to an end."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import cast

import pytest

from gitlab_completions.lsp.conversation import Code, Conversation, RefusedError
from gitlab_completions.testing import wait_all_tasks_blocked

SECRET = "glpat-canary-in-a-message"


class Heard:
    """Keeps what is said to the client."""

    def __init__(self) -> None:
        self.messages: list[dict[str, object]] = []

    def write(self, data: bytes) -> None:
        head, _, body = data.partition(b"\r\n\r\n")
        assert head == b"Content-Length: %d" % len(body)
        self.messages.append(cast("dict[str, object]", json.loads(body)))


class Scene:
    """A conversation with a few methods."""

    def __init__(self) -> None:
        self.heard = Heard()
        self.told: list[object] = []
        self.gate = asyncio.Event()
        self.conversation = Conversation(
            {"echo": self._echo, "crash": self._crash, "wait": self._wait},
            {"tell": self.told.append, "fail": self._fail, "later": self._wait},
        )
        self.conversation.speak_to(self.heard)

    async def say(self, *messages: object) -> list[dict[str, object]]:
        """Say something; return what is said to it."""
        self.heard.messages.clear()
        for message in messages:
            raw = message if isinstance(message, bytes) else json.dumps(message)
            self.conversation.take(raw if isinstance(raw, bytes) else raw.encode())
        await wait_all_tasks_blocked()
        return self.heard.messages

    async def _echo(self, params: object) -> object:
        return params

    async def _crash(self, params: object) -> object:
        raise ValueError(f"words of the author: {params}")

    async def _wait(self, params: object) -> object:
        await self.gate.wait()
        return params

    def _fail(self, params: object) -> None:
        raise ValueError(f"words of the author: {params}")


def request(method: str, params: object = None, identity: object = 1) -> object:
    return {"jsonrpc": "2.0", "id": identity, "method": method, "params": params}


def refusal(code: int, message: str, identity: object = 1) -> dict[str, object]:
    error = {"code": code, "message": message}
    return {"jsonrpc": "2.0", "id": identity, "error": error}


async def test_a_request_is_answered_under_its_id() -> None:
    scene = Scene()
    assert await scene.say(request("echo", {"ä": "\ud800"}, "x")) == [
        {"jsonrpc": "2.0", "id": "x", "result": {"ä": "\ud800"}}
    ]


@pytest.mark.parametrize("identity", ["", "1", 0, -1, 1.0, 1.5, 10**400])
async def test_an_id_may_be_any_string_or_number(identity: object) -> None:
    scene = Scene()
    said = await scene.say(request("wait", 1, identity), request("echo", 2, "other"))
    cancelled = {"method": "$/cancelRequest", "params": {"id": identity}}
    assert [one["id"] for one in said] == ["other"]
    assert await scene.say(cancelled) == [
        refusal(Code.CANCELLED, "this request was cancelled", identity)
    ]


@pytest.mark.parametrize(
    "answer",
    [
        {"id": None, "error": {"code": -32700, "message": SECRET}},
        {"id": 1.5, "result": 1},
        {"id": [], "result": 1},
        {"result": 1},
        {"error": {}},
        {"id": 77},
    ],
    ids=str,
)
async def test_an_answer_is_never_answered(answer: object) -> None:
    scene = Scene()
    assert await scene.say(answer) == []


async def test_requests_overtake_each_other() -> None:
    scene = Scene()
    said = await scene.say(request("wait", 1, 1), request("echo", 2, 2))
    assert [one["id"] for one in said] == [2]
    scene.gate.set()
    await wait_all_tasks_blocked()
    assert [one["id"] for one in said] == [2, 1]


async def test_a_crash_answers_one_request_and_tells_nobody_its_words(
    caplog: pytest.LogCaptureFixture,
) -> None:
    scene = Scene()
    with caplog.at_level(logging.DEBUG):
        said = await scene.say(
            request("crash", SECRET),
            {"jsonrpc": "2.0", "method": "fail", "params": SECRET},
            request("echo", 1, 2),
        )
    assert refusal(Code.INTERNAL, "this request failed; see the log") in said
    assert {"jsonrpc": "2.0", "id": 2, "result": 1} in said
    assert SECRET not in json.dumps(said) + caplog.text
    assert "ValueError at test_conversation.py" in caplog.text


@pytest.mark.parametrize(
    ("message", "answer"),
    [
        (b"{", refusal(Code.PARSE, "this is no JSON", None)),
        (b"\xff\xfe", refusal(Code.PARSE, "this is no JSON", None)),
        (b"[" * 100_000, refusal(Code.PARSE, "this is no JSON", None)),
        ([], refusal(Code.INVALID_REQUEST, "this is no message", None)),
        (1, refusal(Code.INVALID_REQUEST, "this is no message", None)),
        ({"id": {}}, refusal(Code.INVALID_REQUEST, "this is no message", None)),
        ({"id": 1, "method": 3}, refusal(Code.INVALID_REQUEST, "this names no method")),
        (
            {"method": None},
            refusal(Code.INVALID_REQUEST, "this names no method", None),
        ),
        (
            request("echo", 1, [1]),
            refusal(Code.INVALID_REQUEST, "this id is none", None),
        ),
        (
            request("echo", 1, True),
            refusal(Code.INVALID_REQUEST, "this id is none", None),
        ),
        (
            b'{"id": 1e999, "method": "echo"}',
            refusal(Code.INVALID_REQUEST, "this id is none", None),
        ),
        (
            request("unknown"),
            refusal(Code.METHOD_NOT_FOUND, "there is no such method"),
        ),
    ],
)
async def test_what_is_no_message_is_refused_and_the_next_one_answered(
    message: object, answer: dict[str, object]
) -> None:
    scene = Scene()
    assert await scene.say(message, request("echo", 1, 2)) == [
        answer,
        {"jsonrpc": "2.0", "id": 2, "result": 1},
    ]


@pytest.mark.parametrize("params", [None, {}, {"id": None}, {"id": 7}, [1], "x"])
async def test_a_cancellation_of_nothing_is_passed_over(params: object) -> None:
    scene = Scene()
    message = {"method": "$/cancelRequest", "params": params}
    assert await scene.say(message, {"method": "$/unknown"}) == []


async def test_a_request_can_be_cancelled() -> None:
    scene = Scene()
    said = await scene.say(
        request("wait"), {"method": "$/cancelRequest", "params": {"id": 1}}
    )
    assert said == [refusal(Code.CANCELLED, "this request was cancelled")]


async def test_an_id_that_is_in_use_is_refused() -> None:
    scene = Scene()
    said = await scene.say(request("wait"), request("echo"))
    assert said == [refusal(Code.INVALID_REQUEST, "the last one has this id")]
    await scene.conversation.aclose()


async def test_the_client_is_asked_and_answers() -> None:
    scene = Scene()
    asked = asyncio.create_task(scene.conversation.ask("which", {}))
    await wait_all_tasks_blocked()
    (question,) = scene.heard.messages
    assert question["method"] == "which"
    await scene.say({"id": question["id"], "result": [1]}, {"id": "other", "result": 2})
    assert await asked == [1]


async def test_a_client_may_leave_out_a_result_that_is_none() -> None:
    scene = Scene()
    asked = asyncio.create_task(scene.conversation.ask("which", {}))
    await wait_all_tasks_blocked()
    await scene.say({"id": scene.heard.messages[0]["id"]})
    assert await asked is None


async def test_a_client_that_refuses_is_no_crash() -> None:
    scene = Scene()
    asked = asyncio.create_task(scene.conversation.ask("which", {}))
    await wait_all_tasks_blocked()
    answer = {"id": scene.heard.messages[0]["id"], "error": {"message": SECRET}}
    await scene.say(answer, answer)
    with pytest.raises(RefusedError, match="the client refused"):
        await asked


async def test_at_its_end_nothing_goes_on_behind_it() -> None:
    scene = Scene()
    await scene.say(request("wait"), {"method": "later"})
    await scene.conversation.aclose()
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_notification_reaches_who_listens() -> None:
    scene = Scene()
    await scene.say({"method": "tell", "params": [1]}, {"method": "tell"})
    assert scene.told == [[1], None]


async def test_work_behind_the_messages_that_fails_is_logged_without_its_words(
    caplog: pytest.LogCaptureFixture,
) -> None:
    scene = Scene()

    async def fail() -> None:
        raise ValueError(SECRET)

    scene.conversation.spawn(fail())
    await wait_all_tasks_blocked()
    assert "ValueError at test_conversation.py" in caplog.text
    assert SECRET not in caplog.text
