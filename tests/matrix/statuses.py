"""Every status of the protocol with its real body and headers, and how it is read.

Bodies and headers are the recorded ones in tests/_wire/samples where there is one. What
stands here of each is what it is seen as: whether it is JSON, the word it says, and the
code that a person is told.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from gitlab_completions import ErrorCode as Code
from gitlab_completions._core.verdicts import Body, Observation
from tests.loopback.scene import SOURCE
from tests.matrix.facts import GOOD, Fact, Trouble

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitlab_completions.emulator import Endpoint

SAMPLES = Path(__file__).parents[1] / "_wire" / "samples"

_JSON = {"content-type": "application/json"}
_HTML = {"content-type": "text/html; charset=UTF-8"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer as it is on the wire."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    def strike(self, endpoint: Endpoint, _elsewhere: str) -> None:
        """Have an endpoint answer so."""
        endpoint.fail(self.status, body=self.body, headers=self.headers)

    @property
    def retry_after_s(self) -> float | None:
        """The seconds that it asks to wait."""
        told = self.headers.get("retry-after")
        return None if told is None else float(told)


def recorded(name: str) -> Reply:
    """Return the sample called `folder/case`."""
    folder = SAMPLES / Path(name).parent
    (body,) = (
        path
        for path in folder.glob(f"{Path(name).name}.*.*")
        if not path.name.endswith(".headers.json")
    )
    stem = body.name.rpartition(".")[0]
    headers = json.loads((folder / f"{stem}.headers.json").read_text())
    status = int(stem.rpartition(".")[2])
    return Reply(status=status, headers=headers, body=body.read_bytes())


def written(status: int, document: object) -> Reply:
    """Return an answer in JSON that protocol.md gives the body of."""
    return Reply(status=status, headers=_JSON, body=json.dumps(document).encode())


def page(status: int) -> Reply:
    """Return what a proxy or an edge says by itself."""
    text = f"<html><head><title>{status}</title></head></html>"
    return Reply(status=status, headers=_HTML, body=text.encode())


def _mint(status: int) -> Reply:
    refusal = {"error_description": None, "error_code": None, "error": None}
    return written(status, {"message": "Token creation failed", **refusal})


def _refused(
    endpoint: str,
    told: str | tuple[str, Reply],
    code: Code,
    word: str = "",
    *,
    body: Body = Body.JSON,
) -> Trouble:
    """Return a row: a sample's name, or a name and an answer; what it is read as."""
    name, reply = (told, recorded(told)) if isinstance(told, str) else told
    seen = Observation(status=reply.status, body=body, word=word)
    return Trouble(
        name=f"{reply.status} {name.rpartition('/')[2]}",
        strike=reply.strike,
        facts={endpoint: Fact(seen=seen, code=code)},
        retry_after_s=reply.retry_after_s,
    )


def _completed(endpoint: str, sample: str, text: str, seen: Observation) -> Trouble:
    return Trouble(
        name=f"200 {sample.rpartition('/')[2]}",
        strike=recorded(sample).strike,
        facts={endpoint: Fact(seen=seen, text=text)},
    )


_DA, _GW, _IN = "direct_access", "gateway", "instance"
_OTHER = Body.OTHER
_BLANK = Observation(status=200, body=Body.BLANK)
_DPOP = written(401, {"error": "dpop_error", "error_description": "DPoP is required"})
_BILLING = written(403, {"message": "Your subscription does not cover this request."})
_ECHO = written(422, {"detail": [{"type": "missing", "input": {"above": SOURCE}}]})

_ACCESS_TOKENS = tuple(
    row
    for endpoint in (_DA, _IN)
    for row in (
        _refused(endpoint, "instance/unauthorized", Code.TOKEN_INVALID),
        _refused(endpoint, "instance/no-seat", Code.NO_SEAT),
        _refused(endpoint, "instance/expired", Code.TOKEN_EXPIRED, "invalid_token"),
        _refused(endpoint, "instance/revoked", Code.TOKEN_REVOKED, "invalid_token"),
        _refused(endpoint, "instance/gate", Code.FORBIDDEN),
        _refused(endpoint, ("dpop", _DPOP), Code.FORBIDDEN),
        _refused(endpoint, "instance/scope", Code.SCOPE_MISSING, "insufficient_scope"),
        _refused(
            endpoint,
            "instance/granular-scope",
            Code.SCOPE_MISSING,
            "insufficient_granular_scope",
        ),
    )
)
"""Section 7: what GitLab says of an access token, at both of its endpoints."""

_IN_FRONT = tuple(
    row
    for endpoint in (_DA, _IN)
    for row in (
        _refused(endpoint, "instance/throttle", Code.RATE_LIMITED, body=_OTHER),
        _refused(endpoint, "instance/proxy-sign-in", Code.PROXY, body=_OTHER),
        _refused(endpoint, "instance/proxy-too-large", Code.REQUEST, body=_OTHER),
        _refused(endpoint, "instance/proxy", Code.SERVER, body=_OTHER),
        _refused(endpoint, ("bad gateway", page(502)), Code.SERVER, body=_OTHER),
        _refused(endpoint, ("maintenance", page(503)), Code.SERVER, body=_OTHER),
        _refused(
            endpoint, "instance/portal-by-the-book", Code.CAPTIVE_PORTAL, body=_OTHER
        ),
        _refused(endpoint, "instance/portal", Code.CAPTIVE_PORTAL, body=_OTHER),
    )
)
"""Throttles, proxies and portals, which answer in GitLab's place."""

_DIRECT_ACCESS = (
    _refused(_DA, "direct_access/switched-off", Code.SWITCHED_OFF),
    _refused(_DA, "direct_access/flag-off", Code.DIRECT_BARRED),
    _refused(
        _DA, "direct_access/disabled", Code.DIRECT_BARRED, "direct_connections_disabled"
    ),
    _refused(_DA, "direct_access/limit", Code.RATE_LIMITED),
    _refused(_DA, ("limit since 18.9", recorded("instance/limit")), Code.RATE_LIMITED),
    _refused(_DA, "direct_access/unpaid", Code.DIRECT_BARRED),
    _refused(_DA, "instance/blocked", Code.FORBIDDEN),
    _refused(
        _DA,
        "direct_access/namespace",
        Code.NAMESPACE_MISSING,
        "missing_default_duo_group",
    ),
    _refused(_DA, "direct_access/no-model", Code.DIRECT_BARRED, "no_completion_model"),
    _refused(
        _DA, "direct_access/not-yet", Code.DIRECT_BARRED, "direct_access_unavailable"
    ),
    _refused(
        _DA, "direct_access/mint-unauthorized", Code.SERVER, "token_creation_failed"
    ),
    _refused(_DA, "direct_access/mint-no-credits", Code.QUOTA, "USAGE_QUOTA_EXCEEDED"),
    _refused(
        _DA, "direct_access/mint-not-entitled", Code.QUOTA, "USAGE_QUOTA_NOT_ENTITLED"
    ),
    _refused(_DA, ("mint", _mint(500)), Code.SERVER, "token_creation_failed"),
    _refused(_DA, "direct_access/mint-failed", Code.SERVER, "token_creation_failed"),
    _refused(_DA, "direct_access/crash", Code.SERVER),
    _refused(_DA, "direct_access/token-missing", Code.MALFORMED, body=_OTHER),
)
"""Section 1.3."""

_GATEWAY = (
    _completed(_GW, "gateway_v2/completion-2026", "mock completion", GOOD),
    _completed(_GW, "gateway_v2/completion-17-2", "echo: n % 2", GOOD),
    _completed(_GW, "gateway_v2/unicode-2026", '"é中" 😀', GOOD),
    _completed(_GW, "gateway_v2/empty-2026", "", _BLANK),
    _refused(_GW, "gateway_v2/no-authorization", Code.DIRECT_BARRED),
    _refused(_GW, "gateway_v2/not-oidc", Code.DIRECT_BARRED),
    _refused(_GW, "gateway_v2/header-mismatch", Code.DIRECT_BARRED),
    _refused(_GW, "gateway_v2/expired-token", Code.DIRECT_BARRED),
    _refused(_GW, "gateway_v2/unparsable", Code.DIRECT_BARRED),
    _refused(_GW, "gateway_v2/validation-2026", Code.DIRECT_BARRED),
    _refused(_GW, "gateway_v2/validation-17-2", Code.DIRECT_BARRED),
    _refused(_GW, ("echo of the source", _ECHO), Code.DIRECT_BARRED),
    _refused(_GW, "gateway_v2/no-credits", Code.QUOTA, "USAGE_QUOTA_EXCEEDED"),
    _refused(_GW, "gateway_v2/not-entitled", Code.QUOTA, "USAGE_QUOTA_NOT_ENTITLED"),
    _refused(
        _GW,
        "gateway_v2/no-scope",
        Code.DIRECT_BARRED,
        "unauthorized_code_completions",
    ),
    _refused(
        _GW,
        "gateway_v2/user-token-refused",
        Code.DIRECT_BARRED,
        "unauthorized_code_suggestions",
    ),
    _refused(_GW, "gateway_v2/not-found", Code.DIRECT_BARRED),
    _refused(_GW, "gateway_v2/method", Code.DIRECT_BARRED),
    _refused(_GW, "gateway_v2/model-limit", Code.RATE_LIMITED),
    _refused(_GW, "gateway_v2/edge-limit", Code.RATE_LIMITED, body=_OTHER),
    _refused(_GW, "gateway_v2/inference-failed", Code.SERVER),
    _refused(_GW, "gateway_v2/crash-2026", Code.SERVER, body=_OTHER),
    _refused(_GW, "gateway_v2/crash-17-2", Code.SERVER, body=_OTHER),
    _refused(_GW, "gateway_v2/edge-trouble", Code.SERVER, body=_OTHER),
    _refused(_GW, ("edge of Cloudflare", page(520)), Code.SERVER, body=_OTHER),
    _refused(_GW, ("edge refuses", page(403)), Code.DIRECT_BARRED, body=_OTHER),
)
"""Section 3.6."""

_INSTANCE = (
    _completed(_IN, "instance/completion-v2", " x + 1", GOOD),
    _completed(_IN, "instance/completion-v4", "mock completion", GOOD),
    _refused(_IN, "instance/file-name-too-long", Code.REQUEST),
    _refused(_IN, "instance/context-empty", Code.REQUEST),
    _refused(_IN, "instance/no-credits", Code.QUOTA, "USAGE_QUOTA_EXCEEDED"),
    _refused(
        _IN,
        ("forbidden", written(403, {"message": "403 Forbidden"})),
        Code.FORBIDDEN,
    ),
    _refused(_IN, ("billing", _BILLING), Code.FORBIDDEN),
    _refused(_IN, "instance/blocked", Code.FORBIDDEN),
    _refused(_IN, "gateway_v2/not-entitled", Code.QUOTA, "USAGE_QUOTA_NOT_ENTITLED"),
    _refused(
        _IN, "gateway_v2/no-scope", Code.FORBIDDEN, "unauthorized_code_completions"
    ),
    _refused(_IN, "instance/switched-off", Code.SWITCHED_OFF),
    _refused(_IN, "instance/not-ee", Code.NOT_FOUND),
    _refused(_IN, "instance/too-large", Code.REQUEST),
    _refused(
        _IN, "instance/namespace", Code.NAMESPACE_MISSING, "missing_default_duo_group"
    ),
    _refused(_IN, "instance/gateway-validation", Code.REQUEST),
    _refused(_IN, ("echo of the source", _ECHO), Code.REQUEST),
    _refused(_IN, "instance/limit", Code.RATE_LIMITED),
    _refused(_IN, "gateway_v2/model-limit", Code.RATE_LIMITED),
    _refused(_IN, "gateway_v2/edge-limit", Code.RATE_LIMITED, body=_OTHER),
    _refused(_IN, "instance/crash", Code.SERVER),
    _refused(_IN, "instance/workhorse", Code.SERVER, body=_OTHER),
    _refused(_IN, "gateway_v2/inference-failed", Code.SERVER),
)
"""Section 5.2; what the gateway answers is passed on."""

STATUSES = (*_ACCESS_TOKENS, *_IN_FRONT, *_DIRECT_ACCESS, *_GATEWAY, *_INSTANCE)
