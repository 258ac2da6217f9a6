"""What a call is, for observers: its sizes, and never its text or its names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlab_completions._wire.languages import infer_language
from gitlab_completions.events import CallStarted, ContextSize

if TYPE_CHECKING:
    from gitlab_completions.models import CompletionRequest, ContextItem

MAX_EXTENSION = 32
"""Characters: GitLab's telemetry takes no more, and a longer one is none."""


def call_started(
    call_id: int, request: CompletionRequest, *, streams: bool
) -> CallStarted:
    """Return the event that tells of a call's beginning."""
    above, below = request.content_above_cursor, request.content_below_cursor
    context = request.context
    return CallStarted(
        call_id=call_id,
        intent=request.intent,
        streams=streams,
        language=request.language or infer_language(request.file_name),
        file_extension=file_extension(request.file_name),
        above_chars=len(above),
        below_chars=len(below),
        above_bytes=size_bytes(above),
        below_bytes=size_bytes(below),
        context=tuple(_size(item) for item in context) if context else (),
    )


def file_extension(name: str) -> str:
    """Return what follows the last dot of a file's name; empty for a hidden file."""
    last = name.replace("\\", "/").rpartition("/")[2]
    extension = last.rpartition(".")[2] if "." in last[1:] else ""
    fits = len(extension) <= MAX_EXTENSION and extension.isalnum()
    return extension if fits else ""


def size_bytes(text: str) -> int:
    """Return how long a text is in UTF-8; half a surrogate pair counts as its own."""
    return len(text) if text.isascii() else len(text.encode(errors="surrogatepass"))


def _size(item: ContextItem) -> ContextSize:
    return ContextSize(
        kind=item.type,
        file_extension=file_extension(item.name),
        size_bytes=size_bytes(item.content),
    )
