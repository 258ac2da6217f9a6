"""One look at whether code suggestions work for a user and a project.

Four requests at most, ten seconds at most, and no completion. First the endpoint that
checks a project, which refuses what completions would be refused for. Then, as far as
its answer leaves something open: GitLab's version, GraphQL's opinion, and direct access
(the one who knows who pays), which the first call would ask for anyway and which its
keeper keeps for it. What a request says late is not awaited: it ends by itself.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from gitlab_completions._core.availability import (
    Reply,
    Seen,
    age_of,
    asks_direct_access,
    asks_graphql,
    asks_version,
    decide,
)
from gitlab_completions._records import Record, replace
from gitlab_completions._shell import endings
from gitlab_completions._shell.access_token import TokenSourceError
from gitlab_completions._shell.inquiry import Asked
from gitlab_completions._wire import availability as wire, instance
from gitlab_completions._wire.messages import SendError
from gitlab_completions._wire.refusals import decode_refusal, looks_like_html
from gitlab_completions.errors import ErrorCode, GitLabCompletionsError
from gitlab_completions.models import Route, TokenHeader
from gitlab_completions.status import Availability

if TYPE_CHECKING:
    from gitlab_completions._secrets import HostHeaders
    from gitlab_completions._shell.background import Background
    from gitlab_completions._shell.clock import Clock
    from gitlab_completions._shell.inquiry import Inquirer, Question
    from gitlab_completions._shell.keeper import Entry, Keeper
    from gitlab_completions._wire.messages import Answer, WireRequest

MOST_REQUESTS = 4
MOST_S = 10.0
"""Seconds for the whole of it: as long as a completion may take by default."""
HEARD_S = 300.0
"""Seconds for which a call's end counts: so long as direct is barred for a 402, which
may pass, and so long as GitLab's seat is kept to be known."""
TOO_MANY = 429
SERVER_ERROR = 500

_WHO_PAYS = frozenset({ErrorCode.NAMESPACE_MISSING, ErrorCode.QUOTA})
_NO_CREDITS = 402
_OK = 200
_SUCCESSES = range(200, 300)
_REFUSALS = frozenset({401, 403})
_SLOW_REMEDY = "try again later; GitLab, or the network on the way to it, is slow"
_TOKEN_REMEDY = (
    "use a personal access token or an OAuth token with the scope api or ai_features"
)


class Heard(Record):
    """How a call ended.

    Args:
        at: When.
        code: Why without a completion; `None`: with one.
    """

    at: float
    code: ErrorCode | None


class Inspection:
    """A look at one project.

    Args:
        project_path: The project, as the wire takes it.
        inquirer: Puts questions to the instance.
        keeper: Has what direct access said, and asks for it.
        clock: Tells the time.
        background: Holds the questions.
        heard: How the project's last call ended.
    """

    def __init__(
        self,
        *,
        project_path: str | None,
        inquirer: Inquirer,
        keeper: Keeper,
        clock: Clock,
        background: Background,
        heard: Heard | None,
    ) -> None:
        self._project_path = project_path
        self._inquirer = inquirer
        self._keeper = keeper
        self._clock = clock
        self._background = background
        self._until = clock.now() + MOST_S
        self._sent = 0
        self._version: str | None = None
        self._said: GitLabCompletionsError | None = None
        recent = heard is not None and clock.now() - heard.at < HEARD_S
        self._heard = heard if recent else None

    async def run(self) -> Availability:
        """Ask, and say what it comes to; never raises."""
        check = partial(wire.check_request, project_path=self._project_path)
        seen = self._read(await self._ask(check))
        if asks_direct_access(seen):
            seen = await self._with_direct_access(seen)
        elif asks_version(seen):
            seen = await self._with_version(seen)
        if asks_graphql(seen) and self._sent < MOST_REQUESTS:
            seen = await self._with_opinion(seen)
        return self._conclude(seen)

    # What is asked.

    async def _ask(self, question: Question, *, again: bool = True) -> Asked:
        """Put a question, and wait for its answer while there is time.

        One that is on its way is left to its end; one that still waits for a connection
        is not put any more, or an outage would leave a queue of them.
        """
        answer: asyncio.Future[Asked] = asyncio.get_running_loop().create_future()
        sent = self._sent
        asking = self._background.spawn(self._put(question, answer, again=again))
        left_s = self._until - self._clock.now()
        await asyncio.wait({answer}, timeout=max(0.0, left_s))
        if answer.done():
            return answer.result()
        if self._sent == sent:
            asking.cancel()
        return Asked(error=SendError("timeout"))

    async def _put(
        self, question: Question, answer: asyncio.Future[Asked], *, again: bool
    ) -> None:
        def counted(
            root: str, headers: HostHeaders, *, timeout_s: float
        ) -> WireRequest:
            self._sent += 1
            return question(root, headers, timeout_s=timeout_s)

        answer.set_result(await self._inquirer.ask(counted, again=again))

    async def _with_version(self, seen: Seen) -> Seen:
        asked = await self._ask(instance.version_request, again=False)
        answer = asked.answer
        if answer is not None and answer.status_code == _OK:
            self._version = wire.decode_version(answer.body)
        return self._aged(replace(seen, token_taken=_takes_token(asked)))

    async def _with_direct_access(self, seen: Seen) -> Seen:
        """Hear who pays; the version meanwhile, unless that could be a fifth request.

        A fetch makes two requests when the access token is refused in between.
        """
        entry = self._keeper.entry(self._project_path)
        self._want(entry)
        if self._sent == 1 or not entry.freshness.fetching:
            seen = await self._with_version(seen)
        if entry.freshness.fetching and entry.fetch is not None:
            left_s = self._until - self._clock.now()
            await asyncio.wait({entry.fetch}, timeout=max(0.0, left_s))
        details = entry.freshness.details
        if self._version is None and details is not None:
            self._version = wire.granted_version(details.headers)
        return self._aged(replace(seen, said=seen.said or self._direct_says(entry)))

    async def _with_opinion(self, seen: Seen) -> Seen:
        query = partial(wire.opinion_request, project_path=self._project_path)
        asked = await self._ask(query, again=False)
        if asked.answer is None:
            return seen
        opinion = wire.decode_opinion(asked.answer.body, named=seen.named)
        self._version = self._version or opinion.version
        return self._aged(
            replace(
                seen,
                user_may=opinion.user_may,
                project_on=opinion.project_on,
                project_seen=opinion.project_seen,
            )
        )

    def _want(self, entry: Entry) -> None:
        """Have direct access asked for: for the first time, or whether a no still is.

        Only a no that a person may have mended since, and within the fetches' budget.
        """
        now, freshness = self._clock.now(), entry.freshness
        bar = freshness.bar(now)
        problem = None if bar is None else bar.problem
        if problem is not None and problem.code in _WHO_PAYS:
            freshness.look_again()
        if freshness.usable(now) is None:
            self._keeper.look(entry)

    def _direct_says(self, entry: Entry) -> ErrorCode | None:
        """Return what direct access was refused for, if that is about who pays.

        The gateway also says 403 of credits, when it could not find out.
        """
        now = self._clock.now()
        problem = entry.freshness.problem(now)
        if problem is None or entry.freshness.usable(now) is not None:
            return None
        in_doubt = (
            problem.code is ErrorCode.QUOTA and problem.status_code != _NO_CREDITS
        )
        return problem.code if problem.code in _WHO_PAYS and not in_doubt else None

    # What it means.

    def _read(self, asked: Asked) -> Seen:
        named = self._project_path is not None
        heard = self._heard
        said = heard.code if heard is not None and heard.code in _WHO_PAYS else None
        completed = heard is not None and heard.code is None
        seen = Seen(reply=Reply.NONE, named=named, said=said, completed=completed)
        answer, error = asked.answer, asked.error
        if answer is not None:
            return self._read_answer(seen, answer)
        if isinstance(error, TokenSourceError):
            self._said = endings.no_token(Route.INDIRECT, error, 0.0).error
        else:
            self._said = _broken(error or SendError("broken"))
        return seen

    def _read_answer(self, seen: Seen, answer: Answer) -> Seen:
        status, headers, body = answer.status_code, answer.headers, answer.body
        html = looks_like_html(body, headers)
        if status in _SUCCESSES and not html:
            return replace(seen, reply=Reply.YES)
        refusal = decode_refusal(status, headers, body)
        self._said = endings.refused(Route.INDIRECT, refusal, 0.0).error
        if not refusal.is_json or status >= SERVER_ERROR or status == TOO_MANY:
            return replace(seen, code=refusal.code)
        return replace(
            seen,
            reply=_reply(status, body, refusal.code, named=seen.named),
            code=refusal.code,
            word=refusal.vendor_code,
        )

    def _aged(self, seen: Seen) -> Seen:
        return replace(seen, age=age_of(wire.version_numbers(self._version)))

    def _conclude(self, seen: Seen) -> Availability:
        _, finding = decide(seen)
        problem: GitLabCompletionsError | None = None
        if not finding.available:
            problem = self._said
            if finding.words:
                problem = GitLabCompletionsError(
                    finding.words, code=finding.code, remedy=finding.remedy
                )
            elif seen.code is ErrorCode.TOKEN_INVALID and not seen.word:
                problem = self._refused_token()
        return Availability(
            available=finding.available,
            problem=problem,
            gitlab_version=self._version,
        )

    def _refused_token(self) -> GitLabCompletionsError | None:
        """Say more of a token that GitLab does not know, where its form does."""
        desk = self._inquirer.desk
        token = desk.known
        kind = wire.foreign_kind(token.reveal()) if token is not None else ""
        if desk.header is TokenHeader.JOB_TOKEN:
            kind = wire.foreign_kind("glcbt-")
        if kind:
            words = f"GitLab refused {kind}, which code suggestions do not take"
            return GitLabCompletionsError(
                words, code=ErrorCode.TOKEN_INVALID, remedy=_TOKEN_REMEDY
            )
        if desk.header is TokenHeader.PRIVATE_TOKEN:
            return GitLabCompletionsError(
                "GitLab refused the access token in PRIVATE-TOKEN",
                code=ErrorCode.TOKEN_INVALID,
                remedy="check the access token; an OAuth token is given as it is, or "
                "as an OAuthToken",
            )
        return self._said


def without_token(error: TokenSourceError) -> Availability:
    """Return what there is to say without an access token."""
    ending = endings.no_token(Route.INDIRECT, error, 0.0)
    return Availability(available=False, problem=ending.error, gitlab_version=None)


def without_answer() -> Availability:
    """Return what there is to say when nothing was answered in time."""
    problem = _broken(SendError("timeout"))
    return Availability(available=False, problem=problem, gitlab_version=None)


def _broken(error: SendError) -> GitLabCompletionsError | None:
    """Return what a broken exchange means; a look has no deadline to be moved."""
    told = endings.broken(Route.INDIRECT, error, 0.0).error
    if told is not None and told.code is ErrorCode.TIMEOUT:
        told.remedy = _SLOW_REMEDY
    return told


def _reply(status: int, body: bytes, code: ErrorCode, *, named: bool) -> Reply:
    """Return what a refusal in GitLab's words says of the project, if it is that."""
    match status:
        case 400 if not named and wire.misses_project(body):
            return Reply.NO_PROJECT
        case 403 if named and wire.is_own_refusal(body):
            return Reply.OFF
        case 404 if code is not ErrorCode.SWITCHED_OFF:
            return Reply.GONE if wire.is_no_endpoint(body) else Reply.NOT_FOUND
        case 405:
            return Reply.GONE
        case _:
            return Reply.REFUSED


def _takes_token(asked: Asked) -> bool | None:
    """Tell whether GitLab took the token, whatever it thinks of its scope."""
    answer = asked.answer
    if answer is None:
        return None
    refusal = decode_refusal(answer.status_code, answer.headers, answer.body)
    if answer.status_code == _OK:
        return True if wire.decode_version(answer.body) else None
    if refusal.code is ErrorCode.SCOPE_MISSING:
        return True
    return False if refusal.is_json and answer.status_code in _REFUSALS else None
