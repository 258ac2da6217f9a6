"""The instance's GraphQL endpoint: a query out, its data and its complaints in.

GitLab answers 200 to a query that it does not understand, and says so in `errors`; an
old instance tells in this way that it lacks a field. What the messages say is asked
for here, in yes or no, and shown to nobody: they may quote what was sent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlab_completions._records import Record
from gitlab_completions._wire.jsons import (
    as_list,
    as_object,
    as_text,
    encode,
    parse_object,
)
from gitlab_completions._wire.messages import WireRequest
from gitlab_completions.models import Route

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitlab_completions._secrets import HostHeaders

__all__ = ("GraphAnswer", "decode_answer", "query_request")

MAX_ERRORS = 20
"""Errors that are looked at. GitLab tells one for each field that it lacks."""
MAX_MESSAGE = 500
"""Characters of a message that are looked at; GitLab's have about 80."""
_NO_FIELD = "Field '{}' doesn't exist on type '"
"""graphql-ruby's words, which newer releases follow by a suggestion."""


class GraphAnswer(Record):
    """An answer of the endpoint.

    Args:
        data: What was asked for, as far as it was to be had; empty when nothing was.
        messages: What went wrong, in GitLab's words, for no eye and no log.
    """

    data: Mapping[str, object]
    messages: tuple[str, ...] = ()

    def lacks(self, field: str) -> bool:
        """Tell whether the instance said that it knows no field of that name."""
        words = _NO_FIELD.format(field)
        return any(message.startswith(words) for message in self.messages)

    def __repr__(self) -> str:
        return f"GraphAnswer(data=<{len(self.data)}>, messages=<{len(self.messages)}>)"


def query_request(
    root: str,
    headers: HostHeaders,
    *,
    query: str,
    variables: Mapping[str, object],
    timeout_s: float,
) -> WireRequest:
    """Encode a query.

    Args:
        root: The instance's URL.
        headers: What `authorization` of the instance returned.
        query: The query, in GraphQL; nothing of a caller's is in it.
        variables: The values of its variables.
        timeout_s: Seconds until the exchange must have ended.
    """
    body = encode({"query": query, "variables": variables})
    return WireRequest(
        route=Route.INDIRECT,
        method="POST",
        url=f"{root}/api/graphql",
        headers=headers,
        body=body.encode(errors="replace"),  # half a character is none of UTF-8
        timeout_s=timeout_s,
        purpose="inquiry",
    )


def decode_answer(body: bytes) -> GraphAnswer | None:
    """Read the body of an answer, whatever its status.

    Returns:
        `None` when it is none of the endpoint's: a web page, no JSON, or JSON with
        neither `data` nor `errors`.
    """
    answer = parse_object(body)
    if answer is None or not answer.keys() & {"data", "errors"}:
        return None
    errors = as_list(answer.get("errors")) or ()
    messages = (
        (as_text((as_object(error) or {}).get("message")) or "")[:MAX_MESSAGE]
        for error in errors[:MAX_ERRORS]
    )
    return GraphAnswer(
        data=as_object(answer.get("data")) or {},
        messages=tuple(message for message in messages if message),
    )
