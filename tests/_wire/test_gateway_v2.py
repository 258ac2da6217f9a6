from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings, strategies as st

from gitlab_completions._records import replace
from gitlab_completions._secrets import HostHeaders
from gitlab_completions._wire.gateway_v2 import (
    completion_request,
    health_request,
)
from gitlab_completions._wire.suggestions import decode_suggestion
from gitlab_completions._wire.unusable import NotACompletionError
from gitlab_completions.details import ConnectionDetails, ModelDetails
from gitlab_completions.models import CompletionRequest, ContextItem, Route

if TYPE_CHECKING:
    from gitlab_completions._wire.messages import WireRequest
    from tests._wire.conftest import LoadSample

HEADERS = {"Authorization": "Bearer t0ken", "User-Agent": "agent/1"}
DETAILS = ConnectionDetails(
    base_url="https://cloud.gitlab.com/ai",
    token="t0ken",
    headers=HEADERS,
    lifetime_s=3600,
)
MODEL = ConnectionDetails(
    base_url="https://cloud.gitlab.com/ai",
    token="t0ken",
    headers=HEADERS,
    lifetime_s=3600,
    model_details=ModelDetails(provider="fireworks_ai", name="codestral-2508"),
)


def encode(
    request: CompletionRequest, details: ConnectionDetails = DETAILS
) -> WireRequest:
    return completion_request(
        request, details, request_id="id-1", timeout_s=5.0, last_resort=True
    )


def test_the_smallest_request() -> None:
    request = encode(CompletionRequest(file_name="a.zzz", content_above_cursor="x"))
    assert request.route is Route.DIRECT
    assert request.method == "POST"
    assert request.url == "https://cloud.gitlab.com/ai/v2/completions"
    assert request.headers == {**HEADERS, "X-Request-ID": "id-1"}
    assert (request.timeout_s, request.purpose) == (5.0, "completion")
    assert request.last_resort
    assert request.body == (
        b'{"prompt_version":1,"current_file":{"file_name":"a.zzz",'
        b'"content_above_cursor":"x","content_below_cursor":""},"stream":false}'
    )


def test_a_request_with_everything() -> None:
    request = encode(
        CompletionRequest(
            file_name="src/calc.py",
            content_above_cursor="def area(r):\n    return ",
            content_below_cursor="\n",
            project_path="team/app",
            context=(ContextItem(name="src/const.py", content="PI = 3.14\n"),),
            choices_count=2,
        ),
        MODEL,
    )
    assert json.loads(request.body) == {
        "prompt_version": 1,
        "project_path": "team/app",
        "current_file": {
            "file_name": "src/calc.py",
            "language_identifier": "python",
            "content_above_cursor": "def area(r):\n    return ",
            "content_below_cursor": "\n",
        },
        "context": [{"type": "file", "name": "src/const.py", "content": "PI = 3.14\n"}],
        "choices_count": 2,
        "model_provider": "fireworks_ai",
        "model_name": "codestral-2508",
        "stream": False,
    }


def test_characters_are_sent_as_they_are() -> None:
    request = encode(CompletionRequest(file_name="a.py", content_above_cursor="é中😀"))
    assert "é中😀".encode() in request.body


@settings(deadline=None)
@given(
    st.text(st.characters(exclude_categories=())),
    st.text(st.sampled_from('\r\n\x00\x1f"\\\ud83d\ude00😀\u2028')),
)
def test_any_text_is_sent_as_json_within_the_limits(above: str, below: str) -> None:
    request = encode(
        CompletionRequest(
            file_name=f"a{below}",
            content_above_cursor=above * 300,
            content_below_cursor=below * 5_000,
            language=above,
        )
    )
    file = json.loads(request.body.decode())["current_file"]
    assert len(file["content_above_cursor"]) <= 100_000
    assert len(file["content_below_cursor"]) <= 100_000
    assert len(file["file_name"]) <= 255
    json.dumps(file, ensure_ascii=False).encode()


def test_the_health_path_gets_no_secret() -> None:
    request = health_request(DETAILS, timeout_s=2.0)
    assert request.route is Route.DIRECT
    assert request.method == "GET"
    assert request.url == "https://cloud.gitlab.com/ai/monitoring/healthz"
    assert request.headers == {"User-Agent": "agent/1"}
    assert request.body == b""
    assert (request.timeout_s, request.purpose) == (2.0, "warm_up")


def test_the_health_path_without_a_user_agent() -> None:
    details = ConnectionDetails(
        base_url="https://g", token="t", headers={}, lifetime_s=1
    )
    assert health_request(details, timeout_s=1.0).headers == {}


def test_an_answer_is_read(sample: LoadSample) -> None:
    suggestion = decode_suggestion(sample("gateway_v2/completion-2026").body)
    assert suggestion.choices[0].text == "mock completion"
    with pytest.raises(NotACompletionError):
        decode_suggestion(b"")


def test_a_repr_shows_no_secret_and_no_source() -> None:
    request = encode(CompletionRequest(file_name="a.py", content_above_cursor="s3cret"))
    assert "s3cret" not in repr(request)
    assert "t0ken" not in repr(request)


def test_a_grants_headers_go_to_the_host_that_came_with_them_alone() -> None:
    token = HostHeaders(DETAILS.base_url, {"Authorization": "Bearer t0ken"})
    bound = replace(DETAILS, headers=token)
    request = CompletionRequest(file_name="a.py", content_above_cursor="x")
    assert encode(request, bound).headers["Authorization"] == "Bearer t0ken"
    for base_url in ("https://other.example", f"{DETAILS.base_url}.example"):
        with pytest.raises(ValueError, match="no other host"):
            encode(request, replace(bound, base_url=base_url))
