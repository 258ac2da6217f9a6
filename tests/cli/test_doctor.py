"""The doctor is read by people: the cause first, what to do, and nobody's secrets."""

from __future__ import annotations

import json
import stat
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from gitlab_completions._records import replace
from gitlab_completions.cli import doctor
from gitlab_completions.cli.problems import Problem
from gitlab_completions.diagnosis import CHECKS, Check, Diagnosis, Grade
from tests.cli.running import CANARY

if TYPE_CHECKING:
    from pathlib import Path

    from gitlab_completions.emulator import Emulator
    from tests.cli.running import Background, Terminal

PROJECT = "canary-team/canary-app"


def rows(out: str) -> list[str]:
    """Return the lines of the list, up to the summary."""
    return out.split("\n\n", maxsplit=1)[0].splitlines()


def test_all_is_well_in_a_line_each(cli: Terminal, gitlab: Background) -> None:
    del gitlab
    ended = cli("doctor")
    assert (ended.code, ended.err) == (0, "")
    grades = [row.split()[0] for row in rows(ended.out) if not row.startswith(" ")]
    assert grades == ["ok"] * 3 + ["skipped"] + ["ok"] * 10
    assert ended.out.endswith("all is well (7 requests)\n")
    assert "direct saves" in ended.out or "alike" in ended.out or "slower" in ended.out


def test_a_problem_is_the_exit_code_and_the_last_line(
    cli: Terminal, gitlab: Background, monkeypatch: pytest.MonkeyPatch
) -> None:
    del gitlab
    monkeypatch.setenv("GITLAB_TOKEN", "glpat-wrong")
    ended = cli("doctor")
    assert ended.code == 1
    assert ended.out.splitlines()[-1] == (
        "problem: access token: GitLab does not know the access token (401) "
        "(3 requests)"
    )
    assert "-> check the token in GITLAB_TOKEN, or create a new one" in ended.out
    assert "because of the access token; nor availability, direct access" in ended.out


def test_a_warning_is_no_failure(cli: Terminal, gitlab: Background) -> None:
    gitlab.do(lambda emulator: setattr(emulator.settings, "direct_enabled", False))
    ended = cli("doctor", "--project", PROJECT)
    assert ended.code == 0
    assert "warning: direct access: GitLab has direct connections" in ended.out
    assert PROJECT not in ended.out


def test_json_is_the_whole_of_it(cli: Terminal, gitlab: Background) -> None:
    document = cli("doctor", "--json").json()
    checks = document["checks"]
    assert isinstance(checks, list)
    assert [check["name"] for check in checks] == list(CHECKS)
    assert checks[1]["facts"]["instance_host"] in gitlab.emulator.instance_url
    assert document["grade"] == "ok"


def test_a_wrong_use_is_told_before_anything_is_asked(
    cli: Terminal, gitlab: Background, tmp_path: Path
) -> None:
    there = tmp_path / "there.json"
    there.write_text("mine")
    ended = cli("doctor", "--bundle", str(there))
    assert (ended.code, ended.out) == (2, "")
    assert "there.json is there already; give another name, or --force" in ended.err
    assert there.read_text() == "mine"
    assert gitlab.do(lambda emulator: len(emulator.inquiries.requests)) == 0
    (tmp_path / "dangling").symlink_to(tmp_path / "none")
    for place in ("none/b.json", "there.json/b.json", "dangling"):
        ended = cli("doctor", "--bundle", str(tmp_path / place))
        assert (ended.code, ended.out) == (2, "")
        assert "give another name" in ended.err
    assert gitlab.do(lambda emulator: len(emulator.inquiries.requests)) == 0


def test_a_file_that_comes_meanwhile_is_kept(
    gitlab: Background, tmp_path: Path
) -> None:
    del gitlab
    there = tmp_path / "there.json"
    there.write_text("mine")
    with pytest.raises(Problem, match="is there already"):
        doctor._write(there, {}, force=False)
    doctor._write(there, {}, force=True)
    assert there.read_text() == "{}\n"
    with pytest.raises(Problem, match="cannot be written"):
        doctor._write(tmp_path, {}, force=True)


CANARIES = {"message": CANARY, "error": CANARY, "name": CANARY, "scopes": [CANARY]}


def echoing(emulator: Emulator) -> None:
    emulator.direct_access.fail(403, json=CANARIES)


def describing(emulator: Emulator) -> None:
    emulator.inquiries.fail(200, json={**CANARIES, "version": "19.3.0"})


def failing(emulator: Emulator) -> None:
    emulator.gateway.fail(422, json=CANARIES, headers={"x-request-id": CANARY})
    emulator.instance.fail(400, json=CANARIES)


@pytest.mark.parametrize("trouble", [lambda _: None, echoing, describing, failing])
@pytest.mark.parametrize("host_names", [False, True])
def test_a_bundle_holds_no_secret(
    cli: Terminal,
    gitlab: Background,
    tmp_path: Path,
    trouble: object,
    *,
    host_names: bool,
) -> None:
    assert callable(trouble)
    gitlab.do(trouble)
    path = tmp_path / "bundle.json"
    named = ["--host-names"] if host_names else []
    ended = cli("doctor", "--project", PROJECT, "--bundle", str(path), *named)
    text = path.read_text()
    said = ended.out + ended.err
    for secret in (CANARY, "eyJ", PROJECT, "doctor.py", "left, right", "a + b"):
        assert secret not in text
        assert secret not in said
    assert ("127.0.0.1" in text) is host_names
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert json.loads(text)["schema"] == 1
    assert f"written: {path}" in ended.err


def test_a_proxys_password_is_never_told(
    cli: Terminal, gitlab: Background, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    del gitlab
    monkeypatch.setenv("HTTP_PROXY", "http://canary-user:canary-pass@127.0.0.1:9")
    path = tmp_path / "bundle.json"
    ended = cli("doctor", "--bundle", str(path), "--host-names", "--verbose")
    assert ended.code == 1
    assert "canary" not in path.read_text() + ended.out + ended.err
    assert "127.0.0.1:9" in path.read_text()
    assert "problem: in between: GitLab was not reached: the proxy" in ended.out


def shown(capsys: pytest.CaptureFixture[str], *checks: Check) -> str:
    at = datetime(2026, 9, 1, tzinfo=UTC)
    doctor._show(Diagnosis(checks=checks, requests=1, at=at))
    return capsys.readouterr().out


def test_what_a_server_named_steers_no_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    facts = {
        "addresses": ["192.0.2.1", "192.0.2.1"],
        "certificate_issuer": "\x1b[31mCorp",
        "gateway_host": "",
    }
    check = Check(
        name="newer",
        grade=Grade.WARNING,
        finding="\x1b[2J",
        next_step=None,
        facts=facts,
    )
    out = shown(capsys, check)
    assert "\x1b" not in out
    assert "192.0.2.1" in out
    assert out.count("192.0.2.1") == 1
    assert "issued by \\x1b[31mCorp" in out
    assert out.endswith("warning: newer: \\x1b[2J (1 request)\n")


def test_settings_are_called_as_they_are_here(
    capsys: pytest.CaptureFixture[str],
) -> None:
    check = Check(
        name="tls",
        grade=Grade.WARNING,
        finding="trusted by HttpxSender(verify=...)",
        next_step="leave project_path out",
        facts={},
    )
    other = replace(check, name="clock", facts={"error_code": "not_found"})
    out = shown(capsys, check, other)
    assert out.count("trusted by --ca") == 3
    assert out.count("leave --project out") == 2
