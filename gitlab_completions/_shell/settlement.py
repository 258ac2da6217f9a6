"""What the end of an attempt teaches, whether or not a caller is still there.

The verdict tables decide; here the circuit, the connection details, the observers and
the user's other processes are told, in this order, before anybody else is let through
the gate.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, TypedDict

from gitlab_completions._core.circuit import Cause
from gitlab_completions._core.permit import Transition
from gitlab_completions._core.verdicts import (
    GATEWAYS,
    INSTANCE,
    AttemptVerdict,
    Body,
    Effect,
    Observation,
    OnDetails,
    decide,
)
from gitlab_completions.errors import (
    DirectAccessBarredError,
    DirectAccessUnavailableError,
)
from gitlab_completions.events import (
    AttemptFailed,
    AttemptSucceeded,
    CircuitRecovered,
    CircuitTripped,
    DetailsRefused,
    EndpointRefused,
    StreamBegan,
)
from gitlab_completions.models import Route, RouteReason

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gitlab_completions._core.circuit import Circuit
    from gitlab_completions._core.commands import Send
    from gitlab_completions._core.verdicts import Row
    from gitlab_completions._shell.bulletin import Bulletin
    from gitlab_completions._shell.clock import Clock
    from gitlab_completions._shell.endings import Ending
    from gitlab_completions._shell.flight import Flight
    from gitlab_completions._shell.keeper import Entry
    from gitlab_completions._shell.notices import Notices
    from gitlab_completions.details import Endpoint
    from gitlab_completions.errors import DirectAccessError, RouteError

_FIRST_PIECE = Observation(status=200, body=Body.GOOD)


class Settlement:
    """Settles the flights of one client.

    Args:
        circuits: One for each route.
        clock: Tells the time.
        bulletin: Tells the observers.
        look_at_clock: Notices a suspend, before what has ended teaches anything.
        turn_away: Takes back the attempts that wait at a gate and are refused by now.
        notices: Passes on what a server says to all of the user's processes.
    """

    def __init__(
        self,
        *,
        circuits: Mapping[Route, Circuit],
        clock: Clock,
        bulletin: Bulletin,
        look_at_clock: Callable[[], None],
        turn_away: Callable[[Callable[[Send], bool]], None],
        notices: Notices | None = None,
    ) -> None:
        self._circuits = circuits
        self._clock = clock
        self._bulletin = bulletin
        self._look_at_clock = look_at_clock
        self._turn_away = turn_away
        self._notices = notices

    def settle(self, flight: Flight, ending: Ending) -> None:
        """Let what happened teach: the circuit, the details, the observers."""
        self._look_at_clock()
        now = self._clock.now()
        verdict = decide(_table(flight.send), ending.seen)
        flight.ending, flight.ended_at = ending, now
        if flight.verdict is None:  # else it is a stream, whose first piece was that
            flight.verdict = verdict
        self._report(flight, ending, now)
        self._settle_permit(flight, verdict, ending, now)
        if flight.send.details is not None:
            self._settle_details(flight, verdict, ending, now)
        if self._notices is not None:
            self._notices.tell(flight.route, flight.entry, verdict, ending)

    def begins(self, flight: Flight) -> None:
        """Let the first piece of a stream teach that the route works."""
        self._look_at_clock()
        verdict = flight.verdict = decide(_table(flight.send), _FIRST_PIECE)
        now = self._clock.now()
        self._bulletin.publish(
            StreamBegan(
                call_id=flight.call_id,
                route=flight.route,
                elapsed_s=now - flight.started_at,
            )
        )
        self._tell(flight.route, flight.permit.succeed(now), now)
        if verdict.details is OnDetails.ACCEPT:
            flight.entry.freshness.accepted()

    def leaves(self, flight: Flight) -> None:
        """Let it teach that a stream's reader has left, unless it was about to answer.

        Who waits for a first piece may be hasty, and bytes tell that it is being made.
        """
        if flight.pour is not None and flight.pour.heard:
            flight.permit.release()
        self.cuts(flight)

    def cuts(self, flight: Flight) -> None:
        """Let it teach that an attempt is ended that has brought no piece in time.

        Keep-alives are no answer: behind them a gateway may hang as well.
        """
        self._look_at_clock()
        now = self._clock.now()
        self._tell(flight.route, flight.permit.cut(now), now)

    def left(self, flight: Flight) -> None:
        """Let it teach that nobody waits for the attempt any more."""
        self._look_at_clock()
        now = self._clock.now()
        self._tell(flight.route, flight.permit.left(now), now)

    def count_late(self) -> None:
        """Let it teach that attempts which were left before are silent still."""
        now = self._clock.now()
        for route, circuit in self._circuits.items():
            self._tell(route, circuit.count_late(now), now)

    def _report(self, flight: Flight, ending: Ending, now: float) -> None:
        shared = _report_of(flight, now)
        if ending.error is not None:
            self._bulletin.publish(AttemptFailed(error=ending.error, **shared))
            return
        self._bulletin.publish(
            AttemptSucceeded(
                status_code=ending.seen.status or 0,
                request_id=ending.request_id,
                **shared,
            )
        )

    def _settle_permit(
        self, flight: Flight, verdict: AttemptVerdict, ending: Ending, now: float
    ) -> None:
        permit, circuit = flight.permit, self._circuits[flight.route]
        if verdict.circuit is Effect.SUCCESS:
            transition = permit.succeed(now)
        elif verdict.circuit is Effect.FAILURE:
            transition = permit.fail(now)
        elif verdict.circuit is Effect.REST:
            rest_s = ending.retry_after_s or circuit.policy.rate_limit_s
            transition = permit.rest(now, rest_s)
        elif ending.seen.status is not None:
            transition = permit.refuse(now)
        else:
            transition = permit.release()
        self._tell(flight.route, transition, now)

    def _tell(self, route: Route, transition: Transition, now: float) -> None:
        """Tell of what a circuit did, and turn away who waits for it at the gate."""
        circuit = self._circuits[route]
        cause = circuit.cause
        if transition is Transition.TRIPPED and cause is not None:
            rests_s = circuit.rests_s(now) or 0.0
            self._bulletin.publish(
                CircuitTripped(route=route, rests_s=rests_s, cause=cause.value)
            )
            self._turn_away(partial(_rests, route, cause))
        elif transition is Transition.RECOVERED:
            self._bulletin.publish(CircuitRecovered(route=route))

    def _settle_details(
        self, flight: Flight, verdict: AttemptVerdict, ending: Ending, now: float
    ) -> None:
        freshness, details = flight.entry.freshness, flight.send.details
        if verdict.details is OnDetails.ACCEPT:
            freshness.accepted()
        if ending.error is None or details is None:
            return
        renews = verdict.details is OnDetails.RENEW
        problem = _problem(ending.error, ending.seen.status, barred=not renews)
        endpoint, asked = flight.send.endpoint, freshness.endpoint(details)
        match verdict.details:
            case OnDetails.RENEW:
                freshness.token_refused(now, details.token, problem)
            case OnDetails.BAR:
                freshness.put_bar(now, verdict.bar_s, problem)
            case OnDetails.DRIFT:
                file_name = flight.request.file_name
                freshness.drifted(now, details, endpoint, file_name, problem)
            case OnDetails.REFUSE_ENDPOINT:
                freshness.endpoint_refused(now, details, endpoint, problem)
            case OnDetails.KEEP | OnDetails.ACCEPT:
                return
        bar = freshness.bar(now)
        if renews or bar is not None:
            # Its edge counts refused tokens, and takes many of them for an attack.
            self._turn_away(lambda send: send.details is details)
        elif freshness.endpoint(details) is not asked:
            self._report_endpoint(flight, ending.seen.status, asked)
        if bar is not None and bar.problem is problem:
            self._report_bar(flight.entry, problem, bar.until - now)

    def _report_endpoint(
        self, flight: Flight, status_code: int | None, refused: Endpoint
    ) -> None:
        """Tell that another endpoint is asked from now on, also of what waits."""
        details, freshness = flight.send.details, flight.entry.freshness
        self._turn_away(
            lambda send: send.details is details and send.endpoint is refused
        )
        self._bulletin.publish(
            EndpointRefused(
                project_path=flight.entry.project_path,
                endpoint=refused,
                instead=freshness.endpoint(details),
                status_code=status_code,
            )
        )

    def _report_bar(
        self, entry: Entry, problem: DirectAccessError, again_in_s: float
    ) -> None:
        problem.retry_after_s = again_in_s
        self._bulletin.publish(
            DetailsRefused(
                project_path=entry.project_path, problem=problem, again_in_s=again_in_s
            )
        )


class _Report(TypedDict):
    """What is told of every attempt that has ended."""

    call_id: int
    route: Route
    elapsed_s: float
    reason: RouteReason
    bytes_sent: int
    bytes_received: int
    token_age_s: float | None
    superseded: bool


def _report_of(flight: Flight, now: float) -> _Report:
    return {
        "call_id": flight.call_id,
        "route": flight.route,
        "elapsed_s": now - flight.started_at,
        "reason": flight.send.reason,
        "bytes_sent": flight.traffic.sent,
        "bytes_received": flight.traffic.received,
        "token_age_s": _token_age_s(flight, now),
        "superseded": flight.ticket.detached,
    }


def _token_age_s(flight: Flight, now: float) -> float | None:
    """Return how long ago the gateway's token was granted that the attempt used."""
    freshness, details = flight.entry.freshness, flight.send.details
    if details is None or details is not freshness.details:
        return None  # it went without one, or its token is not the current one any more
    return now - freshness.obtained_at


def _table(send: Send) -> tuple[Row[AttemptVerdict], ...]:
    """Return what the answers mean of whom the attempt asks."""
    return GATEWAYS[send.endpoint] if send.route is Route.DIRECT else INSTANCE


def _problem(
    error: RouteError, status_code: int | None, *, barred: bool
) -> DirectAccessError:
    """Return what the gateway's no is to direct access."""
    kind = DirectAccessBarredError if barred else DirectAccessUnavailableError
    return kind(error.message, status_code=status_code, code=error.code)


def _rests(route: Route, cause: Cause, send: Send) -> bool:
    """Tell whether a route that has tripped refuses what was to be sent there.

    As it would calls that come later: a rest that it asked for refuses all but a last
    try; another rest refuses direct's calls that may go elsewhere, and the instance's
    none at all, since they went there for want of a better route. So did those that
    were sent to a slow one for want of room, when it is slow again.
    """
    if send.route is not route:
        return False
    if cause is Cause.RATE_LIMIT:
        return send.reason is not RouteReason.LAST_TRY
    slow = cause in {Cause.LATENESS, Cause.SLOWER}
    if slow and send.reason is RouteReason.SATURATED:
        return False
    return route is Route.DIRECT and not send.last_resort
