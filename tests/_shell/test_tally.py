"""Events are counted by name."""

from __future__ import annotations

from gitlab_completions._shell.tally import Tally
from gitlab_completions.details import Endpoint
from gitlab_completions.errors import AllRoutesFailedError
from gitlab_completions.events import (
    CallFinished,
    CircuitTripped,
    ClockJumped,
    EndpointRefused,
    Superseded,
)
from gitlab_completions.models import Route, RouteReason


def finished(route: Route | None) -> CallFinished:
    return CallFinished(
        call_id=1,
        elapsed_s=0.1,
        route=route,
        reason=RouteReason.PREFERRED if route else None,
        error=None if route else AllRoutesFailedError("no"),
    )


def test_calls_are_counted_by_how_they_ended() -> None:
    tally = Tally()
    for route in (Route.DIRECT, Route.DIRECT, Route.INDIRECT, None):
        tally(finished(route))
    assert tally.counts == {"completed": 3, "direct": 2, "indirect": 1, "failed": 1}


def test_what_happened_on_the_way_is_counted() -> None:
    tally = Tally()
    tally(Superseded(call_id=1, elapsed_s=0.1))
    tally(CircuitTripped(route=Route.DIRECT, rests_s=1.0))
    tally(CircuitTripped(route=Route.DIRECT, rests_s=2.0))
    tally(ClockJumped())
    tally(
        EndpointRefused(
            project_path=None,
            endpoint=Endpoint.V4,
            instead=Endpoint.V2,
            status_code=403,
        )
    )
    assert tally.counts == {
        "superseded": 1,
        "circuits_tripped": 2,
        "endpoints_refused": 1,
    }


def test_what_has_not_happened_counts_zero() -> None:
    assert Tally().counts["hedged"] == 0
