"""How calls end: what their callers get, and who is told of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlab_completions._core.commands import Chosen
from gitlab_completions._core.rollout import barrier
from gitlab_completions._shell import results
from gitlab_completions.events import CallFinished, StatusChanged
from gitlab_completions.models import Intent, Route, RouteReason
from gitlab_completions.policy import DirectMode

if TYPE_CHECKING:
    from gitlab_completions._core.commands import GaveUp
    from gitlab_completions._core.router import Router
    from gitlab_completions._shell.availability import AvailabilityDesk
    from gitlab_completions._shell.bulletin import Bulletin
    from gitlab_completions._shell.driver import Drive
    from gitlab_completions._shell.keeper import Entry
    from gitlab_completions._shell.outlook import Outlook
    from gitlab_completions.errors import DirectAccessError, GitLabCompletionsError
    from gitlab_completions.models import Completion


class Conclusions:
    """Concludes the calls of one client.

    Args:
        outlook: Remembers how the last call ended.
        availability: Hears of what disproves it.
        bulletin: Tells the observers.
    """

    def __init__(
        self, outlook: Outlook, availability: AvailabilityDesk, bulletin: Bulletin
    ) -> None:
        self._outlook = outlook
        self._availability = availability
        self._bulletin = bulletin

    def result(
        self,
        drive: Drive,
        router: Router,
        answer: Chosen | GaveUp,
        *,
        deadline: float,
        now: float,
    ) -> Completion | GitLabCompletionsError:
        """Return what a call has got, or the error that says most."""
        if isinstance(answer, Chosen):
            return results.broken(drive.flights, answer) or results.completion(
                drive.request,
                answer,
                drive.flights,
                started_at=drive.started_at,
                now=now,
            )
        only = router.policy.direct is DirectMode.ONLY
        last_route = Route.DIRECT if only else Route.INDIRECT
        return results.failure(
            answer,
            drive.flights,
            started_at=drive.started_at,
            deadline=deadline,
            now=now,
            direct_refusal=_direct_refusal(drive, router, now),
            wait_s=self._outlook.wait_s(last_route, now),
        )

    def finish(
        self,
        drive: Drive,
        router: Router,
        now: float,
        done: Completion | None,
        error: GitLabCompletionsError | None,
    ) -> None:
        """Tell of a call's end, and of what it changes for the next one."""
        self.tell_end(drive, now, done, error)
        self._outlook.call_ended(drive.call_id, error)
        self._availability.heard(drive.entry.project_path, error)
        self.tell_status(drive.entry, router)

    def tell_end(
        self,
        drive: Drive,
        now: float,
        done: Completion | None,
        error: GitLabCompletionsError | None,
    ) -> None:
        """Tell of a call's end."""
        self._bulletin.publish(
            CallFinished(
                call_id=drive.call_id,
                elapsed_s=now - drive.started_at,
                route=done.route if done else None,
                reason=done.reason if done else None,
                error=error,
                model=done.model if done else None,
                choices=len(done.choices) if done else 0,
                attempts=len(drive.flights),
            )
        )

    def tell_status(self, entry: Entry, router: Router) -> None:
        """Tell how routing stands, if that is news."""
        status = self._outlook.news(router, entry)
        if status is not None:
            self._bulletin.publish(StatusChanged(status=status))


def _direct_refusal(
    drive: Drive, router: Router, now: float
) -> DirectAccessError | None:
    barred = barrier(router.policy, router.rollout)
    completion = drive.request.intent is Intent.COMPLETION
    freshness = drive.entry.freshness
    if completion and barred is RouteReason.ROLLOUT:
        return results.not_rolled_out()
    if barred is not None or not completion or freshness.usable(now) is not None:
        return None
    return freshness.problem(now)
