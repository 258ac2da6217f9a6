"""A running emulator is changed from another shell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gitlab_completions.emulator import HOST_FAULTS, Endpoint, FaultKind, Settings

if TYPE_CHECKING:
    from tests.cli.running import Background, Terminal


def test_faults_come_and_go(cli: Terminal, gitlab: Background) -> None:
    for kind in FaultKind:
        if kind in HOST_FAULTS:
            continue  # they would outlast this test
        where = "direct_access" if kind.endswith("_token") else "gateway"
        ended = cli("emulator", "fault", where, kind.value, "--times=2")
        assert (ended.code, ended.out) == (0, "")
        assert ended.err == f"{where}: {kind}\n"
        assert cli("emulator", "fault", where, "heal").err == f"{where}: no fault\n"
    assert gitlab.do(lambda emulator: emulator.gateway.fault) is None


def test_the_help_tells_what_each_fault_and_setting_is(cli: Terminal) -> None:
    told = " ".join(cli("emulator", "fault", "--help").out.split())
    assert all(f" {kind.value} " in told for kind in FaultKind)
    assert f" hang {Endpoint.hang.__doc__} " in told
    told = cli("emulator", "set", "--help").out
    assert all(name in told for name in Settings().document())


def test_a_fault_of_a_host_lasts_until_a_person_has_looked(
    cli: Terminal, gitlab: Background
) -> None:
    ended = cli("emulator", "fault", "gateway", "refuse")
    assert ended.err == "gateway: refuse for 30 s, on its whole host\n"
    gitlab.do(lambda emulator: emulator.gateway.heal())


def test_a_status_can_be_chosen(cli: Terminal, gitlab: Background) -> None:
    cli("emulator", "fault", "gateway", "status", "--status=429")
    fault = gitlab.do(lambda emulator: emulator.gateway.fault)
    assert fault is not None
    assert fault.answer is not None
    assert fault.answer.status == 429


def test_what_is_spoilt_can_be_chosen(cli: Terminal, gitlab: Background) -> None:
    cli("emulator", "fault", "gateway", "wrong_types", "--field=choices")
    fault = gitlab.do(lambda emulator: emulator.gateway.fault)
    assert fault is not None
    assert fault.field == "choices"
    arguments = ("wrong_content_type", "--content-type=text/html")
    cli("emulator", "fault", "gateway", *arguments)
    fault = gitlab.do(lambda emulator: emulator.gateway.fault)
    assert fault is not None
    assert fault.content_type == "text/html"


def test_a_redirect_goes_where_it_is_told(cli: Terminal, gitlab: Background) -> None:
    cli("emulator", "fault", "gateway", "redirect", "--location=https://b.example/")
    fault = gitlab.do(lambda emulator: emulator.gateway.fault)
    assert fault is not None
    assert fault.answer is not None
    assert fault.answer.headers["location"] == "https://b.example/"


def test_how_much_of_a_stream_goes_out_can_be_chosen(
    cli: Terminal, gitlab: Background
) -> None:
    cli("emulator", "fault", "instance", "break_stream", "--pieces=3")
    fault = gitlab.do(lambda emulator: emulator.instance.fault)
    assert fault is not None
    assert fault.pieces == 3


def test_a_delay_is_told(cli: Terminal, gitlab: Background) -> None:
    ended = cli("emulator", "fault", "instance", "delay", "--seconds=0.5")
    assert ended.err == "instance: no fault, delayed by 0.5 s\n"
    assert gitlab.do(lambda emulator: emulator.instance.wait_s) == 0.5


def test_settings_change(cli: Terminal, gitlab: Background) -> None:
    assert cli("emulator", "set", "quota", "exceeded").err == 'quota: "exceeded"\n'
    assert cli("emulator", "set", "quota", "ok").code == 0
    assert cli("emulator", "set", "completions_limit", "7").code == 0
    assert gitlab.do(lambda emulator: emulator.settings.completions_limit) == 7
    assert cli("emulator", "set", "hidden_projects", '["a/b"]').code == 0
    assert gitlab.do(lambda emulator: emulator.settings.hidden_projects) == ("a/b",)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["fault", "nowhere", "hang"], "'nowhere' is not one of"),
        (["fault", "gateway", "burn"], "'burn' is not one of"),
        (["fault", "gateway", "hang", "--times=0"], "0 is not in the range"),
        (["set", "nothing", "1"], "there is no setting nothing, but direct_enabled"),
        (["set", "direct_enabled", "7"], "direct_enabled takes true or false"),
        (["set", "quota", "much"], "quota takes one of ok, exceeded, not_entitled"),
        (["fault", "gateway", "expired_token"], "is a fault of direct_access"),
        (["fault", "direct_access", "end_stream"], "is no fault of direct_access"),
        (["set", "hidden_projects", "a/b"], "hidden_projects takes a list of words"),
        (["set", "a", "1", "--url=https://gitlab.com"], "is no emulator's URL"),
        (["set", "a", "1", "--url=file:///etc"], "is no emulator's URL"),
        (["set", "a", "1", "--url=http://[::1"], "is no emulator's URL"),
    ],
)
@pytest.mark.usefixtures("gitlab")
def test_bad_input_is_named(cli: Terminal, arguments: list[str], says: str) -> None:
    ended = cli("emulator", *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert says in ended.err
    assert ended.err.count("\n") == 1


def test_no_url_is_named(cli: Terminal) -> None:
    assert "is no emulator's URL" in cli("emulator", "set", "a", "1").err


def test_what_is_no_emulator_is_named(cli: Terminal, gitlab: Background) -> None:
    url = gitlab.do(lambda emulator: emulator.gateway_url)
    ended = cli("emulator", "fault", "gateway", "hang", f"--url={url}")
    assert ended.code == 2
    assert "is no emulator; give --url" in ended.err


def test_nobody_there_is_named(cli: Terminal) -> None:
    ended = cli("emulator", "set", "a", "1", "--url=http://127.0.0.1:1")
    assert ended.code == 4
    assert "no emulator answers there" in ended.err
