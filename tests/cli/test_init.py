"""Whoever does not use the command line does not pay for it, or need its packages."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.cli.running import HOME

BLOCK = """
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition('.')[0] in {blocked!r}:
            raise ModuleNotFoundError(f'No module named {{name!r}}', name=name)
sys.meta_path.insert(0, Absent())
from gitlab_completions.cli import main
raise SystemExit(main({arguments!r}))
"""


def run_without(blocked: set[str], *arguments: str) -> subprocess.CompletedProcess[str]:
    program = BLOCK.format(blocked=blocked, arguments=list(arguments))
    return subprocess.run(
        [sys.executable, "-c", program],
        cwd=HOME,
        capture_output=True,
        check=False,
        text=True,
    )


@pytest.mark.parametrize("package", ["click", "rich"])
def test_a_missing_package_is_named_with_its_extra(package: str) -> None:
    ended = run_without({package}, "complete", "a.py:1:1")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == (
        f"error: the command line needs {package}: "
        "pip install 'gitlab-completions[cli]'\n"
    )


@pytest.mark.parametrize("command", ["emulator", "demo"])
def test_the_emulator_s_packages_are_named_with_theirs(command: str) -> None:
    ended = run_without({"uvicorn"}, command)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == (
        "error: the emulator needs uvicorn: "
        "pip install 'gitlab-completions[emulator]'\n"
    )


def test_the_library_does_not_import_the_command_line() -> None:
    program = (
        "import sys, gitlab_completions\n"
        "wrong = {'click', 'rich', 'gitlab_completions.cli'} & set(sys.modules)\n"
        "assert not wrong, wrong"
    )
    subprocess.run([sys.executable, "-c", program], cwd=HOME, check=True)


def test_completing_does_not_import_the_emulator() -> None:
    program = (
        "import sys, gitlab_completions.cli.complete\n"
        "assert 'gitlab_completions.emulator' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], cwd=HOME, check=True)
