"""Git's configuration is read as git itself reads it."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, strategies as st

from gitlab_completions.lsp.git_config import entries

if TYPE_CHECKING:
    from pathlib import Path

EVERYTHING = r"""
# a comment
; another
[core]
	bare = false ; with a comment
	autocrlf=input
	empty =
	sure
	Mixed-Case = Kept
	trailing = two  words<blanks>
	quoted = "  blanks # and ; marks  "
	partly = a"b # c"d # comment
	joined = one \
two\
 three
	begun = \
  late \

	tab = a\tb\nc\\d\"e
[remote "origin"] url = git@gitlab.example.com:group/project.git
	fetch = +refs/heads/*:refs/remotes/origin/*
[remote "with \"quotes\" and \\ and ]"]
	url = x
[url "https://gitlab.example.com/"]
	insteadOf = gl:
	insteadOf = "gitlab:"
[Branch.Old]
	merge = refs/heads/main
[ "nameless" ]
""".replace("<blanks>", "   ")


def read(text: str) -> list[tuple[str, str]]:
    return [
        (
            ".".join(filter(None, (one.section, one.subsection, one.name))),
            one.value,
        )
        for one in entries(text)
    ]


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_git_reads_the_same(tmp_path: Path, ends: str) -> None:
    text = EVERYTHING.replace('[ "nameless" ]\n', "").replace("\n", ends)
    file = tmp_path / "config"
    file.write_bytes(b"\xef\xbb\xbf" + text.encode())
    command = ["git", "config", "--file", str(file), "--list", "--null"]
    told = subprocess.run(command, check=True, capture_output=True, timeout=10).stdout
    theirs = [one.partition("\n") for one in told.decode().split("\0")[:-1]]
    ours = read("\ufeff" + text)
    # To git a variable without a value has none; read as a switch it is true.
    assert ours == [(name, value if mark else "true") for name, mark, value in theirs]
    assert len(ours) > 15


def test_what_is_no_header_is_passed_over() -> None:
    assert read("a = 1\n[core\nb = 2\n[core]\n= 3\n!\nc = 4\n[\n") == [("core.c", "4")]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (r"[a] b = c\qd", "cd"),
        ("[a] b = c\\", "c\\"),
        ('[a] b = "c', "c"),
        ('[a] b = "c\nd = e', "c"),
    ],
)
def test_what_git_would_end_at_is_read_as_far_as_it_goes(text: str, value: str) -> None:
    assert read(text)[0] == ("a.b", value)


MARKS = st.text(st.sampled_from('[]"\\=#;. \t\r\n\ufeffab'), max_size=60)


@given(text=MARKS | st.text(max_size=40))
@example(text='[a "' + "\\" * 50)
@example(text="[" * 1000)
def test_any_text_is_read_to_its_end(text: str) -> None:
    for one in entries(text):
        assert one.section == one.section.lower()
        assert one.name
        assert "\n" not in one.name


def test_a_value_is_not_shown() -> None:
    text = '[remote "o"]\nurl = https://me:canary@gitlab.example.com/a/b.git\n'
    assert "canary" not in repr(list(entries(text)))
