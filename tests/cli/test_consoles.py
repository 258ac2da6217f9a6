"""Any terminal and any pipe can take what is written."""

from __future__ import annotations

import io
import sys

import pytest
from rich.text import Text

from gitlab_completions.cli.consoles import console, route_text, table, write_text
from gitlab_completions.models import Route


class Teletype(io.TextIOWrapper):
    def isatty(self) -> bool:
        return True


def teletype(encoding: str) -> tuple[Teletype, io.BytesIO]:
    raw = io.BytesIO()
    return Teletype(raw, encoding=encoding, newline=""), raw


def test_a_terminal_gets_a_line_end_and_no_escapes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stdout, raw = teletype("cp1252")
    monkeypatch.setattr(sys, "stdout", stdout)
    write_text("a\x1b]0;\x07\n\té→")
    stdout.flush()
    assert raw.getvalue() == "a\\x1b]0;\\x07\n\té?\n".encode("cp1252")


def test_a_pipe_gets_the_bytes_of_the_text(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    stdout = io.TextIOWrapper(raw, encoding="ascii")
    monkeypatch.setattr(sys, "stdout", stdout)
    write_text("a → b")
    assert raw.getvalue() == "a → b".encode()


@pytest.mark.parametrize("encoding", ["cp437", "cp1252", "ascii", "utf-8"])
def test_a_table_fits_every_code_page(
    encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stdout, raw = teletype(encoding)
    monkeypatch.setattr(sys, "stdout", stdout)
    made = table("route", "ms", right=["ms"])
    made.add_row(route_text(Route.DIRECT), "1")
    made.add_row(route_text(None), Text("[bold]2 Größe 山"))
    console().print(made)
    stdout.flush()
    shown = raw.getvalue().decode(encoding)
    assert "direct" in shown
    assert "none" in shown
    assert "[bold]2" in shown


def test_colours_can_be_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")

    def shown(*, no_color: bool = False) -> bytes:
        stdout, raw = teletype("utf-8")
        monkeypatch.setattr(sys, "stdout", stdout)
        console(no_color=no_color).print(route_text(Route.DIRECT))
        stdout.flush()
        return raw.getvalue()

    assert b"\x1b[32m" in shown()
    assert b"\x1b[3" not in shown(no_color=True)
    monkeypatch.setenv("NO_COLOR", "1")
    assert b"\x1b[3" not in shown()
