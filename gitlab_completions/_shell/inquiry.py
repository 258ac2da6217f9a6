"""One question to the instance that is no completion: token, send, answer; no raise."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Protocol

from gitlab_completions._error_codes import ABOUT_TOKEN
from gitlab_completions._frames import frameless, without_frames
from gitlab_completions._records import Record, replace
from gitlab_completions._shell.access_token import TokenSourceError
from gitlab_completions._shell.chance import new_request_id
from gitlab_completions._shell.round_trip import round_trip
from gitlab_completions._wire import instance
from gitlab_completions._wire.messages import SendError
from gitlab_completions._wire.refusals import decode_refusal

if TYPE_CHECKING:
    from gitlab_completions._secrets import HostHeaders, Secret
    from gitlab_completions._shell.access_token import TokenDesk
    from gitlab_completions._shell.spare import SpareConnections
    from gitlab_completions._wire.messages import Answer, WireRequest
    from gitlab_completions.senders import Sender

logger = logging.getLogger("gitlab_completions")

INQUIRY_TIMEOUT_S = 15.0
"""Seconds for an answer, as GitLab's own client allows all but direct completions."""
UNAUTHORIZED = 401


class Question(Protocol):
    """Encodes a question, `GET` or `POST`, as a request of the purpose `inquiry`.

    A function of `_wire`, with what it asks for bound by `functools.partial`.
    """

    def __call__(
        self, root: str, headers: HostHeaders, *, timeout_s: float
    ) -> WireRequest:
        """Return the request; `headers` hold the access token and the request's id."""
        ...


class Asked(Record):
    """What came of a question: an answer, or why there is none.

    Args:
        answer: What the instance, or something in front of it, answered.
        error: Why there is no answer: the exchange broke, or there was no token.
        outdated: It was said to an access token that has changed since.
    """

    answer: Answer | None = None
    error: SendError | TokenSourceError | None = None
    outdated: bool = False

    @property
    def status_code(self) -> int | None:
        """The answer's HTTP status, where there is one."""
        return None if self.answer is None else self.answer.status_code

    @property
    def suspects_token(self) -> bool:
        """Whether another access token may be answered what this one was not."""
        answer = self.answer
        if answer is None or answer.status_code != UNAUTHORIZED:
            return False
        refusal = decode_refusal(answer.status_code, answer.headers, answer.body)
        return refusal.code in ABOUT_TOKEN


class Inquirer:
    """Puts questions to the instance.

    Args:
        sender: Sends.
        desk: Has the access token.
        spare: Knows when there is a connection for it.
        root: The instance's URL.
        user_agent: Who we say we are.
    """

    def __init__(
        self,
        sender: Sender,
        desk: TokenDesk,
        spare: SpareConnections,
        root: str,
        user_agent: str,
    ) -> None:
        self.sender = sender
        self.desk = desk
        self.spare = spare
        self.root = root
        self.user_agent = user_agent

    @frameless
    async def ask(self, question: Question, *, again: bool = True) -> Asked:
        """Put a question, once more if GitLab refused the token and another is there.

        It may wait for a connection first; who cannot wait bounds that. `again` is
        whether there may be a second request.
        """
        async with self.spare.for_the_rest():
            try:
                token = await self.desk.get()
            except TokenSourceError as error:
                return Asked(error=without_frames(error))
            asked = await self._put(question, token)
            if not asked.suspects_token or not again:
                return self._dated(asked, token)
            other = await self.desk.another(token)
            if other is None:
                return self._dated(asked, token)
            return self._dated(await self._put(question, other), other)

    def _dated(self, asked: Asked, token: Secret) -> Asked:
        return replace(asked, outdated=not self.desk.is_current(token))

    async def _put(self, question: Question, token: Secret) -> Asked:
        agent = self.user_agent
        headers = instance.authorization(
            token, root=self.root, user_agent=agent, header=self.desk.header
        )
        return await self._perform(
            question(
                self.root,
                headers | {"X-Request-ID": new_request_id()},
                timeout_s=INQUIRY_TIMEOUT_S,
            )
        )

    async def _perform(self, wire: WireRequest) -> Asked:
        """Send, and read what comes, whatever comes."""
        try:
            answer = await round_trip(self.sender, wire)
        except SendError as error:
            return Asked(error=without_frames(error))
        except Exception as error:
            logger.warning("The sender raised %s.", type(error).__name__)
            return Asked(error=SendError("broken"))
        return Asked(answer=answer)
