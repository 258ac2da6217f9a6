"""Feature flags of a running emulator are seen and set from another shell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gitlab_completions.emulator.flags import bucket_of

if TYPE_CHECKING:
    from collections.abc import Generator

    from gitlab_completions.emulator import Flags
    from tests.cli.running import Background, Ended, Terminal

V4 = "code_completion_v4_endpoint"
SWITCH = "ai_duo_code_suggestions_switch"
CLOUD = "code_suggestions_direct_access_cloud_connected"
ALICE = "User:42"


@pytest.fixture(autouse=True)
def flags(gitlab: Background) -> Generator[Flags]:
    known = gitlab.do(lambda emulator: emulator.flags)
    kept = dict(known.gates)
    yield known
    known.gates.clear()
    known.gates.update(kept)


def put(cli: Terminal, *arguments: str, name: str = V4) -> Ended:
    return cli("emulator", "flag", "set", name, *arguments)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["true"], "on"),
        (["false"], "off"),
        (["50", "--actors"], "conditional (50 % of actors)"),
        (["12.5", "--time"], "conditional (12.5 % of time)"),
        (["100", "--actors"], "on"),
        (["--user=user42"], "conditional (User:42)"),
        (["--user=user42", "--user=user1"], "conditional (User:1, User:42)"),
        (["true", "--project=a/b", "--group=a"], "conditional (Group:3, Project:7)"),
        (["opt_out", "--user=user42"], "conditional (User:42:opt_out)"),
        (["false", "--user=user42"], "off"),
    ],
)
def test_a_flag_is_as_it_was_set(
    cli: Terminal, arguments: list[str], told: str
) -> None:
    ended = put(cli, *arguments)
    assert (ended.code, ended.out) == (0, "")
    assert ended.err == f"{V4}: {told}\n"


def test_a_larger_share_has_all_actors_of_a_smaller_one(
    cli: Terminal, flags: Flags
) -> None:
    actors = [f"User:{number}" for number in range(200)]
    before: set[str] = set()
    for percent in ("10", "25", "50", "75", "100"):
        assert put(cli, percent, "--actors").code == 0
        after = {actor for actor in actors if flags.is_on(V4, actor)}
        assert before < after
        before = after
    assert before == set(actors)


def test_a_flag_that_is_on_for_all_is_first_turned_off(cli: Terminal) -> None:
    put(cli, "true")
    refused = put(cli, "50", "--actors")
    assert refused.code == 2
    assert refused.err == (
        "error: the instance refuses: 400 Bad request - Cannot enable percentage of "
        f"actors for a fully-enabled flag; first: flag set {V4} false\n"
    )
    put(cli, "false")
    assert put(cli, "50", "--actors").code == 0


def test_a_flag_that_nothing_asks_for_is_told(cli: Terminal) -> None:
    ended = put(cli, "50", "--actors", name="code_suggestions_direct_completions")
    assert ended.code == 0
    assert ended.err.endswith("(50 % of actors); nothing in this GitLab asks for it\n")


def test_a_flag_can_be_forgotten(cli: Terminal, flags: Flags) -> None:
    put(cli, "false", name=SWITCH)
    assert not flags.is_on(SWITCH, ALICE)
    ended = cli("emulator", "flag", "delete", SWITCH)
    assert (ended.code, ended.err) == (0, f"{SWITCH}: not set, so its default holds\n")
    assert flags.is_on(SWITCH, ALICE)


def test_a_share_of_actors_decides_who_goes_direct(cli: Terminal, source: str) -> None:
    bound = bucket_of(CLOUD, ALICE) / 1000
    routes = []
    for value in ("false", str(bound), str(bound + 0.001), "true"):
        share = () if value in {"true", "false"} else ("--actors",)
        assert put(cli, value, *share, name=CLOUD).code == 0
        routes.append(cli("complete", source, "--json").json()["route"])
    assert routes == ["indirect", "indirect", "direct", "direct"]


def test_all_flags_are_shown_or_one(cli: Terminal) -> None:
    put(cli, "--user=user42")
    put(cli, "true", name="made_up")
    shown = cli("emulator", "flag", "get").out.splitlines()
    rows = {row.split()[0]: row.split()[1:] for row in shown if row.strip()}
    assert rows[V4] == ["conditional", "User:42", "off"]
    assert rows[SWITCH] == ["not", "set", "on"]
    assert rows["made_up"] == ["on", "nothing", "asks", "for", "it"]
    one = cli("emulator", "flag", "get", V4)
    assert one.code == 0
    assert V4 in one.out
    assert SWITCH not in one.out


def test_names_are_whole_on_a_narrow_terminal(
    cli: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    put(cli, "true", name=CLOUD)
    put(cli, "50", "--actors", name="made_up")
    assert CLOUD in cli("emulator", "flag", "get").out


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["set", V4], 2, "VALUE is missing; give true, false, or a percentage"),
        (["set", V4, "50"], 2, "of what 50 % are meant; add --actors"),
        (["set", V4, "101", "--actors"], 2, "101 is no percentage from 0 to 100"),
        (["set", V4, "nan", "--time"], 2, "nan is no percentage"),
        (["set", V4, "5", "--actors", "--time"], 2, "choose one"),
        (["set", V4, "perhaps"], 2, "the instance refuses: 400 Bad request - Cannot"),
        (["set", V4, "5", "--actors", "--user=user42"], 2, "key, user are mutually"),
        (["set", V4, "--user=nobody"], 2, "nobody is not found!"),
        (["set", V4, "true", "--url=https://gitlab.com"], 2, "is no emulator's URL"),
        (["get", "no_such_flag"], 1, "there is no flag no_such_flag"),
        (["delete", V4, "--url=http://127.0.0.1:1"], 4, "no emulator answers there"),
    ],
)
def test_bad_input_is_named(
    cli: Terminal, arguments: list[str], code: int, says: str
) -> None:
    ended = cli("emulator", "flag", *arguments)
    assert (ended.code, ended.out) == (code, "")
    assert says in ended.err
    assert ended.err.count("\n") == 1


def test_no_command_gets_the_help(cli: Terminal) -> None:
    ended = cli("emulator", "flag")
    assert (ended.code, ended.out) == (2, "")
    assert "\nCommands:\n" in ended.err


def test_an_api_that_fails_is_told(cli: Terminal, gitlab: Background) -> None:
    gitlab.do(lambda emulator: emulator.inquiries.fail(503))
    ended = put(cli, "true")
    assert (ended.code, ended.err) == (2, "error: the instance refuses: status 503\n")


def test_a_redirect_gets_no_admin_s_token(cli: Terminal, gitlab: Background) -> None:
    elsewhere = gitlab.do(lambda emulator: emulator.gateway_url)
    gitlab.do(lambda emulator: emulator.inquiries.redirect(f"{elsewhere}/take"))
    ended = cli("emulator", "flag", "get")
    assert "the instance refuses: status 30" in ended.err
    assert gitlab.do(lambda emulator: len(emulator.gateway.requests)) == 0


def test_what_is_no_emulator_is_named(cli: Terminal, gitlab: Background) -> None:
    url = gitlab.do(lambda emulator: emulator.gateway_url)
    ended = cli("emulator", "flag", "get", f"--url={url}")
    assert ended.code == 2
    assert "is no emulator; give --url" in ended.err
