"""The Neovim examples in real Neovims, in a terminal, with the server and a GitLab.

`nox -s editors` runs them; elsewhere they are skipped without tmux and a Neovim.
"""

from __future__ import annotations

import json
import time
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.editors.conftest import EXAMPLES, Workplace
from tests.editors.neovims import Neovim, neovims
from tests.editors.terminal import MOST_LOOKS, PAUSE_S, TMUX, Terminal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

EXAMPLE = EXAMPLES / "neovim"
SCREENS = EXAMPLE / "screens"
HERE = neovims()
VERSIONS = {
    "ghost": ((0, 11), (1,)),
    "builtin": ((0, 12), (1,)),
    "menu": ((0, 11), (0, 12)),
}
"""The first Neovim that an example is for, and the first that it is not for."""
pytestmark = pytest.mark.skipif(TMUX is None, reason="NO EDITOR RAN: apt install tmux")

ABOVE = """\
def area(width, height):
    return width * height


def volume(width, height, depth):
"""
LINE = "    return width * height * depth"
LINES = """\
    base = area(width, height)
    return base * depth"""

INIT = f"""\
vim.opt.runtimepath:prepend("{EXAMPLE}")
vim.g.loaded_python3_provider = 0 -- it would be looked for, for a second
vim.o.swapfile = false
vim.o.statusline = '%f  line %l, column %c  %{{get(g:, "gitlab_completions", "")}}'
"""


class Editor:
    """A Neovim before which an author sits."""

    def __init__(self, terminal: Terminal, workplace: Workplace) -> None:
        self.press = terminal.press
        self.type = terminal.type
        self.until = terminal.until
        self._workplace = workplace
        self._file = workplace.folder / "boxes.py"

    def open(self, written: str, wanted: str) -> None:
        """Open a file in which something is written, to write on at its end."""
        self._workplace.intentions.text = wanted
        self._file.write_bytes(written.encode())
        self.press("Escape")
        self.type(f":edit! {self._file.name}\rGA")
        self.until("-- INSERT --")

    def written(self) -> str:
        """Leave the insert mode and write the file; returns it, without its end."""
        self.press("Escape")
        self.until(lambda screen: "-- INSERT --" not in screen)
        self.type(":write\r")
        self.until("written")
        return self._file.read_bytes().decode().rstrip()


@contextmanager
def started(
    neovim: Neovim, example: str, workplace: Workplace, *, prelude: str = ""
) -> Iterator[Editor]:
    init = workplace.home / "init.lua"
    init.write_text(f'{INIT}{prelude}dofile("{EXAMPLE / example}.lua")\n')
    words = [neovim.program, "-u", str(init), "boxes.py"]
    with Terminal(
        words, environment=workplace.environment, cwd=workplace.folder
    ) as terminal:
        terminal.until("ready")  # so the server says
        yield Editor(terminal, workplace)


def each(example: str) -> list[object]:
    """Return the Neovims that an example is for, or why it is skipped."""
    first, end = VERSIONS[example]
    wanted = ".".join(map(str, first))
    lacking = pytest.mark.skip(reason=f"NO NEOVIM {wanted} IS HERE: name it in NVIM")
    return [
        pytest.param((neovim, example), id=f"{example} {neovim}")
        for neovim in HERE
        if first <= neovim.version < end
    ] or [pytest.param(None, id=example, marks=lacking)]


SHOWING = [*each("ghost"), *each("builtin")]
LISTING = each("menu")


@pytest.fixture(scope="module", params=SHOWING)
def case(request: pytest.FixtureRequest) -> tuple[Neovim, str]:
    chosen: tuple[Neovim, str] = request.param
    return chosen


@pytest.fixture(scope="module")
def editor(case: tuple[Neovim, str], workplace: Workplace) -> Iterator[Editor]:
    with started(*case, workplace) as editor:
        yield editor


def test_a_suggestion_is_shown_and_accepted(
    editor: Editor, case: tuple[Neovim, str], keep: Callable[[Path, str], None]
) -> None:
    _, example = case
    editor.open(f"{ABOVE}    return", ABOVE + LINE)
    editor.type(" width *")
    editor.until(LINE)
    shown = editor.until("column 19  ready, direct")
    keep(SCREENS / f"{example}-shown.txt", shown)
    editor.press("Tab")
    accepted = editor.until("column 34")
    keep(SCREENS / f"{example}-accepted.txt", accepted)
    assert editor.written() == ABOVE + LINE


def test_a_suggestion_of_several_lines_is_shown_and_accepted(
    editor: Editor, case: tuple[Neovim, str], keep: Callable[[Path, str], None]
) -> None:
    _, example = case
    editor.open(f"{ABOVE}    base", ABOVE + LINES)
    editor.type(" =")
    editor.until(LINES)
    shown = editor.until("column 11  ready, direct")
    keep(SCREENS / f"{example}-lines.txt", shown)
    editor.press("Tab")
    editor.until("line 7, column 24")
    assert editor.written() == ABOVE + LINES


def test_what_is_typed_along_is_not_inserted_twice(editor: Editor) -> None:
    editor.open(f"{ABOVE}    return", ABOVE + LINE)
    editor.type(" width *")
    editor.until(LINE)
    editor.type(" hei\t")
    editor.until("column 34")
    assert editor.written() == ABOVE + LINE


def test_what_fits_no_longer_is_not_inserted(editor: Editor) -> None:
    editor.open(f"{ABOVE}    return", ABOVE + LINE)
    editor.type(" width *")
    editor.until(LINE)
    editor.type(" 2\t")
    editor.until(lambda screen: LINE not in screen)
    assert editor.written() == f"{ABOVE}    return width * 2"


def test_a_word_of_a_suggestion_is_accepted(editor: Editor) -> None:
    editor.open(f"{ABOVE}    return", ABOVE + LINE)
    editor.type(" width *")
    editor.until(LINE)
    editor.press("M-Right")
    editor.until("column 26")
    editor.until(LINE)  # what is left of it
    assert editor.written() == f"{ABOVE}    return width * height"


def test_positions_are_right_behind_any_character(editor: Editor) -> None:
    line = '    label = "größe 👩‍👧 📦", "höhe 📦"'
    editor.open(f'{ABOVE}    label = "größe 👩‍👧 📦"', ABOVE + line)
    editor.type(",")
    editor.until('"höhe')
    editor.press("Tab")
    editor.until(f"column {len(line.encode()) + 1}")
    assert editor.written() == ABOVE + line


def test_a_file_keeps_its_own_line_ends(editor: Editor) -> None:
    above, lines = (text.replace("\n", "\r\n") for text in (ABOVE, LINES))
    editor.open(f"{above}    base", ABOVE + LINES)
    editor.type(" =")
    editor.until(LINES)
    editor.press("Tab")
    editor.until("line 7, column 24")
    assert editor.written() == above + lines


def test_an_author_is_told_where_a_suggestion_came_from(editor: Editor) -> None:
    editor.open(f"{ABOVE}    return", ABOVE + LINE)
    editor.type(" width *")
    editor.until(LINE)
    editor.press("Escape")
    editor.type(":GitLab explain\r")
    editor.until("GitLab Duo: ")
    editor.press("Enter")


@pytest.mark.parametrize("chosen", SHOWING[:1])
def test_settings_are_neovims_own(
    chosen: tuple[Neovim, str], workplace: Workplace
) -> None:
    bare = dict(workplace.environment)
    access = {
        "instanceUrl": bare.pop("GITLAB_URL"),
        "token": bare.pop("GITLAB_TOKEN"),
        "automatic": False,
    }
    settings = json.dumps({"settings": {"gitlab-completions": access}})
    prelude = f"vim.lsp.config('gitlab_completions', vim.json.decode('{settings}'))\n"
    with started(
        *chosen, replace(workplace, environment=bare), prelude=prelude
    ) as editor:
        editor.open(f"{ABOVE}    return", ABOVE + LINE)
        editor.type(" width *")
        assert LINE not in editor.until("column 19")
        editor.press("M-]")
        editor.until(LINE)


KILL = """\
vim.keymap.set("i", "<F5>", function()
  vim.uv.kill(vim.api.nvim_get_proc_children(vim.fn.getpid())[1], "sigkill")
end)
"""


@pytest.mark.parametrize("chosen", SHOWING)
def test_nothing_is_shown_of_a_server_that_was_killed(
    chosen: tuple[Neovim, str], workplace: Workplace
) -> None:
    with started(*chosen, workplace, prelude=KILL) as editor:
        editor.open(f"{ABOVE}    return", ABOVE + LINE)
        editor.type(" width *")
        editor.until(LINE)
        editor.press("F5")
        editor.until("signal 9")
        editor.press("Enter")
        editor.until("the server has ended")
        editor.type(" 2")
        assert "height * depth" not in editor.until("column 21")


@pytest.mark.parametrize("chosen", LISTING)
def test_a_suggestion_is_chosen_from_the_menu(
    chosen: tuple[Neovim, str], workplace: Workplace, keep: Callable[[Path, str], None]
) -> None:
    with started(*chosen, workplace) as editor:
        editor.open(f"{ABOVE}    return", ABOVE + LINE)
        editor.type(" width *")
        editor.until(" height * depth")
        shown = editor.until("column 19  ready, direct")
        keep(SCREENS / "menu-shown.txt", shown)
        editor.press("C-n")
        editor.until(LINE)
        editor.press("C-y")
        accepted = editor.until(lambda screen: "GitLab Duo" not in screen)
        keep(SCREENS / "menu-accepted.txt", accepted)
        assert editor.written() == ABOVE + LINE
        editor.open(f"{ABOVE}    base", ABOVE + LINES)
        editor.type(" =")
        editor.until("area(width, height)…")
        editor.press("C-n")
        editor.until(LINES.splitlines()[0])
        editor.press("C-y")
        editor.until(LINES)
        assert editor.written() == ABOVE + LINES


@pytest.mark.parametrize("chosen", SHOWING)
def test_the_server_ends_with_its_editor(
    chosen: tuple[Neovim, str], workplace: Workplace, tmp_path: Path
) -> None:
    ended = tmp_path / "ended"
    telling = {**workplace.environment, "ENDED": str(ended)}
    with started(*chosen, replace(workplace, environment=telling)) as editor:
        editor.press("Escape")
        editor.type(":quitall!\r")
        for _ in range(MOST_LOOKS):
            if ended.exists():
                break
            time.sleep(PAUSE_S)
        assert ended.exists()
