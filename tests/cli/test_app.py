"""The program as a whole: help, versions, ends."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING

import click
import pytest
from click.testing import CliRunner

import gitlab_completions
from gitlab_completions.cli import app as app_module
from gitlab_completions.cli.app import app
from gitlab_completions.cli.problems import Exit
from tests.cli.running import HOME

if TYPE_CHECKING:
    from tests.cli.running import Terminal

COMMANDS = [
    *(["complete"], ["status"], ["doctor"], ["report"]),
    *(["rehearse"], ["replay"], ["emulator"], ["demo"]),
    *(["lsp"], ["login"], ["logout"]),
]
LEVERS = [["emulator", "fault"], ["emulator", "flag"], ["emulator", "flag", "set"]]
PROGRAM = [sys.executable, "-m", "gitlab_completions"]


@pytest.mark.parametrize("command", [[], *COMMANDS, *LEVERS])
def test_help_fits_80_columns_and_tells_the_exit_codes(command: list[str]) -> None:
    result = CliRunner().invoke(app, [*command, "--help"], terminal_width=80)
    assert result.exit_code == 0
    assert max(map(len, result.output.splitlines())) <= 80
    assert "..." not in re.sub(r"(\[ARGS\]|EVENTS|\[FILE\])\.{3}", "", result.output)
    if command not in LEVERS:
        for code in Exit:
            assert f"\n    {code.value:<5}" in result.output


def test_the_version_is_told(cli: Terminal) -> None:
    version = gitlab_completions.__version__
    assert cli("--version").out == f"gitlab-completions {version}\n"


def test_no_command_gets_the_help(cli: Terminal) -> None:
    ended = cli()
    assert (ended.code, ended.out) == (2, "")
    assert "Commands:" in ended.err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nope"], "No such command 'nope'; see gitlab-completions --help"),
        (["status", "--nope"], "; see gitlab-completions status --help"),
        (["complete"], "Missing argument 'FILE:LINE:COLUMN'; see"),
    ],
)
def test_wrong_use_is_one_line(cli: Terminal, arguments: list[str], says: str) -> None:
    ended = cli(*arguments)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith("error: ")
    assert says in ended.err
    assert ended.err.count("\n") == 1


def test_it_runs_as_a_module() -> None:
    ended = subprocess.run(
        [*PROGRAM, "--version"], cwd=HOME, capture_output=True, check=True, text=True
    )
    assert gitlab_completions.__version__ in ended.stdout


def _replaced(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    @click.command
    def failing() -> None:
        raise error

    monkeypatch.setattr(app_module, "app", failing)


def test_an_interrupt_has_its_exit_code(
    cli: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    _replaced(monkeypatch, KeyboardInterrupt())
    ended = cli()
    assert (ended.code, ended.err.strip()) == (130, "error: interrupted")


def test_a_defect_is_told_in_full(
    cli: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    _replaced(monkeypatch, ZeroDivisionError("oops"))
    ended = cli()
    assert ended.code == 70
    assert "ZeroDivisionError: oops" in ended.err


def test_a_reader_who_leaves_is_no_error() -> None:
    program = f"{sys.executable} -m gitlab_completions emulator --list-profiles"
    ended = subprocess.run(
        ["sh", "-c", f"{program} | true"],
        cwd=HOME,
        capture_output=True,
        check=True,
        text=True,
    )
    assert ended.stderr == ""


@pytest.mark.skipif(sys.platform == "win32", reason="a shell's ways to end a program")
@pytest.mark.parametrize(
    ("ending", "codes"),
    [
        ("| head -c 0", {Exit.READER_LEFT, Exit.DONE}),  # whichever is quicker
        (">/dev/full", {Exit.NO_OUTPUT}),
        (">&-", {Exit.DONE}),
    ],
)
def test_output_that_cannot_be_written_is_no_defect(
    ending: str, codes: set[Exit]
) -> None:
    command = f"set -o pipefail; {' '.join(PROGRAM)} emulator --list-profiles {ending}"
    ended = subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, check=False
    )
    assert "Traceback" not in ended.stderr
    assert ended.returncode in codes
