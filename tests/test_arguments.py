"""What a client is made with and asked is checked before anything is sent."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest

from gitlab_completions._arguments import (
    check_collaborators,
    check_flag,
    check_flags,
    check_guards,
    check_policy,
    check_project_path,
    check_request,
    check_room,
    check_store,
    direct_variable,
    overridden,
    span_of,
    stream_span_of,
)
from gitlab_completions.errors import ConfigurationError
from gitlab_completions.flags import FeatureFlags
from gitlab_completions.ignoring import ProjectIgnoreList
from gitlab_completions.models import CompletionRequest, Intent
from gitlab_completions.policy import DirectMode, RoutingPolicy
from gitlab_completions.redaction import SecretRedactor
from gitlab_completions.senders import HttpxSender
from gitlab_completions.shared import MemoryStore
from gitlab_completions.testing import FakeGitLab

if TYPE_CHECKING:
    from collections.abc import Callable


async def later(event: object) -> None:
    """Observe too late."""


class Slow:
    async def redact(self, text: str, /) -> str:
        return text

    async def excludes(self, path: str, /) -> bool:
        return path == ""


@pytest.mark.parametrize(
    ("check", "told"),
    [
        (lambda: check_request("def f():"), "CompletionRequest, not str"),
        (lambda: check_policy({}), "RoutingPolicy, not dict"),
        (lambda: check_project_path(7), "string, not int"),
        (lambda: check_collaborators(object(), ()), "exchange"),
        (lambda: check_collaborators(HttpxSender, ()), r"a class: HttpxSender\("),
        (lambda: check_store("/run"), "read.*str has not"),
        (lambda: check_store(MemoryStore), r"store must be .* class: MemoryStore\("),
        (
            lambda: check_guards(True, None),
            r"redact\(\) as SecretRedactor\(\) has; bool",
        ),
        (lambda: check_guards(SecretRedactor, None), r"class: SecretRedactor\("),
        (lambda: check_guards(None, [".env"]), r"excludes\(\) as ProjectIgnoreList"),
        (lambda: check_guards(None, ProjectIgnoreList), r"class: ProjectIgnoreList\("),
        (lambda: check_guards(Slow(), None), "redact must have plain methods"),
        (lambda: check_guards(None, Slow()), "ignore must have plain methods"),
        (lambda: check_collaborators(None, print), "sequence"),
        (lambda: check_collaborators(None, [7]), "int is not"),
        (lambda: check_collaborators(None, [later]), "plain function"),
        (
            lambda: check_room(HttpxSender(), RoutingPolicy(max_in_flight=9)),
            "max_in_flight=9",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_wrong_is_named(check: Callable[[], None], told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        check()


def test_what_is_right_passes() -> None:
    check_guards(None, None)
    check_guards(SecretRedactor(), ProjectIgnoreList("."))
    check_request(CompletionRequest(file_name="a.py", content_above_cursor=""))
    check_policy(RoutingPolicy())
    check_project_path(None)
    check_store(None)
    check_store(MemoryStore())
    check_collaborators(FakeGitLab(), [print])
    check_room(FakeGitLab(), RoutingPolicy(max_in_flight=99))
    assert HttpxSender().max_in_flight == 8


@pytest.mark.parametrize(
    ("intent", "given", "span_s"),
    [
        (Intent.COMPLETION, None, 2.0),
        (Intent.GENERATION, None, 3.0),
        (Intent.COMPLETION, 0.5, 0.5),
        (Intent.GENERATION, math.inf, math.inf),
    ],
)
def test_a_call_takes_what_it_is_given_or_what_the_policy_says(
    intent: Intent, given: float | None, span_s: float
) -> None:
    request = CompletionRequest(
        file_name="f.py", content_above_cursor="x", intent=intent
    )
    policy = RoutingPolicy(deadline_s=2.0, generation_deadline_s=3.0)
    assert span_of(request, given, policy) == span_s


def test_a_call_cannot_take_no_time() -> None:
    request = CompletionRequest(file_name="f.py", content_above_cursor="x")
    with pytest.raises(ConfigurationError, match="deadline_s must be"):
        span_of(request, 0, RoutingPolicy())


def test_a_stream_has_no_limit_but_what_is_given() -> None:
    assert math.isinf(stream_span_of(None))
    assert stream_span_of(3.5) == 3.5
    for wrong in (0, -1, math.nan):
        with pytest.raises(ConfigurationError):
            stream_span_of(wrong)


ROOT = "https://gitlab.corp"


def test_a_policy_may_leave_the_environment_unread() -> None:
    policy = RoutingPolicy(environment_override=False)
    assert overridden(policy, "nonsense", ROOT) is policy


def test_a_variable_that_is_not_set_changes_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    policy = RoutingPolicy(direct_percentage=3)
    monkeypatch.delenv("GITLAB_COMPLETIONS_DIRECT", raising=False)
    assert overridden(policy, direct_variable(), ROOT) is policy
    monkeypatch.setenv("GITLAB_COMPLETIONS_DIRECT", " ")
    assert overridden(policy, direct_variable(), ROOT) is policy


def test_the_environment_applies_to_each_policy_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GITLAB_COMPLETIONS_DIRECT", "gitlab.corp=25%")
    variable = direct_variable()
    assert overridden(RoutingPolicy(), variable, ROOT).direct_percentage == 25
    never = RoutingPolicy(direct=DirectMode.NEVER)
    assert overridden(never, variable, ROOT).direct is DirectMode.NEVER


def test_what_tells_of_flags_and_their_names_are_checked() -> None:
    check_flags(None)
    check_flags(FeatureFlags())
    for wrong in (FeatureFlags, object()):
        with pytest.raises(ConfigurationError, match="flags must"):
            check_flags(wrong)
    check_flag("a", default=True)
    for wrong in ("", " ", None, 1):
        with pytest.raises(ConfigurationError, match="a flag's name"):
            check_flag(wrong, default=True)
    for wrong in (None, 1, "yes"):
        with pytest.raises(ConfigurationError, match="default must be True or False"):
            check_flag("a", default=wrong)
