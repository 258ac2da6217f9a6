"""How things stand, for a status bar; and who has been told of which problem.

Pure: what goes out is for the server to send. A person is told of a problem once, and
only of one that somebody has to do something about: a network that is away for a while
shows in the status bar alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlab_completions._error_codes import ABOUT_TOKEN, ErrorCode
from gitlab_completions._records import Record
from gitlab_completions.models import Route
from gitlab_completions.status import Health

if TYPE_CHECKING:
    from gitlab_completions.errors import GitLabCompletionsError
    from gitlab_completions.status import RoutingStatus

__all__ = ("STATUS", "Board", "Standing", "standing_of", "unconfigured")

STATUS = "$/gitlab/status"
"""The notification that carries a `Standing`."""

_BY = {Route.DIRECT: "direct", Route.INDIRECT: "through the instance"}


class Standing(Record):
    """How things stand.

    Args:
        health: Whether suggestions can be had: a `Health`.
        route: The route of the next one; `None` when there is none.
        reason: Why that route: a `RouteReason`; `None` without a route.
        text: All of it in a line for people.
        problem: What is wrong; `None` when nothing is.
    """

    health: Health
    route: Route | None
    reason: str | None
    text: str
    problem: GitLabCompletionsError | None

    @property
    def message(self) -> str | None:
        """What a person is to be told, `None` when there is nothing for them to do."""
        problem = self.problem
        if self.health is not Health.UNAVAILABLE or problem is None:
            return None
        passes = problem.retryable and problem.code is not ErrorCode.TOKEN_SOURCE
        # Of a refused token it is told where it came from, see `credentials`.
        return None if passes or problem.code in ABOUT_TOKEN else str(problem)

    def document(self) -> dict[str, object]:
        """Return it as the client is told."""
        problem = self.problem
        return {
            "health": self.health.value,
            "route": None if self.route is None else self.route.value,
            "reason": self.reason,
            "text": self.text,
            "problem": problem
            and {
                "code": problem.code.value,
                "message": problem.message,
                "remedy": problem.remedy,
            },
        }


def standing_of(status: RoutingStatus) -> Standing:
    """Return how a client's routing stands."""
    return Standing(
        health=status.health,
        route=status.route,
        reason=status.reason.value,
        text=_text(status),
        problem=status.problem,
    )


def unconfigured(problem: GitLabCompletionsError) -> Standing:
    """Return how things stand while something has to be set first."""
    return Standing(
        health=Health.UNAVAILABLE,
        route=None,
        reason=None,
        text=str(problem),
        problem=problem,
    )


def _text(status: RoutingStatus) -> str:
    way = "" if status.route is None else f", {_BY[status.route]}"
    problem = "" if status.problem is None else f": {status.problem}"
    if status.health is Health.UNAVAILABLE and status.problem is not None:
        return str(status.problem)
    return f"{status.health.value}{way}{problem}"


class Board:
    """Keeps what the client was told, so that it is told what is new alone."""

    def __init__(self) -> None:
        self.told: Standing | None = None
        self._lines: set[str] = set()

    def put(self, standing: Standing) -> bool:
        """Take a standing in; tell whether the client does not know it yet."""
        before, self.told = self.told, standing
        return before is None or before.document() != standing.document()

    def is_new(self, line: str) -> bool:
        """Tell whether a person has not had this line; from now on they have."""
        is_new = line not in self._lines
        self._lines.add(line)
        return is_new

    def forget(self) -> None:
        """Begin anew: settings have changed, so what is wrong now is news."""
        self._lines.clear()
