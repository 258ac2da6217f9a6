"""What GitLab says of an access token to whoever has it: scopes, and how long it lives.

Personal, project and group tokens have an endpoint of their own, and OAuth tokens
another; each refuses the other's. Nothing else is read of what they tell: whose token
it is, and what its owner calls it, is nobody's business.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from gitlab_completions._records import Record
from gitlab_completions._wire.jsons import (
    as_list,
    as_number,
    as_text,
    as_word,
    parse_object,
)
from gitlab_completions._wire.messages import WireRequest
from gitlab_completions.models import Route

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitlab_completions._secrets import HostHeaders

__all__ = (
    "TokenFacts",
    "TokenForm",
    "decode_token_facts",
    "form_of",
    "oauth_token_request",
    "personal_token_request",
)

TokenForm = Literal["personal", "oauth", "unknown"]

MAX_SCOPE = 64
"""Characters; GitLab's longest has thirty."""
MOST_SCOPES = 64
_DAY = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_PERSONAL = re.compile(r"(?:^|-)glpat-")
"""GitLab's prefix; an instance may put a word of its own before."""
_OAUTH = re.compile(r"[0-9a-f]{64}|(?:.*-)?gloat-.*")
"""GitLab's OAuth tokens are 32 bytes in hexadecimal."""


class TokenFacts(Record):
    """What GitLab tells of a token.

    Args:
        form: What it is.
        scopes: What it is good for; `None`: untold.
        ends_at: Unix seconds at which its last day is over; `None`: untold, or never.
        lives_s: Seconds that it still lives, of an OAuth token.
    """

    form: TokenForm
    scopes: tuple[str, ...] | None = None
    ends_at: float | None = None
    lives_s: float | None = None


def form_of(token: str) -> TokenForm:
    """Return what a token is by its looks."""
    if _PERSONAL.search(token[:80]):
        return "personal"
    return "oauth" if _OAUTH.fullmatch(token[:200]) else "unknown"


def personal_token_request(
    root: str, headers: HostHeaders, *, timeout_s: float
) -> WireRequest:
    """Encode the question about a personal token; `timeout_s` is in seconds."""
    return _request(f"{root}/api/v4/personal_access_tokens/self", headers, timeout_s)


def oauth_token_request(
    root: str, headers: HostHeaders, *, timeout_s: float
) -> WireRequest:
    """Encode the question about an OAuth token; `timeout_s` is in seconds."""
    return _request(f"{root}/oauth/token/info", headers, timeout_s)


def decode_token_facts(body: bytes, *, form: TokenForm) -> TokenFacts | None:
    """Read an answer; `None` when it tells nothing of a token."""
    answer = parse_object(body)
    if answer is None:
        return None
    scopes = _scopes(answer)
    ends_at = _end_of(as_text(answer.get("expires_at")) or "")
    lives_s = as_number(answer.get("expires_in"))
    if scopes is None and ends_at is None and lives_s is None:
        return None
    return TokenFacts(form=form, scopes=scopes, ends_at=ends_at, lives_s=lives_s)


def _request(url: str, headers: HostHeaders, timeout_s: float) -> WireRequest:
    return WireRequest(
        route=Route.INDIRECT,
        method="GET",
        url=url,
        headers=headers,
        body=b"",
        timeout_s=timeout_s,
        purpose="inquiry",
    )


def _scopes(answer: Mapping[str, object]) -> tuple[str, ...] | None:
    """Return the scopes, told as a list, or as words with blanks between."""
    told = answer.get("scopes", answer.get("scope"))
    words = told.split() if isinstance(told, str) else as_list(told)
    if words is None:
        return None
    read = (as_word(word, most=MAX_SCOPE) for word in words[:MOST_SCOPES])
    return tuple(sorted(word for word in read if word))


def _end_of(day: str) -> float | None:
    """Return the Unix seconds at which a day begins: GitLab's tokens end with it."""
    from calendar import timegm  # noqa: PLC0415 - with what it imports it costs 5 ms

    found = _DAY.match(day)
    if found is None:
        return None
    year, month, number = (int(part) for part in found.groups())
    try:
        return float(timegm((year, month, number, 0, 0, 0)))
    except ValueError:
        return None
