"""The command that editors start, and what it says to people."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from gitlab_completions import cli as command_line, lsp
from gitlab_completions.cli import lsp as command_module
from tests.cli.running import HOME

if TYPE_CHECKING:
    from tests.cli.running import Terminal


@pytest.mark.parametrize(
    "arguments", [("lsp",), ("lsp", "--stdio"), ("lsp", "--stdio", "--stdio")], ids=str
)
def test_it_serves_and_ends_as_the_protocol_has_it(
    monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    for code in (0, 1):
        monkeypatch.setattr(lsp, "serve", lambda code=code, **_: code)
        monkeypatch.setattr(command_module, "serve", lsp.serve)
        assert command_line.main(arguments) == code


def test_one_that_is_interrupted_says_nothing_of_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def serve() -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(lsp, "serve", serve)
    assert command_line.main(["lsp"]) == 130


def test_what_is_written_down_is_asked_for_by_options(
    monkeypatch: pytest.MonkeyPatch, cli: Terminal
) -> None:
    asked: list[object] = []

    def serve(**options: object) -> int:
        asked.append(options)
        return 0

    monkeypatch.setattr(command_module, "serve", serve)
    cli("lsp", "--event-log", "log.jsonl")
    cli("lsp", "--record", "typed.jsonl", "--content")
    nothing = {"event_log": None, "record": None, "content": False}
    assert asked == [
        {**nothing, "event_log": "log.jsonl"},
        {**nothing, "record": "typed.jsonl", "content": True},
    ]


def test_a_recording_that_nobody_asked_for_keeps_no_content(cli: Terminal) -> None:
    ended = cli("lsp", "--content")
    assert ended.code == 2
    assert "--record" in ended.err


def test_an_event_log_without_its_package_says_which(
    monkeypatch: pytest.MonkeyPatch, cli: Terminal
) -> None:
    monkeypatch.setitem(sys.modules, "gitlab_completions.event_log._file", None)
    monkeypatch.setitem(sys.modules, "concurrent_log_handler", None)
    ended = cli("lsp", "--event-log", "log.jsonl")
    assert ended.code == 2
    assert "--event-log needs" in ended.err
    assert "[eventlog]" in ended.err


def test_people_are_told_what_it_is(cli: Terminal) -> None:
    ended = cli("lsp", "--help")
    assert ended.code == 0
    assert "GITLAB_URL" in ended.out


def test_it_needs_no_package_of_an_extra_and_ends_when_its_client_vanishes() -> None:
    code = (
        "import sys, os; sys.stdin.close();"
        "[sys.modules.__setitem__(name, None) for name in"
        " ('click', 'rich', 'pygls', 'lsprotocol', 'attrs', 'pathspec', 'keyring')];"
        "from gitlab_completions.cli import main; raise SystemExit(main(['lsp']))"
    )
    ended = subprocess.run(
        (sys.executable, "-c", code),
        input=b"",
        capture_output=True,
        cwd=HOME,
        check=False,
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (1, b"", b"")
