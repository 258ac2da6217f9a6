"""A set-up, built: a GitLab behind sockets, a client of it, and an author's request."""

from __future__ import annotations

from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from gitlab_completions import (
    CompletionClient,
    CompletionRequest,
    GitLabCompletionsError,
    HttpxSender,
)
from gitlab_completions.emulator import PROFILES, AccessTokens, Emulator

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    import pytest

    from gitlab_completions import Route
    from gitlab_completions.emulator import Profile
    from tests.doctor.relay import Nobody, Relay

ACCESS_TOKEN: Final = "glpat-canary-2290"
PROJECT: Final = "canary-team/canary-app"
TEXT: Final = "return a + b"
SOURCE: Final = "canary_source"
REQUEST: Final = CompletionRequest(
    file_name="add.py",
    content_above_cursor=f"def {SOURCE}(a, b):\n    ",
    content_below_cursor="\n",
)
NAME: Final = "localhost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """One thing that is wrong.

    It is data: what is wrong, and where its cause is. Whether completions come all the
    same is not written down here: the client itself tells.

    Attributes:
        name: What a person would call it.
        check: The name of the check that must be the first to complain.
        says: What its finding must tell, in whatever case: one word of each group.
        profile: Which GitLab it is.
        strike: Does it to the GitLab.
        suffer: Does it to this side.
        token: Whose access token it is, among the emulator's.
        relay: Makes the proxy that this side must go through, if there is one.
        trusts: Whether this side trusts the certificate authority.
        by_name: Whether the instance is called by a name and not by an address.
        project_path: The project that is asked about.
        forbidden: Whether GitLab leaves it to clients to ask for no completions here.
    """

    name: str
    check: str
    says: tuple[str, ...]
    profile: Profile = PROFILES["19.3"]
    strike: Callable[[Emulator], object] = lambda _: None
    suffer: Callable[[pytest.MonkeyPatch], object] = lambda _: None
    token: Callable[[AccessTokens], str] = lambda tokens: tokens.valid
    relay: Callable[[Emulator], Relay | Nobody] | None = None
    trusts: bool = True
    by_name: bool = False
    project_path: str | None = PROJECT
    forbidden: bool = False

    def __str__(self) -> str:
        return self.name


@asynccontextmanager
async def built(
    setup: Setup, monkeypatch: pytest.MonkeyPatch
) -> AsyncGenerator[tuple[Emulator, CompletionClient]]:
    """Give a set-up: a GitLab behind sockets with TLS, and a client of it."""
    tokens = AccessTokens(valid=ACCESS_TOKEN)
    emulator = Emulator(setup.profile, tls=True, tokens=tokens, model=lambda _: TEXT)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(emulator)
        if setup.relay is not None:
            relay = setup.relay(emulator)
            await stack.enter_async_context(relay)
            monkeypatch.setenv("HTTPS_PROXY", relay.url)
        setup.strike(emulator)
        setup.suffer(monkeypatch)
        url = emulator.instance_url
        if setup.by_name:
            url = url.replace("127.0.0.1", NAME)
        async with (
            aclosing(
                HttpxSender(verify=emulator.ca_pem if setup.trusts else None)
            ) as sender,
            CompletionClient(url, setup.token(tokens), sender=sender) as client,
        ):
            yield emulator, client


async def route_of(
    client: CompletionClient, project_path: str | None = None
) -> Route | None:
    """Return by which route an author gets a completion, if there is one."""
    try:
        done = await client.complete(replace(REQUEST, project_path=project_path))
    except GitLabCompletionsError:
        return None
    return done.route
