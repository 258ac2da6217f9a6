"""The gateway answers as GitLab's two recorded gateways do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gitlab_completions.emulator.settings import Quota
from tests.emulator.calls import (
    ABOVE,
    NEW,
    NEWEST,
    NOW,
    OLD,
    completion_body,
    components,
    direct,
    field,
    file_body,
    make_gateway,
    user_headers,
    without,
)

if TYPE_CHECKING:
    from gitlab_completions.emulator.answers import Answer

LIMIT = 100_000
V3, V4 = "/v3/code/completions", "/v4/code/suggestions"
ITEM = {"type": "file", "name": "a.py", "content": "x"}
COUNTS = {"requests": 1, "accepts": 0, "errors": 0}


def refused(answer: Answer, *, profile: str) -> None:
    assert answer.status == 422
    detail = field(answer.json(), "detail")
    assert (detail == "Validation error") is (profile == NEW)


@pytest.mark.parametrize("profile", [OLD, NEW])
@pytest.mark.parametrize("path", ["/v2/completions", "/v2/code/completions"])
def test_both_spellings_complete(profile: str, path: str) -> None:
    answer = direct(make_gateway(profile), path=path)
    assert answer.status == 200
    assert field(answer.json(), "choices", 0) == {
        "text": "mock completion",
        "index": 0,
        "finish_reason": "length",
    }


@pytest.mark.parametrize(
    ("body", "new", "old"),
    [
        (completion_body(prompt_version=2), 200, 422),
        (completion_body(prompt_version=2, prompt="x"), 200, 200),
        (completion_body(prompt_version=3), 200, 422),
        (completion_body(prompt_version=4), 422, 422),
        (completion_body(prompt_version=0), 422, 422),
        (completion_body(prompt_version="1"), 422, 422),
        (completion_body(prompt_version=None), 422, 422),
        (completion_body(prompt_version=1.0), 200, 422),
        (without(completion_body(), "prompt_version"), 422, 422),
        (without(completion_body(), "current_file"), 422, 422),
        (completion_body(current_file=None), 422, 422),
        (completion_body(current_file={}), 422, 422),
        (file_body(file_name=None), 422, 422),
        (file_body(content_above_cursor=None), 422, 422),
        (file_body(content_above_cursor=""), 200, 200),
        (file_body(content_below_cursor=None), 422, 422),
        (file_body(content_below_cursor=""), 200, 200),
        (file_body(file_name="a" * 252 + ".py"), 200, 200),
        (file_body(file_name=" " + "a" * 252 + ".py "), 200, 200),
        (file_body(file_name="a" * 253 + ".py"), 422, 422),
        (file_body(content_above_cursor="x" * LIMIT), 200, 200),
        (file_body(content_above_cursor="x" * LIMIT + "\n"), 422, 422),
        (file_body(content_above_cursor="中" * LIMIT), 200, 200),
        (file_body(content_below_cursor="x" * (LIMIT + 1)), 422, 422),
        (file_body(content_above_cursor="a\0b"), 200, 200),
        (file_body(content_above_cursor="\ud800"), 422, 500),
        (file_body(language_identifier="p" * 256), 422, 422),
        (file_body(language_identifier="klingon"), 200, 200),
        (completion_body(choices_count=0), 200, 200),
        (completion_body(choices_count=5), 200, 200),
        (completion_body(choices_count="2"), 200, 200),
        (completion_body(choices_count=True), 200, 200),
        (completion_body(choices_count=None), 200, 500),
        (completion_body(choices_count=1.5), 422, 422),
        (completion_body(telemetry=[COUNTS] * 10), 200, 200),
        (completion_body(telemetry=[COUNTS] * 11), 422, 422),
        (completion_body(telemetry=[{"lang": "python"}]), 422, 422),
        (completion_body(telemetry=None), 422, 422),
        (completion_body(project_path="p" * 256), 422, 422),
        (completion_body(project_path=None, project_id=None), 200, 200),
        (completion_body(project_id="abc"), 422, 422),
        (completion_body(project_id=[]), 422, 422),
        (completion_body(intent="generation", anything={}), 200, 200),
        (completion_body(stream=None), 200, 200),
        (completion_body(stream="yes please"), 422, 422),
        (completion_body(context=[ITEM]), 200, 200),
        (completion_body(context=[{**ITEM, "type": "anything", "id": 1}]), 200, 200),
        (completion_body(context=[without(ITEM, "name")]), 422, 422),
        (completion_body(context=[without(ITEM, "content")]), 422, 422),
        (completion_body(context=[{**ITEM, "content": ""}]), 200, 200),
        (completion_body(context=[ITEM] * 100), 200, 200),
        (completion_body(context=[ITEM] * 101), 422, 422),
        (completion_body(context=[{**ITEM, "content": "y" * 500_000}]), 200, 200),
        (completion_body(context=[{**ITEM, "content": "y" * 500_001}]), 422, 422),
        (completion_body(context=[{**ITEM, "name": "n" * 1025}]), 422, 422),
        (completion_body(context=[]), 200, 200),
        (completion_body(context=None), 422, 422),
    ],
)
def test_bodies_are_taken_as_recorded(body: object, new: int, old: int) -> None:
    assert direct(make_gateway(NEW), body).status == new
    assert direct(make_gateway(OLD), body).status == old


@pytest.mark.parametrize("profile", [OLD, NEW])
@pytest.mark.parametrize("raw", [b"", b"{,}", b"{}", b"[]", b"null", b'"x"'])
def test_what_is_no_object_is_refused(profile: str, raw: bytes) -> None:
    refused(direct(make_gateway(profile), raw=raw), profile=profile)


@pytest.mark.parametrize("profile", [OLD, NEW])
@pytest.mark.parametrize("raw", [b'{"a":"\xff"}', b"\x1f\x8b\x08\x00" + b"x" * 20])
def test_what_is_no_text_is_a_bad_request(profile: str, raw: bytes) -> None:
    answer = direct(make_gateway(profile), raw=raw)
    assert answer.status == 400
    assert answer.json() == {"detail": "There was an error parsing the body"}


@pytest.mark.parametrize(
    ("content_type", "new", "old"),
    [
        (None, 422, 200),
        ("text/plain", 422, 422),
        ("application/json; charset=utf-8", 200, 200),
        ("application/vnd.x+json", 200, 200),
    ],
)
def test_the_content_type_matters(content_type: str | None, new: int, old: int) -> None:
    for profile, status in ((NEW, new), (OLD, old)):
        gateway = make_gateway(profile)
        headers = user_headers(gateway, content_type=content_type)
        assert direct(gateway, headers=headers).status == status


def test_the_old_gateway_echoes_the_source() -> None:
    source = "secret " * 20_000
    answer = direct(make_gateway(OLD), file_body(content_above_cursor=source))
    assert field(answer.json(), "detail", 0) == {
        "type": "string_too_long",
        "loc": ["body", 1, "current_file", "content_above_cursor"],
        "msg": "String should have at most 100000 characters",
        "input": source,
        "ctx": {"max_length": 100_000},
    }


@pytest.mark.parametrize(
    ("provider", "name", "new", "old"),
    [
        ("vertex-ai", None, 422, 422),
        ("vertex-ai", "codestral-2508", 200, 422),
        ("vertex-ai", "code-gecko@002", 422, 200),
        ("anthropic", "claude-sonnet-4-5-20250929", 200, 422),
        ("anthropic", "claude-2.1", 422, 422),
        ("fireworks_ai", None, 422, 422),
        ("fireworks_ai", "qwen2p5-coder-7b", 200, 422),
        ("litellm", "codestral", 200, 500),
        ("litellm", None, 422, 422),
        ("gitlab", "codestral_2508_vertex", 200, 422),
        ("gitlab", "no_such", 422, 422),
        ("mistralai", "codestral-2501", 422, 422),
        ("amazon_q", "amazon_q", 403, 422),
        ("", "", 422, 422),
        (None, "codestral-2501", 200, 200),
        (None, "no-such-model", 500, 200),
        (None, "x" * 51, 422, 422),
        (None, None, 200, 200),
    ],
)
def test_provider_and_model_go_together(
    provider: str | None, name: str | None, new: int, old: int
) -> None:
    body = completion_body(model_provider=provider, model_name=name)
    assert direct(make_gateway(NEW), body).status == new
    assert direct(make_gateway(OLD), body).status == old


@pytest.mark.parametrize(
    ("file_name", "lang", "choices"),
    [
        ("Makefile", "", 0),
        ("noext", "", 0),
        (".gitignore", "", 0),
        ("", "", 0),
        ("   ", "", 0),
        ("a.unknownext", "", 1),
        ("src/dir/a.ts", "ts", 1),
        ("C:\\\\x\\\\a.go", "go", 1),
        ("a.PY", "", 1),
        ("é.py", "python", 1),
    ],
)
def test_names_without_extension_get_no_suggestion(
    file_name: str, lang: str, choices: int
) -> None:
    body = file_body(file_name=file_name)
    new, old = direct(make_gateway(NEW), body), direct(make_gateway(OLD), body)
    assert field(new.json(), "model", "lang") == lang
    found = field(new.json(), "choices")
    assert isinstance(found, list)
    assert len(found) == choices
    assert field(old.json(), "choices", 0, "text") == "mock completion"


def test_a_named_language_makes_up_for_the_extension() -> None:
    body = file_body(file_name="noext", language_identifier="python")
    answer = direct(make_gateway(NEW), body)
    assert field(answer.json(), "model", "lang") == "python"
    assert field(answer.json(), "choices", 0, "text") == "mock completion"


def test_authentication_comes_before_the_route_and_the_body() -> None:
    answer = direct(make_gateway(), raw=b"?", path="/no/such", headers={})
    assert answer.status == 401
    assert answer.json() == {"error": "No authorization header presented"}


@pytest.mark.parametrize(
    ("method", "path", "status", "document"),
    [
        ("POST", "/no/such", 404, {"detail": "Not Found"}),
        ("POST", "//v2/completions", 404, {"detail": "Not Found"}),
        ("GET", "/v2/completions", 405, {"detail": "Method Not Allowed"}),
        ("GET", "/metrics", 404, {"detail": "Not Found"}),
        ("GET", "/monitoring/healthz", 200, {}),
        (
            "POST",
            "/v2/code/generations",
            403,
            {"detail": "Unauthorized to access code generations"},
        ),
    ],
)
def test_paths_and_methods(
    method: str, path: str, status: int, document: object
) -> None:
    answer = direct(make_gateway(), method=method, path=path)
    assert (answer.status, answer.json()) == (status, document)


def test_a_trailing_slash_is_redirected() -> None:
    gateway = make_gateway()
    headers = user_headers(gateway, host="gateway.test", x_forwarded_proto="https")
    answer = direct(gateway, path="/v2/code/completions/", headers=headers)
    assert answer.status == 307
    assert answer.headers["location"] == "https://gateway.test/v2/code/completions"


@pytest.mark.parametrize(
    ("profile", "path", "kind", "status"),
    [
        (NEW, V3, "completion", 403),
        (NEW, V3, "generation", 500),
        (NEW, V4, "completion", 403),
        (NEW, V4, "generation", 403),
        (OLD, V3, "completion", 403),
        (OLD, V3, "generation", 403),
        (OLD, V4, "completion", 404),
        (NEWEST, V3, "completion", 403),
        (NEWEST, V4, "completion", 200),
        (NEWEST, V4, "generation", 403),
    ],
)
def test_a_user_token_opens_v2_and_v4_of_19_5(
    profile: str, path: str, kind: str, status: int
) -> None:
    body = components(type=f"code_editor_{kind}")
    answer = direct(make_gateway(profile), body, path=path)
    assert answer.status == status
    if status == 403:
        detail = "Unauthorized to access code suggestions"
        assert answer.json() == {"detail": detail}


@pytest.mark.parametrize("path", ["/v2/completions", "/v2/code/generations", V3])
def test_v2_is_gone_one_day_and_v3_with_it(path: str) -> None:
    gateway = make_gateway(NEWEST)
    gateway.settings.v2_gone = True
    answer = direct(gateway, path=path)
    assert (answer.status, answer.json()) == (404, {"detail": "Not Found"})
    assert direct(gateway, components(), path=V4).status == 200


def test_v4_answers_in_its_own_shape() -> None:
    answer = direct(make_gateway(NEWEST), components(), path=V4)
    document = answer.json()
    assert isinstance(document, dict)
    assert set(document) == {"choices", "model", "metadata"}
    assert field(document, "choices", 0, "text") == "mock completion"
    assert field(document, "model") == {
        "engine": "fireworks_ai",
        "name": "codestral_2508_fireworks",
        "lang": "python",
    }
    assert field(document, "metadata", "timestamp") == NOW


def test_v4_streams_events() -> None:
    answer = direct(make_gateway(NEWEST), components(stream=True), path=V4)
    assert answer.headers["x-streaming-format"] == "sse"
    assert answer.pieces is not None
    assert len(answer.pieces) == 4
    assert b'"Codestral 22B Code Completions"' in answer.pieces[0]


def test_v4_asks_for_credits_before_it_refuses_the_caller() -> None:
    gateway = make_gateway(NEW)
    gateway.settings.quota = Quota.EXCEEDED
    assert direct(gateway, components(), path=V4).status == 402
    assert direct(gateway, {}, path=V4).status == 422


def test_v4_wants_the_scope() -> None:
    gateway = make_gateway(NEWEST)
    claims = {"aud": "gitlab-ai-gateway", "exp": int(NOW), "scopes": []}
    token = gateway.authority.mint(claims)
    headers = user_headers(gateway, authorization=f"Bearer {token}")
    assert direct(gateway, components(), path=V4, headers=headers).status == 403


@pytest.mark.parametrize(
    ("version", "seen"), [(None, 0), ("7.17.0", 0), ("7.17.1", 1), ("junk", 0)]
)
def test_v4_heeds_context_of_new_language_servers_only(
    version: str | None, seen: int
) -> None:
    gateway = make_gateway(NEWEST)
    gateway.model = lambda prompt: f"{len(prompt.context)} items"
    headers = user_headers(gateway, x_gitlab_language_server_version=version)
    answer = direct(gateway, components(ITEM), path=V4, headers=headers)
    assert field(answer.json(), "choices", 0, "text") == f"{seen} items"


def test_v4_checks_the_body_first() -> None:
    answer = direct(
        make_gateway(), {"prompt_components": []}, path="/v4/code/suggestions"
    )
    refused(answer, profile=NEW)


def test_the_request_id_comes_back() -> None:
    gateway = make_gateway()
    answer = direct(gateway, headers=user_headers(gateway, x_request_id="my-id-1"))
    assert answer.headers["x-request-id"] == "my-id-1"
    assert len(direct(gateway).headers["x-request-id"]) == 32
    assert float(answer.headers["x-process-time"]) > 0


def test_the_quota_comes_after_the_body_and_before_the_scope() -> None:
    gateway = make_gateway()
    gateway.settings.quota = Quota.EXCEEDED
    assert direct(gateway, {}).status == 422
    answer = direct(gateway)
    assert answer.status == 402
    assert field(answer.json(), "error_code") == "USAGE_QUOTA_EXCEEDED"
    gateway.settings.quota = Quota.NOT_ENTITLED
    assert direct(gateway).status == 403


def test_the_old_gateway_knows_no_quota() -> None:
    gateway = make_gateway(OLD)
    gateway.settings.quota = Quota.EXCEEDED
    assert direct(gateway).status == 200


@pytest.mark.parametrize("scopes", [["other"], [], "complete_code", None])
def test_a_token_needs_the_scope(scopes: object) -> None:
    gateway = make_gateway()
    token = gateway.authority.mint(
        {"aud": "gitlab-ai-gateway", "exp": int(NOW), "scopes": scopes}
    )
    headers = user_headers(gateway, authorization=f"Bearer {token}")
    answer = direct(gateway, headers=headers)
    assert answer.status == 403
    assert answer.json() == {"detail": "Unauthorized to access code completions"}


def test_streams_are_bare_text_on_the_new_gateway_only() -> None:
    body = completion_body(stream=True)
    new, old = direct(make_gateway(NEW), body), direct(make_gateway(OLD), body)
    assert new.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert new.pieces == (b"mock", b" completion")
    assert old.headers["content-type"] == "application/json"


def test_the_edge_sets_a_cookie_and_counts_those_that_come_back() -> None:
    gateway = make_gateway()
    gateway.settings.canary_cookie = True
    cookie = direct(gateway).headers["set-cookie"].partition(";")[0]
    assert gateway.cookies_returned == 0
    direct(gateway, headers=user_headers(gateway, cookie=cookie))
    assert gateway.cookies_returned == 1


def test_nothing_said_is_no_choice() -> None:
    answer = direct(make_gateway(says="  \n"))
    assert answer.status == 200
    assert field(answer.json(), "choices") == []
    assert field(answer.json(), "model", "tokens_consumption_metadata") is None


def test_the_clock_of_the_gateway_decides() -> None:
    gateway = make_gateway()
    headers = user_headers(gateway)
    gateway.settings.gateway_clock_offset_s = 7200.0
    assert direct(gateway, headers=headers).status == 401
    assert direct(gateway).status == 200
    assert direct(gateway).headers["date"] == "Fri, 15 Jan 2027 10:00:00 GMT"


def test_the_model_sees_file_and_context() -> None:
    gateway = make_gateway()
    gateway.model = lambda prompt: f"{prompt.above}|{prompt.context[0]}"
    answer = direct(gateway, completion_body(context=[ITEM]))
    assert field(answer.json(), "choices", 0, "text") == f"{ABOVE}|x"
