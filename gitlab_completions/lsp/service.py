"""A client and a session that go by one set of settings.

Settings that a client cannot change in its life (the instance, tokens, trust) want
another service; the others are put to use as they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, Unpack

from gitlab_completions._records import replace
from gitlab_completions.client import CompletionClient
from gitlab_completions.editor import EditorSession
from gitlab_completions.errors import ConfigurationError
from gitlab_completions.lsp.credentials import Credentials
from gitlab_completions.policy import DirectMode
from gitlab_completions.senders import HttpxSender

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitlab_completions.client import ClientOptions
    from gitlab_completions.editor import PositionEncoding
    from gitlab_completions.events import Observer
    from gitlab_completions.lsp.configuration import Settings
    from gitlab_completions.lsp.diary import Diary
    from gitlab_completions.lsp.workspace import Workspace
    from gitlab_completions.models import AccessToken
    from gitlab_completions.redaction import SecretRedactor

__all__ = ("Connect", "Service", "connect")


class Connect(Protocol):
    """Makes a client, as the constructor of `CompletionClient` does."""

    def __call__(
        self,
        instance_url: str,
        access_token: AccessToken,
        **options: Unpack[ClientOptions],
    ) -> CompletionClient:
        """Return the client."""
        ...


def connect(
    instance_url: str, access_token: AccessToken, **options: Unpack[ClientOptions]
) -> CompletionClient:
    """Return a client as users have it."""
    return CompletionClient(instance_url, access_token, **options)


class Service:
    """What suggestions come from.

    Args:
        settings: What it goes by.
        workspace: What surrounds the documents.
        encoding: What the editor's positions count.
        observer: Is told of the client's events.
        on_refused: Is told, in a line for people, of a token that GitLab refused.
        user_agent: The editor.
        connect: Makes the client.
        diary: Has what becomes of suggestions written down.

    Raises:
        ConfigurationError: When no client can be made with these settings.
    """

    def __init__(
        self,
        settings: Settings,
        workspace: Workspace,
        *,
        encoding: PositionEncoding,
        observer: Observer,
        on_refused: Callable[[str], object],
        user_agent: str,
        connect: Connect,
        diary: Diary,
    ) -> None:
        if settings.instance_url is None:
            raise ConfigurationError(
                "no GitLab instance is set: set gitlab-completions.instanceUrl, or "
                "GITLAB_URL"
            )
        self.settings: Settings = settings
        self.credentials: Credentials = Credentials(settings, on_refused=on_refused)
        options: ClientOptions = {
            "policy": settings.routing,
            "ignore": workspace.ignored,
            "observers": (observer, *diary.observers()),
            "user_agent": user_agent,
        }
        if settings.redact_secrets:
            options["redact"] = _redactor()
        self._sender = _sender(settings.ca)
        if self._sender is not None:
            options["sender"] = self._sender
        url = settings.instance_url
        self.client: CompletionClient = connect(url, self.credentials, **options)
        self.session: EditorSession = EditorSession(
            self.client,
            policy=settings.editor,
            position_encoding=encoding,
            context=workspace.context,
            observers=(diary.note,),
            recorder=diary.recorder,
            tracked=diary.tracked,
        )

    def follow(self, settings: Settings) -> bool:
        """Go by other settings; tell whether that can be done without a new client."""
        now = self.settings
        fixed = replace(
            settings,
            direct=now.direct,
            editor=now.editor,
            open_files=now.open_files,
            project_path=now.project_path,
        )
        if fixed != now:
            return False
        if settings.direct is not now.direct:
            self.client.reconfigure(settings.routing)
        self.session.reconfigure(settings.editor)
        self.settings = settings
        return True

    def switch_direct(self, *, on: bool) -> None:
        """Let completions go direct, or keep them from it, until settings change."""
        direct = DirectMode.AUTO if on else DirectMode.NEVER
        self.follow(replace(self.settings, direct=direct))

    async def aclose(self) -> None:
        """Close session and client, and what the client sent by."""
        await self.session.aclose()
        await self.client.aclose()
        if self._sender is not None:
            await self._sender.aclose()


def _sender(ca: str | None) -> HttpxSender | None:
    """Return what sends, `None` where the client's own will do.

    Raises:
        ConfigurationError: When there are no certificates.
    """
    if ca is None:
        return None
    try:
        return HttpxSender(verify=ca)
    except ConfigurationError as error:
        what = error.message.replace("verify:", "gitlab-completions.ca:")
        raise ConfigurationError(what) from error


def _redactor() -> SecretRedactor:
    """Return what takes secrets out of the text; the `redact` extra brings it."""
    from gitlab_completions.redaction import SecretRedactor  # noqa: PLC0415

    return SecretRedactor()
