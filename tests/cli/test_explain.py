"""The attempts of a call, as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlab_completions.cli.explain import explain, explain_failure
from gitlab_completions.errors import AllRoutesFailedError, DirectAccessBarredError
from gitlab_completions.models import Attempt, Completion, Route, RouteReason

if TYPE_CHECKING:
    import pytest


def test_each_attempt_is_a_row(capsys: pytest.CaptureFixture[str]) -> None:
    explain(
        Completion(
            choices=(),
            model=None,
            route=Route.INDIRECT,
            reason=RouteReason.HEDGED,
            attempts=(
                Attempt(
                    route=Route.DIRECT, started_s=0, elapsed_s=1.1, superseded=True
                ),
                Attempt(
                    route=Route.INDIRECT,
                    started_s=0.9,
                    elapsed_s=0.2,
                    status_code=200,
                ),
            ),
            elapsed_s=1.1,
            request_id=None,
        )
    )
    captured = capsys.readouterr()
    rows = [line.split() for line in captured.err.splitlines() if line.strip()]
    assert captured.out == ""
    assert rows[0] == ["route", "started", "ms", "status", "outcome"]
    assert rows[2] == ["direct", "+0", "1100", "-", "not", "waited", "for"]
    assert rows[3] == ["indirect", "+900", "200", "200", "answered"]
    assert rows[4][:2] == ["indirect", "(hedged):"]


def test_a_call_without_attempts_says_why_direct_was_none(
    capsys: pytest.CaptureFixture[str],
) -> None:
    refusal = DirectAccessBarredError("GitLab said\x1b[2J no")
    explain_failure(AllRoutesFailedError("no route", direct_refusal=refusal))
    said = capsys.readouterr().err
    assert said == "direct was no choice: GitLab said\\x1b[2J no\n"
