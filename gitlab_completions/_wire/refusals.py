"""What an answer that is no success says: to routing in codes, never in its own words.

GitLab and its gateway refuse in half a dozen shapes, and what stands in front of them
in any. An old gateway's 422 echoes the author's source, so no text leaves this module.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlab_completions._records import Record
from gitlab_completions._wire.headers import is_json, request_id, retry_after_s
from gitlab_completions._wire.jsons import as_text, parse_object
from gitlab_completions.errors import ErrorCode, Origin

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ("Refusal", "decode_refusal", "looks_like_html")

CUT_BODY = 65_536
"""Bytes from which an error body may have been cut, and so cannot be parsed."""

_ERROR_CODES = frozenset({"USAGE_QUOTA_EXCEEDED", "USAGE_QUOTA_NOT_ENTITLED"})
_ERRORS = {
    "insufficient_credits": "USAGE_QUOTA_EXCEEDED",
    "not_entitled": "USAGE_QUOTA_NOT_ENTITLED",
    "missing_default_duo_group": "missing_default_duo_group",
    "insufficient_scope": "insufficient_scope",
    "insufficient_granular_scope": "insufficient_granular_scope",
    "invalid_token": "invalid_token",
    "dpop_error": "dpop_error",
    "restricted_language_server_client_error": "restricted_language_server",
}
_DETAILS = {
    "Unauthorized to access code suggestions": "unauthorized_code_suggestions",
    "Unauthorized to access code completions": "unauthorized_code_completions",
}
_MESSAGES = {
    "403 Forbidden - Direct connections are disabled": "direct_connections_disabled",
    "No Code Completion model provided": "no_completion_model",
    "Code Completion direct access is not yet available": "direct_access_unavailable",
    "Token creation failed": "token_creation_failed",
    "403 Forbidden - Code suggestions tokens can only be generated for users "
    "belonging to paid, non-trial namespaces": "no_paid_namespace",
}
_ACCOUNT = "403 Forbidden - "
_ACCOUNTS = {
    "pending approval": "account_pending",
    "terms of service": "account_terms",
    "deactivated": "account_deactivated",
    "not confirmed": "account_unconfirmed",
    "password expired": "account_password",
    "account has been blocked": "account_blocked",
}
"""Why GitLab refuses all that an account asks for, by a piece of the sentence for it; a
pending account is also called blocked."""
_WORDS = {"error": _ERRORS, "detail": _DETAILS, "message": _MESSAGES}
_CODES = {
    "USAGE_QUOTA_EXCEEDED": ErrorCode.QUOTA,
    "USAGE_QUOTA_NOT_ENTITLED": ErrorCode.QUOTA,
    "missing_default_duo_group": ErrorCode.NAMESPACE_MISSING,
    "insufficient_scope": ErrorCode.SCOPE_MISSING,
    "insufficient_granular_scope": ErrorCode.SCOPE_MISSING,
    "dpop_error": ErrorCode.FORBIDDEN,
    "restricted_language_server": ErrorCode.FORBIDDEN,
    "direct_connections_disabled": ErrorCode.DIRECT_BARRED,
    "no_completion_model": ErrorCode.DIRECT_BARRED,
    "direct_access_unavailable": ErrorCode.DIRECT_BARRED,
}
_STATUSES = {
    400: ErrorCode.REQUEST,
    402: ErrorCode.QUOTA,
    403: ErrorCode.FORBIDDEN,
    404: ErrorCode.NOT_FOUND,
    405: ErrorCode.NOT_FOUND,
    407: ErrorCode.PROXY,
    413: ErrorCode.REQUEST,
    422: ErrorCode.REQUEST,
    429: ErrorCode.RATE_LIMITED,
}
_BAD_REQUEST = 400
_UNAUTHORIZED = 401
_TEMPORARY_REDIRECT = 307
_RATE_LIMITED = 429
_SERVER = 500
_SUCCESSES = range(200, 300)
_SIGN_IN_ELSEWHERE = frozenset({302, 303})
"""How a portal, or a guard in front of GitLab, sends a browser to its sign-in page;
neither GitLab's API nor the gateway answers a POST like that."""
_NETWORK_SIGN_IN = 511
"""Made for portals (RFC 6585); most of them answer 200 instead."""
_NGINX_ON_CERTIFICATES = (
    b"No required SSL certificate was sent",
    b"The SSL certificate error",
)
"""What nginx's page for a 400 says when it wants a client certificate, or another; it
lets the handshake succeed and tells of it in HTTP."""
_HTML = (b"<!doctype", b"<html", b"<head", b"<body", b"<script")


class Refusal(Record):
    """An answer that is no success.

    Args:
        status_code: HTTP status.
        is_json: The body is a JSON object, so that GitLab or the gateway wrote it.
        code: What went wrong.
        vendor_code: A word of a closed set that says more, or an empty string.
        origin: Who wrote it.
        request_id: The server's id of the request.
        retry_after_s: Seconds that it asks to wait.
    """

    status_code: int
    is_json: bool
    code: ErrorCode
    vendor_code: str
    origin: Origin
    request_id: str | None
    retry_after_s: float | None


def decode_refusal(
    status_code: int, headers: Mapping[str, str], body: bytes
) -> Refusal:
    """Read an answer that is no success; never raises."""
    answer = _object(headers, body)
    monolith = headers.get("x-gitlab-error-origin", "").strip().lower() == "monolith"
    vendor_code = _vendor_code(answer or {})
    if answer is None and _is_sign_in(status_code, headers, body):
        code = ErrorCode.CAPTIVE_PORTAL
    elif answer is None and _wants_certificate(status_code, body):
        vendor_code, code = "client_certificate", ErrorCode.CONFIGURATION
    else:
        code = _code(status_code, answer, vendor_code, monolith=monolith)
    return Refusal(
        status_code=status_code,
        is_json=answer is not None,
        code=code,
        vendor_code=vendor_code,
        origin=Origin.INSTANCE if monolith else _origin(status_code, answer, body),
        request_id=request_id(headers),
        retry_after_s=retry_after_s(headers),
    )


def looks_like_html(body: bytes, headers: Mapping[str, str]) -> bool:
    """Tell whether the answer is a web page, as a captive portal's sign-in is."""
    if "html" in headers.get("content-type", "").lower():
        return True
    return body[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(_HTML)


def _is_sign_in(status_code: int, headers: Mapping[str, str], body: bytes) -> bool:
    if status_code == _NETWORK_SIGN_IN or status_code in _SIGN_IN_ELSEWHERE:
        return True
    may_be = status_code in _SUCCESSES or status_code == _TEMPORARY_REDIRECT
    return may_be and looks_like_html(body, headers)


def _wants_certificate(status_code: int, body: bytes) -> bool:
    return status_code == _BAD_REQUEST and any(
        words in body[:1024] for words in _NGINX_ON_CERTIFICATES
    )


def _object(headers: Mapping[str, str], body: bytes) -> Mapping[str, object] | None:
    """Return the body's JSON object; an empty one when it was cut in the midst.

    The gateway of GitLab 17.2 answers 422 with the whole request in it.
    """
    answer = parse_object(body)
    if answer is not None:
        return answer
    cut = len(body) >= CUT_BODY and is_json(headers) and body.startswith(b"{")
    return {} if cut else None


def _vendor_code(answer: Mapping[str, object]) -> str:
    error_code = as_text(answer.get("error_code"))
    if error_code in _ERROR_CODES:
        return error_code
    for key, words in _WORDS.items():
        text = as_text(answer.get(key))
        if text in words:
            return words[text]
    return _account(as_text(answer.get("message")) or "")


def _account(message: str) -> str:
    if not message.startswith(_ACCOUNT):
        return ""
    reason = message[:1000].lower()
    return next((word for piece, word in _ACCOUNTS.items() if piece in reason), "")


def _code(
    status_code: int,
    answer: Mapping[str, object] | None,
    vendor_code: str,
    *,
    monolith: bool,
) -> ErrorCode:
    if status_code >= _SERVER:
        return ErrorCode.SERVER
    if status_code != _RATE_LIMITED and vendor_code in _CODES:
        return _CODES[vendor_code]
    match status_code:
        case 401 if vendor_code == "token_creation_failed":
            return ErrorCode.SERVER  # the gateway refused the instance, not the user
        case 401:
            return ErrorCode.NO_SEAT if monolith else _token_code(answer or {})
        case 404 if monolith:
            return ErrorCode.SWITCHED_OFF
        case 400 | 422 if answer is None:
            return ErrorCode.MALFORMED  # a proxy's words, which no request can change
        case _:
            return _STATUSES.get(status_code, ErrorCode.MALFORMED)


def _token_code(answer: Mapping[str, object]) -> ErrorCode:
    # GitLab's descriptions are sentences, and `lower` takes twelve times a text.
    description = (as_text(answer.get("error_description")) or "")[:1000].lower()
    if "expired" in description:
        return ErrorCode.TOKEN_EXPIRED
    if "revoked" in description:
        return ErrorCode.TOKEN_REVOKED
    return ErrorCode.TOKEN_INVALID


def _origin(
    status_code: int, answer: Mapping[str, object] | None, body: bytes
) -> Origin:
    """Tell who wrote it by the keys, which each of GitLab's services has its own of."""
    if answer is None:
        # GitLab's Workhorse and the gateway both say no more than this.
        bare = body.strip() in {b"", b"Internal Server Error"}
        return Origin.UNKNOWN if bare else Origin.EDGE
    if "detail" in answer:
        return Origin.GATEWAY
    if "error_description" in answer:
        return Origin.INSTANCE
    if "error" in answer and "error_code" in answer:
        return Origin.GATEWAY
    if "message" in answer:
        return Origin.INSTANCE
    if "error" in answer:
        # Alone it is the gateway's word on its token, or GitLab's on a parameter.
        return Origin.GATEWAY if status_code == _UNAUTHORIZED else Origin.INSTANCE
    return Origin.UNKNOWN
