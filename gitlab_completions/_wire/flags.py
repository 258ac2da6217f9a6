"""How the instance is asked for feature flags: two generations of GraphQL fields.

GitLab 17.4 has a field for up to twenty flags, which leaves out those that it does not
know. GitLab 17.1 has one for each flag, where a flag that it does not know reads as one
that is off. Both are asked together with the version, which is hidden from who is not
logged in: so a value means something only where the version is told too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlab_completions._records import Record
from gitlab_completions._wire.graphql import decode_answer, query_request
from gitlab_completions._wire.jsons import (
    as_list,
    as_object,
    as_text,
    as_word,
    parse_object,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitlab_completions._secrets import HostHeaders
    from gitlab_completions._wire.graphql import GraphAnswer
    from gitlab_completions._wire.messages import Answer, WireRequest

__all__ = (
    "MAX_NAMES",
    "FlagAnswer",
    "decode_each",
    "decode_names",
    "each_request",
    "may_mean_flag_off",
    "names_request",
)

MAX_NAMES = 20
"""Flags of one question, which is GitLab's limit."""
MAX_VERSION = 50
"""Characters; GitLab's have eight, or twenty with a suffix."""
MAX_READ = 100
"""Values that are looked at; no more than twenty were asked for."""

_NOT_FOUND = 404
_NAMES = (
    "query($names: [String!]!) "
    "{ metadata { version featureFlags(names: $names) { name enabled } } }"
)


class FlagAnswer(Record):
    """What the instance said.

    Args:
        lacks_field: It is too old to have been asked in this way.
        version: GitLab's version; `None` when it was not told.
        logged_in: Whether it was said to a user.
        values: The flags that it knows.
    """

    lacks_field: bool
    version: str | None
    logged_in: bool
    values: Mapping[str, bool]


def names_request(
    root: str, headers: HostHeaders, *, names: Sequence[str], timeout_s: float
) -> WireRequest:
    """Encode the question of GitLab 17.4 and later, for up to `MAX_NAMES` flags."""
    return query_request(
        root,
        headers,
        query=_NAMES,
        variables={"names": list(names)},
        timeout_s=timeout_s,
    )


def each_request(
    root: str, headers: HostHeaders, *, names: Sequence[str], timeout_s: float
) -> WireRequest:
    """Encode the question of GitLab 17.1 and later, which has a field for each flag."""
    keys = [f"f{number}" for number in range(len(names))]
    declared = ", ".join(f"${key}: String!" for key in keys)
    fields = " ".join(f"{key}: featureFlagEnabled(name: ${key})" for key in keys)
    return query_request(
        root,
        headers,
        query=f"query({declared}) {{ metadata {{ version }} {fields} }}",
        variables=dict(zip(keys, names, strict=True)),
        timeout_s=timeout_s,
    )


def decode_names(body: bytes, names: Sequence[str]) -> FlagAnswer | None:
    """Read the answer to `names_request`; `None` when it is none."""
    answer = decode_answer(body)
    if answer is None:
        return None
    metadata = as_object(answer.data.get("metadata"))
    flags = as_list((metadata or {}).get("featureFlags")) or ()
    told = [as_object(flag) or {} for flag in flags[:MAX_READ]]
    values = {
        name: enabled
        for name, enabled in ((one.get("name"), one.get("enabled")) for one in told)
        if isinstance(name, str) and name in names and isinstance(enabled, bool)
    }
    return _unless_failed(
        answer,
        FlagAnswer(
            lacks_field=answer.lacks("featureFlags"),
            version=_version(metadata),
            logged_in=metadata is not None,
            values=values,
        ),
    )


def decode_each(body: bytes, names: Sequence[str]) -> FlagAnswer | None:
    """Read the answer to `each_request`; `None` when it is none."""
    answer = decode_answer(body)
    if answer is None:
        return None
    metadata = as_object(answer.data.get("metadata"))
    told = {name: answer.data.get(f"f{at}") for at, name in enumerate(names)}
    return _unless_failed(
        answer,
        FlagAnswer(
            lacks_field=answer.lacks("featureFlagEnabled"),
            version=_version(metadata),
            logged_in=metadata is not None,
            values={
                name: enabled
                for name, enabled in told.items()
                if isinstance(enabled, bool)
            },
        ),
    )


def _unless_failed(answer: GraphAnswer, told: FlagAnswer) -> FlagAnswer | None:
    """Return what was told, unless a query that GitLab knows came to nothing.

    It ran out of time, for instance: that is no word on flags, nor on who asks.
    """
    failed = answer.messages and not told.lacks_field and not told.values
    return None if failed else told


def may_mean_flag_off(answer: Answer) -> bool:
    """Tell whether an answer to the request for direct access may be the flag's doing.

    GitLab 17.0 and 17.1 say with the words of a resource that is not there that the
    flag is off. Later ones name themselves when direct access is switched off, and
    where there is no such endpoint at all the words stand under another key.
    """
    told_by_switch = "x-gitlab-error-origin" in answer.headers
    if answer.status_code != _NOT_FOUND or told_by_switch:
        return False
    return "message" in (parse_object(answer.body) or {})


def _version(metadata: Mapping[str, object] | None) -> str | None:
    version = as_text((metadata or {}).get("version"))
    return as_word(version, most=MAX_VERSION) or None
