"""A problem is one line that says what to do, in the words of the command line."""

from __future__ import annotations

import json
from typing import get_args

import pytest

from gitlab_completions import errors
from gitlab_completions._shell.breaks import meaning_of
from gitlab_completions.cli.problems import Exit, Problem, as_json, problem_of, visible
from gitlab_completions.errors import ErrorCode
from gitlab_completions.senders import SendError, SendErrorDetail


@pytest.mark.parametrize(
    ("error", "exit_code"),
    [
        (errors.ConfigurationError("x"), Exit.WRONG_USE),
        (errors.RequestRejectedError("x"), Exit.REJECTED),
        (errors.AllRoutesFailedError("x"), Exit.NO_ROUTE),
        (errors.DeadlineExceededError("x"), Exit.DEADLINE),
        (errors.ClientClosedError("x"), Exit.NO_ROUTE),
    ],
)
def test_each_error_has_its_exit_code(
    error: errors.GitLabCompletionsError, exit_code: Exit
) -> None:
    assert problem_of(error).exit_code is exit_code


@pytest.mark.parametrize("code", ErrorCode)
def test_no_remedy_speaks_of_python(code: ErrorCode) -> None:
    line = problem_of(errors.AllRoutesFailedError("it failed", code=code)).line
    for python in ("HttpxSender", "deadline_s", "project_path", "verify"):
        assert python not in line


@pytest.mark.parametrize("detail", get_args(SendErrorDetail))
def test_no_remedy_of_a_broken_connection_does(detail: SendErrorDetail) -> None:
    told = meaning_of(SendError("proxy", detail=detail), "GitLab")
    error = errors.AllRoutesFailedError(told.words, code=told.code, remedy=told.remedy)
    line = problem_of(error).line
    for python in ("HttpxSender", "verify=", "cert=", "route"):
        assert python not in line
    if told.remedy is not None:
        assert line != told.words


def test_a_remedy_of_its_own_is_kept_in_our_words() -> None:
    told = meaning_of(SendError("proxy", detail="proxy_credentials"), "GitLab")
    error = errors.AllRoutesFailedError("x", code=told.code, remedy=told.remedy)
    assert problem_of(error).line.endswith(
        "put them into HTTPS_PROXY as http://user:password@host:port, what is special "
        "in the password as %XX"
    )


def test_arguments_are_called_what_the_user_calls_them() -> None:
    error = errors.ConfigurationError("instance_url has no host", remedy="RTFM")
    assert problem_of(error).line == "GITLAB_URL has no host"


def test_json_has_the_facts_beside_the_error() -> None:
    error = errors.AllRoutesFailedError("no", code=ErrorCode.QUOTA, retry_after_s=3.0)
    problem = problem_of(error)
    problem.facts["attempts"] = []
    assert json.loads(as_json(problem)) == {
        "error": {
            "code": "quota",
            "message": "no",
            "remedy": "ask your GitLab administrator for more credits",
            "exit_code": 4,
            "retry_after_s": 3.0,
            "retryable": False,
        },
        "attempts": [],
    }


def test_a_problem_may_have_no_remedy() -> None:
    assert Problem("it failed").line == "it failed"


def test_what_would_steer_a_terminal_is_made_visible() -> None:
    assert visible("é→\x1b[2J\n\u202e") == "é→\\x1b[2J\\n\\u202e"
    assert visible("a\n\tb\r", keep="\n\t") == "a\n\tb\\r"
