"""The status says something true, and its exit code whether completions can be had."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitlab_completions.emulator import Emulator
    from tests.cli.running import Background, Terminal


def facts(out: str) -> dict[str, str]:
    lines = [line.partition("  ") for line in out.splitlines()]
    return {name.strip(): value.strip() for name, _, value in lines}


def test_direct_is_ready(cli: Terminal, gitlab: Background) -> None:
    del gitlab
    ended = cli("status")
    told = facts(ended.out)
    assert (ended.code, ended.err) == (0, "")
    assert (told["health"], told["next route"]) == ("ready", "direct")
    assert told["why"] == "direct is usable, and preferred (preferred)"
    assert told["direct circuit"] == told["indirect circuit"] == "closed"
    assert "old, used for 59 min" in told["direct's token"]
    assert told["in the last minute"] == "0 indirect completions"


def test_direct_that_is_off_is_degraded(cli: Terminal, gitlab: Background) -> None:
    gitlab.do(lambda emulator: setattr(emulator.settings, "direct_enabled", False))
    ended = cli("status")
    told = facts(ended.out)
    assert ended.code == 0
    assert (told["health"], told["next route"]) == ("degraded", "indirect")
    assert "answered 403" in told["problem"]
    assert "min" in told["direct again in"]
    assert told["direct's token"] == "none"


def test_a_policy_without_direct_asks_for_nothing_yet(
    cli: Terminal, gitlab: Background
) -> None:
    del gitlab
    ended = cli("status", "--direct=never")
    told = facts(ended.out)
    assert ended.code == 0
    assert (told["health"], told["next route"]) == ("starting", "indirect")


@pytest.mark.parametrize(
    ("trouble", "code"),
    [
        (lambda emulator: emulator.direct_access.fail(500), "server"),
        (lambda emulator: emulator.direct_access.fail(404, json={}), "direct_barred"),
    ],
)
def test_an_instance_that_answers_may_complete(
    cli: Terminal, gitlab: Background, trouble: Callable[[Emulator], None], code: str
) -> None:
    gitlab.do(trouble)
    ended = cli("status", "--json")
    document = ended.json()
    problem = document["problem"]
    assert isinstance(problem, dict)
    assert (ended.code, document["health"]) == (0, "degraded")
    assert problem["code"] == code


def test_a_refused_token_means_no_completions(
    cli: Terminal, gitlab: Background, monkeypatch: pytest.MonkeyPatch
) -> None:
    del gitlab
    monkeypatch.setenv("GITLAB_TOKEN", "glpat-wrong")
    ended = cli("status")
    assert ended.code == 4
    assert facts(ended.out)["health"] == "unavailable"
    assert "check the token in GITLAB_TOKEN" in ended.out


def test_a_host_that_is_not_there_means_no_completions(
    cli: Terminal, gitlab: Background
) -> None:
    del gitlab
    ended = cli("status", "--url=http://127.0.0.1:1", "--json")
    assert (ended.code, ended.json()["health"]) == (4, "unavailable")


def test_direct_only_without_direct_has_no_route(
    cli: Terminal, gitlab: Background
) -> None:
    gitlab.do(lambda emulator: setattr(emulator.settings, "direct_enabled", False))
    ended = cli("status", "--direct=only")
    told = facts(ended.out)
    assert (ended.code, told["next route"]) == (4, "none")


def test_nothing_is_asked_to_complete(cli: Terminal, gitlab: Background) -> None:
    cli("status", "--project=group/project")
    assert not gitlab.do(lambda emulator: emulator.instance.requests)
    assert not gitlab.do(lambda emulator: emulator.gateway.requests)
    asked = gitlab.do(lambda emulator: emulator.direct_access.requests)
    assert [b"group" in one.body for one in asked] == [True]


def test_whether_they_may_be_had_is_told(cli: Terminal, gitlab: Background) -> None:
    told = facts(cli("status").out)
    assert told["code suggestions"] == "available"
    assert told["GitLab"].startswith("19.")
    gitlab.do(lambda emulator: setattr(emulator.settings, "has_seat", False))
    ended = cli("status")
    assert ended.code == 4
    assert "does not let this user" in facts(ended.out)["code suggestions"]
    document = cli("status", "--json").json()
    because = document["unavailable_because"]
    assert isinstance(because, dict)
    assert (document["available"], because["code"]) == (False, "no_seat")


def test_a_project_without_duo_is_told(cli: Terminal, gitlab: Background) -> None:
    off = ("group/project",)
    gitlab.do(lambda emulator: setattr(emulator.settings, "projects_without_duo", off))
    ended = cli("status", "--project=group/project")
    assert ended.code == 4
    assert "switched off for this project" in ended.out
    assert cli("status").code == 0


def test_bad_input_is_named(cli: Terminal) -> None:
    ended = cli("status")
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith("error: GITLAB_URL is not set; set it")
