"""One completion: the text and nothing else on stdout, the rest on stderr."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gitlab_completions.errors import ErrorCode

if TYPE_CHECKING:
    from gitlab_completions.emulator import Emulator, SeenRequest
    from tests.cli.running import Background, Terminal


def requests(emulator: Emulator) -> list[SeenRequest]:
    endpoints = (emulator.direct_access, emulator.gateway, emulator.instance)
    return [one for endpoint in endpoints for one in endpoint.requests]


def test_the_text_alone_is_printed(
    cli: Terminal, gitlab: Background, source: str
) -> None:
    ended = cli("complete", source)
    assert (ended.code, ended.out, ended.err) == (0, "al = 1", "")
    assert len(gitlab.do(lambda emulator: emulator.gateway.requests)) == 1
    assert not gitlab.do(lambda emulator: emulator.instance.requests)


def test_a_crlf_file_and_a_byte_order_mark_are_no_trouble(
    cli: Terminal, gitlab: Background, source: str
) -> None:
    del gitlab, source
    Path("calc.py").write_bytes(b"\xef\xbb\xbftotal = 1\r\nprint(total)\r\ntot")
    assert cli("complete", "calc.py:3:4").out.strip() == "al = 1"


def test_nothing_suggested_has_an_exit_code_of_its_own(
    cli: Terminal, gitlab: Background, source: str
) -> None:
    del gitlab
    Path("calc.py").write_bytes(b"xyz")
    ended = cli("complete", f"{source[:-4]}:1:4")
    assert (ended.code, ended.out) == (1, "")
    assert ended.err == "the model suggests nothing here\n"


def test_explaining_goes_to_stderr(
    cli: Terminal, gitlab: Background, source: str
) -> None:
    gitlab.do(lambda emulator: emulator.gateway.fail(503))
    ended = cli("complete", source, "--explain")
    assert (ended.code, ended.out) == (0, "al = 1")
    direct, indirect, reason = [
        line for line in ended.err.splitlines() if "direct" in line
    ]
    assert direct.split()[0] == "direct"
    assert "503" in direct
    assert "answered 503" in direct
    assert indirect.split()[0] == "indirect"
    assert indirect.rstrip().endswith("answered")
    assert reason == "indirect (fell_back): the other route failed in this call"


def test_json_is_one_object(cli: Terminal, gitlab: Background, source: str) -> None:
    del gitlab
    ended = cli("complete", source, "--json")
    document = ended.json()
    assert ended.code == 0
    assert document["text"] == "al = 1"
    assert (document["route"], document["reason"]) == ("direct", "preferred")
    assert document["status"] == "ready"
    assert set(document) == {
        *("text", "choices", "route", "reason", "elapsed_ms", "attempts"),
        *("model", "request_id", "status"),
    }


def test_json_tells_of_errors_too(
    cli: Terminal, gitlab: Background, source: str
) -> None:
    gitlab.do(lambda emulator: emulator.gateway.fail(503))
    gitlab.do(lambda emulator: emulator.instance.fail(503))
    ended = cli("complete", source, "--json", "--explain")
    document = ended.json()
    error = document["error"]
    assert isinstance(error, dict)
    assert ended.code == error["exit_code"] == 4
    assert error["code"] == "server"
    assert error["remedy"]
    attempts = document["attempts"]
    assert isinstance(attempts, list)
    assert [one["status_code"] for one in attempts] == [503, 503]
    assert "direct" in ended.err


@pytest.mark.parametrize(
    ("options", "route"),
    [(["--direct=never"], "indirect"), (["--direct=only"], "direct")],
)
def test_the_route_can_be_chosen(
    cli: Terminal, gitlab: Background, source: str, options: list[str], route: str
) -> None:
    del gitlab
    ended = cli("complete", source, "--json", *options)
    assert (ended.json()["route"], ended.json()["reason"]) == (route, "policy")


def test_language_and_project_are_sent(
    cli: Terminal, gitlab: Background, source: str
) -> None:
    cli("complete", source, "--language=ruby", "--project=group/project")
    body = gitlab.do(lambda emulator: emulator.gateway.requests[-1].json())
    assert isinstance(body, dict)
    assert body["project_path"] == "group/project"
    assert body["current_file"]["language_identifier"] == "ruby"


def test_a_deadline_that_passes_has_an_exit_code(
    cli: Terminal, gitlab: Background, source: str
) -> None:
    gitlab.do(lambda emulator: emulator.instance.hang())
    ended = cli("complete", source, "--deadline=0.3", "--direct=never", "--explain")
    assert ended.code == 5
    assert "answer" in ended.err.splitlines()[3]
    assert ended.err.splitlines()[-1] == (
        "error: no route answered before the deadline; "
        "try again, or allow more time: --deadline"
    )


def test_getting_ready_does_not_hold_the_call_up_for_long(
    cli: Terminal, gitlab: Background, source: str
) -> None:
    gitlab.do(lambda emulator: emulator.direct_access.hang())
    ended = cli("complete", source, "--deadline=1", "--explain")
    assert (ended.code, ended.out) == (0, "al = 1")
    assert "details" in ended.err


def test_a_request_that_is_refused_has_an_exit_code(
    cli: Terminal, gitlab: Background, source: str
) -> None:
    gitlab.do(lambda emulator: emulator.instance.fail(400, json={"error": "no"}))
    ended = cli("complete", source, "--direct=never")
    assert (ended.code, ended.out) == (3, "")
    assert ended.err.startswith("error: ")
    assert ended.err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["none.py:1:1"], "there is no file none.py"),
        (["calc.py:9:1"], "there is no line 9"),
        (["calc.py:1:99"], "there is no column 99"),
        (["calc.py:1:1", "--deadline=0"], "--deadline 0 is no time"),
        (["calc.py:1:1", "--deadline=nan"], "--deadline nan is no time"),
        (["calc.py:1:1", "--deadline=soon"], "'soon' is not a valid float"),
        (["calc.py:1:1", f"--project={'p' * 300}"], "--project has 300 characters"),
        (["calc.py:1:1", "--direct=maybe"], "'maybe' is not one of"),
        (["calc.py:1:1", "--token=glpat-x"], "No such option"),
        (["calc.py:1:1", "--url=gitlab.example.com"], "must start with https://"),
        (["calc.py:1:1", "--url="], "GITLAB_URL is not set"),
        (["calc.py:1:1", "--ca=none.pem"], "--ca: there is no file none.pem"),
        (["calc.py:1:1", "--ca=calc.py"], "holds no certificates"),
        (["calc.py:1:1", "--token-file=none"], "--token-file none cannot be read"),
    ],
)
@pytest.mark.usefixtures("source")
def test_bad_input_is_named_before_anything_is_sent(
    cli: Terminal, gitlab: Background, arguments: list[str], says: str
) -> None:
    ended = cli("complete", *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith("error: ")
    assert says in ended.err
    assert ended.err.count("\n") == 1
    as_json = cli("complete", *arguments, "--json")
    assert as_json.code == 2
    assert says in str(as_json.json()["error"])
    assert not gitlab.do(requests)


def test_codes_of_errors_are_the_library_s(
    cli: Terminal, gitlab: Background, source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    del gitlab
    monkeypatch.setenv("GITLAB_TOKEN", "glpat-wrong")
    ended = cli("complete", source)
    assert ended.code == 4
    assert "GITLAB_TOKEN" in ended.err
    error = cli("complete", source, "--json").json()["error"]
    assert isinstance(error, dict)
    assert error["code"] == ErrorCode.TOKEN_INVALID
