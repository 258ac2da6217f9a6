from __future__ import annotations

from gitlab_completions._wire.unusable import (
    GrantRefusedError,
    NotACompletionError,
    NotAGrantError,
)


def test_each_says_its_reason() -> None:
    for error in (
        NotACompletionError("no choices"),
        NotAGrantError("no token"),
        GrantRefusedError("clock"),
    ):
        assert str(error) == error.reason
