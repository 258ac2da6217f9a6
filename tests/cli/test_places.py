"""A position is found, or an error says what is wrong and what is right."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gitlab_completions.cli import places
from gitlab_completions.cli.places import find_place
from gitlab_completions.cli.problems import Exit, Problem
from tests.cli.running import SOURCE

pytestmark = pytest.mark.usefixtures("source")


@pytest.mark.parametrize(
    ("position", "above"),
    [
        ("calc.py:1:1", ""),
        ("calc.py:1:10", "total = 1"),
        ("calc.py:2:1", "total = 1\n"),
        ("calc.py:3:4", SOURCE),
    ],
)
def test_lines_and_columns_count_from_1(position: str, above: str) -> None:
    place = find_place(position)
    assert place.text[: place.offset] == above


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_line_end_ends_a_line(end: str) -> None:
    Path("ends.py").write_bytes(f"a{end}{end}bc".encode())
    place = find_place("ends.py:3:2")
    assert place.text[: place.offset] == f"a{end}{end}b"


def test_other_separators_end_no_line() -> None:
    Path("odd.py").write_text("a\x0c\u2028b\n", encoding="utf-8")
    assert find_place("odd.py:1:5").offset == 4


def test_a_last_line_may_be_empty() -> None:
    Path("ends.py").write_bytes(b"a\n")
    assert find_place("ends.py:2:1").offset == 2
    Path("ends.py").write_bytes(b"")
    assert find_place("ends.py:1:1").offset == 0


def test_columns_count_characters() -> None:
    Path("wide.py").write_text("x = '😀é'", encoding="utf-8")
    assert find_place("wide.py:1:9").offset == 8
    with pytest.raises(Problem, match="has 8 characters, so there is no column 10"):
        find_place("wide.py:1:10")


def test_a_byte_order_mark_is_no_character() -> None:
    Path("mark.py").write_bytes(b"\xef\xbb\xbfab")
    place = find_place("mark.py:1:2")
    assert (place.text, place.offset) == ("ab", 1)


def test_a_file_name_may_hold_colons() -> None:
    Path("a:1:2.py").write_bytes(b"ab")
    assert find_place("a:1:2.py:1:3").offset == 2


def test_a_huge_file_is_read() -> None:
    Path("huge.py").write_bytes(b"x = 1\n" * 500_000)
    assert find_place("huge.py:500000:3").offset == 499_999 * 6 + 2


def test_the_name_that_is_sent_holds_no_directory_of_this_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "a.py").write_bytes(b"")
    assert find_place(f"{tmp_path}/src/a.py:1:1").file_name == "src/a.py"
    assert find_place("./src/../src/a.py:1:1").file_name == "src/a.py"
    monkeypatch.chdir(tmp_path / "src")
    assert find_place("../calc.py:1:1").file_name == "calc.py"


@pytest.mark.parametrize(
    ("position", "says"),
    [
        ("calc.py", r"names no position; write FILE:LINE:COLUMN"),
        ("calc.py:3", r"names no position; write FILE:LINE:COLUMN"),
        (":1:1", r"names no position"),
        ("calc.py:x:1", r"the line 'x' is not a number"),
        ("calc.py:1:", r"the column '' is not a number"),
        ("calc.py:1:-1", r"the column '-1' is not a number"),
        ("calc.py:1:²", r"the column '²' is not a number"),
        (f"calc.py:1:{'9' * 5000}", r"is not a number"),
        ("calc.py:0:1", r"there is no line 0; lines and columns count from 1"),
        ("calc.py:1:0", r"there is no column 0; lines and columns count from 1"),
        ("calc.py:4:1", r"calc.py has 3 lines, .* no line 4; name a line from 1 to 3"),
        ("calc.py:3:5", r"line 3 of calc.py has 3 characters, .* from 1 to 4"),
        ("none.py:1:1", r"there is no file none.py"),
        (".:1:1", r"\. is a directory"),
        ("calc.py/x:1:1", r"calc.py/x cannot be read"),
        ("a\0b:1:1", r"cannot be read"),
    ],
)
def test_what_is_wrong_is_named(position: str, says: str) -> None:
    with pytest.raises(Problem) as caught:
        find_place(position)
    assert caught.value.exit_code is Exit.WRONG_USE
    assert re.search(says, caught.value.line)


def test_a_file_that_is_no_text_is_named() -> None:
    Path("latin.py").write_bytes(b"# caf\xe9\n")
    with pytest.raises(Problem, match=r"latin\.py is not UTF-8: look at byte 6"):
        find_place("latin.py:1:1")


def test_a_device_is_no_file_of_text() -> None:
    with pytest.raises(Problem, match="no file of text"):
        find_place("/dev/zero:1:1")


def test_a_file_may_be_too_large(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "LARGEST", 3)
    path = tmp_path / "a.py"
    path.write_text("1234")
    with pytest.raises(Problem, match="larger than 64 MiB"):
        find_place(f"{path}:1:1")
