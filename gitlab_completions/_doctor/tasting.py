"""Asks for one small completion by a route, as a call would.

It passes no gate, counts for no circuit and no budget of the client's, and holds a
spare connection meanwhile, so that an author's own calls have all of theirs.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from gitlab_completions._core.verdicts import GATEWAYS, OnDetails, decide
from gitlab_completions._doctor.chart import Tasted
from gitlab_completions._shell.traffic import Traffic
from gitlab_completions.errors import DirectAccessBarredError
from gitlab_completions.models import CompletionRequest, Route

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from gitlab_completions._core.freshness import Freshness
    from gitlab_completions._doctor.chart import Chart
    from gitlab_completions._doctor.notebook import Notebook
    from gitlab_completions._shell.endings import Ending
    from gitlab_completions._shell.patient import Patient
    from gitlab_completions._shell.setup import Setup

NEARLY_FULL = 55
"""Completions of the last minute from which none is spent on a look: as for calls."""
_ABOVE = "def add(left, right):\n    return "


def small_request(project_path: str | None) -> CompletionRequest:
    """Return what is asked for: nobody's code, and a few tokens.

    Raises:
        RequestRejectedError: When no request takes that project path.
    """
    return CompletionRequest(
        file_name="doctor.py", content_above_cursor=_ABOVE, project_path=project_path
    )


class Taster:
    """Asks for completions, and writes down what came of it.

    Args:
        setup: What exchanges are made with.
        patient: The client.
        notebook: Sends, and keeps time.
    """

    def __init__(self, setup: Setup, patient: Patient, notebook: Notebook) -> None:
        self._policy = setup.policy
        self._clock = setup.clock
        self._exchanger = setup.exchanger(patient.desk)
        self._patient = patient
        self._notebook = notebook

    async def indirect(self, chart: Chart, request: CompletionRequest) -> None:
        """Ask the instance, unless the author needs what is left of the minute."""
        most, used = (
            self._policy.indirect_per_minute,
            self._patient.status.indirect_used,
        )
        if most is not None and used >= min(NEARLY_FULL, most):
            return
        ask = partial(
            self._exchanger.indirect, request, last_resort=True, traffic=Traffic()
        )
        chart.tasted[Route.INDIRECT] = await self._tasted(
            Route.INDIRECT, ask, self._policy.indirect_timeout_s
        )

    async def direct(
        self, chart: Chart, request: CompletionRequest, freshness: Freshness
    ) -> None:
        """Ask the gateway's endpoint that a call would, then the other if need be.

        Each refusal is one that the client would learn from in the same way.
        """
        while (details := freshness.usable(self._clock.now())) is not None:
            endpoint = freshness.endpoint(details)
            ask = partial(
                self._exchanger.direct,
                request,
                details,
                endpoint=endpoint,
                last_resort=False,
                traffic=Traffic(),
            )
            tasted = await self._tasted(
                Route.DIRECT, ask, self._policy.direct_timeout_s
            )
            chart.tasted[Route.DIRECT] = tasted
            verdict = decide(GATEWAYS[endpoint], tasted.ending.seen)
            if verdict.details is not OnDetails.REFUSE_ENDPOINT:
                return
            problem = DirectAccessBarredError("the gateway refuses this endpoint")
            freshness.endpoint_refused(self._clock.now(), details, endpoint, problem)

    async def _tasted(
        self,
        route: Route,
        ask: Callable[..., Coroutine[object, object, Ending]],
        timeout_s: float,
    ) -> Tasted:
        async with self._patient.spare.for_the_rest():
            before = len(self._notebook.entries)
            # The wait for a connection takes nothing of the time for an answer.
            ending = await ask(ends_at=self._clock.now() + timeout_s)
        answers = [one for one in self._notebook.entries[before:] if one.route is route]
        elapsed_s = answers[-1].elapsed_s if answers else None
        return Tasted(ending=ending, elapsed_s=elapsed_s)
