"""The names of a line: GitLab's own, with their types and bounds, and ours.

GitLab's are those of its Snowplow schema `com.gitlab/code_suggestions_context` 3-6-0,
which takes no others: so what is ours stands beside them under names that it lacks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlab_completions._records import Record

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ("ACTIONS", "GITLAB", "OWN", "gitlab_part")


class Text(Record):
    """A string of so many characters at most; of these words only, if there are any."""

    most: int
    words: tuple[str, ...] = ()

    def takes(self, value: object) -> bool:
        """Tell whether the schema takes a value."""
        if not isinstance(value, str) or len(value) > self.most:
            return False
        return not self.words or value in self.words


class Number(Record):
    """A whole number within bounds."""

    least: int = 0
    most: int | None = None

    def takes(self, value: object) -> bool:
        """Tell whether the schema takes a value."""
        if not isinstance(value, int) or isinstance(value, bool):
            return False
        return self.least <= value and (self.most is None or value <= self.most)


class Switch(Record):
    """True or false."""

    def takes(self, value: object) -> bool:
        """Tell whether the schema takes a value."""
        return isinstance(value, bool)


class Things(Record):
    """A list, of whatever."""

    def takes(self, value: object) -> bool:
        """Tell whether the schema takes a value."""
        return isinstance(value, list)


GITLAB: Mapping[str, Text | Number | Switch | Things] = {
    "gitlab_realm": Text(most=12, words=("self-managed", "saas")),
    "gitlab_host_name": Text(most=255),
    "gitlab_instance_id": Text(most=255),
    "gitlab_instance_version": Text(most=32),
    "gitlab_global_user_id": Text(most=64),
    "gitlab_saas_duo_pro_namespace_ids": Things(),
    "language": Text(most=32),
    "model_engine": Text(most=64),
    "model_name": Text(most=64),
    "prefix_length": Number(),
    "suffix_length": Number(),
    "suggestion_source": Text(most=7, words=("cache", "network")),
    "api_status_code": Number(most=599),
    "debounce_interval": Number(most=4000),
    "is_streaming": Switch(),
    "is_invoked": Switch(),
    "has_advanced_context": Switch(),
    "is_direct_connection": Switch(),
    "options_count": Number(),
    "accepted_option": Number(least=1),
    "total_context_size_bytes": Number(),
    "content_above_cursor_size_bytes": Number(),
    "content_below_cursor_size_bytes": Number(),
    "context_items": Things(),
    "input_tokens": Number(),
    "output_tokens": Number(),
    "context_tokens_sent": Number(),
    "context_tokens_used": Number(),
    "region": Text(most=255),
}
"""What GitLab's schema allows, and no more; `region` has no bound of its own there."""

ACTIONS = tuple(
    f"suggestion_{word}"
    for word in (
        *("requested", "loaded", "not_provided", "shown", "error"),
        *("accepted", "rejected", "cancelled", "stream_started", "stream_completed"),
    )
)
"""GitLab's actions of the category `code_suggestions`."""

OWN = frozenset(
    {
        "time",
        "category",
        "action",
        "unique_tracking_id",
        "intent",
        "elapsed_s",
        "route",
        "reason",
        "attempts",
        "error_code",
        "error_origin",
        "token_issuer",
        "token_age_s",
        "bytes_sent",
        "bytes_received",
        "superseded",
        "health",
        "rests_s",
        "cause",
        "again_in_s",
        "lifetime_s",
        "dropped_headers",
        "shared",
        "endpoint",
        "instead",
        "items",
        "lines",
    }
)
"""What stands beside them."""


def gitlab_part(line: Mapping[str, object]) -> dict[str, object]:
    """Return what of a line GitLab's schema knows, to be joined with its own data.

    It is valid there where the line has a `gitlab_realm`, the one field that GitLab
    demands.
    """
    return {name: line[name] for name in GITLAB if name in line}
