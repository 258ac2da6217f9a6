"""Where the token comes from, and what is said when there is none."""

from __future__ import annotations

import io
import logging
import socket
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gitlab_completions._transport import addresses, probes
from tests.cli.running import CANARY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.cli.running import Background, Terminal


def test_the_log_is_as_before_when_a_verbose_command_has_ended(
    cli: Terminal, gitlab: Background
) -> None:
    del gitlab
    logger = logging.getLogger("gitlab_completions")
    before = (logger.level, list(logger.handlers))
    assert "DetailsRefreshed" in cli("status", "-v").err
    assert (logger.level, logger.handlers) == before
    assert cli("status").err == ""


def test_a_token_is_read_from_a_file(
    cli: Terminal, gitlab: Background, source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    del gitlab
    monkeypatch.setenv("GITLAB_TOKEN", "glpat-wrong")
    Path("token").write_text(f"{CANARY}\n")
    ended = cli("complete", source, "--token-file=token")
    assert (ended.code, ended.out) == (0, "al = 1")


def test_a_token_is_read_from_stdin(
    cli: Terminal, gitlab: Background, source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    del gitlab
    monkeypatch.delenv("GITLAB_TOKEN")
    monkeypatch.setattr(
        sys, "stdin", io.TextIOWrapper(io.BytesIO(f"{CANARY}\n".encode()))
    )
    assert cli("complete", source, "--token-file=-").code == 0


@pytest.mark.parametrize(
    ("content", "says"), [(b"", "is empty"), (b"\xff\xfe", "it is not UTF-8")]
)
def test_a_file_without_a_token_is_named(
    cli: Terminal, gitlab: Background, source: str, content: bytes, says: str
) -> None:
    del gitlab
    Path("token").write_bytes(content)
    ended = cli("complete", source, "--token-file=token")
    assert ended.code == 2
    assert says in ended.err


def test_no_token_at_all_is_named(
    cli: Terminal, gitlab: Background, source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    del gitlab
    monkeypatch.delenv("GITLAB_TOKEN")
    ended = cli("complete", source)
    assert ended.err == (
        "error: GITLAB_TOKEN is not set; set it, or give --token-file\n"
    )


def test_a_name_server_that_does_not_answer_holds_up_no_end(
    cli: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    given_up, ended = threading.Event(), threading.Event()

    def resolve(*_: object, **more: object) -> object:
        if not more.get("flags"):  # else an address is looked for, and no name
            ended.wait(5)
            given_up.set()
        raise socket.gaierror(socket.EAI_AGAIN, "no answer")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setenv("GITLAB_URL", "https://gitlab.invalid")
    monkeypatch.setenv("GITLAB_TOKEN", CANARY)
    monkeypatch.setattr(addresses, "_resolve", _nobody_knows)
    monkeypatch.setattr(probes, "LOOKUP_S", 0.0)
    assert cli("doctor").code == 1
    assert not given_up.is_set()
    ended.set()


async def _nobody_knows(*_: object) -> Sequence[object]:
    raise OSError
