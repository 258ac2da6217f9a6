"""Checks of what a client is made with and asked, before anything is sent.

Raises `ConfigurationError`, which names what is wrong and what is right.
"""

from __future__ import annotations

import inspect
import math
import os
from collections.abc import Sequence
from typing import cast

from gitlab_completions._checks import check_seconds, check_switch
from gitlab_completions.errors import ConfigurationError
from gitlab_completions.flags import FlagSource
from gitlab_completions.ignoring import IgnoreList
from gitlab_completions.models import CompletionRequest, Intent
from gitlab_completions.policy import RoutingPolicy
from gitlab_completions.redaction import Redactor
from gitlab_completions.senders import HttpxSender, Sender

_VARIABLES = ("GITLAB_URL", "GITLAB_TOKEN")


def from_environment() -> tuple[str, str]:
    """Return the instance's URL and the access token, or say which is not set."""
    url, token = (os.environ.get(name, "").strip() for name in _VARIABLES)
    for name, value in zip(_VARIABLES, (url, token), strict=True):
        if not value:
            raise ConfigurationError(
                f"the environment variable {name} is not set",
                remedy=f"set {' and '.join(_VARIABLES)}",
            )
    return url, token


def direct_variable() -> str:
    """Return what the environment says of direct connections; empty for nothing."""
    return os.environ.get("GITLAB_COMPLETIONS_DIRECT", "").strip()


def overridden(policy: RoutingPolicy, variable: str, root: str) -> RoutingPolicy:
    """Return the stricter of policy and environment, if the policy allows one.

    Args:
        policy: The policy.
        variable: What `direct_variable` returned when the client was made.
        root: The instance's URL.
    """
    if not policy.environment_override or not variable:
        return policy
    from gitlab_completions._core.override import (  # noqa: PLC0415 - few set it
        read,
        stricter,
    )

    return stricter(policy, read(variable, root))


def check_request(request: object) -> None:
    """Refuse what is no request."""
    if not isinstance(request, CompletionRequest):
        raise ConfigurationError(
            f"request must be a CompletionRequest, not {type(request).__name__}"
        )


def span_of(
    request: CompletionRequest, deadline_s: float | None, policy: RoutingPolicy
) -> float:
    """Return the seconds that a call may take, or refuse what was given for them."""
    if deadline_s is not None:
        check_seconds("deadline_s", deadline_s, infinite=True)
        return deadline_s
    generation = request.intent is Intent.GENERATION
    return policy.generation_deadline_s if generation else policy.deadline_s


def stream_span_of(deadline_s: float | None) -> float:
    """Return the seconds that a streamed call may take, without a limit by default."""
    if deadline_s is None:
        return math.inf
    check_seconds("deadline_s", deadline_s, infinite=True)
    return deadline_s


def check_policy(policy: object) -> None:
    """Refuse what is no policy."""
    if not isinstance(policy, RoutingPolicy):
        raise ConfigurationError(
            f"policy must be a RoutingPolicy, not {type(policy).__name__}"
        )


def check_project_path(project_path: object) -> None:
    """Refuse a project path that is no string."""
    if project_path is not None and not isinstance(project_path, str):
        raise ConfigurationError(
            f"project_path must be a string, not {type(project_path).__name__}"
        )


def check_room(sender: Sender | None, policy: RoutingPolicy) -> None:
    """Refuse a sender with room for fewer exchanges than the policy allows."""
    room = sender.max_in_flight if isinstance(sender, HttpxSender) else None
    if room is not None and room < policy.max_in_flight:
        raise ConfigurationError(
            f"the sender has room for {room} exchanges and the policy allows "
            f"{policy.max_in_flight}: HttpxSender(max_in_flight={policy.max_in_flight})"
        )


def check_store(store: object) -> None:
    """Refuse what cannot keep entries."""
    if store is None:
        return
    from gitlab_completions.shared import DetailsStore  # noqa: PLC0415 - few have one

    _check_made("store", store)
    if not isinstance(store, DetailsStore):
        raise ConfigurationError(
            "store must have read(), write() and claim(), as FileStore() has; "
            f"{type(store).__name__} has not"
        )


def check_guards(redact: object, ignore: object) -> None:
    """Refuse what cannot take secrets out, or say which files are never sent."""
    guards = (
        ("redact", redact, Redactor, "redact() as SecretRedactor() has"),
        ("ignore", ignore, IgnoreList, "excludes() as ProjectIgnoreList(root) has"),
    )
    for name, given, kind, right in guards:
        if given is None:
            continue
        _check_made(name, given)
        if not isinstance(given, kind):
            raise ConfigurationError(
                f"{name} must be an object with {right}; {type(given).__name__} has not"
            )
        verb = given.redact if isinstance(given, Redactor) else given.excludes
        if inspect.iscoroutinefunction(verb):
            raise ConfigurationError(
                f"{name} must have plain methods: they are called in worker threads"
            )


def check_flags(flags: object) -> None:
    """Refuse what does not tell of flags."""
    _check_made("flags", flags)
    if flags is not None and not isinstance(flags, FlagSource):
        raise ConfigurationError(
            "flags must have evaluate(), as FeatureFlags() has; "
            f"{type(flags).__name__} has not"
        )


def check_flag(name: object, *, default: object) -> None:
    """Refuse what is no flag's name, and a default that is neither on nor off."""
    if not isinstance(name, str) or not name.strip():
        raise ConfigurationError("a flag's name must be a string, and not blank")
    check_switch("default", default)


def check_collaborators(sender: object, observers: object) -> None:
    """Refuse what cannot send, and what cannot be told of events."""
    _check_made("sender", sender)
    if sender is not None and not isinstance(sender, Sender):
        raise ConfigurationError(
            f"sender must have exchange() and aclose(); {type(sender).__name__} has not"
        )
    if not isinstance(observers, Sequence):
        raise ConfigurationError(
            f"observers must be a sequence, not {type(observers).__name__}"
        )
    for observer in cast("Sequence[object]", observers):
        if not callable(observer):
            raise ConfigurationError(
                f"an observer must be callable; {type(observer).__name__} is not"
            )
        if inspect.iscoroutinefunction(observer):
            raise ConfigurationError(
                "an observer must be a plain function: events do not wait for it"
            )


def _check_made(name: str, given: object) -> None:
    """Refuse a class: it has the methods, but they lack an object."""
    if isinstance(given, type):
        raise ConfigurationError(
            f"{name} must be an object, not a class: {given.__name__}(...)"
        )
