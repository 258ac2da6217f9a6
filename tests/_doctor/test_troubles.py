"""Each failure belongs to a check, and is told in the words that say most."""

from __future__ import annotations

import pytest

from gitlab_completions import ErrorCode, GitLabCompletionsError
from gitlab_completions._doctor.troubles import Trouble, of_break, of_error
from gitlab_completions._records import replace
from gitlab_completions._transport.probes import Lookup
from gitlab_completions.diagnosis import CHECKS
from gitlab_completions.senders import SendError, SendErrorDetail, SendErrorKind
from tests._doctor.parts import PROXY, lookup, road, shake, tried, way

DEAD = lookup(tried(connected=False), tried("IPv6", connected=False))


@pytest.mark.parametrize("code", ErrorCode)
def test_every_error_belongs_to_a_check(code: ErrorCode) -> None:
    trouble = of_error(GitLabCompletionsError("so", code=code), "availability")
    assert trouble.check in CHECKS
    assert trouble.words == "so"
    assert trouble.code is code


def test_who_was_reached_before_has_an_address() -> None:
    broke = GitLabCompletionsError("GitLab broke off", code=ErrorCode.OFFLINE)
    assert of_error(broke, "availability").check == "availability"


def test_a_look_has_no_deadline_that_could_be_moved() -> None:
    late = of_error(GitLabCompletionsError("so", code=ErrorCode.TIMEOUT), "version")
    assert late.remedy is not None
    assert "deadline" not in late.remedy
    silent = of_break(SendError("timeout"), road(), "GitLab", "version")
    assert silent.remedy == late.remedy


def broken(
    kind: SendErrorKind, detail: SendErrorDetail | None = None, **changes: object
) -> Trouble:
    error = SendError(kind, detail=detail)
    return of_break(error, replace(road(), **changes), "GitLab", "version")


@pytest.mark.parametrize(
    ("kind", "detail", "check"),
    [
        ("tls", "untrusted", "tls"),
        ("tls", None, "tls"),
        ("proxy", "proxy_credentials", "proxy"),
        ("timeout", None, "version"),
        ("broken", None, "version"),
        ("protocol", None, "version"),
        ("pool", None, "version"),
    ],
)
def test_a_break_belongs_to_its_layer(
    kind: SendErrorKind, detail: SendErrorDetail | None, check: str
) -> None:
    trouble = broken(kind, detail)
    assert trouble.check == check
    assert trouble.words.startswith("GitLab")
    assert trouble.remedy


@pytest.mark.parametrize(
    ("found", "check", "words"),
    [
        (Lookup(fault="no_answer"), "dns", "no network"),
        (Lookup(fault="unknown"), "dns", "is not known"),
        (DEAD, "dns", "none can be connected to (IPv4 and IPv6)"),
        (lookup(), "tls", "ends before TLS is agreed on"),
    ],
)
def test_a_connection_that_failed_is_told_by_its_step(
    found: Lookup, check: str, words: str
) -> None:
    trouble = broken("connect", lookup=found, handshake=None)
    assert trouble.check == check
    assert words in trouble.words
    assert trouble.is_final
    assert trouble.remedy


def test_a_connection_that_comes_about_at_times_may_do_so_again() -> None:
    trouble = broken("connect")
    assert trouble.check == "dns"
    assert "once it took 50 ms" in trouble.words
    assert not trouble.is_final


def test_without_a_look_below_it_is_told_as_the_client_does() -> None:
    for given, check in ((way(PROXY), "proxy"), (None, "dns")):
        trouble = broken("connect", way=given, lookup=None, handshake=None)
        assert (trouble.check, trouble.words) == (check, "GitLab could not be reached")
        assert trouble.is_final


def test_what_a_proxy_connects_to_may_speak_no_tls() -> None:
    silent = shake(error=SendError("connect"))
    trouble = broken("connect", way=way(PROXY), lookup=None, handshake=silent)
    assert trouble.check == "tls"
    assert "ends before TLS is agreed on" in trouble.words


@pytest.mark.parametrize(
    ("code", "is_final"),
    [
        (ErrorCode.TOKEN_SOURCE, True),
        (ErrorCode.PROJECT_DISABLED, True),
        (ErrorCode.TOKEN_INVALID, False),
    ],
)
def test_some_troubles_leave_nothing_to_try(code: ErrorCode, *, is_final: bool) -> None:
    error = GitLabCompletionsError("so", code=code)
    assert of_error(error, "availability").is_final is is_final
