"""Access tokens that want more than a string: another header, or to be renewed.

A string, or a function that returns one, is sent as `Authorization: Bearer`, which
GitLab takes for personal, project, group and OAuth tokens.

    CompletionClient(url, PrivateToken("glpat-..."))
    CompletionClient(url, OAuthToken(token, expires_in_s=7200, refresh=refresh))
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import os
import threading
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Future
from typing import TYPE_CHECKING, ClassVar, TypeAlias, cast

from gitlab_completions._checks import check_seconds
from gitlab_completions._frames import frameless, note_place, without_frames
from gitlab_completions._secrets import Secret
from gitlab_completions._shell.access_token import TokenSourceError, question_to
from gitlab_completions._shell.clock import SystemClock
from gitlab_completions._sources import ask
from gitlab_completions._wire.headers import check_access_token
from gitlab_completions._wire.jsons import as_number
from gitlab_completions.errors import ConfigurationError
from gitlab_completions.models import TokenHeader

if TYPE_CHECKING:
    from gitlab_completions._shell.clock import Clock
    from gitlab_completions.models import AccessToken

__all__ = ("JobToken", "OAuthToken", "PrivateToken", "Renewal", "TokenHeader")

AHEAD_S = 60.0
"""Seconds before its end from which a token is renewed, behind the calls; half of what
it had to live when that is less, or it would be renewed at every use."""
AGAIN_S = 5.0
"""Seconds after a refresh that failed until the next one: calls may come at any pace,
and an identity provider counts failures."""
YOUNG_S = 30.0
"""Seconds for which a renewed token is not renewed again for being refused: it is not
for its age that GitLab refuses it, and each call would have the next one made."""
GIVEN_UP_S = 30.0
"""Seconds after which a refresh without an end is given up, and another one begun."""

Renewal: TypeAlias = str | Mapping[str, object]
"""What a refresh gives: a token, or the answer of GitLab's `/oauth/token` as it is, of
which `access_token` and `expires_in` are read."""


class PrivateToken:
    """An access token that is sent in the header `PRIVATE-TOKEN`.

    For personal, project and group tokens where `Authorization` does not pass, as
    behind a proxy that has credentials of its own there.

    Args:
        access_token: The token, or what supplies it, as for the client.

    Raises:
        ConfigurationError: For what cannot be a token, and for an `OAuthToken`, which
            GitLab does not take there.
    """

    header: ClassVar[TokenHeader] = TokenHeader.PRIVATE_TOKEN

    @frameless
    def __init__(self, access_token: AccessToken) -> None:
        if isinstance(access_token, OAuthToken):
            raise ConfigurationError(
                f"GitLab takes no OAuth token in {self.header}: give it as it is"
            )
        self._constant: Secret | None = None
        if isinstance(access_token, str):
            self._constant = Secret(check_access_token(access_token))
        self._ask = question_to(access_token)
        self._reject: Callable[[str], None] | None = getattr(
            access_token, "reject", None
        )

    async def get(self) -> str:
        """Return the access token that is valid now."""
        if self._constant is not None:
            return self._constant.reveal()
        return cast("str", await ask(self._ask))  # the client checks it

    def reject(self, token: str, /) -> None:
        """Tell the source that GitLab answered 401 to this token."""
        if self._reject is None:
            return None
        return self._reject(token)  # what it returns may have to be awaited

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"


class JobToken(PrivateToken):
    """The token of a CI/CD job, sent in the header `JOB-TOKEN`.

    No GitLab up to 19.5 takes one for code suggestions, and
    `CompletionClient.availability` says so; it is here for those that will.

    Args:
        access_token: The token, or what supplies it, as for the client.
    """

    header: ClassVar[TokenHeader] = TokenHeader.JOB_TOKEN


class OAuthToken:
    """An OAuth access token that is renewed in time, and when GitLab refuses it.

    A refresh makes GitLab forget the old access token and the old refresh token, so
    there is one at a time, whichever clients of the process want it. It begins a minute
    before the token's end, behind the calls, which go on with the old one meanwhile.
    A call without a good one waits for it, as for any source, no longer than 2 s.

    Args:
        token: The token to begin with; `None` gets the first one by a refresh.
        refresh: Gets another one, plain or async: a string, or the answer of GitLab's
            `/oauth/token`, whose new refresh token is yours to keep. A plain function
            runs in a worker thread.
        expires_in_s: Seconds that `token` lives still, where known.

    Raises:
        ConfigurationError: When an argument is wrong.
    """

    header: ClassVar[TokenHeader] = TokenHeader.AUTHORIZATION

    @frameless
    def __init__(
        self,
        token: str | None = None,
        *,
        refresh: Callable[[], Renewal] | Callable[[], Awaitable[Renewal]],
        expires_in_s: float | None = None,
    ) -> None:
        if not callable(refresh):
            raise ConfigurationError("refresh must be a function that gets a token")
        if expires_in_s is not None:
            check_seconds("expires_in_s", expires_in_s)
        self._refresh = refresh
        self._token = None if token is None else Secret(check_access_token(token))
        self._clock: Clock = SystemClock()
        self._refused = False
        self._renewed_at = -math.inf
        self._lives(expires_in_s or math.inf)
        self._lock = threading.Lock()  # clients on other loops may have it too
        self._tried_at = -math.inf
        self._process = os.getpid()
        self._renewal: asyncio.Task[None] | None = None
        self._end: Future[None] = Future()
        self._problem: Exception | None = None

    async def get(self) -> str:
        """Return the token that is valid now, renewed if need be.

        Raises:
            RuntimeError: When there is none; its cause is what the refresh raised, or
                says what is wrong with what it returned.
        """
        token = self._usable()
        if token is not None:
            if self._ends_within(self._ahead_s):
                self._renew()
            return token.reveal()
        end = self._renew()
        if end is not None:
            await _come(end)
        token = self._usable()
        if token is None:
            raise self._failure() from self._problem
        return token.reveal()

    def reject(self, token: str, /) -> None:
        """Take note that GitLab answered 401 to this token; an older one is no news."""
        young = self._clock.now() - self._renewed_at < YOUNG_S
        renewing = self._renewal is not None  # then the old one may be void already
        if self._token == Secret(token) and (renewing or not young):
            self._refused = True

    def _failure(self) -> TokenSourceError:
        """Say why there is no token; of a foreign error, only its kind."""
        if self._problem is None:
            return TokenSourceError("its refresh brought no token in time")
        if isinstance(self._problem, ConfigurationError):
            return TokenSourceError(self._problem.message)
        return TokenSourceError(f"its refresh raised {type(self._problem).__name__}")

    def _usable(self) -> Secret | None:
        return None if self._refused or self._ends_within(0.0) else self._token

    def _ends_within(self, seconds: float) -> bool:
        return self._ends_at - self._clock.now() <= seconds

    def _lives(self, life_s: float) -> None:
        self._ahead_s = min(AHEAD_S, life_s / 2)
        self._ends_at = self._clock.now() + life_s

    def _renew(self) -> Future[None] | None:
        """Return the end of the refresh under way, or of one that begins now.

        `None` if one has just failed.
        """
        with self._lock:
            now = self._clock.now()
            waited_s = now - self._tried_at
            renewal = self._renewal
            # A loop that is over, or a parent's, has left its refresh without an end.
            mine = self._process == os.getpid()
            if renewal is not None and mine and renewal.get_loop().is_running():
                if waited_s <= GIVEN_UP_S:
                    return self._end
                renewal.get_loop().call_soon_threadsafe(renewal.cancel)
            elif self._problem is not None and waited_s < AGAIN_S:
                return None
            self._tried_at, self._process = now, os.getpid()
            end: Future[None] = Future()
            self._end = end
            self._renewal = asyncio.create_task(self._take_another())
            self._renewal.add_done_callback(lambda task: self._ended(task, end))
            return end

    async def _take_another(self) -> None:
        self._problem = None
        try:
            self._take(await ask(self._refresh))
        except Exception as problem:
            note_place(problem)
            self._problem = without_frames(problem)

    def _take(self, renewal: object) -> None:
        answer: Mapping[str, object] = {"access_token": renewal}
        if isinstance(renewal, Mapping):
            answer = cast("Mapping[str, object]", renewal)
        token, life_s = answer.get("access_token"), as_number(answer.get("expires_in"))
        if not isinstance(token, str):
            raise ConfigurationError(
                "refresh must return a token, or an answer with an access_token"
            )
        taken = Secret(check_access_token(token))
        if self._refused and self._token == taken:
            raise ConfigurationError("refresh returned the token that GitLab refused")
        self._lives(life_s if life_s is not None and life_s > 0 else math.inf)
        self._token, self._refused = taken, False
        self._renewed_at = self._clock.now()

    def _ended(self, renewal: asyncio.Task[None], end: Future[None]) -> None:
        with self._lock:
            if renewal is self._renewal:
                self._renewal = None
        end.set_result(None)

    def __repr__(self) -> str:
        return "<OAuthToken>"


async def _come(end: Future[None]) -> None:
    """Wait for what may come on another loop; who leaves is told no more."""
    loop, here = asyncio.get_running_loop(), asyncio.Event()

    def tell(_: Future[None]) -> None:
        with contextlib.suppress(RuntimeError):  # this loop may be over by then
            loop.call_soon_threadsafe(here.set)

    end.add_done_callback(tell)
    await here.wait()
