"""The emulator runs until it is stopped, and says how it is used and abused."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from gitlab_completions.emulator import PROFILES
from tests.cli.running import HOME

if TYPE_CHECKING:
    from collections.abc import Generator

    from tests.cli.running import Terminal

EXPORT = re.compile(r"export (\w+)='?([^'\n]*)'?\n")


@contextmanager
def running(*options: str) -> Generator[tuple[subprocess.Popen[str], dict[str, str]]]:
    """Run the command; give it and the environment that it prints."""
    with subprocess.Popen(
        [sys.executable, "-m", "gitlab_completions", "emulator", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=HOME,
    ) as process:
        try:
            assert process.stdout is not None
            exports = [EXPORT.fullmatch(process.stdout.readline()) for _ in range(3)]
            yield process, {match[1]: match[2] for match in exports if match}
        finally:
            process.terminate()  # not killed: it has a key to remove
            process.wait(10)


def set_up(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_until_it_is_stopped(
    cli: Terminal, source: str, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    with running() as (process, environment):
        set_up(monkeypatch, environment)
        completed = cli("complete", source, "--json")
        faulty = cli("emulator", "fault", "gateway", "status", "--times=1")
        indirect = cli("complete", source, "--json")
        off = cli("emulator", "set", "direct_enabled", "false")
        degraded = cli("status", "--json")
        process.send_signal(number)
        out, err = process.communicate(timeout=10)
    assert (completed.json()["text"], completed.json()["route"]) == ("al = 1", "direct")
    assert (faulty.code, faulty.err) == (0, "gateway: status\n")
    assert indirect.json()["reason"] == "fell_back"
    assert (off.code, off.err) == (0, "direct_enabled: false\n")
    assert degraded.json()["health"] == "degraded"
    assert (process.returncode, out) == (0, "")
    assert "emulator fault gateway hang" in err
    assert err.endswith("the emulator has stopped\n")


def test_tls_and_a_relative_root(
    cli: Terminal, source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running("--tls", "--relative-url-root=/gitlab") as (_, environment):
        set_up(monkeypatch, environment)
        assert environment["GITLAB_URL"].startswith("https://127.0.0.1:")
        assert environment["GITLAB_URL"].endswith("/gitlab")
        assert cli("complete", source).out == "al = 1"
        assert cli("emulator", "fault", "instance", "heal").code == 0
        assert cli("emulator", "flag", "get").code == 0
        ca = os.environ["SSL_CERT_FILE"]
        monkeypatch.delenv("SSL_CERT_FILE")
        untrusted = cli("complete", source)
        trusted = cli("complete", source, f"--ca={ca}")
    assert untrusted.code == 4
    assert untrusted.err.endswith("pass the certificate authority: --ca ca.pem\n")
    assert (trusted.code, trusted.out) == (0, "al = 1")


def test_a_port_that_is_taken_is_named(cli: Terminal) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ended = cli("emulator", f"--port={taken.getsockname()[1]}")
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith("error: the emulator cannot listen: Address already in")
    assert "choose another port" in ended.err


def test_the_profiles_are_listed(cli: Terminal) -> None:
    ended = cli("emulator", "--list-profiles")
    assert ended.code == 0
    assert all(name in ended.out for name in PROFILES)


@pytest.mark.parametrize(
    ("option", "says"),
    [
        ("--profile=9.9", "'9.9' is not one of '17.0'"),
        ("--port=70000", "70000 is not in the range"),
        ("--relative-url-root=gitlab", "starts with no slash; write it as /gitlab"),
    ],
)
def test_bad_options_are_named(cli: Terminal, option: str, says: str) -> None:
    ended = cli("emulator", option)
    assert ended.code == 2
    assert says in ended.err
