"""The client that the settings ask for: one for all windows, made at the first use."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING

import sublime

from gitlab_completions import (
    ConfigurationError,
    ErrorCode,
    GitLabCompletionsError,
    SyncCompletionClient,
)
from gitlab_completions.editor import EditorPolicy
from gitlab_completions.events import StatusChanged
from gitlab_completions.lsp.addresses import address_of
from gitlab_completions.lsp.keyrings import kept_token

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitlab_completions.events import Event

SETTINGS = "GitLabCompletions.sublime-settings"


class Connection:
    """The client that the settings ask for."""

    def __init__(self, on_change: Callable[[], object]) -> None:
        self.standing = ""
        self._on_change = on_change
        self._client: SyncCompletionClient | None = None

    def open(self) -> SyncCompletionClient:
        """Return the client.

        Raises:
            ConfigurationError: When no instance is set, or none that can be right.
        """
        if self._client is None:
            url = instance_url()
            self._client = SyncCompletionClient(
                url, partial(access_token, url), observers=[self._hear]
            )
        return self._client

    def close(self) -> None:
        """Close it; the next use makes another one, by the settings of then."""
        client, self._client = self._client, None
        if client is not None:
            client.close()

    def _hear(self, event: Event) -> None:
        """Hear of the client's events, in its thread."""
        if not isinstance(event, StatusChanged):
            return
        status = event.status
        route = "" if status.route is None else f", {status.route.value}"
        problem = "" if status.problem is None else f": {status.problem}"
        self.standing = f"GitLab: {status.health.value}{route}{problem}"
        sublime.set_timeout_async(self._on_change)


def setting(name: str, default: object) -> object:
    return sublime.load_settings(SETTINGS).get(name, default)


def instance_url() -> str:
    url = str(setting("instance_url", "") or os.environ.get("GITLAB_URL", ""))
    if not url:
        raise ConfigurationError(
            "no GitLab instance is set", remedy=f"set instance_url in {SETTINGS}"
        )
    return url.rstrip("/")


def access_token(url: str) -> str:
    """Return the instance's token; called in a thread of the client's.

    The environment's goes to the environment's instance alone.
    """
    home = os.environ.get("GITLAB_URL", url)
    token = os.environ.get("GITLAB_TOKEN", "")
    if token and address_of(home) == address_of(url):
        return token
    kept = kept_token(url)  # it may ask to be unlocked
    if kept is None:
        raise GitLabCompletionsError(
            "there is no access token: run gitlab-completions login",
            code=ErrorCode.TOKEN_SOURCE,
        )
    return kept.reveal()


def policy() -> EditorPolicy:
    """Return where to suggest by the settings.

    Raises:
        ConfigurationError: When they are not of the right kind.
    """
    off = setting("languages_off", [])
    if not isinstance(off, list):
        raise ConfigurationError(f"languages_off in {SETTINGS} must be a list")
    automatic = setting("automatic", default=True) is not False
    return EditorPolicy(automatic=automatic, languages_off=frozenset(off))
