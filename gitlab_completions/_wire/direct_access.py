"""The instance's endpoint that grants direct access, and what a grant is worth."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gitlab_completions._records import Record
from gitlab_completions._secrets import HostHeaders
from gitlab_completions._wire.characters import whole_characters
from gitlab_completions._wire.headers import bearer_headers, date_s, grant_headers
from gitlab_completions._wire.jsons import (
    as_number,
    as_object,
    as_text,
    as_word,
    encode,
    parse_object,
)
from gitlab_completions._wire.messages import WireRequest
from gitlab_completions._wire.refusals import looks_like_html
from gitlab_completions._wire.unusable import GrantRefusedError, NotAGrantError
from gitlab_completions._wire.urls import gateway_root
from gitlab_completions.details import (
    ConnectionDetails,
    ModelDetails,
    ModelMetadata,
)
from gitlab_completions.models import Route

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = (
    "Grant",
    "GrantRefusedError",
    "NotAGrantError",
    "decode_grant",
    "grant_request",
    "issued_at",
)

MAX_TOKEN = 16_384
"""Characters; GitLab's have about 900, and a server's header line ends somewhere."""
MAX_VERSION = 50
"""Characters; GitLab's have eight, or twenty with a suffix."""
MAX_MODEL_NAME = 50
"""Characters; the gateway's v2 answers 422 to more."""
MAX_METADATA = 255
"""Characters of a word for v4: what it takes of most others; GitLab's have 40."""
DEFAULT_LIFETIME_S = 3600.0
"""Seconds that GitLab's gateway lets its tokens live."""
LEAST_BY_TWO_CLOCKS_S = 300.0
"""Seconds that a token is taken to live, if it may, when only two clocks say less.

A renewal in five minutes is far within any budget of fetches.
"""
MODEL_DETAILS_SINCE = (17, 4)
"""GitLab's first version whose grants name the model."""

_TOKEN = re.compile(r"[!-~]+")
_VERSION = re.compile(r"([0-9]{1,4})\.([0-9]{1,4})(?![0-9])")


class Grant(Record):
    """Direct access, granted.

    Args:
        details: What it takes to go direct.
        dropped_headers: Granted header pairs that are not echoed.
        gitlab_version: The instance's version, where the grant says.
    """

    details: ConnectionDetails
    dropped_headers: int
    gitlab_version: str | None


def grant_request(
    root: str,
    headers: HostHeaders,
    *,
    project_path: str | None,
    request_id: str,
    timeout_s: float,
) -> WireRequest:
    """Encode the request for direct access.

    Args:
        root: The instance's URL.
        headers: What `authorization` of the instance returned.
        project_path: The project that chooses the model and who is billed; instances
            before GitLab 18.1 ignore it.
        request_id: Sent along; GitLab has its own in its logs.
        timeout_s: Seconds until the exchange must have ended.
    """
    project = whole_characters(project_path or "").strip()
    return WireRequest(
        route=Route.INDIRECT,
        method="POST",
        url=f"{root}/api/v4/code_suggestions/direct_access",
        headers=headers | {"X-Request-ID": request_id},
        body=encode({"project_path": project} if project else {}).encode(),
        timeout_s=timeout_s,
        purpose="details",
    )


def decode_grant(
    headers: Mapping[str, str],
    body: bytes,
    *,
    instance_root: str,
    allow_plain_http: bool,
    user_agent: str,
) -> Grant:
    """Read the body of an answer with a good status.

    Args:
        headers: The answer's.
        body: The answer's.
        instance_root: The URL that granted it.
        allow_plain_http: Whether the gateway may be spoken to without TLS.
        user_agent: For the requests to the gateway.

    Raises:
        NotAGrantError: When there is no token in it.
        GrantRefusedError: When there is one, and it must not be used.
    """
    answer = _answer(headers, body)
    token = _token(answer)
    root = gateway_root(
        answer.get("base_url"),
        instance_root=instance_root,
        allow_plain_http=allow_plain_http,
    )
    echoed, dropped = grant_headers(answer.get("headers"))
    if len(echoed) == 1:  # the gateway compares three of them with the token
        raise GrantRefusedError("bad_grant")
    names = {name.lower(): value for name, value in echoed.items()}
    version = as_word(names.get("x-gitlab-version"), most=MAX_VERSION)
    model, metadata = _models(answer, version)
    details = ConnectionDetails(
        base_url=root,
        token=token,
        headers=HostHeaders(root, echoed | bearer_headers(token, user_agent)),
        lifetime_s=_lifetime_s(headers, answer, token),
        model_details=model,
        model_metadata=metadata,
    )
    return Grant(
        details=details, dropped_headers=dropped, gitlab_version=version or None
    )


def issued_at(token: str) -> float | None:
    """Return the Unix seconds at which the gateway says that it made a token."""
    return as_number(_claims(token).get("iat"))


def _answer(headers: Mapping[str, str], body: bytes) -> Mapping[str, object]:
    if looks_like_html(body, headers):
        raise NotAGrantError("a web page")
    answer = parse_object(body)
    if answer is None:
        raise NotAGrantError("not a JSON object")
    return answer


def _token(answer: Mapping[str, object]) -> str:
    # GitLab answers 200 with an error in it when the gateway gave it no token, and
    # 17.0 granted a null.
    token = as_text(answer.get("token"))
    if not token:
        raise NotAGrantError("no token")
    if len(token) > MAX_TOKEN or not _TOKEN.fullmatch(token):
        raise GrantRefusedError("bad_grant")
    return token


def _lifetime_s(
    headers: Mapping[str, str], answer: Mapping[str, object], token: str
) -> float:
    """Return the seconds that the token lives, by the servers' clocks alone.

    Each span is between two readings of one clock: of the instance's, and of the
    gateway's. A grant that says nothing on both lives as long as GitLab's tokens do;
    one that says what cannot be read or dated, or that it is over, is refused.

    GitLab's `expires_at` is a copy of the token's `exp`, so that the first span is
    between two clocks after all. It is short when the token was an old one, and as
    well when the instance's clock is nearly a token's life ahead of the gateway's:
    whose life would be seconds then, and its renewals beyond any budget. A token that
    is used for too long costs one fall-back, so it gets the benefit of the doubt.
    """
    claims = _claims(token)
    by_date = _span(_instant(headers.get("date")), answer.get("expires_at"))
    by_token = _span(claims.get("iat"), claims.get("exp"))
    told = [span for span in (by_date, by_token) if span is not None]
    if not told:
        return DEFAULT_LIFETIME_S
    positive = [span for span in told if span > 0]
    if not positive:
        raise GrantRefusedError("clock")
    if by_token is None or answer.get("expires_at") != claims.get("exp"):
        return min(positive)
    return max(min(positive), min(by_token, LEAST_BY_TWO_CLOCKS_S))


def _span(start: object, end: object) -> float | None:
    """Return the seconds between; `None` without an end, 0 when it cannot be dated."""
    if end is None:
        return None
    first, last = as_number(start), as_number(end)
    return 0.0 if first is None or last is None else last - first


def _instant(date: str | None) -> float | str | None:
    """Return a `Date` header as seconds since 1970, as it is when unreadable."""
    if date is None:
        return None
    seconds = date_s(date)
    return date if seconds is None else seconds


def _claims(token: str) -> Mapping[str, object]:
    """Return the token's claims; none when it is not a JWT.

    The signature is not checked: the token is for the gateway, which checks it, and
    the client has no key of its issuer. It only reads how long to keep the token.
    """
    import jwt  # noqa: PLC0415 - only a grant needs it, and it costs 100 ms

    try:
        return as_object(jwt.decode(token, options={"verify_signature": False})) or {}
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
        return {}


def _models(
    answer: Mapping[str, object], version: str
) -> tuple[ModelDetails | None, ModelMetadata | None]:
    """Return the model to ask for, as v2 and as v4 is told.

    A pinned model has one name for both, GitLab's own: granted for v4 alone it is told
    to v2 as well, which would choose another.

    Raises:
        GrantRefusedError: `no_model`, when GitLab knows how to name one and names
            none: completions are self-hosted then, and the gateway would choose a
            vendor's model that the administrator did not.
    """
    model, metadata = _model_details(answer), _model_metadata(answer)
    if model is None and metadata is None and _names_models(version):
        raise GrantRefusedError("no_model")
    if model is None and metadata is not None and metadata.is_pinned:
        name = as_word(metadata.identifier, most=MAX_MODEL_NAME)
        model = ModelDetails(provider=metadata.provider, name=name) if name else None
    return model, metadata


def _model_details(answer: Mapping[str, object]) -> ModelDetails | None:
    """Return the model for v2; half of one is none."""
    granted = as_object(answer.get("model_details")) or {}
    provider = as_word(granted.get("model_provider"), most=MAX_MODEL_NAME)
    name = as_word(granted.get("model_name"), most=MAX_MODEL_NAME)
    return ModelDetails(provider=provider, name=name) if provider and name else None


def _model_metadata(answer: Mapping[str, object]) -> ModelMetadata | None:
    """Return the model for v4; what is not whole is none.

    Only what GitLab is known to name is passed on: the gateway also takes an address
    and a key by this way, and those are not the instance's to choose for a client.
    """
    granted = as_object(answer.get("model_metadata")) or {}
    provider = as_word(granted.get("provider"), most=MAX_METADATA)
    setting = as_word(granted.get("feature_setting"), most=MAX_METADATA)
    identifier = as_word(granted.get("identifier"), most=MAX_METADATA)
    if not (provider and setting and identifier):
        return None
    return ModelMetadata(
        provider=provider, feature_setting=setting, identifier=identifier
    )


def _names_models(version: str) -> bool:
    """Tell whether a GitLab of this version knows how to name a model."""
    known = _VERSION.match(version)
    return known is not None and (int(known[1]), int(known[2])) >= MODEL_DETAILS_SINCE
