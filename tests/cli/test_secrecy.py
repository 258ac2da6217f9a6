"""A user's token is never printed, wherever it comes from and whatever goes wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cli.running import CANARY, SOURCE

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitlab_completions.emulator import Emulator
    from tests.cli.running import Background, Ended, Terminal

SECRET = {"message": CANARY, "detail": CANARY}


def nothing(emulator: Emulator) -> None:
    del emulator


def barred(emulator: Emulator) -> None:
    emulator.direct_access.fail(403, json=SECRET)


def failing_gateway(emulator: Emulator) -> None:
    emulator.gateway.fail(500, json=SECRET)


def rejected(emulator: Emulator) -> None:
    emulator.gateway.fail(422, json=SECRET)
    emulator.instance.fail(422, json=SECRET)


def unauthorized(emulator: Emulator) -> None:
    emulator.direct_access.fail(401, json=SECRET)
    emulator.instance.fail(401, json=SECRET)


def broken(emulator: Emulator) -> None:
    emulator.gateway.reset()
    emulator.instance.reset()


def unanswered(emulator: Emulator) -> None:
    emulator.direct_access.fail(404, json={"message": CANARY})
    emulator.inquiries.fail(200, json={"errors": [SECRET], "version": f"{CANARY}\n"})


TROUBLES = [
    *(nothing, barred, failing_gateway, rejected, unauthorized, broken),
    unanswered,
]
LOUD = ["--verbose", "--explain"]


def check(ended: Ended) -> None:
    for part in ("canary", CANARY):
        assert part not in ended.out
        assert part not in ended.err
    for part in ("eyJ", *SOURCE.splitlines()[:2]):
        assert part not in ended.err


@pytest.mark.parametrize("trouble", TROUBLES)
@pytest.mark.parametrize("options", [LOUD, [*LOUD, "--json"]], ids=["plain", "json"])
def test_completing_tells_no_token(
    cli: Terminal,
    gitlab: Background,
    source: str,
    trouble: Callable[[Emulator], None],
    options: list[str],
) -> None:
    gitlab.do(trouble)
    ended = cli("complete", source, *options)
    assert "CallFinished" in ended.err
    check(ended)


@pytest.mark.parametrize("trouble", TROUBLES)
def test_the_status_tells_no_token(
    cli: Terminal, gitlab: Background, trouble: Callable[[Emulator], None]
) -> None:
    gitlab.do(trouble)
    check(cli("status", "--verbose"))
    check(cli("status", "--verbose", "--json"))


def test_a_token_that_cannot_be_sent_is_not_told(
    cli: Terminal, gitlab: Background, source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    del gitlab
    monkeypatch.setenv("GITLAB_TOKEN", f"{CANARY}\x7f\nand more")
    ended = cli("complete", source, *LOUD)
    assert ended.code == 2
    check(ended)


@pytest.mark.parametrize("words", [CANARY, f"{CANARY}=never", f"never,{CANARY}=25"])
def test_a_wrong_override_is_not_told(
    cli: Terminal,
    gitlab: Background,
    source: str,
    monkeypatch: pytest.MonkeyPatch,
    words: str,
) -> None:
    del gitlab
    monkeypatch.setenv("GITLAB_COMPLETIONS_DIRECT", words)
    for ended in (cli("complete", source, *LOUD), cli("status", "--verbose")):
        check(ended)


def test_credentials_in_the_url_are_not_told(
    cli: Terminal, gitlab: Background, source: str
) -> None:
    del gitlab
    for url in (f"https://me:{CANARY}@gitlab.example.com", f"https://a.b/?t={CANARY}"):
        ended = cli("complete", source, f"--url={url}")
        assert ended.code == 2
        check(ended)
