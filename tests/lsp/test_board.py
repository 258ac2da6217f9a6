"""What a client is told of how things stand, and a person once."""

from __future__ import annotations

import pytest

from gitlab_completions.errors import (
    AllRoutesFailedError,
    ConfigurationError,
    ErrorCode,
    GitLabCompletionsError,
)
from gitlab_completions.lsp.board import Board, Standing, unconfigured
from gitlab_completions.models import Route
from gitlab_completions.status import Health


def standing(health: Health, problem: GitLabCompletionsError | None) -> Standing:
    return Standing(
        health=health,
        route=Route.INDIRECT,
        reason="barred",
        text="a line",
        problem=problem,
    )


def failed(code: ErrorCode) -> Standing:
    return standing(Health.UNAVAILABLE, AllRoutesFailedError("it failed", code=code))


def test_a_problem_is_told_with_its_code_and_remedy() -> None:
    assert failed(ErrorCode.NO_SEAT).document() == {
        "health": "unavailable",
        "route": "indirect",
        "reason": "barred",
        "text": "a line",
        "problem": {
            "code": "no_seat",
            "message": "it failed",
            "remedy": "ask for a GitLab Duo seat, or check the token",
        },
    }


def test_what_is_not_set_is_a_problem_without_a_route() -> None:
    told = unconfigured(ConfigurationError("set it")).document()
    assert (told["route"], told["reason"], told["text"]) == (None, None, "set it")


@pytest.mark.parametrize(
    ("one", "message"),
    [
        (
            failed(ErrorCode.NO_SEAT),
            "it failed; ask for a GitLab Duo seat, or check the token",
        ),
        (failed(ErrorCode.OFFLINE), None),
        (failed(ErrorCode.TOKEN_REVOKED), None),
        (standing(Health.READY, None), None),
        (standing(Health.DEGRADED, GitLabCompletionsError("barred")), None),
    ],
    ids=["for a person", "passes", "told by the token's place", "well", "degraded"],
)
def test_a_person_is_told_what_they_can_do_something_about(
    one: Standing, message: str | None
) -> None:
    assert one.message == message


def test_what_is_known_is_no_news() -> None:
    board = Board()
    assert board.put(failed(ErrorCode.NO_SEAT))
    assert not board.put(failed(ErrorCode.NO_SEAT))
    assert board.put(failed(ErrorCode.QUOTA))


def test_after_other_settings_a_line_is_news_again() -> None:
    board = Board()
    assert board.is_new("line")
    assert not board.is_new("line")
    board.forget()
    assert board.is_new("line")
