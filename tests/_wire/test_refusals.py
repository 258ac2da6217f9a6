from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, strategies as st

from gitlab_completions._wire.refusals import decode_refusal, looks_like_html
from gitlab_completions.errors import ErrorCode as Code, Origin

if TYPE_CHECKING:
    from tests._wire.conftest import LoadSample

INSTANCE, GATEWAY = Origin.INSTANCE, Origin.GATEWAY
EDGE, UNKNOWN = Origin.EDGE, Origin.UNKNOWN
EXCEEDED, NOT_ENTITLED = "USAGE_QUOTA_EXCEEDED", "USAGE_QUOTA_NOT_ENTITLED"
JSON = {"content-type": "application/json"}


@pytest.mark.parametrize(
    ("name", "code", "vendor_code", "origin"),
    [
        ("gateway_v2/expired-token", Code.TOKEN_INVALID, "", GATEWAY),
        ("gateway_v2/no-authorization", Code.TOKEN_INVALID, "", GATEWAY),
        ("gateway_v2/header-mismatch", Code.TOKEN_INVALID, "", GATEWAY),
        ("gateway_v2/not-oidc", Code.TOKEN_INVALID, "", GATEWAY),
        ("gateway_v2/no-credits", Code.QUOTA, EXCEEDED, GATEWAY),
        ("gateway_v2/not-entitled", Code.QUOTA, NOT_ENTITLED, GATEWAY),
        (
            "gateway_v2/no-scope",
            Code.FORBIDDEN,
            "unauthorized_code_completions",
            GATEWAY,
        ),
        (
            "gateway_v2/user-token-refused",
            Code.FORBIDDEN,
            "unauthorized_code_suggestions",
            GATEWAY,
        ),
        ("gateway_v2/not-found", Code.NOT_FOUND, "", GATEWAY),
        ("gateway_v2/method", Code.NOT_FOUND, "", GATEWAY),
        ("gateway_v2/unparsable", Code.REQUEST, "", GATEWAY),
        ("gateway_v2/validation-2026", Code.REQUEST, "", GATEWAY),
        ("gateway_v2/validation-17-2", Code.REQUEST, "", GATEWAY),
        ("gateway_v2/model-limit", Code.RATE_LIMITED, "", GATEWAY),
        ("gateway_v2/edge-limit", Code.RATE_LIMITED, "", EDGE),
        ("gateway_v2/inference-failed", Code.SERVER, "", GATEWAY),
        ("gateway_v2/crash-2026", Code.SERVER, "", UNKNOWN),
        ("gateway_v2/crash-17-2", Code.SERVER, "", UNKNOWN),
        ("gateway_v2/edge-trouble", Code.SERVER, "", EDGE),
        ("instance/file-name-too-long", Code.REQUEST, "", INSTANCE),
        ("instance/context-empty", Code.REQUEST, "", INSTANCE),
        ("instance/unauthorized", Code.TOKEN_INVALID, "", INSTANCE),
        ("instance/no-seat", Code.NO_SEAT, "", INSTANCE),
        ("instance/expired", Code.TOKEN_EXPIRED, "invalid_token", INSTANCE),
        ("instance/revoked", Code.TOKEN_REVOKED, "invalid_token", INSTANCE),
        (
            "instance/gate",
            Code.FORBIDDEN,
            "restricted_language_server",
            INSTANCE,
        ),
        ("instance/no-credits", Code.QUOTA, EXCEEDED, GATEWAY),
        ("instance/scope", Code.SCOPE_MISSING, "insufficient_scope", INSTANCE),
        (
            "instance/granular-scope",
            Code.SCOPE_MISSING,
            "insufficient_granular_scope",
            INSTANCE,
        ),
        ("instance/blocked", Code.FORBIDDEN, "account_blocked", INSTANCE),
        ("instance/switched-off", Code.SWITCHED_OFF, "", INSTANCE),
        ("instance/not-ee", Code.NOT_FOUND, "", INSTANCE),
        ("instance/too-large", Code.REQUEST, "", INSTANCE),
        ("instance/proxy-too-large", Code.REQUEST, "", EDGE),
        (
            "instance/namespace",
            Code.NAMESPACE_MISSING,
            "missing_default_duo_group",
            INSTANCE,
        ),
        ("instance/gateway-validation", Code.REQUEST, "", GATEWAY),
        ("instance/limit", Code.RATE_LIMITED, "", INSTANCE),
        ("instance/throttle", Code.RATE_LIMITED, "", EDGE),
        ("instance/crash", Code.SERVER, "", INSTANCE),
        ("instance/workhorse", Code.SERVER, "", UNKNOWN),
        ("instance/proxy", Code.SERVER, "", EDGE),
        ("instance/portal", Code.CAPTIVE_PORTAL, "", EDGE),
        ("instance/portal-by-the-book", Code.CAPTIVE_PORTAL, "", EDGE),
        ("instance/proxy-sign-in", Code.PROXY, "", EDGE),
        ("direct_access/unauthorized", Code.TOKEN_INVALID, "", INSTANCE),
        ("direct_access/no-seat", Code.NO_SEAT, "", INSTANCE),
        (
            "direct_access/mint-unauthorized",
            Code.SERVER,
            "token_creation_failed",
            INSTANCE,
        ),
        ("direct_access/mint-no-credits", Code.QUOTA, EXCEEDED, INSTANCE),
        ("direct_access/mint-not-entitled", Code.QUOTA, NOT_ENTITLED, INSTANCE),
        (
            "direct_access/disabled",
            Code.DIRECT_BARRED,
            "direct_connections_disabled",
            INSTANCE,
        ),
        ("direct_access/unpaid", Code.FORBIDDEN, "no_paid_namespace", INSTANCE),
        ("direct_access/flag-off", Code.NOT_FOUND, "", INSTANCE),
        ("direct_access/switched-off", Code.SWITCHED_OFF, "", INSTANCE),
        (
            "direct_access/namespace",
            Code.NAMESPACE_MISSING,
            "missing_default_duo_group",
            INSTANCE,
        ),
        (
            "direct_access/no-model",
            Code.DIRECT_BARRED,
            "no_completion_model",
            INSTANCE,
        ),
        (
            "direct_access/not-yet",
            Code.DIRECT_BARRED,
            "direct_access_unavailable",
            INSTANCE,
        ),
        ("direct_access/limit", Code.RATE_LIMITED, "", INSTANCE),
        (
            "direct_access/mint-failed",
            Code.SERVER,
            "token_creation_failed",
            INSTANCE,
        ),
        ("direct_access/crash", Code.SERVER, "", INSTANCE),
    ],
)
def test_recorded_refusals(
    sample: LoadSample,
    name: str,
    code: Code,
    vendor_code: str,
    origin: Origin,
) -> None:
    answer = sample(name)
    refusal = decode_refusal(*answer)
    assert refusal.status_code == answer.status_code
    assert refusal.is_json is answer.body.startswith(b"{")
    assert refusal.code is code
    assert refusal.vendor_code == vendor_code
    assert refusal.origin is origin


@pytest.mark.parametrize(
    ("name", "seconds"),
    [
        ("gateway_v2/model-limit", 7.0),
        ("instance/limit", 60.0),
        ("instance/throttle", 23.0),
        ("direct_access/limit", None),
    ],
)
def test_how_long_to_wait(sample: LoadSample, name: str, seconds: float | None) -> None:
    assert decode_refusal(*sample(name)).retry_after_s == seconds


def test_the_servers_id(sample: LoadSample) -> None:
    assert decode_refusal(*sample("gateway_v2/edge-trouble")).request_id == "cf-1"
    assert decode_refusal(*sample("gateway_v2/not-found")).request_id is None


@pytest.mark.parametrize(
    ("status_code", "body", "code"),
    [
        (400, b"", Code.MALFORMED),
        (422, b"<html>", Code.MALFORMED),
        (400, b"[]", Code.MALFORMED),
        (413, b"", Code.REQUEST),
        (402, b"", Code.QUOTA),
        (403, b"no", Code.FORBIDDEN),
        (429, b'{"error_code":"USAGE_QUOTA_EXCEEDED"}', Code.RATE_LIMITED),
        (429, b'{"error":"insufficient_scope"}', Code.RATE_LIMITED),
        (503, b'{"error":"insufficient_scope"}', Code.SERVER),
        (599, b"", Code.SERVER),
        (100, b"", Code.MALFORMED),
        (204, b"", Code.MALFORMED),
        (301, b"<html>", Code.MALFORMED),
        (302, b"<html>", Code.CAPTIVE_PORTAL),
        (302, b"", Code.CAPTIVE_PORTAL),
        (302, b"{}", Code.MALFORMED),
        (303, b"", Code.CAPTIVE_PORTAL),
        (307, b"<html>", Code.CAPTIVE_PORTAL),
        (307, b"", Code.MALFORMED),  # the gateway's, for a slash too many
        (408, b"", Code.MALFORMED),
        (409, b"{}", Code.MALFORMED),
        (206, b"<html>", Code.CAPTIVE_PORTAL),
        (511, b"sign in", Code.CAPTIVE_PORTAL),
        (511, b"", Code.CAPTIVE_PORTAL),
    ],
)
def test_the_status_decides_where_the_body_does_not(
    status_code: int, body: bytes, code: Code
) -> None:
    assert decode_refusal(status_code, {}, body).code is code


@pytest.mark.parametrize(
    "words", [b"No required SSL certificate was sent", b"The SSL certificate error"]
)
def test_nginx_says_in_http_that_it_wants_a_client_certificate(words: bytes) -> None:
    page = b"<html>\r\n<head><title>400 " + words + b"</title></head></html>"
    refusal = decode_refusal(400, {"content-type": "text/html"}, page)
    assert refusal.code is Code.CONFIGURATION
    assert refusal.vendor_code == "client_certificate"
    assert decode_refusal(403, {}, page).code is Code.FORBIDDEN


def test_json_is_json_whatever_it_says_it_is() -> None:
    assert decode_refusal(403, {"content-type": "text/plain"}, b"{}").is_json
    assert not decode_refusal(403, JSON, b"no").is_json
    assert not decode_refusal(403, JSON, b'{"a":').is_json
    assert not decode_refusal(403, JSON, b"").is_json


def test_a_refusal_that_was_cut_is_still_the_gateways() -> None:
    body = json.dumps({"detail": [{"input": "s3cret" * 50_000}]}).encode()[:65_536]
    refusal = decode_refusal(422, JSON, body)
    assert refusal.is_json
    assert refusal.code is Code.REQUEST
    assert "s3cret" not in repr(refusal)
    assert not decode_refusal(422, {}, body).is_json
    assert not decode_refusal(422, JSON, body[:-1]).is_json


def test_an_empty_object_tells_no_origin() -> None:
    assert decode_refusal(403, JSON, b"{}").origin is UNKNOWN


@pytest.mark.parametrize("value", ["null", "7", "[]", "{}", '"x"', "true"])
@pytest.mark.parametrize(
    "key", ["error", "error_code", "error_description", "message", "detail"]
)
def test_values_of_any_type_are_read(key: str, value: str) -> None:
    refusal = decode_refusal(401, JSON, f'{{"{key}":{value}}}'.encode())
    assert refusal.code is Code.TOKEN_INVALID
    assert refusal.vendor_code == ""


@pytest.mark.parametrize(
    ("body", "kind", "expected"),
    [
        (b"", "text/html", True),
        (b"{}", "TEXT/HTML; charset=utf-8", True),
        (b"<!DOCTYPE html>", "", True),
        (b"\xef\xbb\xbf \r\n<HTML>", "application/json", True),
        (b"<head>", "", True),
        (b"{}", "application/json", False),
        (b"", "", False),
        (b"<nothing>", "text/plain", False),
        (b" " * 600 + b"<html>", "", False),
    ],
)
def test_web_pages(body: bytes, kind: str, expected: bool) -> None:
    assert looks_like_html(body, {"content-type": kind}) is expected


VENDOR_CODES = {
    "",
    EXCEEDED,
    NOT_ENTITLED,
    "missing_default_duo_group",
    "insufficient_scope",
    "insufficient_granular_scope",
    "invalid_token",
    "unauthorized_code_suggestions",
    "unauthorized_code_completions",
    "direct_connections_disabled",
    "no_completion_model",
    "direct_access_unavailable",
    "token_creation_failed",
    "no_paid_namespace",
}


@given(
    st.integers(100, 599),
    st.dictionaries(
        st.sampled_from(
            ["content-type", "retry-after", "date", "x-gitlab-error-origin"]
        ),
        st.text(),
    ),
    st.binary() | st.text().map(lambda text: json.dumps({"error": text}).encode()),
)
def test_nothing_is_raised(
    status_code: int, headers: dict[str, str], body: bytes
) -> None:
    assert decode_refusal(status_code, headers, body).vendor_code in VENDOR_CODES
