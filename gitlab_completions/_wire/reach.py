"""How far into a request anything can be sent: what is looked through for secrets."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from gitlab_completions._wire.characters import keep_end, keep_start
from gitlab_completions._wire.limits import MAX_CONTENT, MAX_CONTEXT, SHRINK
from gitlab_completions.models import CompletionRequest, ContextItem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ("within_reach",)

MARGIN = 16_384
"""Characters beyond what can be sent, so that a secret is known that begins or ends
there: the longest, private keys of RSA with 16 384 bits, have 13 000."""


def within_reach(
    request: CompletionRequest, max_body_bytes: int | None
) -> CompletionRequest:
    """Return the request without the text that is too far away to be sent.

    What `fit` makes of it, in a body of so many bytes, is the same as of the whole.
    """
    most = MAX_CONTENT if max_body_bytes is None else min(MAX_CONTENT, max_body_bytes)
    # The kind of line ends is told by so many characters, whatever can be sent.
    window = max(SHRINK * most, MAX_CONTENT) + MARGIN
    total = MAX_CONTEXT if max_body_bytes is None else min(MAX_CONTEXT, max_body_bytes)
    return dataclasses.replace(
        request,
        content_above_cursor=keep_end(request.content_above_cursor, window),
        content_below_cursor=keep_start(request.content_below_cursor, window),
        context=tuple(_reachable(request.context, SHRINK * total)),
    )


def _reachable(items: Iterable[ContextItem], left: int) -> Iterator[ContextItem]:
    most = left + MARGIN
    for item in items:
        if left <= 0:
            break
        left -= len(item.content)
        if len(item.content) <= most:
            yield item
            continue
        content = keep_start(item.content, most)
        if not content.isspace():  # else it is not sent either
            yield ContextItem(name=item.name, content=content, type=item.type)
