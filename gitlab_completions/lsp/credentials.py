"""The access token, from the first place that has a good one.

The client's settings come first, then `GITLAB_TOKEN`, then the keyring. A token that
GitLab refuses gives way to the next place's, and a person is told where it came from,
since it is there that it must be replaced.
"""

from __future__ import annotations

import asyncio
import math
from functools import partial
from typing import TYPE_CHECKING

from gitlab_completions._records import Record
from gitlab_completions._secrets import Secret
from gitlab_completions._sources import errands
from gitlab_completions.errors import ErrorCode, GitLabCompletionsError
from gitlab_completions.lsp.keyrings import is_installed, kept_token

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitlab_completions.lsp.configuration import Settings
    from gitlab_completions.lsp.keyrings import Keyring

__all__ = ("Credentials",)

AGAIN_S = 5.0
"""Seconds until a keyring that had no good token is asked again: an author may have
saved one, and each keystroke asks here."""
_CLIENT = "the setting gitlab-completions.token"
_ENVIRONMENT = "the environment variable GITLAB_TOKEN"
_KEYRING = "the keyring"
_HOW = "set GITLAB_TOKEN, or run gitlab-completions login"


class _Found(Record):
    """A token, and where it was."""

    token: Secret
    where: str


class Credentials:
    """Supplies the access token of one instance: a `TokenSource`.

    Args:
        settings: What is set.
        on_refused: Told, in a line for people, of a token that GitLab refused; on the
            loop.
        keyring: Another one than the system's.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        on_refused: Callable[[str], object] | None = None,
        keyring: Keyring | None = None,
    ) -> None:
        given = ((settings.token, _CLIENT), (settings.environment_token, _ENVIRONMENT))
        self._given = tuple(
            _Found(token=token, where=where) for token, where in given if token
        )
        self._url = settings.instance_url if settings.keyring else None
        self._keyring = keyring
        self._kept: _Found | None = None
        self._on_refused = on_refused
        self._refused: set[Secret] = set()
        self._last: _Found | None = None
        self._asking: asyncio.Future[Secret | None] | None = None
        self._asked_at = -math.inf
        self._trouble: str | None = None

    @property
    def where(self) -> str | None:
        """Where the token that was given out last came from, in words."""
        return None if self._last is None else self._last.where

    async def get(self) -> str:
        """Return a token that GitLab has not refused; else the one it refused last.

        Raises:
            GitLabCompletionsError: When there is none at all; it says where to put one.
        """
        found = self._good()
        if found is None and self._may_ask():
            await self._ask_keyring()
            found = self._good()
        found = found or self._last
        if found is None:
            raise self._absence()
        self._last = found
        return found.token.reveal()

    def reject(self, token: str, /) -> None:
        """Take note that GitLab answered 401 to this token, and tell where it is from.

        The keyring is asked again for what it keeps meanwhile.
        """
        for found in (*self._given, *((self._kept,) if self._kept else ())):
            if found.token != Secret(token):
                continue
            news = found.token not in self._refused
            self._refused.add(found.token)
            self._last = found
            if found is self._kept:
                self._kept, self._asked_at = None, -math.inf
            if news and self._on_refused is not None:
                self._on_refused(f"GitLab refused the access token of {found.where}")
            return

    def _good(self) -> _Found | None:
        """Return the first token that was not refused."""
        every = (*self._given, *((self._kept,) if self._kept else ()))
        return next((each for each in every if each.token not in self._refused), None)

    def _may_ask(self) -> bool:
        """Tell whether the keyring is being asked, or is to be asked now."""
        if self._url is None or (self._keyring is None and not is_installed()):
            return False
        now = asyncio.get_running_loop().time()
        return self._asking is not None or now - self._asked_at >= AGAIN_S

    async def _ask_keyring(self) -> None:
        """Wait for the keyring's answer; all who ask meanwhile wait for the same."""
        asking = self._asking
        if asking is None:
            assert self._url is not None
            loop = asyncio.get_running_loop()
            self._asked_at = loop.time()
            ask = partial(kept_token, self._url, self._keyring)
            asking = self._asking = loop.run_in_executor(errands(), ask)
            asking.add_done_callback(self._answered)
        await asyncio.wait({asking})

    def _answered(self, asking: asyncio.Future[Secret | None]) -> None:
        self._asking = self._kept = self._trouble = None
        try:
            kept = asking.result()
        except GitLabCompletionsError as error:
            self._trouble = error.message
        else:
            if kept is not None:
                self._kept = _Found(token=kept, where=_KEYRING)

    def _absence(self) -> GitLabCompletionsError:
        """Say where to put a token, or what keeps the keyring from having one."""
        return GitLabCompletionsError(
            "there is no access token",
            code=ErrorCode.TOKEN_SOURCE,
            remedy=self._trouble or _HOW,
        )

    def __repr__(self) -> str:
        return "<Credentials>"
