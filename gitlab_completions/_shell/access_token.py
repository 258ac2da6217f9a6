"""Asks the user's source for the access token before each request to the instance."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
from typing import TYPE_CHECKING

from gitlab_completions._frames import frameless
from gitlab_completions._secrets import Secret
from gitlab_completions._sources import ask
from gitlab_completions._wire.headers import check_access_token
from gitlab_completions.errors import (
    ConfigurationError,
    ErrorCode,
    GitLabCompletionsError,
)
from gitlab_completions.models import TokenHeader

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from gitlab_completions.models import AccessToken

SOURCE_TIMEOUT_S = 2.0
"""Seconds that a source may take: it stands before every request to the instance."""

FORGOTTEN_S = 30.0
"""Seconds after which an unanswered question is given up and put anew.

Long enough for a source that asks a person; without it one lost answer would be the end
of all tokens.
"""
CLEANUP_S = 5.0
"""Seconds that a source gets to clean up when the client is closed."""


class TokenSourceError(RuntimeError):
    """The user's source gave no access token; its own exception is the cause.

    Args:
        message: Why.
        remedy: What a person can do, where the source says so itself.
    """

    def __init__(self, message: str, *, remedy: str | None = None) -> None:
        super().__init__(message)
        self.remedy = remedy


def question_to(source: AccessToken) -> Callable[[], str | Awaitable[str]]:
    """Return what asks a source for the token.

    Raises:
        ConfigurationError: When it is no source.
    """
    if isinstance(source, str):
        return lambda: ""  # never asked: a constant is at hand
    if callable(source):
        return source
    if callable(getattr(source, "get", None)):
        return source.get
    raise ConfigurationError(
        "access_token must be a string, a function that returns one, or an object "
        f"with get() and reject(), not {type(source).__name__}"
    )


class TokenDesk:
    """Where the rest of the shell gets the access token.

    Concurrent wishes share one question to the source, and a waiter that leaves does
    not end it. So do concurrent wishes for another token in place of the one that
    GitLab refused: many calls learn of it at once, and a source that renews its token
    when it is told of a refusal must not be made to do so again.

    Args:
        source: What the user gave.
        on_change: Called when the source gives another token than before.

    Raises:
        ConfigurationError: When the source is none, or a token that cannot be one.
    """

    def __init__(self, source: AccessToken, on_change: Callable[[], None]) -> None:
        self._constant = _checked(source) if isinstance(source, str) else None
        self._ask = question_to(source)
        self._reject: Callable[[str], object] | None = getattr(source, "reject", None)
        self._on_change = on_change
        self.header: TokenHeader = _header_of(source)
        self._last: Secret | None = None
        self._question: asyncio.Task[Secret] | None = None
        self._asked_at = 0.0
        self._replacement: asyncio.Task[Secret | None] | None = None

    def is_current(self, token: Secret) -> bool:
        """Tell whether the source has given no other token since."""
        return self._constant is not None or token == self._last

    @property
    def known(self) -> Secret | None:
        """The token that the source gave last, without asking it."""
        return self._constant or self._last

    async def get(self) -> Secret:
        """Return the token that is valid now.

        Raises:
            TokenSourceError: When the source failed, or took more than 2 s.
        """
        if self._constant is not None:
            return self._constant
        question = self._pending_question()
        await asyncio.wait({question}, timeout=SOURCE_TIMEOUT_S)
        if not question.done():
            raise TokenSourceError(f"no answer within {SOURCE_TIMEOUT_S:g} s")
        if question.cancelled():
            raise TokenSourceError("its answer is not awaited any more")
        error = question.exception()
        if isinstance(error, ConfigurationError):
            told = f"it gave something else: {error.message}"
            raise TokenSourceError(told) from error
        if isinstance(error, GitLabCompletionsError):  # in our words: they are safe
            knows = error.code is ErrorCode.TOKEN_SOURCE
            remedy = error.remedy if knows else None
            raise TokenSourceError(error.message, remedy=remedy) from error
        if isinstance(error, TokenSourceError):  # of ours, in `tokens.py`
            raise TokenSourceError(str(error)) from error.__cause__
        if error is not None:
            raise TokenSourceError(f"it raised {type(error).__name__}") from error
        return question.result()

    async def another(self, refused: Secret) -> Secret | None:
        """Tell the source that GitLab answered 401; return a different token if any."""
        if self._constant is not None:
            return None
        if self._last not in {None, refused}:
            return await self._different(refused)  # it has been replaced meanwhile
        if self._replacement is None:
            self._replacement = asyncio.create_task(self._replace(refused))
            self._replacement.add_done_callback(self._replaced)
        replacement = self._replacement
        await asyncio.wait({replacement})
        return None if replacement.cancelled() else replacement.result()

    async def aclose(self) -> None:
        """Stop waiting for the source."""
        tasks = {one for one in (self._question, self._replacement) if one is not None}
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=CLEANUP_S)

    @frameless  # the source's: it has the token in its hands
    async def _replace(self, refused: Secret) -> Secret | None:
        """Tell of a refusal, and ask anew: what was asked before may be outdated."""
        if self._question is not None:
            await asyncio.wait({self._question}, timeout=SOURCE_TIMEOUT_S)
            if self._last not in {None, refused}:
                return self._last
        with contextlib.suppress(Exception):  # it is still asked for another one
            async with asyncio.timeout(SOURCE_TIMEOUT_S):
                told = self._reject(refused.reveal()) if self._reject else None
                if inspect.isawaitable(told):
                    await told
        return await self._different(refused)

    async def _different(self, refused: Secret) -> Secret | None:
        try:
            token = await self.get()
        except TokenSourceError:
            return None
        return token if token != refused else None

    def _replaced(self, replacement: asyncio.Task[Secret | None]) -> None:
        if replacement is self._replacement:
            self._replacement = None

    def _pending_question(self) -> asyncio.Task[Secret]:
        now = asyncio.get_running_loop().time()
        if self._question is not None and now - self._asked_at > FORGOTTEN_S:
            self._question.cancel()
            self._question = None
        if self._question is None:
            self._asked_at = now
            self._question = asyncio.create_task(self._put_question())
            self._question.add_done_callback(self._answered)
        return self._question

    @frameless  # those of the source: it has the token in its hands
    async def _put_question(self) -> Secret:
        return _checked(await ask(self._ask))

    def _answered(self, question: asyncio.Task[Secret]) -> None:
        if question is self._question:
            self._question = None
        if question.cancelled() or question.exception() is not None:
            return
        changed = self._last not in {None, question.result()}
        self._last = question.result()
        if changed:
            self._on_change()


def _checked(token: object) -> Secret:
    return Secret(check_access_token(token))


def _header_of(source: AccessToken) -> TokenHeader:
    """Return the header that a source names; functions and strings name none."""
    header: object = None if callable(source) else getattr(source, "header", None)
    try:
        return TokenHeader.AUTHORIZATION if header is None else TokenHeader(str(header))
    except ValueError:
        raise ConfigurationError(
            f"a token source's header must be one of {', '.join(TokenHeader)}"
        ) from None
