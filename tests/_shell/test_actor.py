from __future__ import annotations

import socket

import pytest

from gitlab_completions._core.rollout import bucket
from gitlab_completions._shell.actor import actor_of_login

ROOT = "https://gitlab.example.com"
VARIABLES = ("LOGNAME", "USER", "LNAME", "USERNAME")


@pytest.fixture(autouse=True)
def _nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


def name_machine(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: name)


@pytest.mark.parametrize("name", VARIABLES)
def test_it_is_the_logins_and_does_not_show_it(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "jane.doe")
    actor = actor_of_login(ROOT)
    assert "jane" not in actor
    assert actor == actor_of_login(ROOT.upper())
    name_machine(monkeypatch, "another")
    assert actor == actor_of_login(ROOT)


def test_another_login_and_another_instance_are_other_actors(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("USER", "jane")
    jane = actor_of_login(ROOT)
    elsewhere = actor_of_login("https://gitlab.com")
    monkeypatch.setenv("USER", "john")
    assert len({jane, elsewhere, actor_of_login(ROOT)}) == 3


@pytest.mark.parametrize("login", [None, "root", ""])
def test_who_is_nobody_is_told_apart_by_the_machine(
    monkeypatch: pytest.MonkeyPatch, login: str | None
) -> None:
    if login is not None:
        monkeypatch.setenv("USER", login)
    actors: set[str] = set()
    for number in range(20):
        name_machine(monkeypatch, f"container-{number}")
        actors.add(actor_of_login(ROOT))
    assert len(actors) == 20
    assert len({bucket("f", actor) for actor in actors}) > 15
