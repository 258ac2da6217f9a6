"""Asks the user's source for the access token before each request to the instance."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
from typing import TYPE_CHECKING

from gitlab_completions._frames import frameless
from gitlab_completions._secrets import Secret
from gitlab_completions._wire.headers import check_access_token
from gitlab_completions.errors import ConfigurationError

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


class TokenSourceError(Exception):
    """The user's source gave no access token; its own exception is the cause."""


class TokenDesk:
    """Where the rest of the shell gets the access token.

    Concurrent wishes share one question to the source, and a waiter that leaves does
    not end it.

    Args:
        source: What the user gave.
        on_change: Called when the source gives another token than before.

    Raises:
        ConfigurationError: When the source is none, or a token that cannot be one.
    """

    def __init__(self, source: AccessToken, on_change: Callable[[], None]) -> None:
        self._constant = _checked(source) if isinstance(source, str) else None
        self._ask = self._question_to(source)
        self._reject: Callable[[str], object] | None = getattr(source, "reject", None)
        self._on_change = on_change
        self._last: Secret | None = None
        self._question: asyncio.Task[Secret] | None = None
        self._asked_at = 0.0

    @staticmethod
    def _question_to(source: AccessToken) -> Callable[[], str | Awaitable[str]]:
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
        if error is not None:
            raise TokenSourceError(f"it raised {type(error).__name__}") from error
        return question.result()

    async def another(self, refused: Secret) -> Secret | None:
        """Tell the source that GitLab answered 401; return a different token if any."""
        if self._reject is not None:
            with contextlib.suppress(Exception):  # it is still asked for another one
                told = self._reject(refused.reveal())
                if inspect.isawaitable(told):
                    await told
        if self._constant is not None:
            return None
        try:
            token = await self.get()
        except TokenSourceError:
            return None
        return token if token != refused else None

    async def aclose(self) -> None:
        """Stop waiting for the source."""
        if self._question is not None:
            self._question.cancel()
            await asyncio.wait({self._question}, timeout=CLEANUP_S)

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
        if inspect.iscoroutinefunction(self._ask):
            answer: object = await self._ask()
        else:
            answer = await asyncio.to_thread(self._ask)
            if inspect.isawaitable(answer):
                answer = await answer
        return _checked(answer)

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
