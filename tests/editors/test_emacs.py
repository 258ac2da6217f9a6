"""The Emacs example in a real Emacs, in a terminal, with the server and a GitLab."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.editors.boxes import ABOVE, LINE, LINES
from tests.editors.conftest import EXAMPLES, Workplace
from tests.editors.terminal import TMUX, Terminal

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

EXAMPLE = EXAMPLES / "emacs"
FIRST = 30
"""The first Emacs with a preview of completions."""


def program() -> str | None:
    """Return an Emacs that is new enough: EMACS names one, else the PATH does."""
    found = os.environ.get("EMACS") or shutil.which("emacs")
    if found is None:
        return None
    said = subprocess.run([found, "--version"], capture_output=True, check=True)
    version = re.match(rb"GNU Emacs (\d+)", said.stdout)
    return found if version and int(version[1]) >= FIRST else None


EMACS = program()
pytestmark = [
    pytest.mark.skipif(TMUX is None, reason="NO EDITOR RAN: apt install tmux"),
    pytest.mark.skipif(EMACS is None, reason="NO EMACS 30 IS HERE: name it in EMACS"),
]


@pytest.mark.parametrize("wanted", [LINE, LINES], ids=["a line", "lines"])
def test_a_suggestion_is_shown_and_accepted(
    wanted: str, workplace: Workplace, keep: Callable[[Path, str], None]
) -> None:
    assert EMACS is not None
    file = workplace.folder / "boxes.py"
    file.write_text(ABOVE)
    workplace.intentions.text = wanted
    example = str(EXAMPLE / "gitlab-completions.el")
    words = [EMACS, "--no-window-system", "--quick", "--load", example, "boxes.py"]
    with Terminal(
        words, environment=workplace.environment, cwd=workplace.folder
    ) as emacs:
        emacs.until("Connected!")
        emacs.press("M->")
        emacs.type(" width * ")
        shown = emacs.until(wanted.splitlines()[5])
        if wanted is LINE:
            keep(EXAMPLE / "screens" / "shown.txt", shown)
        emacs.press("Tab")
        emacs.press("C-x", "C-s")
        emacs.until("Wrote")
    assert file.read_text().rstrip() == wanted


def test_a_folder_does_not_set_the_instance_unasked() -> None:
    assert EMACS is not None
    example = str(EXAMPLE / "gitlab-completions.el")
    settings = """'(:gitlab-completions (:instanceUrl "https://other.example.com"))"""
    asked = f"(prin1 (safe-local-variable-p 'eglot-workspace-configuration {settings}))"
    words = [EMACS, "--batch", "--quick", "--load", example, "--eval", asked]
    said = subprocess.run(words, capture_output=True, check=True, text=True)
    assert said.stdout == "nil"
