"""A token goes into the keyring without being seen."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING

import click
import pytest

from gitlab_completions.lsp import keyrings
from tests.cli.running import CANARY
from tests.lsp.keyring_in_memory import MemoryKeyring

if TYPE_CHECKING:
    from tests.cli.running import Terminal

URL = "https://gitlab.example.com"


@pytest.fixture
def keyring(monkeypatch: pytest.MonkeyPatch) -> MemoryKeyring:
    made = MemoryKeyring()
    monkeypatch.setattr(keyrings, "_system_keyring", lambda: made)
    return made


def test_a_token_from_stdin_is_kept_and_forgotten(
    cli: Terminal, keyring: MemoryKeyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{CANARY}\n"))
    ended = cli("login", "--url", URL)
    assert (ended.code, ended.out) == (0, "")
    assert CANARY not in ended.err
    assert keyring.kept == {(keyrings.SERVICE, URL): CANARY}
    assert cli("logout", "--url", URL).err == "taken out of the keyring\n"
    assert keyring.kept == {}
    assert "there is none" in cli("logout", "--url", URL).err


def test_a_person_is_asked_for_it_unseen(
    cli: Terminal, keyring: MemoryKeyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Person(io.StringIO):
        def isatty(self) -> bool:
            return True

    asked: list[bool] = []

    def prompt(text: str, *, hide_input: bool, err: bool) -> str:
        del text, err
        asked.append(hide_input)
        return CANARY

    monkeypatch.setattr(sys, "stdin", Person())
    monkeypatch.setattr(click, "prompt", prompt)
    monkeypatch.setenv("GITLAB_URL", URL)
    assert cli("login").code == 0
    assert asked == [True]
    assert list(keyring.kept.values()) == [CANARY]


@pytest.mark.parametrize("command", ["login", "logout"])
def test_the_instance_must_be_named(cli: Terminal, command: str) -> None:
    ended = cli(command)
    assert ended.code == 2
    assert "GITLAB_URL is not set" in ended.err


def test_what_is_no_token_and_what_is_no_keyring_are_told(
    cli: Terminal, keyring: MemoryKeyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{CANARY} {CANARY}"))
    ended = cli("login", "--url", URL)
    assert ended.code == 2
    assert CANARY not in ended.err
    keyring.failure = OSError(CANARY)
    monkeypatch.setattr(sys, "stdin", io.StringIO(CANARY))
    ended = cli("login", "--url", URL)
    assert (ended.code, CANARY in ended.err) == (2, False)
    assert "unlock it" in ended.err
    monkeypatch.setattr(sys, "stdin", None)
    assert "type it, or pipe it in" in cli("login", "--url", URL).err


def test_a_token_among_the_arguments_is_refused_and_not_repeated(
    cli: Terminal, keyring: MemoryKeyring
) -> None:
    ended = cli("login", "--url", URL, CANARY)
    assert ended.code == 2
    assert "not given as an argument" in ended.err
    assert CANARY not in ended.out + ended.err
    assert keyring.kept == {}
