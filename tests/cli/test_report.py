"""`report`: a page, pictures, and a few lines here."""

from __future__ import annotations

import errno
import json
import sys
from typing import TYPE_CHECKING, Never

import pytest

from gitlab_completions.cli import report as command_module
from gitlab_completions.cli.problems import Exit
from gitlab_completions.report import page, pictures
from tests.report.logs import EVIL, call, rollout, write

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gitlab_completions.report import Summary
    from tests.cli.running import Terminal


def make_page(summary: Summary, *, title: str) -> str:
    return f"<title>{title}</title>{summary.everything.calls}"


def draw(_summary: Summary, theme: str) -> Iterator[tuple[str, bytes]]:
    yield "latency", theme.encode()


@pytest.fixture(autouse=True)
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A log in the working directory; drawing, which takes seconds, is left out."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(page, "make_page", make_page)
    monkeypatch.setattr(pictures, "draw", draw)
    return write(tmp_path / "events.jsonl", rollout(300)).name


def test_the_page_is_written_and_its_numbers_are_told(
    cli: Terminal, log: str, tmp_path: Path
) -> None:
    ended = cli("report", log)
    assert (ended.code, ended.err) == (0, "")
    assert (tmp_path / "report.html").read_text(encoding="utf-8").endswith(">300")
    lines = [line.split() for line in ended.out.splitlines() if line.strip()]
    told = {words[0]: words for words in lines}
    assert told["calls"][1] == "300,"
    assert "ms" in told["direct"]
    assert told["saved"][-2:] == ["at", "p95"]
    assert told["written:"] == ["written:", "report.html"]


def test_other_names_and_pictures_can_be_asked_for(
    cli: Terminal, log: str, tmp_path: Path
) -> None:
    wishes = ("-o", "x.html", "--title", "Ours", "--png", "png", "--dark")
    ended = cli("report", log, *wishes)
    assert ended.code == 0
    assert "<title>Ours</title>" in (tmp_path / "x.html").read_text(encoding="utf-8")
    assert (tmp_path / "png" / "latency.png").read_bytes() == b"dark"
    assert ended.out.endswith("written: x.html\nwritten: png/latency.png\n")


def test_an_odd_log_is_noted_on_stderr(cli: Terminal, tmp_path: Path) -> None:
    write(tmp_path / "empty", [])
    ended = cli("report", "empty")
    assert ended.code == 0
    assert ended.err == "note: There is nothing in this log: it has no lines.\n"
    assert ended.out.splitlines() == [
        "No events: 0 lines of empty.",
        "written: report.html",
    ]


def test_words_of_a_log_steer_no_terminal(cli: Terminal, tmp_path: Path) -> None:
    rows = call(1, token_issuer="\x1b[2Jcleared", error_code=EVIL)
    rows[-1]["model_name"] = "\x1b]0;title\x07 [bold]"
    write(tmp_path / "log", [json.dumps(each) for each in rows])
    ended = cli("report", "log")
    assert "\x1b" not in ended.out + ended.err
    assert "[bold]" in ended.out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nope"], "nope cannot be read: No such file or directory"),
        (["."], ". cannot be read: Is a directory"),
        ([], "Missing argument 'EVENTS...'"),
        (["events.jsonl", "-o", "events.jsonl"], "the page would replace events.jsonl"),
    ],
)
def test_wrong_use_is_one_line(cli: Terminal, arguments: list[str], says: str) -> None:
    ended = cli("report", *arguments)
    assert ended.code == Exit.WRONG_USE
    assert ended.err.startswith(f"error: {says}")
    assert ended.err.count("\n") == 1


def test_a_page_that_cannot_be_written_is_a_problem(cli: Terminal, log: str) -> None:
    ended = cli("report", log, "-o", "no/such/folder.html")
    assert ended.code == Exit.NO_OUTPUT
    assert ended.err.startswith("error: no/such/folder.html cannot be written")


def test_a_disk_that_is_full_is_a_problem(
    cli: Terminal, log: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> Never:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(command_module, "write_page", fail)
    ended = cli("report", log)
    assert ended.code == Exit.NO_OUTPUT
    assert ended.err.startswith("error: report.html cannot be written: No space left")


def test_a_missing_package_is_named_before_a_log_is_read(
    cli: Terminal, log: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "altair", None)
    monkeypatch.delattr(command_module, "summarize")
    ended = cli("report", log)
    assert ended.code == Exit.WRONG_USE
    assert "the report needs altair: " in ended.err
    assert "pip install 'gitlab-completions[report]'" in ended.err
