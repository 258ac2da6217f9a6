from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from gitlab_completions._core.override import (
    VARIABLE,
    Override,
    read,
    stricter,
)
from gitlab_completions.errors import ConfigurationError
from gitlab_completions.policy import DirectMode, RoutingPolicy

AUTO, NEVER, ONLY = DirectMode
ROOT = "https://gitlab.corp"


@pytest.mark.parametrize(
    ("text", "mode", "percentage"),
    [
        ("", AUTO, 100),
        (" , ", AUTO, 100),
        ("auto", AUTO, 100),
        (" NEVER ", NEVER, 100),
        ("only", ONLY, 100),
        ("25%", AUTO, 25),
        ("12.5 %", AUTO, 12.5),
        ("0%", AUTO, 0),
        ("100%", AUTO, 100),
        ("old.corp=never,25%", AUTO, 25),
        ("25%,old.corp=never,", AUTO, 25),
        ("gitlab.corp=never,25%", NEVER, 100),
        ("GitLab.Corp = 5%", AUTO, 5),
        ("gitlab.corp:443=never", NEVER, 100),
        ("gitlab.corp:8443=never", AUTO, 100),
        ("gitlab.corp=never,gitlab.corp:443=auto", AUTO, 100),
        ("never,gitlab.corp=auto", AUTO, 100),
        ("corp=never", AUTO, 100),
    ],
)
def test_what_the_variable_says_of_an_instance(
    text: str, mode: DirectMode, percentage: float
) -> None:
    assert read(text, ROOT) == Override(direct=mode, percentage=percentage)


@pytest.mark.parametrize(
    ("root", "text", "mode"),
    [
        ("https://gitlab.corp:8443/gitlab", "gitlab.corp:8443=never", NEVER),
        ("https://gitlab.corp:8443/gitlab", "gitlab.corp=never", NEVER),
        ("http://127.0.0.1:3000", "127.0.0.1=never", NEVER),
        ("http://127.0.0.1", "127.0.0.1:80=never", NEVER),
        ("http://[::1]:3000", "[::1]=never", NEVER),
        ("http://[::1]:3000", "[::1]:3000=never", NEVER),
        ("ftp://odd~host", "gitlab.corp=never", AUTO),
    ],
)
def test_instances_are_named_by_host_and_port(
    root: str, text: str, mode: DirectMode
) -> None:
    assert read(text, root).direct is mode


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("yes", "is wrong at entry 1: write"),
        ("25", "is wrong at entry 1: write"),
        ("101%", "is wrong at entry 1: write"),
        ("-1%", "is wrong at entry 1: write"),
        ("nan%", "is wrong at entry 1: write"),
        ("auto,old.corp=", "is wrong at entry 2: write"),
        ("=never", "is wrong at entry 1, which names no host"),
        ("https://old.corp=never", "is wrong at entry 1, which names no host"),
        ("old.corp/x=never", "is wrong at entry 1, which names no host"),
        ("a=b=never", "is wrong at entry 1, which names no host"),
        ("auto,25%", "is wrong at entry 2, the second"),
        ("old.corp=never,Old.corp=auto", "is wrong at entry 2, the second"),
    ],
)
def test_what_cannot_be_read_is_refused_by_the_variables_name(
    text: str, words: str
) -> None:
    with pytest.raises(ConfigurationError, match=f"{VARIABLE} {words}"):
        read(text, ROOT)


@given(st.text(max_size=30))
def test_a_value_is_read_or_refused_and_never_shown(text: str) -> None:
    canary = f"{text},s3cret"
    with pytest.raises(ConfigurationError) as caught:
        read(canary, ROOT)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("policy", "override", "mode", "percentage"),
    [
        ((AUTO, 100), (AUTO, 100), AUTO, 100),
        ((AUTO, 100), (NEVER, 100), NEVER, 100),
        ((NEVER, 100), (AUTO, 100), NEVER, 100),
        ((NEVER, 100), (NEVER, 100), NEVER, 100),
        ((AUTO, 100), (ONLY, 100), ONLY, 100),
        ((ONLY, 100), (AUTO, 100), ONLY, 100),
        ((AUTO, 50), (AUTO, 25), AUTO, 25),
        ((AUTO, 10), (AUTO, 25), AUTO, 10),
        ((NEVER, 100), (AUTO, 25), NEVER, 25),
    ],
)
def test_the_stricter_of_policy_and_environment_wins(
    policy: tuple[DirectMode, float],
    override: tuple[DirectMode, float],
    mode: DirectMode,
    percentage: float,
) -> None:
    given = RoutingPolicy(direct=policy[0], direct_percentage=policy[1], deadline_s=3)
    word = Override(direct=override[0], percentage=override[1])
    both = stricter(given, word)
    assert (both.direct, both.direct_percentage) == (mode, percentage)
    assert both.deadline_s == 3


@pytest.mark.parametrize(
    ("policy", "text"),
    [
        (RoutingPolicy(direct=ONLY), "never"),
        (RoutingPolicy(direct=NEVER), "only"),
        (RoutingPolicy(direct=ONLY), "25%"),
        (RoutingPolicy(direct_percentage=25), "only"),
    ],
)
def test_what_leaves_somebody_no_route_is_refused(
    policy: RoutingPolicy, text: str
) -> None:
    with pytest.raises(ConfigurationError, match=f"{VARIABLE} .* no route"):
        stricter(policy, read(text, ROOT))
