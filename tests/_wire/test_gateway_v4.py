from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings, strategies as st

from gitlab_completions._records import replace
from gitlab_completions._secrets import HostHeaders, Secret
from gitlab_completions._wire import gateway_v2, instance
from gitlab_completions._wire.gateway_v4 import completion_request
from gitlab_completions._wire.jsons import encode_body
from gitlab_completions._wire.suggestions import decode_suggestion
from gitlab_completions.details import (
    ConnectionDetails,
    ModelDetails,
    ModelMetadata,
)
from gitlab_completions.models import CompletionRequest, ContextItem, Model, Route

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
METADATA = ModelMetadata(
    provider="gitlab",
    feature_setting="code_completions",
    identifier="codestral_2508_vertex",
)
PINNED = replace(
    DETAILS,
    model_details=ModelDetails(provider="gitlab", name="codestral_2508_vertex"),
    model_metadata=METADATA,
)
VERSION = "X-Gitlab-Language-Server-Version"
BLANK = " " * 50_000 + "x"
ITEM = ContextItem(name="src/const.py", content="PI = 3.14\n")
PLAIN = CompletionRequest(file_name="a.zzz", content_above_cursor="x")


def encode(
    request: CompletionRequest,
    details: ConnectionDetails = DETAILS,
    *,
    stream: bool = False,
    max_body_bytes: int | None = None,
) -> WireRequest:
    return completion_request(
        request,
        details,
        request_id="id-1",
        timeout_s=5.0,
        last_resort=True,
        stream=stream,
        max_body_bytes=max_body_bytes,
    )


def test_the_smallest_request() -> None:
    request = encode(PLAIN)
    assert request.route is Route.DIRECT
    assert request.method == "POST"
    assert request.url == "https://cloud.gitlab.com/ai/v4/code/suggestions"
    assert request.headers == {**HEADERS, "X-Request-ID": "id-1"}
    assert (request.timeout_s, request.purpose) == (5.0, "completion")
    assert request.last_resort
    assert request.body == (
        b'{"prompt_components":[{"type":"code_editor_completion","payload":'
        b'{"file_name":"a.zzz","content_above_cursor":"x","content_below_cursor":"",'
        b'"stream":false}}]}'
    )


def test_a_request_with_everything() -> None:
    request = encode(
        CompletionRequest(
            file_name="src/calc.py",
            content_above_cursor="def area(r):\n    return ",
            content_below_cursor="\n",
            project_path="team/app",
            context=(ITEM, ContextItem(name="x", content="y", type="snippet")),
            choices_count=2,
        ),
        PINNED,
        stream=True,
    )
    assert request.purpose == "stream"
    assert json.loads(request.body) == {
        "prompt_components": [
            {
                "type": "code_editor_completion",
                "payload": {
                    "file_name": "src/calc.py",
                    "language_identifier": "python",
                    "content_above_cursor": "def area(r):\n    return ",
                    "content_below_cursor": "\n",
                    "choices_count": 2,
                    "stream": True,
                },
            },
            {
                "type": "code_context",
                "payload": {
                    "type": "file",
                    "name": "src/const.py",
                    "content": "PI = 3.14\n",
                },
            },
            {
                "type": "code_context",
                "payload": {"type": "snippet", "name": "x", "content": "y"},
            },
        ],
        "model_metadata": {
            "provider": "gitlab",
            "feature_setting": "code_completions",
            "identifier": "codestral_2508_vertex",
        },
    }


@pytest.mark.parametrize("provider", ["vertex-ai", "anthropic", "amazon_q"])
def test_a_vendors_model_is_named_beside_the_code(provider: str) -> None:
    model = ModelDetails(provider=provider, name="n")
    payload = payload_of(encode(PLAIN, replace(DETAILS, model_details=model)))
    assert (payload["model_provider"], payload["model_name"]) == (provider, "n")
    both = replace(DETAILS, model_details=model, model_metadata=METADATA)
    assert "model_provider" not in payload_of(encode(PLAIN, both))


@pytest.mark.parametrize("provider", ["fireworks_ai", "gitlab", "litellm", "Vertex-AI"])
def test_a_model_that_v4_does_not_know_by_its_vendor_is_not_named(
    provider: str,
) -> None:
    model = ModelDetails(provider=provider, name="n")
    request = encode(PLAIN, replace(DETAILS, model_details=model))
    assert payload_of(request).keys().isdisjoint({"model_provider", "model_name"})
    assert "model_metadata" not in json.loads(request.body)


def payload_of(request: WireRequest) -> dict[str, object]:
    payload: dict[str, object] = json.loads(request.body)["prompt_components"][0][
        "payload"
    ]
    return payload


# The version that has v4 heed the context.


def test_the_version_goes_to_the_gateways_v4_and_only_with_context() -> None:
    with_context = CompletionRequest(
        file_name="a.py", content_above_cursor="x", context=(ITEM,)
    )
    assert encode(with_context).headers[VERSION] == "7.17.1"
    assert VERSION not in encode(PLAIN).headers
    for request in (PLAIN, with_context):
        v2 = gateway_v2.completion_request(
            request, DETAILS, request_id="1", timeout_s=1, last_resort=False
        )
        root = "https://gitlab.com"
        indirect = instance.completion_request(
            request,
            root=root,
            headers=instance.authorization(Secret("t"), root=root, user_agent="a"),
            request_id="1",
            timeout_s=1,
            last_resort=True,
        )
        for one in (v2, indirect):
            assert VERSION.lower() not in {name.lower() for name in one.headers}


def replace_context(
    request: CompletionRequest, *items: ContextItem
) -> CompletionRequest:
    return CompletionRequest(
        file_name=request.file_name,
        content_above_cursor=request.content_above_cursor,
        context=items,
    )


def test_code_that_looks_like_context_is_none() -> None:
    code = encode_body({"type": "code_context", "payload": {}}).decode()
    request = CompletionRequest(file_name="a.json", content_above_cursor=code)
    assert VERSION not in encode(request).headers


@pytest.mark.parametrize(("content", "told"), [("x" * 90_000, True), (BLANK, False)])
def test_a_budget_that_leaves_no_context_leaves_no_version(
    content: str, told: bool
) -> None:
    """Nothing of a piece is sent whose beginning would be blank."""
    request = CompletionRequest(
        file_name="a.py",
        content_above_cursor="x = 1\n" * 10_000,
        content_below_cursor="y = 2\n" * 10_000,
        context=(ContextItem(name="b.py", content=content),),
    )
    sent = encode(request, max_body_bytes=20_000)
    assert len(sent.body) <= 20_000
    assert (len(json.loads(sent.body)["prompt_components"]) == 2) is told
    assert (VERSION in sent.headers) is told


def test_a_hundred_items_leave_room_for_the_code() -> None:
    items = tuple(ContextItem(name=f"{at}.py", content="x") for at in range(100))
    components = json.loads(encode(replace_context(PLAIN, *items)).body)[
        "prompt_components"
    ]
    assert len(components) == 100
    assert [one["payload"]["name"] for one in components[1:]] == [
        f"{at}.py" for at in range(99)
    ]


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(
            st.text(st.characters(exclude_categories=()), max_size=5),
            st.text(st.sampled_from("a\r\n\x00\ud83d\ude00😀é"), max_size=8),
            st.integers(1, 60_000),
        ),
        max_size=8,
    ),
    st.text(st.characters(exclude_categories=())),
    st.integers(1, 60_000),
)
def test_any_request_is_within_the_limits(
    items: list[tuple[str, str, int]], text: str, times: int
) -> None:
    context = [
        ContextItem(name=f"n{name}", content=f"c{content}" * count)
        for name, content, count in items
    ]
    request = encode(
        CompletionRequest(
            file_name=f"a{text}",
            content_above_cursor=text * times,
            content_below_cursor=text[::-1] * times,
            language=text,
            context=tuple(context) * 20,
        ),
        PINNED,
    )
    document = json.loads(request.body.decode())
    code, *others = document["prompt_components"]
    assert len(others) <= 99
    assert 1 <= len(code["payload"]["file_name"]) <= 255
    assert len(code["payload"].get("language_identifier", "")) <= 255
    for key in ("content_above_cursor", "content_below_cursor"):
        assert len(code["payload"][key]) <= 100_000
    for other, item in zip(others, context * 20, strict=False):
        content = other["payload"]["content"]
        assert len(content) <= 100_000
        assert item.content[:1] == content[:1]
        assert len(other["payload"]["name"]) <= 255
    json.dumps(document, ensure_ascii=False).encode()


def test_the_start_of_a_long_item_is_kept() -> None:
    long = ContextItem(name="a.py", content="a" * 99_999 + "\r\nb" + "c" * 100_000)
    body = json.loads(encode(replace_context(PLAIN, long)).body)
    kept = body["prompt_components"][1]["payload"]["content"]
    assert kept == "a" * 99_999


def test_an_answer_of_v4_is_read(sample: LoadSample) -> None:
    suggestion = decode_suggestion(sample("instance/completion-v4").body)
    assert suggestion.choices[0].text == "mock completion"
    assert suggestion.model == Model(
        engine="fireworks_ai", name="codestral_2508_fireworks"
    )


def test_a_repr_shows_no_secret_and_no_source() -> None:
    request = encode(CompletionRequest(file_name="a.py", content_above_cursor="s3cret"))
    assert "s3cret" not in repr(request)
    assert "t0ken" not in repr(request)


def test_a_grants_headers_go_to_the_host_that_came_with_them_alone() -> None:
    token = HostHeaders(DETAILS.base_url, {"Authorization": "Bearer t0ken"})
    bound = replace(DETAILS, headers=token)
    assert encode(PLAIN, bound).headers["Authorization"] == "Bearer t0ken"
    for base_url in ("https://other.example", f"{DETAILS.base_url}.example"):
        with pytest.raises(ValueError, match="no other host"):
            encode(PLAIN, replace(bound, base_url=base_url))
