"""The command that editors start, and what it says to people."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from gitlab_completions import cli as command_line, lsp
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
        monkeypatch.setattr(lsp, "serve", lambda code=code: code)
        monkeypatch.delitem(sys.modules, "gitlab_completions.cli.lsp", raising=False)
        assert command_line.main(arguments) == code


def test_people_are_told_what_it_is(cli: Terminal) -> None:
    ended = cli("lsp", "--help")
    assert ended.code == 0
    assert "GITLAB_URL" in ended.out


def test_it_needs_no_package_of_an_extra() -> None:
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
    assert (ended.returncode, ended.stderr) == (1, b"")
