"""What goes wrong, as one line that says what to do, and the exit code of it."""

from __future__ import annotations

import json
from enum import IntEnum

import click

from gitlab_completions._error_codes import REMEDIES
from gitlab_completions.errors import (
    AllRoutesFailedError,
    ConfigurationError,
    DeadlineExceededError,
    ErrorCode,
    GitLabCompletionsError,
    RequestRejectedError,
)

__all__ = (
    "Exit",
    "Problem",
    "as_json",
    "in_our_words",
    "problem_of",
    "report",
    "visible",
)


class Exit(IntEnum):
    """Exit codes, explained at the head of the package."""

    DONE = 0
    NO = 1
    WRONG_USE = 2
    REJECTED = 3
    NO_ROUTE = 4
    DEADLINE = 5
    HELD = 6
    TAKEN_BACK = 7
    DEFECT = 70
    NO_OUTPUT = 74
    INTERRUPTED = 130
    READER_LEFT = 141


class Problem(Exception):  # noqa: N818 - not an error of the library
    """An end without what was asked for.

    Args:
        message: What is wrong.
        remedy: What to do about it.
        code: The same for programs.
        exit_code: What the program ends with.
        facts: What else is to be told as JSON.
    """

    def __init__(
        self,
        message: str,
        remedy: str | None = None,
        *,
        code: str = ErrorCode.CONFIGURATION,
        exit_code: Exit = Exit.WRONG_USE,
        facts: dict[str, object] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
        self.code: str = str(code)
        self.exit_code = exit_code
        self.facts: dict[str, object] = facts or {}

    @property
    def line(self) -> str:
        """Message and remedy."""
        return f"{self.message}; {self.remedy}" if self.remedy else self.message


# The library's own remedies speak to programmers.
_REMEDIES = {
    ErrorCode.TLS_UNTRUSTED: "pass the certificate authority: --ca ca.pem",
    ErrorCode.PROXY: "check the proxy and its credentials in HTTPS_PROXY and NO_PROXY",
    ErrorCode.TIMEOUT: "try again, or allow more time: --deadline",
    ErrorCode.NAMESPACE_MISSING: (
        "choose a default GitLab Duo namespace in your GitLab preferences, "
        "or give --project"
    ),
    ErrorCode.DIRECT_BARRED: (
        "completions go through the instance meanwhile; only its administrator can "
        "change that"
    ),
    ErrorCode.NOT_FOUND: "check GITLAB_URL; Code Suggestions is not there",
    ErrorCode.TOKEN_INVALID: "check the token in GITLAB_TOKEN, or create a new one",
}
# What their remedies call a setting, and what it is called here.
_SETTINGS = {
    "HTTPS_PROXY or HttpxSender(proxy=...)": "HTTPS_PROXY",
    "HttpxSender(verify='ca.pem')": "--ca ca.pem",
    "HttpxSender(verify=..., cert=...)": "--ca",
    "pass one that it accepts: HttpxSender(cert=('cert.pem', 'key.pem'))": (
        "this command has none to show; the library can"
    ),
    "; HttpxSender(proxy={route: None}) leaves the proxy out for one route": "",
    "HttpxSender(verify=...)": "--ca",
    "project_path": "--project",
}
_NAMES = {"instance_url": "GITLAB_URL", "access_token": "the access token"}


def problem_of(error: GitLabCompletionsError) -> Problem:
    """Return the library's error in the words of the command line."""
    message = error.message
    for name, here in _NAMES.items():
        message = message.replace(name, here)
    is_configuration = isinstance(error, ConfigurationError)
    return Problem(
        message,
        None if is_configuration else _remedy(error),
        code=error.code,
        exit_code=_exit_code(error),
        facts={"retryable": error.retryable, "retry_after_s": error.retry_after_s},
    )


def _remedy(error: GitLabCompletionsError) -> str | None:
    """Return the code's remedy in our words, or the error's own with our settings."""
    remedy = error.remedy
    if remedy is None or remedy == REMEDIES.get(error.code):
        return _REMEDIES.get(error.code, remedy)
    return in_our_words(remedy)


def in_our_words(text: str) -> str:
    """Return what the library says with its settings called as they are here."""
    for theirs, ours in _SETTINGS.items():
        text = text.replace(theirs, ours)
    return text


def _exit_code(error: GitLabCompletionsError) -> Exit:
    if isinstance(error, RequestRejectedError):
        return Exit.REJECTED
    if isinstance(error, DeadlineExceededError):
        return Exit.DEADLINE
    if isinstance(error, AllRoutesFailedError):
        return Exit.NO_ROUTE
    return Exit.WRONG_USE if isinstance(error, ConfigurationError) else Exit.NO_ROUTE


def as_json(problem: Problem) -> str:
    """Return the problem as an object with the key `error`."""
    error: dict[str, object] = {
        "code": problem.code,
        "message": problem.message,
        "remedy": problem.remedy,
        "exit_code": int(problem.exit_code),
    }
    more = {"retryable", "retry_after_s"} & problem.facts.keys()
    error |= {name: problem.facts[name] for name in sorted(more)}
    rest = {k: v for k, v in problem.facts.items() if k not in more}
    return json.dumps({"error": error, **rest}, indent=2)


def report(problem: Problem, *, json_wanted: bool) -> Exit:
    """Tell of a problem: a line on stderr, or an object on stdout."""
    if json_wanted:
        click.echo(as_json(problem))
    else:
        click.echo(f"error: {visible(problem.line)}", err=True)
    return problem.exit_code


def visible(text: str, *, keep: str = "") -> str:
    """Return the text without characters that would steer a terminal, but for `keep`.

    File names and completions are others' words; an escape sequence in them could
    rewrite what stands on the screen.
    """
    return "".join(
        mark
        if mark.isprintable() or mark in keep
        else mark.encode("unicode_escape").decode()
        for mark in text
    )
