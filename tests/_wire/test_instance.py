from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings, strategies as st

from gitlab_completions._secrets import HostHeaders, Secret
from gitlab_completions._wire.instance import (
    authorization,
    completion_request,
    refusal,
    version_request,
)
from gitlab_completions._wire.suggestions import decode_suggestion
from gitlab_completions._wire.unusable import NotACompletionError
from gitlab_completions.errors import ErrorCode, RequestRejectedError
from gitlab_completions.models import (
    CompletionRequest,
    ContextItem,
    GenerationType,
    Intent,
    Route,
    TokenHeader,
)

if TYPE_CHECKING:
    from gitlab_completions._wire.messages import WireRequest
    from tests._wire.conftest import LoadSample

ROOT = "https://corp.example/gitlab"
HEADERS = HostHeaders(ROOT, {"Authorization": "Bearer t0ken"})
TEXT = "x" * 100_000
ESCAPED = "\x01" * 100_000  # six characters of JSON each


def encode(
    request: CompletionRequest, max_body_bytes: int | None = None
) -> WireRequest:
    return completion_request(
        request,
        root=ROOT,
        headers=HEADERS,
        request_id="id-1",
        timeout_s=9.0,
        last_resort=True,
        max_body_bytes=max_body_bytes,
    )


def body(request: CompletionRequest) -> dict[str, object]:
    text = encode(request).body.decode()
    assert len(text) <= 600_000
    decoded: dict[str, object] = json.loads(text)
    return decoded


def contents(request: CompletionRequest) -> tuple[str, str, int]:
    sent = json.loads(encode(request).body)
    file = sent["current_file"]
    return (
        file["content_above_cursor"],
        file["content_below_cursor"],
        len(sent.get("context", [])),
    )


def test_the_smallest_request() -> None:
    request = encode(CompletionRequest(file_name="a.zzz", content_above_cursor="x"))
    assert request.route is Route.INDIRECT
    assert request.method == "POST"
    assert request.url == f"{ROOT}/api/v4/code_suggestions/completions"
    assert request.headers == {**HEADERS, "X-Request-ID": "id-1"}
    assert (request.timeout_s, request.purpose) == (9.0, "completion")
    assert request.last_resort
    assert request.body == (
        b'{"current_file":{"file_name":"a.zzz","content_above_cursor":"x",'
        b'"content_below_cursor":""},"intent":"completion","stream":false}'
    )


def test_a_completion_with_everything() -> None:
    request = CompletionRequest(
        file_name="a.py",
        content_above_cursor="a",
        content_below_cursor="b",
        project_path="group/project",
        context=(ContextItem(name="n", content="c", type="snippet"),),
        choices_count=2,
    )
    assert body(request) == {
        "current_file": {
            "file_name": "a.py",
            "language_identifier": "python",
            "content_above_cursor": "a",
            "content_below_cursor": "b",
        },
        "intent": "completion",
        "stream": False,
        "project_path": "group/project",
        "context": [{"type": "snippet", "name": "n", "content": "c"}],
        "choices_count": 2,
    }


def test_a_generation() -> None:
    request = CompletionRequest(
        file_name="a.zzz",
        content_above_cursor="",
        intent=Intent.GENERATION,
        generation_type=GenerationType.COMMENT,
        user_instruction="sort\ud800",
    )
    sent = body(request)
    assert sent["intent"] == "generation"
    assert sent["generation_type"] == "comment"
    assert sent["user_instruction"] == "sort\ufffd"


def items(*sizes: int) -> tuple[ContextItem, ...]:
    return tuple(ContextItem(name="n", content="c" * size) for size in sizes)


def test_a_large_request_that_fits_is_sent_whole() -> None:
    request = CompletionRequest(
        file_name="a.py",
        content_above_cursor=TEXT,
        content_below_cursor=TEXT,
        context=items(200_000, 100_000, 99_000),
    )
    assert contents(request) == (TEXT, TEXT, 3)


def test_the_far_text_below_goes_first_then_context_from_the_tail() -> None:
    request = CompletionRequest(
        file_name="a.py",
        content_above_cursor=TEXT,
        content_below_cursor="near" + TEXT,
        context=items(300_000, 99_000, 1_000, 50_000),
    )
    above, below, context = contents(request)
    assert (above, context) == (TEXT, 4)
    assert below == ("near" + TEXT)[: len(below)]
    assert 59_900 < len(below) < 60_000  # a tenth is for what is near
    assert 599_000 < len(encode(request).body) <= 600_000


def test_context_leaves_room_for_what_is_near() -> None:
    request = CompletionRequest(
        file_name="a.py",
        content_above_cursor=ESCAPED[:80_000],
        content_below_cursor="near" + TEXT + TEXT,
        context=items(300_000, 10),
        intent=Intent.GENERATION,
        user_instruction="i" * 60_000,
    )
    above, below, context = contents(request)
    assert 53_000 < len(above) < 54_000  # six characters of JSON each
    assert below.startswith("near")
    assert context == 1
    assert 599_000 < len(encode(request).body) <= 600_000


def test_an_instruction_goes_whole_and_leaves_room_for_the_file() -> None:
    for size in (560_000, 589_700):
        request = CompletionRequest(
            file_name="a.py",
            content_above_cursor=TEXT + "near",
            content_below_cursor=TEXT,
            intent=Intent.GENERATION,
            user_instruction="i" * size,
        )
        above, below, _ = contents(request)
        assert above.endswith("xnear")
        assert len(above) + len(below) >= 10_000
        for most in (16_000, 50_000):
            sent = json.loads(encode(request, max_body_bytes=most).body)
            assert len(sent["user_instruction"]) == size
            assert len(sent["current_file"]["content_above_cursor"]) == 9_000


def test_a_request_that_cannot_be_cut_enough_is_rejected() -> None:
    request = CompletionRequest(
        file_name="a.py",
        content_above_cursor=TEXT,
        content_below_cursor=TEXT,
        intent=Intent.GENERATION,
        user_instruction="s3cret" * 99_000,
    )
    with pytest.raises(
        RequestRejectedError, match="shorten user_instruction"
    ) as caught:
        encode(request)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("unit", ["\x01", '"', "\n", "😀", "\r\n", "\ud83d\ude00"])
def test_no_completion_is_too_large(unit: str) -> None:
    request = CompletionRequest(
        file_name="a.py",
        content_above_cursor=unit * 120_000,
        content_below_cursor=unit * 120_000,
        context=items(*[100_000] * 9),
    )
    body(request)


@settings(deadline=None, max_examples=30)
@given(
    st.text(st.characters(exclude_categories=()), min_size=1),
    st.text(st.sampled_from('\r\n\x00\x1f"\\\ud83d\ude00😀'), min_size=1),
)
def test_any_text_is_sent_as_json_within_the_limits(above: str, below: str) -> None:
    request = CompletionRequest(
        file_name=f"a{below}",
        content_above_cursor=above * 1_000,
        content_below_cursor=below * 9_000,
        context=(ContextItem(name="n", content=f"c{below}" * 20_000),) * 3,
    )
    json.dumps(body(request), ensure_ascii=False).encode()


@pytest.mark.parametrize("unit", ["x", "\x01", "😀", "x = 1\r\n"])
@pytest.mark.parametrize("most", [16_000, 50_000, 10**9])
def test_the_budget_of_bytes_holds(unit: str, most: int) -> None:
    request = CompletionRequest(
        file_name="a.py",
        content_above_cursor=unit * 120_000,
        content_below_cursor=unit * 120_000,
        context=items(*[100_000] * 9),
    )
    assert len(encode(request, max_body_bytes=most).body) <= min(most, 600_000)


def test_authorization() -> None:
    headers = authorization(Secret("t0ken"), root=ROOT, user_agent="agent/1")
    assert headers == {
        "Authorization": "Bearer t0ken",
        "Content-Type": "application/json",
        "Accept": "application/json",
        "User-Agent": "agent/1",
    }
    assert headers.allow(f"{ROOT}/api/v4/version")
    assert not headers.allow("https://corp.example/api/v4/version")


def test_a_private_token_goes_to_no_other_host_either() -> None:
    headers = authorization(
        Secret("t0ken"),
        root=ROOT,
        user_agent="agent/1",
        header=TokenHeader.PRIVATE_TOKEN,
    )
    assert headers["PRIVATE-TOKEN"] == "t0ken"
    assert "Authorization" not in headers
    assert "t0ken" not in repr(headers)
    with pytest.raises(ValueError, match="no other host"):
        version_request("https://corp.example", headers, timeout_s=1.0)


def test_the_question_for_the_version_warms_up_too() -> None:
    assert version_request(ROOT, HEADERS, timeout_s=3.0).purpose == "inquiry"
    request = version_request(ROOT, HEADERS, timeout_s=2.0, purpose="warm_up")
    assert request.route is Route.INDIRECT
    assert (request.method, request.url) == ("GET", f"{ROOT}/api/v4/version")
    assert request.headers == HEADERS
    assert request.body == b""
    assert (request.timeout_s, request.purpose) == (2.0, "warm_up")


def test_answers_of_both_shapes_are_read(sample: LoadSample) -> None:
    for name in ("completion-v2", "completion-v4"):
        assert decode_suggestion(sample(f"instance/{name}").body).choices
    with pytest.raises(NotACompletionError):
        decode_suggestion(sample("instance/portal").body)


@pytest.mark.parametrize(
    ("status", "document", "code"),
    [
        (404, {"message": "404 Not Found"}, ErrorCode.SWITCHED_OFF),
        (404, {"error": "404 Not Found"}, ErrorCode.NOT_FOUND),
        (404, {"message": "404 Project Not Found"}, ErrorCode.NOT_FOUND),
        (404, {"detail": "Not Found"}, ErrorCode.NOT_FOUND),
        (404, "404 Not Found", ErrorCode.NOT_FOUND),
        (405, {"message": "404 Not Found"}, ErrorCode.NOT_FOUND),
        (403, {"message": "403 Forbidden"}, ErrorCode.FORBIDDEN),
    ],
)
def test_a_bare_404_in_gitlabs_words_is_the_operators_switch(
    status: int, document: object, code: ErrorCode
) -> None:
    headers = {"content-type": "application/json"}
    assert refusal(status, headers, json.dumps(document).encode()).code is code


def test_a_stream_asks_for_events_whose_end_can_be_told() -> None:
    request = completion_request(
        CompletionRequest(file_name="a.py", content_above_cursor="x"),
        root=ROOT,
        headers=HEADERS,
        request_id="id-1",
        timeout_s=9.0,
        last_resort=True,
        stream=True,
    )
    assert request.headers["X-Supports-Sse-Streaming"] == "true"
    assert isinstance(request.headers, HostHeaders)
    assert request.purpose == "stream"
    assert json.loads(request.body)["stream"] is True
