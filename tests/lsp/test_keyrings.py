"""Tokens in the keyring, one for each instance."""

from __future__ import annotations

from typing import TYPE_CHECKING

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import NoKeyringError

from gitlab_completions._secrets import Secret
from gitlab_completions.errors import ConfigurationError
from gitlab_completions.lsp.keyrings import (
    SERVICE,
    forget_token,
    is_installed,
    kept_token,
    save_token,
)
from tests.lsp.keyring_in_memory import MemoryKeyring

if TYPE_CHECKING:
    from collections.abc import Callable

URL = "https://gitlab.example.com"
CANARY = "glpat-canary"


def test_what_is_saved_is_found_until_it_is_forgotten() -> None:
    ring = MemoryKeyring()
    save_token(URL, CANARY, ring)
    assert ring.kept == {(SERVICE, URL): CANARY}
    assert kept_token(f"{URL}:443/", ring) == Secret(CANARY)
    assert kept_token("https://other.example.com", ring) is None
    assert forget_token(URL, ring)
    assert not forget_token(URL, ring)
    assert kept_token(URL, ring) is None


def test_a_blank_one_is_none() -> None:
    ring = MemoryKeyring()
    ring.kept[SERVICE, URL] = " \n"
    assert kept_token(URL, ring) is None


@pytest.mark.parametrize("token", ["", "two words", "tokén"])
def test_what_cannot_be_a_token_is_not_kept(token: str) -> None:
    ring = MemoryKeyring()
    with pytest.raises(ConfigurationError, match="access_token"):
        save_token(URL, token, ring)
    assert ring.kept == {}


@pytest.mark.parametrize(
    "act",
    [
        lambda ring: save_token(URL, CANARY, ring),
        lambda ring: kept_token(URL, ring),
        lambda ring: forget_token(URL, ring),
    ],
    ids=["save", "find", "forget"],
)
def test_a_keyring_that_fails_says_nothing_of_what_it_keeps(
    act: Callable[[MemoryKeyring], object],
) -> None:
    ring = MemoryKeyring(failure=OSError(CANARY))
    with pytest.raises(ConfigurationError, match="OSError") as caught:
        act(ring)
    assert CANARY not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_where_there_is_no_keyring_nobody_is_told_to_unlock_it() -> None:
    ring = MemoryKeyring(failure=NoKeyringError("no backend"))
    with pytest.raises(ConfigurationError) as caught:
        save_token(URL, CANARY, ring)
    assert str(caught.value) == "there is no keyring here: set GITLAB_TOKEN instead"


def test_a_keyring_that_only_reads_says_so() -> None:
    ring = MemoryKeyring()
    save_token(URL, CANARY, ring)
    ring.failure_of_delete = PermissionError(CANARY)
    with pytest.raises(ConfigurationError, match="written to"):
        forget_token(URL, ring)


def test_what_is_no_instance_is_refused() -> None:
    for act in (kept_token, forget_token):
        with pytest.raises(ConfigurationError, match=r"must be like https://"):
            act("gitlab", MemoryKeyring())


def test_without_the_extra_there_is_a_line_that_says_how(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("gitlab_completions.lsp.keyrings.find_spec", lambda name: None)
    assert not is_installed()
    with pytest.raises(ConfigurationError, match=r"gitlab-completions\[keyring\]"):
        kept_token(URL)


class Backend(KeyringBackend):
    """A keyring as the library's own are."""

    priority = 1
    memory = MemoryKeyring()

    def __init__(self) -> None:
        """Take no settings from the environment, as the library's own do."""

    def get_password(self, service: str, username: str) -> str | None:
        return self.memory.get_password(service, username)

    def set_password(self, service: str, username: str, password: str) -> None:
        self.memory.set_password(service, username, password)

    def delete_password(self, service: str, username: str) -> None:
        self.memory.delete_password(service, username)


def test_the_systems_keyring_is_asked_by_default() -> None:
    before = keyring.get_keyring()
    keyring.set_keyring(Backend())
    try:
        save_token(URL, CANARY)
        assert kept_token(URL) == Secret(CANARY)
        assert forget_token(URL)
    finally:
        keyring.set_keyring(before)
    assert Backend.memory.kept == {}
