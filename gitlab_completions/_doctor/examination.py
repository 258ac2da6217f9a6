"""Asks and connects, in the order of what depends on what; writes it all down.

Who is asked what: the instance for its version (which is the first contact), for what
the access token is, whether code suggestions work (the client's own look at that), and
for direct access; the gateway for its health; and each route for one small completion.
Twelve requests at most, by parts of the client's kind that are not the client's: its
circuits, its connection details and its observers learn nothing of it. Only its access
token's source is the same, and its spare connections, which all of it keeps to.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from gitlab_completions._doctor import roads, troubles
from gitlab_completions._doctor.chart import Chart, Granted
from gitlab_completions._doctor.notebook import Notebook
from gitlab_completions._doctor.tasting import Taster, small_request
from gitlab_completions._records import replace
from gitlab_completions._shell import endings
from gitlab_completions._shell.access_token import TokenSourceError
from gitlab_completions._shell.bulletin import Bulletin
from gitlab_completions._shell.inspection import Inspection
from gitlab_completions._shell.keeper import Keeper
from gitlab_completions._shell.round_trip import round_trip
from gitlab_completions._wire import gateway_v2, instance, introspection
from gitlab_completions._wire.availability import decode_version
from gitlab_completions._wire.direct_access import issued_at
from gitlab_completions._wire.messages import SendError
from gitlab_completions._wire.refusals import decode_refusal, looks_like_html
from gitlab_completions.errors import ErrorCode, RequestRejectedError
from gitlab_completions.models import Route
from gitlab_completions.policy import DirectMode

if TYPE_CHECKING:
    from gitlab_completions._doctor.notebook import Entry
    from gitlab_completions._shell.inquiry import Asked, Inquirer, Question
    from gitlab_completions._shell.patient import Patient
    from gitlab_completions._wire.messages import Answer
    from gitlab_completions.details import ConnectionDetails

MOST_S = 60.0
"""Seconds for all of it: five answers that take their ten, and some connections."""
HEALTH_S = 5.0
"""Seconds for the gateway's health, as for a warm-up."""
_OK = 200
_UNAUTHORIZED = 401
_FORBIDDEN = 403
_MOVED = frozenset({301, 308})
_DIRECT_ACCESS = "/code_suggestions/direct_access"


class Examination:
    """One look at a client, for one project.

    Args:
        patient: The client.
        project_path: The project.
        overridden: `GITLAB_COMPLETIONS_DIRECT` has a say.
    """

    def __init__(
        self, patient: Patient, project_path: str | None, *, overridden: bool
    ) -> None:
        setup = patient.setup
        self._patient = patient
        self._project_path = (project_path or "").strip() or None
        self._overridden = overridden
        self._clock = setup.clock
        self._until = self._clock.now() + MOST_S
        self._notebook = Notebook(
            setup.sender, self._clock.now, setup.wall, self._until
        )
        self._setup = replace(setup, sender=self._notebook, store=None, observers=())
        self._inquirer: Inquirer = self._setup.inquirer(patient.desk, patient.spare)
        self._taster = Taster(self._setup, patient, self._notebook)
        self._keeper = Keeper(
            policy=setup.policy,
            fetcher=self._setup.fetcher(patient.desk, patient.spare),
            clock=setup.clock,
            jitter=setup.jitter,
            bulletin=Bulletin(),
            background=patient.background,
            rollout=patient.rollout,
        )

    @property
    def requests(self) -> int:
        """HTTP requests that it took."""
        return self._notebook.requests

    async def run(self) -> Chart:
        """Look at everything that can be looked at; never raises."""
        root = self._setup.root
        chart = Chart(
            patient=self._patient,
            overridden=self._overridden,
            project_given=self._project_path is not None,
            instance=await roads.look(self._patient.setup.sender, Route.INDIRECT, root),
        )
        await self._meet(chart)
        if chart.trouble is None:
            await self._look_at_token(chart)
            await self._look_at_availability(chart)
        if chart.trouble is None or not chart.trouble.is_final:
            await self._try(chart)
        chart.entries = tuple(self._notebook.entries)
        return chart

    async def _try(self, chart: Chart) -> None:
        """Ask for completions: whatever else was found, they decide.

        After a trouble direct is looked at only when the instance completes all the
        same, or when there is nothing but direct.
        """
        try:
            request = small_request(self._project_path)
        except RequestRejectedError as error:
            chart.unsent = error.message
            return
        is_only = self._setup.policy.direct is DirectMode.ONLY
        if chart.trouble is not None and not is_only:
            await self._taster.indirect(chart, request)
            if not chart.completes:
                return
        await self._look_at_direct_access(chart)
        if not is_only and Route.INDIRECT not in chart.tasted:
            await self._taster.indirect(chart, request)
        if chart.granted is not None and chart.health_error is None:
            entry = self._keeper.entry(self._project_path)
            await self._taster.direct(chart, request, entry.freshness)

    # The instance.

    async def _meet(self, chart: Chart) -> None:
        """Ask for GitLab's version: the smallest question that it answers."""
        error = chart.instance.error
        if error is not None and error.detail == "certificate_file":
            chart.trouble = troubles.of_break(
                error, chart.instance, "GitLab", "version"
            )
            return
        asked = await self._inquirer.ask(instance.version_request)
        chart.contact = self._notebook.last("/api/v4/version")
        if asked.answer is None:
            chart.trouble = self._broken(asked, chart)
            return
        self._understand(chart, asked.answer)

    def _understand(self, chart: Chart, answer: Answer) -> None:
        """Note what hinders whoever is answered so; a version hinders nobody."""
        status, headers, body = answer.status_code, answer.headers, answer.body
        if status == _OK and decode_version(body):
            return
        if status == _OK and not looks_like_html(body, headers):
            chart.trouble = troubles.Trouble(
                check="version",
                words="what answers at the instance's URL is no GitLab",
                remedy="check the URL: it must be GitLab's own, with its path if it "
                "has one",
                code=ErrorCode.MALFORMED,
            )
            return
        if status in _MOVED:
            chart.trouble = troubles.Trouble(
                check="version",
                words=f"the instance's URL has moved ({status})",
                remedy="use the URL at which a browser ends",
                code=ErrorCode.NOT_FOUND,
            )
            return
        refusal = decode_refusal(status, headers, body)
        chart.contact_refusal = refusal
        if refusal.is_json and status in {_UNAUTHORIZED, _FORBIDDEN}:
            return  # about the token, or the account: the next looks tell
        told = endings.refused(Route.INDIRECT, refusal, 0.0).error
        assert told is not None
        in_front = not refusal.is_json and status in {_UNAUTHORIZED, _FORBIDDEN}
        chart.trouble = troubles.of_error(told, "proxy" if in_front else "version")

    def _broken(self, asked: Asked, chart: Chart) -> troubles.Trouble:
        error = asked.error
        if isinstance(error, TokenSourceError):
            told = endings.no_token(Route.INDIRECT, error, 0.0).error
            assert told is not None
            return troubles.of_error(told, "token")
        return troubles.of_break(
            error or SendError("broken"), chart.instance, "GitLab", "version"
        )

    async def _look_at_token(self, chart: Chart) -> None:
        """Ask what the token is, where GitLab took it at all."""
        known = self._patient.desk.known
        if known is None:
            return
        chart.token_form = form = introspection.form_of(known.reveal())
        contact = chart.contact_refusal
        if contact is not None and contact.status_code == _UNAUTHORIZED:
            return
        questions: list[tuple[Question, introspection.TokenForm]] = [
            (introspection.personal_token_request, "personal"),
            (introspection.oauth_token_request, "oauth"),
        ]
        if form == "oauth":
            questions.reverse()
        for question, of_form in questions:
            asked = await self._inquirer.ask(question, again=False)
            if asked.answer is None or asked.answer.status_code != _OK:
                continue
            chart.token = introspection.decode_token_facts(
                asked.answer.body, form=of_form
            )
            if chart.token is not None:
                return

    async def _look_at_availability(self, chart: Chart) -> None:
        """Have the client's own look at whether code suggestions work."""
        inspection = Inspection(
            project_path=self._project_path,
            inquirer=self._inquirer,
            keeper=self._keeper,
            clock=self._clock,
            background=self._patient.background,
            heard=None,
        )
        found = await inspection.run()
        chart.availability = found
        if found.problem is not None:
            chart.trouble = troubles.of_error(found.problem, "availability")
            self._note_refusal(chart)

    # Direct access, and the gateway.

    async def _look_at_direct_access(self, chart: Chart) -> None:
        """Ask for direct access, and look at the gateway that is granted."""
        if not self._keeper.goes_direct:
            return
        entry = self._keeper.entry(self._project_path)
        if not entry.freshness.was_fetched:
            self._keeper.look(entry)
        if entry.fetch is not None:
            left_s = max(0.0, self._until - self._clock.now())
            await asyncio.wait({entry.fetch}, timeout=left_s)
        now = self._clock.now()
        details = entry.freshness.usable(now)
        chart.direct_problem = entry.freshness.problem(now)
        self._note_refusal(chart)
        if details is None or now >= self._until:
            return
        chart.granted = Granted(
            lifetime_s=details.lifetime_s,
            issued_at=issued_at(details.token),
            endpoints=details.endpoints,
            names_model=bool(details.model_details or details.model_metadata),
        )
        await self._look_at_gateway(chart, details)

    def _note_refusal(self, chart: Chart) -> None:
        entry = self._notebook.last(_DIRECT_ACCESS)
        if entry is not None and not _is_success(entry):
            answer = entry.answer
            chart.direct_refusal = decode_refusal(
                answer.status_code, answer.headers, answer.body
            )

    async def _look_at_gateway(self, chart: Chart, details: ConnectionDetails) -> None:
        sender = self._patient.setup.sender
        chart.gateway = await roads.look(sender, Route.DIRECT, details.base_url)
        request = gateway_v2.health_request(details, timeout_s=HEALTH_S)
        async with self._patient.spare.for_the_rest():
            try:
                await round_trip(self._notebook, request)
            except SendError as error:
                chart.health_error = error
        chart.health = self._notebook.last(request.url)


def _is_success(entry: Entry) -> bool:
    return 200 <= entry.answer.status_code < 300  # noqa: PLR2004 - HTTP's successes
