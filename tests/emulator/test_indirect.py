"""The instance passes bodies on to its gateway, and streams back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gitlab_completions.emulator.settings import Quota
from tests.emulator.calls import TOKENS, ask, completion_body, field, make_instance

if TYPE_CHECKING:
    from gitlab_completions.emulator.answers import Answer

COMPLETIONS = "/code_suggestions/completions"
SSE = {"private-token": TOKENS.valid, "x-supports-sse-streaming": "true"}
PLAIN = {"private-token": TOKENS.valid}


def complete(
    profile: str, headers: dict[str, str] | None = None, **fields: object
) -> Answer:
    instance = make_instance(profile)
    return ask(instance, COMPLETIONS, completion_body(**fields), headers=headers)


@pytest.mark.parametrize(
    ("profile", "v4"), [("17.2", False), ("19.3", False), ("19.5", True)]
)
def test_the_shape_is_the_profile_s(profile: str, *, v4: bool) -> None:
    answer = complete(profile)
    document = answer.json()
    assert isinstance(document, dict)
    assert answer.status == 200
    assert ("id" not in document) is v4
    assert field(document, "choices", 0, "text") == "mock completion"
    assert "x-gitlab-error-origin" not in answer.headers


def test_the_model_of_a_client_is_overwritten() -> None:
    answer = complete("19.3", model_provider="no", model_name="no", prompt_version=9)
    assert answer.status == 200


def test_what_the_gateway_refuses_is_passed_on() -> None:
    answer = complete("19.3", choices_count=1.5)
    assert answer.status == 422
    assert answer.json() == {"detail": "Validation error"}
    instance = make_instance()
    instance.settings.quota = Quota.EXCEEDED
    assert ask(instance, COMPLETIONS, completion_body()).status == 402
    body = completion_body(intent="generation")
    assert ask(instance, COMPLETIONS, body).status == 402


@pytest.mark.parametrize(("profile", "size"), [("19.3", 600_000), ("17.1", 500_000)])
def test_a_body_too_large_is_413(profile: str, size: int) -> None:
    padding = "p" * (size - 100)
    answer = complete(profile, anything=padding)
    assert answer.status == 413
    assert answer.json() == {"message": "413 Request Entity Too Large"}
    assert complete(profile, anything="p" * (size - 1000)).status == 200


@pytest.mark.parametrize(
    ("profile", "headers", "sse"),
    [
        ("17.2", SSE, False),
        ("18.9", PLAIN, False),
        ("18.9", SSE, True),
        ("19.3", PLAIN, True),
    ],
)
def test_generations_stream_text_or_events(
    profile: str, headers: dict[str, str], *, sse: bool
) -> None:
    answer = complete(profile, headers, intent="generation", stream=True)
    assert answer.status == 200
    assert (answer.headers.get("x-streaming-format") == "sse") is sse
    assert answer.body.startswith(b"event: stream_start\r\n" if sse else b"mock")


def test_completions_stream_as_the_gateway_does() -> None:
    assert complete("19.3", stream=True).body == b"mock completion"
    assert complete("19.5", stream=True).headers["x-streaming-format"] == "sse"


def test_a_generation_is_whole_without_stream() -> None:
    answer = complete("19.3", intent="generation")
    assert field(answer.json(), "choices", 0, "text") == "mock completion"
    assert field(answer.json(), "model", "name") == "Code Generations Agent"


ITEM = {"type": "file", "name": "a.py", "content": "x = 1"}


@pytest.mark.parametrize(
    ("profile", "version", "intent", "seen"),
    [
        ("17.2", None, "completion", 1),
        ("19.3", None, "completion", 1),
        ("19.3-gitlab.com", "7.17.1", "completion", 0),
        ("19.5", None, "completion", 0),
        ("19.5", "7.17.1", "completion", 1),
        ("19.5", None, "generation", 1),
    ],
)
def test_context_gets_as_far_as_its_release_lets_it(
    profile: str, version: str | None, intent: str, seen: int
) -> None:
    instance = make_instance(profile)
    instance.gateway.model = lambda prompt: f"{len(prompt.context)} items"
    headers = {**PLAIN, "content-type": "application/json"}
    if version is not None:
        headers["x-gitlab-language-server-version"] = version
    body = completion_body(context=[ITEM], intent=intent)
    answer = ask(instance, COMPLETIONS, body, headers=headers)
    assert field(answer.json(), "choices", 0, "text") == f"{seen} items"


def test_rails_keeps_its_own_word_on_caching() -> None:
    answer = complete("19.5", stream=True)
    assert "cache-control" not in answer.headers
    assert answer.headers["x-accel-buffering"] == "no"


@pytest.mark.parametrize("intent", ["completion", "generation"])
def test_streams_are_paced_by_the_settings(intent: str) -> None:
    instance = make_instance()
    instance.settings.stream_gap_s = 0.01
    instance.settings.stream_piece_bytes = 5
    answer = ask(instance, COMPLETIONS, completion_body(intent=intent, stream=True))
    timed = list(answer.timed_pieces())
    assert {wait_s for wait_s, _ in timed} == {0.01}
    assert {len(piece) for _, piece in timed[:-1]} == {5}


@pytest.mark.parametrize("kind", ["end_stream", "break_stream", "hang_stream"])
def test_a_fault_in_the_midst_spares_what_is_no_stream(kind: str) -> None:
    instance = make_instance()
    getattr(instance.completions, kind)(times=1)
    assert ask(instance, COMPLETIONS, completion_body()).pieces is None
    struck = ask(instance, COMPLETIONS, completion_body(stream=True))
    assert struck.body == b"mock"
    whole = ask(instance, COMPLETIONS, completion_body(stream=True))
    assert whole.body == b"mock completion"


def test_a_gateway_without_v2_is_reached_by_v4() -> None:
    instance = make_instance("19.3")
    instance.settings.v2_gone = True
    document = ask(instance, COMPLETIONS, completion_body()).json()
    assert isinstance(document, dict)
    assert "id" not in document
    body = completion_body(intent="generation", stream=True)
    generated = ask(instance, COMPLETIONS, body)
    assert generated.headers["x-streaming-format"] == "sse"
