"""One request for direct access: the token, the send, the grant; never raises."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlab_completions._core.reasons import BY_WORD
from gitlab_completions._core.verdicts import (
    DIRECT_ACCESS,
    AccessVerdict,
    Body,
    Observation,
    decide,
)
from gitlab_completions._error_codes import ABOUT_TOKEN
from gitlab_completions._frames import frameless
from gitlab_completions._records import Record, replace
from gitlab_completions._shell.access_token import TokenSourceError
from gitlab_completions._shell.breaks import meaning_of
from gitlab_completions._shell.chance import new_request_id
from gitlab_completions._shell.endings import broken_below
from gitlab_completions._shell.imports import import_off_loop
from gitlab_completions._shell.round_trip import round_trip
from gitlab_completions._shell.spare import SpareConnections
from gitlab_completions._wire import direct_access, instance
from gitlab_completions._wire.messages import SendError
from gitlab_completions._wire.refusals import decode_refusal, looks_like_html
from gitlab_completions._wire.unusable import GrantRefusedError, NotAGrantError
from gitlab_completions.errors import (
    DirectAccessBarredError,
    DirectAccessError,
    DirectAccessUnavailableError,
    ErrorCode,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitlab_completions._secrets import Secret
    from gitlab_completions._shell.access_token import TokenDesk
    from gitlab_completions._wire.direct_access import Grant
    from gitlab_completions._wire.messages import Answer, WireRequest
    from gitlab_completions.senders import Sender

DETAILS_TIMEOUT_S = 15.0
"""Seconds for a grant, as GitLab's own client allows: up to GitLab 18.9 the instance
itself waits for the gateway's token for as long as that."""

_REFUSED_GRANTS = {
    "no_model": "it names no model for direct connections",
    "bad_grant": "its address, token or headers are not acceptable",
    "clock": "its token had run out before it came",
}
_PORTAL = "a sign-in page answered the request for direct access ({})"
_SUCCESSES = range(200, 300)
_ONLY_DIRECT = frozenset({ErrorCode.FORBIDDEN, ErrorCode.NOT_FOUND, ErrorCode.REQUEST})
"""Here these mean that direct access is not given; completions may well be."""


class Fetched(Record):
    """What came of asking for direct access: a grant, or why there is none.

    Args:
        seen: What the core judges.
        grant: What was granted.
        message: Why there is no grant, for people.
        code: The same for programs.
        remedy: What a person can do, where that is not what the code says.
        retry_after_s: Seconds that the instance asks to wait.
        outdated: It was said to an access token that has changed since.
        answer: The instance's answer, where there was one.
        told_at: When another process was told so; `None`: it was asked just now.
    """

    seen: Observation
    grant: Grant | None = None
    message: str = ""
    code: ErrorCode | None = None
    remedy: str | None = None
    retry_after_s: float | None = None
    outdated: bool = False
    answer: Answer | None = None
    told_at: float | None = None

    @property
    def verdict(self) -> AccessVerdict:
        """What it means that there is no grant, the server's own wait heeded."""
        verdict = decide(DIRECT_ACCESS, self.seen)
        if verdict.most_s is None or self.retry_after_s is None:
            return verdict
        return replace(verdict, again_s=min(self.retry_after_s, verdict.most_s))

    @property
    def suspects_token(self) -> bool:
        """Whether another access token may be granted what this one was not."""
        suspect = decide(DIRECT_ACCESS, self.seen).suspect_token
        return suspect and self.code in ABOUT_TOKEN

    def problem(self, *, barred: bool) -> DirectAccessError:
        """Return the error that says why there is no grant."""
        kind = DirectAccessBarredError if barred else DirectAccessUnavailableError
        return kind(
            self.message,
            status_code=self.seen.status,
            code=self.code,
            remedy=self.remedy,
        )


class Fetcher:
    """Asks the instance for direct access.

    Args:
        sender: Sends.
        desk: Has the access token.
        root: The instance's URL.
        user_agent: Who we say we are.
        allow_plain_http: Whether the gateway may be spoken to without TLS.
        spare: Knows when there is a connection for it; left out, nobody else does.
    """

    def __init__(
        self,
        sender: Sender,
        desk: TokenDesk,
        root: str,
        user_agent: str,
        *,
        allow_plain_http: bool,
        spare: SpareConnections | None = None,
    ) -> None:
        self.sender = sender
        self.desk = desk
        self.root = root
        self.user_agent = user_agent
        self.allow_plain_http = allow_plain_http
        self.spare = spare or SpareConnections()

    @frameless
    async def fetch(
        self, project_path: str | None, takes: Callable[[Fetched], bool]
    ) -> Fetched:
        """Ask; `takes` is for those who may have heard already."""
        del takes
        token = await self.token()
        if isinstance(token, Fetched):
            return token
        fetched, _ = await self.ask(project_path, token)
        return fetched

    async def token(self) -> Secret | Fetched:
        """Return the access token to ask with, or that there is none."""
        await import_off_loop("jwt")  # decoding a grant needs it
        try:
            return await self.desk.get()
        except TokenSourceError as error:
            return Fetched(
                seen=Observation(status=None, body=Body.NONE, word="token_source"),
                message=f"the access token could not be had: {error}",
                code=ErrorCode.TOKEN_SOURCE,
                remedy=error.remedy,
            )

    @frameless
    async def ask(
        self, project_path: str | None, token: Secret
    ) -> tuple[Fetched, Secret]:
        """Ask, and once more if GitLab refused the token and another is to be had.

        Returns:
            What came of it, and the token that it was said to.
        """
        async with self.spare.for_fetch():
            wire = self._request(project_path, token)
            fetched = await self._perform(wire)
            if fetched.grant or not fetched.suspects_token:
                return self._dated(fetched, token), token
            other = await self.desk.another(token)
            if other is None:
                return fetched, token
            fetched = await self._perform(self._request(project_path, other))
            return self._dated(fetched, other), other

    def understand(self, answer: Answer) -> Fetched:
        """Say what an answer means, be it new or another process's."""
        if answer.status_code not in _SUCCESSES:
            return _refused(answer)
        return self._read(answer)

    def _dated(self, fetched: Fetched, token: Secret) -> Fetched:
        """Say of a no whether it was said to a token that has changed since."""
        if fetched.grant is not None or self.desk.is_current(token):
            return fetched
        return replace(fetched, outdated=True)

    def _request(self, project_path: str | None, token: Secret) -> WireRequest:
        agent = self.user_agent
        return direct_access.grant_request(
            self.root,
            instance.authorization(
                token, root=self.root, user_agent=agent, header=self.desk.header
            ),
            project_path=project_path,
            request_id=new_request_id(),
            timeout_s=DETAILS_TIMEOUT_S,
        )

    async def _perform(self, wire: WireRequest) -> Fetched:
        try:
            answer = await round_trip(self.sender, wire)
        except SendError as error:
            return _broken(error)
        except Exception as error:
            return _unexpected(error)
        return replace(self.understand(answer), answer=answer)

    def _read(self, answer: Answer) -> Fetched:
        status, headers, body = answer.status_code, answer.headers, answer.body
        try:
            grant = direct_access.decode_grant(
                headers,
                body,
                instance_root=self.root,
                allow_plain_http=self.allow_plain_http,
                user_agent=self.user_agent,
            )
        except GrantRefusedError as error:
            return Fetched(
                seen=Observation(status=status, body=Body.JSON, word=error.reason),
                message=f"the grant cannot be used: {_REFUSED_GRANTS[error.reason]}",
            )
        except NotAGrantError as error:
            portal = looks_like_html(body, headers)
            message = f"GitLab's answer grants nothing: {error.reason}"
            return Fetched(
                seen=Observation(status=status, body=Body.OTHER),
                message=_PORTAL.format(status) if portal else message,
                code=ErrorCode.CAPTIVE_PORTAL if portal else ErrorCode.MALFORMED,
            )
        return Fetched(seen=Observation(status=status, body=Body.GOOD), grant=grant)


def _refused(answer: Answer) -> Fetched:
    status = answer.status_code
    refusal = decode_refusal(status, answer.headers, answer.body)
    kind = Body.JSON if refusal.is_json else Body.OTHER
    about_all = BY_WORD.get(refusal.vendor_code)
    says_no = refusal.is_json and refusal.code in _ONLY_DIRECT and about_all is None
    below = broken_below(refusal)
    if below is not None:
        return _broken(below, status)
    message = f"GitLab answered {status} to the request for direct access"
    if refusal.code is ErrorCode.CAPTIVE_PORTAL:
        message = _PORTAL.format(status)
    return Fetched(
        seen=Observation(status=status, body=kind, word=refusal.vendor_code),
        message=message,
        code=ErrorCode.DIRECT_BARRED if says_no else refusal.code,
        remedy=about_all.remedy if about_all else None,
        retry_after_s=refusal.retry_after_s,
    )


def _broken(error: SendError, status: int | None = None) -> Fetched:
    told = meaning_of(error, "GitLab")
    body = Body.NONE if status is None else Body.OTHER
    return Fetched(
        seen=Observation(status=status, body=body, word=error.kind),
        message=f"the request for direct access broke: {told.words}",
        code=told.code,
        remedy=told.remedy,
    )


def _unexpected(error: Exception) -> Fetched:
    name = type(error).__name__
    return Fetched(
        seen=Observation(status=None, body=Body.NONE, word=name),
        message=f"the request for direct access broke: the sender raised {name}",
        code=ErrorCode.OFFLINE,
    )
