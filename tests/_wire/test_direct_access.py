from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import jwt
import pytest

from gitlab_completions._secrets import HostHeaders
from gitlab_completions._wire.direct_access import (
    Grant,
    GrantRefusedError,
    NotAGrantError,
    decode_grant,
    grant_request,
    issued_at,
)
from gitlab_completions.details import ModelDetails, ModelMetadata
from gitlab_completions.models import Route

if TYPE_CHECKING:
    from tests._wire.conftest import LoadSample

AT = 1795419976
DATE = {"date": "Mon, 23 Nov 2026 07:46:16 GMT"}
MODEL = {"model_provider": "fireworks_ai", "model_name": "codestral-2508"}
METADATA = {
    "provider": "gitlab",
    "feature_setting": "code_completions",
    "identifier": "codestral_2508_vertex",
}


def token(**claims: object) -> str:
    return jwt.encode(claims, "an invented key of at least 32 bytes", "HS256")


def decode(headers: dict[str, str], body: bytes) -> Grant:
    return decode_grant(
        headers,
        body,
        instance_root="https://gitlab.com",
        allow_plain_http=False,
        user_agent="agent/1",
    )


def grant(received: dict[str, str] | None = None, /, **changes: object) -> Grant:
    answer: dict[str, object] = {
        "base_url": "https://cloud.gitlab.com/ai",
        "token": "opaque",
        "expires_at": AT + 3600,
        "headers": {"x-gitlab-realm": "saas", "x-gitlab-version": "19.3.0"},
        "model_details": MODEL,
        **changes,
    }
    kept = {key: value for key, value in answer.items() if value is not ...}
    return decode(DATE if received is None else received, json.dumps(kept).encode())


def test_the_request() -> None:
    request = grant_request(
        "https://gitlab.com",
        HostHeaders("https://gitlab.com", {"Authorization": "Bearer t"}),
        project_path="group/project",
        request_id="id-1",
        timeout_s=5.0,
    )
    assert request.route is Route.INDIRECT
    assert request.method == "POST"
    assert request.url == "https://gitlab.com/api/v4/code_suggestions/direct_access"
    assert request.headers == {"Authorization": "Bearer t", "X-Request-ID": "id-1"}
    assert request.body == b'{"project_path":"group/project"}'
    assert request.timeout_s == 5.0
    assert request.purpose == "details"
    assert not request.last_resort


@pytest.mark.parametrize("path", [None, "", " "])
def test_a_request_without_a_project(path: str | None) -> None:
    root = "https://gitlab.com"
    request = grant_request(
        root, HostHeaders(root, {}), project_path=path, request_id="1", timeout_s=1
    )
    assert request.body == b"{}"


@pytest.mark.parametrize(
    ("name", "model", "version", "lifetime_s"),
    [
        (
            "grant-19-3",
            ModelDetails(provider="fireworks_ai", name="codestral-2508"),
            "19.3.0",
            3600.0,
        ),
        (
            "grant-19-5-pinned",
            ModelDetails(provider="gitlab", name="codestral_2508_vertex"),
            "19.5.0",
            3600.0,
        ),
        ("grant-17-2", None, "17.2.1", 3600.0),
        ("grant-17-0", None, "17.0.2", 7200.0),
    ],
)
def test_recorded_grants(
    sample: LoadSample,
    name: str,
    model: ModelDetails | None,
    version: str,
    lifetime_s: float,
) -> None:
    answer = sample(f"direct_access/{name}")
    granted = decode(answer.headers, answer.body)
    details = granted.details
    sent = json.loads(answer.body)
    assert details.base_url == "https://cloud.gitlab.com/ai"
    assert details.token == sent["token"]
    assert details.lifetime_s == lifetime_s
    assert details.model_details == model
    assert granted.gitlab_version == version
    assert granted.dropped_headers == 0
    assert details.headers == sent["headers"] | {
        "Authorization": f"Bearer {sent['token']}",
        "Content-Type": "application/json",
        "Accept": "application/json",
        "User-Agent": "agent/1",
        "X-Gitlab-Authentication-Type": "oidc",
    }


def test_a_self_hosted_gateway_without_a_model_is_not_used(sample: LoadSample) -> None:
    answer = sample("direct_access/grant-self-hosted")
    with pytest.raises(GrantRefusedError) as caught:
        decode(answer.headers, answer.body)
    assert caught.value.reason == "no_model"


def test_a_good_status_without_a_token_is_no_grant(sample: LoadSample) -> None:
    answer = sample("direct_access/token-missing")
    with pytest.raises(NotAGrantError, match="no token"):
        decode(answer.headers, answer.body)


@pytest.mark.parametrize(
    ("headers", "body", "reason"),
    [
        ({}, b"", "not a JSON object"),
        ({}, b"[]", "not a JSON object"),
        ({}, b"s3cret", "not a JSON object"),
        ({}, b"<html>s3cret", "a web page"),
        ({"content-type": "text/html"}, b"{}", "a web page"),
        ({}, b"{}", "no token"),
        ({}, b'{"token":null}', "no token"),
        ({}, b'{"token":""}', "no token"),
        ({}, b'{"token":["s3cret"]}', "no token"),
    ],
)
def test_what_is_no_grant(headers: dict[str, str], body: bytes, reason: str) -> None:
    with pytest.raises(NotAGrantError) as caught:
        decode(headers, body)
    assert caught.value.reason == str(caught.value) == reason
    assert caught.value.__context__ is None


@pytest.mark.parametrize(
    "changes",
    [
        {"base_url": ...},
        {"base_url": None},
        {"base_url": "http://cloud.gitlab.com"},
        {"base_url": "https://127.0.0.1"},
        {"headers": ...},
        {"headers": None},
        {"headers": ["x-gitlab-realm"]},
        {"headers": {}},
        {"headers": {"Authorization": "Basic x", "X-Bad": "a\nb"}},
        {"headers": {"X-Gitlab-Authentication-Type": "oidc"}},
        {"token": "s3cret\r\nX-Evil: 1"},
        {"token": "s3cret token"},
        {"token": "s3crét"},
        {"token": "x" * 16_385},
    ],
)
def test_a_bad_grant(changes: dict[str, object]) -> None:
    with pytest.raises(GrantRefusedError) as caught:
        grant(**changes)
    assert caught.value.reason == str(caught.value) == "bad_grant"


def test_headers_that_are_not_echoed_are_counted() -> None:
    assert grant().dropped_headers == 0
    odd = {"X-Gitlab-Realm": "saas", "Authorization": "Basic x", "X-Bad": "é"}
    granted = grant(headers=odd)  # the answer's key, not its HTTP headers
    assert granted.dropped_headers == 2
    assert granted.details.headers["Authorization"] == "Bearer opaque"


HOUR = {"iat": AT, "exp": AT + 3600}


@pytest.mark.parametrize(
    ("headers", "expires_at", "claims", "lifetime_s"),
    [
        (DATE, AT + 3600, HOUR, 3600.0),
        (DATE, AT + 100, HOUR, 100.0),
        (DATE, AT + 3600, {"iat": AT, "exp": AT + 50}, 50.0),
        (DATE, AT + 3600.5, {}, 3600.5),
        # The client's clock and the gateway's may be years apart.
        (DATE, AT + 3600, {"iat": 10, "exp": 3610}, 3600.0),
        (DATE, AT - 5, HOUR, 3600.0),
        (DATE, AT + 3600, {"iat": AT, "exp": AT}, 3600.0),
        ({}, AT + 3600, {"iat": AT, "exp": AT + 60}, 60.0),
        (DATE, None, HOUR, 3600.0),
        (DATE, ..., HOUR, 3600.0),
        ({"date": "yesterday"}, AT + 3600, HOUR, 3600.0),
        (DATE, "soon", HOUR, 3600.0),
        (DATE, True, HOUR, 3600.0),
        (DATE, 10**400, HOUR, 3600.0),
        (DATE, AT + 60, {"iat": "x", "exp": []}, 60.0),
        # Nothing is said at all: GitLab's tokens live an hour.
        (DATE, None, {}, 3600.0),
    ],
)
def test_the_lifetime_is_the_smaller_positive_one(
    headers: dict[str, str],
    expires_at: object,
    claims: dict[str, object],
    lifetime_s: float,
) -> None:
    granted = grant(headers, expires_at=expires_at, token=token(**claims))
    assert granted.details.lifetime_s == lifetime_s


@pytest.mark.parametrize(
    ("ahead_s", "life_s", "lifetime_s"),
    [
        (0, 3600, 3600.0),
        (-7200, 3600, 3600.0),
        (600, 3600, 3000.0),  # or the token is ten minutes old
        (3299, 3600, 301.0),
        (3301, 3600, 300.0),
        (3599, 3600, 300.0),
        (3600, 3600, 3600.0),
        (7200, 3600, 3600.0),
        (7200, 7201, 300.0),
        (40, 60, 60.0),
        (1, 2, 2.0),
    ],
)
def test_an_instances_clock_that_is_ahead_leaves_a_token_a_life(
    ahead_s: int, life_s: int, lifetime_s: float
) -> None:
    minted_at = AT - ahead_s
    claims: dict[str, object] = {"iat": minted_at, "exp": minted_at + life_s}
    granted = grant(DATE, expires_at=minted_at + life_s, token=token(**claims))
    assert granted.details.lifetime_s == lifetime_s


@pytest.mark.parametrize(
    ("headers", "expires_at", "claims"),
    [
        (DATE, AT, {}),
        (DATE, AT - 3600, {"iat": AT, "exp": AT - 1}),
        (DATE, "soon", {}),
        ({}, AT + 60, {}),
        (DATE, None, {"exp": AT + 60}),
        ({"date": "yesterday"}, AT + 3600, {}),
        (DATE, None, {"iat": "x", "exp": "y"}),
        (DATE, 10**400, {"iat": AT, "exp": 10**400}),
    ],
)
def test_a_grant_that_is_over_is_refused(
    headers: dict[str, str], expires_at: object, claims: dict[str, object]
) -> None:
    with pytest.raises(GrantRefusedError) as caught:
        grant(headers, expires_at=expires_at, token=token(**claims))
    assert caught.value.reason == "clock"


@pytest.mark.parametrize("odd", ["opaque", "a.b.c", "e30.W10.", "..", "e30.e30"])
def test_a_token_that_is_no_jwt_is_used(odd: str) -> None:
    assert grant(token=odd).details.lifetime_s == 3600.0


@pytest.mark.parametrize(
    ("details", "found"),
    [
        (MODEL, ModelDetails(provider="fireworks_ai", name="codestral-2508")),
        (
            {"model_provider": " gitlab ", "model_name": "x" * 50, "more": 1},
            ModelDetails(provider="gitlab", name="x" * 50),
        ),
        ({"model_provider": "gitlab", "model_name": "x" * 51}, None),
        ({"model_provider": "gitlab"}, None),
        ({"model_name": "codestral"}, None),
        ({"model_provider": "", "model_name": "codestral"}, None),
        ({"model_provider": None, "model_name": "codestral"}, None),
        ({"model_provider": "gitlab", "model_name": "a\ud800b"}, None),
        ({"model_provider": "gitlab", "model_name": "a\nb"}, None),
        ([], None),
        ("codestral", None),
        (None, None),
    ],
)
def test_half_a_model_is_none(details: object, found: ModelDetails | None) -> None:
    old = {"x-gitlab-version": "17.2.0"}
    granted = grant(model_details=details, headers=old)
    assert granted.details.model_details == found
    if found is None:
        with pytest.raises(GrantRefusedError, match="no_model"):
            grant(model_details=details)


@pytest.mark.parametrize(
    ("version", "used"),
    [
        ("17.3.9", True),
        ("17.4.0", False),
        ("17.4", False),
        ("17.10.1-ee", False),
        ("18.0.0-pre", False),
        ("19.3.0", False),
        ("16.11", True),
        ("", True),
        ("unknown", True),
        ("v19", True),
        ("19", True),
        ("99999.1", True),
    ],
)
def test_a_grant_without_a_model_by_version(
    version: str,
    used: bool,
) -> None:
    headers = {"X-GITLAB-Version": version}
    if used:
        granted = grant(model_details=..., headers=headers)
        assert granted.gitlab_version == (version or None)
        return
    with pytest.raises(GrantRefusedError, match="no_model"):
        grant(model_details=..., headers=headers)


def test_metadata_is_read_beside_the_model() -> None:
    details = grant(model_metadata=METADATA).details
    assert details.model_details == ModelDetails(
        provider="fireworks_ai", name="codestral-2508"
    )
    assert details.model_metadata == ModelMetadata(**METADATA)
    assert grant().details.model_metadata is None


@pytest.mark.parametrize(
    ("changes", "model"),
    [
        ({}, ModelDetails(provider="gitlab", name="codestral_2508_vertex")),
        ({"identifier": "x" * 51}, None),
        ({"provider": "amazon_q"}, None),
    ],
)
def test_metadata_alone_stands_for_a_model_that_gitlab_named(
    changes: dict[str, str], model: ModelDetails | None
) -> None:
    metadata = METADATA | changes
    details = grant(model_details=..., model_metadata=metadata).details
    assert details.model_metadata == ModelMetadata(**metadata)
    assert details.model_details == model


@pytest.mark.parametrize(
    "metadata",
    [
        *({**METADATA, key: odd} for key in METADATA for odd in (None, "", 1, "\n")),
        *({**METADATA, key: "x" * 256} for key in METADATA),
        *({k: v for k, v in METADATA.items() if k != key} for key in METADATA),
        *({}, [], [METADATA], "gitlab", None, 0),
    ],
)
def test_metadata_that_is_not_whole_is_none(metadata: object) -> None:
    assert grant(model_metadata=metadata).details.model_metadata is None
    with pytest.raises(GrantRefusedError, match="no_model"):
        grant(model_details=..., model_metadata=metadata)


def test_of_metadata_only_what_is_known_is_kept() -> None:
    metadata = {**METADATA, "endpoint": "https://elsewhere", "api_key": "k", "name": 1}
    details = grant(model_metadata=metadata).details
    assert details.model_metadata == ModelMetadata(**METADATA)


def test_a_long_version_is_none() -> None:
    assert grant(headers={"X-GITLAB-Version": "19.3" * 20}).gitlab_version is None


def test_a_repr_shows_no_secret() -> None:
    assert "opaque" not in repr(grant())


def test_a_token_tells_when_it_was_made() -> None:
    assert issued_at(token(iat=AT, exp=AT + 60)) == AT
    assert issued_at("opaque") is None


def test_pyjwt_is_not_imported_with_the_module() -> None:
    module = sys.modules["gitlab_completions._wire.direct_access"]
    assert not hasattr(module, "jwt")
