"""`--explain`: the attempts of a call as a table on stderr, and why it went so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from gitlab_completions.cli.consoles import console, route_text, table
from gitlab_completions.cli.problems import visible
from gitlab_completions.cli.words import why

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitlab_completions.errors import AllRoutesFailedError
    from gitlab_completions.models import Attempt, Completion

__all__ = ("explain", "explain_failure")


def explain(completion: Completion) -> None:
    """Tell how a completion came."""
    _tell(completion.attempts)
    route, reason = completion.route, completion.reason
    console(err=True).print(f"{route} ({reason}): {why(reason)}")


def explain_failure(error: AllRoutesFailedError) -> None:
    """Tell what was tried in vain; the error itself is reported elsewhere."""
    _tell(error.attempts)
    if error.direct_refusal is not None:
        said = visible(error.direct_refusal.message)
        console(err=True).print(f"direct was no choice: {said}")


def _tell(attempts: Sequence[Attempt]) -> None:
    if not attempts:
        return
    numbers = ("started", "ms", "status")
    made = table("route", *numbers, "outcome", right=numbers)
    for attempt in attempts:
        made.add_row(
            route_text(attempt.route),
            f"+{attempt.started_s * 1000:.0f}",
            f"{attempt.elapsed_s * 1000:.0f}",
            str(attempt.status_code or "-"),
            Text(_outcome(attempt)),
        )
    console(err=True).print(made)


def _outcome(attempt: Attempt) -> str:
    if attempt.error is not None:
        return visible(attempt.error.message)
    return "not waited for" if attempt.superseded else "answered"
