"""What the instance is asked to learn whether code suggestions work, and its answers.

None of it costs a completion: the endpoint that checks a project, GitLab's version, and
a GraphQL query for what an old instance does not tell apart. Answers are read in yes,
no and unknown; what an instance does not know, or will not tell this token, is unknown.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gitlab_completions._records import Record
from gitlab_completions._wire.characters import whole_characters
from gitlab_completions._wire.graphql import decode_answer, query_request
from gitlab_completions._wire.jsons import (
    as_object,
    as_text,
    as_word,
    encode,
    parse_object,
)
from gitlab_completions._wire.messages import WireRequest
from gitlab_completions.models import Route

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitlab_completions._secrets import HostHeaders

__all__ = (
    "Opinion",
    "check_request",
    "decode_opinion",
    "decode_version",
    "foreign_kind",
    "granted_version",
    "is_no_endpoint",
    "is_own_refusal",
    "misses_project",
    "opinion_request",
    "version_numbers",
)

MAX_VERSION = 50
"""Characters; GitLab's have eight, or twenty with a suffix."""
_VERSION = re.compile(r"([0-9]{1,4})\.([0-9]{1,4})(?![0-9])")
_SHOWN_VERSION = re.compile(r"[0-9]{1,4}\.[0-9]{1,4}[0-9A-Za-z.+-]*")
"""A person is shown it, so that it must be one, and no other words of a server's."""
_USER = "metadata { version } currentUser { duoCodeSuggestionsAvailable }"
_QUERY = f"query {{ {_USER} }}"
_PROJECT_QUERY = (
    f"query($p: ID!) {{ {_USER} project(fullPath: $p) {{ duoFeaturesEnabled }} }}"
)
"""Both fields are of GitLab 16.8 and 16.9, and called experiments still: a GitLab that
lacks one refuses the query, and tells nothing by it."""
_FORBIDDEN = "403 Forbidden"
_KINDS = {
    "glcbt": "the token of a CI/CD job",
    "gldt": "a deploy token",
    "glrt": "a runner's token",
    "glptt": "a pipeline trigger's token",
    "glft": "a feed token",
    "glimt": "a token for incoming mail",
    "glagent": "an agent's token",
    "gloas": "the secret of an OAuth application",
    "glsoat": "a SCIM token",
    "glffct": "a feature flags client's token",
}
"""What GitLab makes tokens for that is not its API, by their prefix. An instance may
put a word of its own before."""
_PREFIX = re.compile(rf"(?:^|-)({'|'.join(_KINDS)})-")


class Opinion(Record):
    """What GraphQL says; `None` is unknown.

    Args:
        user_may: The user may have code suggestions, and they are switched on.
        project_on: The project has GitLab Duo switched on.
        project_seen: There is such a project, for this user.
        version: GitLab's version.
    """

    user_may: bool | None = None
    project_on: bool | None = None
    project_seen: bool | None = None
    version: str | None = None


def check_request(
    root: str, headers: HostHeaders, *, project_path: str | None, timeout_s: float
) -> WireRequest:
    """Encode the question whether a project may have code suggestions.

    Without a project GitLab says that it misses one, once it has found nothing else to
    refuse: the token, the instance's switch, the user's seat.

    Args:
        root: The instance's URL.
        headers: What `authorization` of the instance returned.
        project_path: The project, if there is one.
        timeout_s: Seconds until the exchange must have ended.
    """
    project = whole_characters(project_path or "").strip()
    return WireRequest(
        route=Route.INDIRECT,
        method="POST",
        url=f"{root}/api/v4/code_suggestions/enabled",
        headers=headers,
        body=encode({"project_path": project} if project else {}).encode(),
        timeout_s=timeout_s,
        purpose="inquiry",
    )


def opinion_request(
    root: str, headers: HostHeaders, *, project_path: str | None, timeout_s: float
) -> WireRequest:
    """Encode the query for GraphQL's opinion; see `check_request`."""
    project = (project_path or "").strip()
    return query_request(
        root,
        headers,
        query=_PROJECT_QUERY if project else _QUERY,
        variables={"p": project} if project else {},
        timeout_s=timeout_s,
    )


def misses_project(body: bytes) -> bool:
    """Tell whether a 400 only says that no project was named."""
    error = as_text((parse_object(body) or {}).get("error")) or ""
    return error.startswith("project_path ")


def is_own_refusal(body: bytes) -> bool:
    """Tell whether a 403 is the endpoint's word on the project, and on nothing else.

    A refused account has its reason behind the same words, a scope has another key.
    """
    return (parse_object(body) or {}).get("message") == _FORBIDDEN


def is_no_endpoint(body: bytes) -> bool:
    """Tell whether a 404 comes from GitLab's router: its key differs."""
    return "error" in (parse_object(body) or {})


def foreign_kind(token: str) -> str:
    """Return what a token is that is not for GitLab's API; nothing for all others."""
    found = _PREFIX.search(token[:80])
    return _KINDS[found[1]] if found else ""


def decode_version(body: bytes) -> str | None:
    """Read the answer to `version_request`."""
    return _version((parse_object(body) or {}).get("version"))


def granted_version(headers: Mapping[str, str]) -> str | None:
    """Return the version that a grant's headers name, in whatever case."""
    names = {name.lower(): value for name, value in headers.items()}
    return _version(names.get("x-gitlab-version"))


def version_numbers(version: str | None) -> tuple[int, int] | None:
    """Return a version's first two numbers, if it has them."""
    found = _VERSION.match(version or "")
    return (int(found[1]), int(found[2])) if found else None


def decode_opinion(body: bytes, *, named: bool) -> Opinion:
    """Read GraphQL's opinion; all unknown when it has none.

    A user that is null is nobody's no: GraphQL shows none to a token whose scope is
    `ai_features`. With a user that is shown, a project that is null is hidden or none.

    Args:
        body: The answer's.
        named: A project was asked for.
    """
    answer = decode_answer(body)
    data: Mapping[str, object] = {} if answer is None else answer.data
    user = as_object(data.get("currentUser"))
    project = as_object(data.get("project"))
    metadata = as_object(data.get("metadata")) or {}
    hidden = named and user is not None and "project" in data
    return Opinion(
        user_may=_yes_or_no((user or {}).get("duoCodeSuggestionsAvailable")),
        project_on=_yes_or_no((project or {}).get("duoFeaturesEnabled")),
        project_seen=True if project is not None else (False if hidden else None),
        version=_version(metadata.get("version")),
    )


def _yes_or_no(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _version(value: object) -> str | None:
    word = as_word(value, most=MAX_VERSION)
    return word if _SHOWN_VERSION.fullmatch(word) else None
