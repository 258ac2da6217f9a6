"""The Helix example in a real Helix, in a terminal, with the server and a GitLab."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

from tests.editors.boxes import ABOVE, LINE, LINES
from tests.editors.conftest import EXAMPLES, Workplace
from tests.editors.terminal import TMUX, Terminal

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

EXAMPLE = EXAMPLES / "helix"
HELIX = os.environ.get("HELIX") or shutil.which("hx")
pytestmark = [
    pytest.mark.skipif(TMUX is None, reason="NO EDITOR RAN: apt install tmux"),
    pytest.mark.skipif(HELIX is None, reason="NO HELIX IS HERE: name it in HELIX"),
]


@pytest.mark.parametrize("wanted", [LINE, LINES], ids=["a line", "lines"])
def test_a_suggestion_is_chosen_from_the_menu(
    wanted: str, workplace: Workplace, keep: Callable[[Path, str], None]
) -> None:
    assert HELIX is not None
    file = workplace.folder / "boxes.py"
    file.write_text(ABOVE)
    workplace.intentions.text = wanted
    settings = workplace.home / ".config" / "helix" / "languages.toml"
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.write_text((EXAMPLE / "languages.toml").read_text())
    with Terminal(
        [HELIX, "boxes.py"], environment=workplace.environment, cwd=workplace.folder
    ) as helix:
        helix.until("boxes.py")
        helix.type("geA width * ")
        shown = helix.until(" text\n", pressing="C-x")
        helix.press("C-n")
        accepted = helix.until("GitLab Duo")  # beside what is chosen
        assert wanted.splitlines()[5] in accepted
        if wanted is LINE:
            keep(EXAMPLE / "screens" / "shown.txt", shown)
            keep(EXAMPLE / "screens" / "accepted.txt", accepted)
        helix.press("Enter", "Escape")
        helix.until(" NOR ")  # or what follows were Alt-:
        helix.type(":write\r")
        helix.until("written")
    assert file.read_text().rstrip() == wanted
