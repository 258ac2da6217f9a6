"""An office with its proxies, and calls from within it on either route."""

from __future__ import annotations

import asyncio
import base64
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import quote

from gitlab_completions import (
    CompletionClient,
    DirectMode,
    HttpxSender,
    Route,
    RoutingPolicy,
)
from gitlab_completions.events import AttemptFailed, DetailsRefused, Event
from tests.loopback.scene import ACCESS_TOKEN, complete, refusal_of
from tests.loopback.witness import Witness

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable
    from pathlib import Path

    import trustme

    from gitlab_completions import ErrorCode, GitLabCompletionsError
    from gitlab_completions.emulator import Emulator
    from tests.networks.proxy_program import ProxyProgram

EventT = TypeVar("EventT", bound=Event)
PATIENCE_S = 10.0
USER = "jo@corp"
PASSWORD = "canary/pass@word%"
CREDENTIALS = f"{USER}:{PASSWORD}"
IN_URL = f"{quote(USER, safe='')}:{quote(PASSWORD, safe='')}@"
"""The credentials as a URL holds them."""
BOTH = tuple(Route)
POLICIES = {
    Route.DIRECT: RoutingPolicy(indirect_per_minute=None, allow_plain_http=True),
    Route.INDIRECT: RoutingPolicy(
        indirect_per_minute=None, allow_plain_http=True, direct=DirectMode.NEVER
    ),
}


@dataclass
class Office:
    """The proxies between us and the world."""

    relay: ProxyProgram
    guard: ProxyProgram
    inspector: ProxyProgram
    socks: ProxyProgram

    def all(self) -> tuple[ProxyProgram, ...]:
        return self.relay, self.guard, self.inspector, self.socks


class Eavesdropper(Witness):
    """A witness who knows the proxy's password too, however it is written."""

    def _hear(self, who: str, *said: str) -> None:
        super()._hear(who, *said)
        encoded = base64.b64encode(CREDENTIALS.encode()).decode()
        for secret in (PASSWORD, quote(PASSWORD, safe=""), "canary/pass", encoded):
            self.leaks += [
                f"{who} tells {secret}: {words[:1000]}"
                for words in said
                if secret in words
            ]


class Listening:
    """An observer that can be waited for."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._news = asyncio.Event()

    def __call__(self, event: Event) -> None:
        self.events.append(event)
        self._news.set()

    async def first(self, kind: type[EventT]) -> EventT:
        """Return the first event of a kind, when it has come."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                for event in self.events:
                    if isinstance(event, kind):
                        return event
                self._news.clear()
                await self._news.wait()


def bundle(directory: Path, *files: Path | None) -> Path:
    """Write several authorities into one file, as companies hand them out."""
    together = directory / "authorities.pem"
    together.write_text("".join(file.read_text() for file in files if file is not None))
    return together


def certificate(
    authority: trustme.CA, directory: Path, issued: trustme.LeafCert
) -> tuple[Path, Path]:
    """Write a certificate with its key, and its authority; return both files."""
    chain, trusted = directory / "chain.pem", directory / "authority.pem"
    issued.private_key_and_cert_chain_pem.write_to_path(str(chain))
    authority.cert_pem.write_to_path(str(trusted))
    return chain, trusted


@asynccontextmanager
async def client_by(
    sender: HttpxSender,
    instance_url: str,
    route: Route = Route.DIRECT,
    *,
    heard: Listening | None = None,
) -> AsyncGenerator[CompletionClient, None]:
    """Give a client that goes direct when it can, or never, by that sender."""
    async with CompletionClient(
        instance_url,
        ACCESS_TOKEN,
        policy=POLICIES[route],
        sender=sender,
        observers=() if heard is None else (heard,),
    ) as client:
        yield client


async def assert_works(
    sender: HttpxSender, emulator: Emulator, *, calls: int = 1
) -> None:
    """Check that both routes serve, and close the sender."""
    async with aclosing(sender):
        for route in BOTH:
            async with client_by(sender, emulator.instance_url, route) as client:
                await client.warm_up()
                for _ in range(calls):
                    assert (await complete(client)).route is route


@dataclass
class Told:
    """What the three requests of a client were told, when each of them could not go."""

    gateway: GitLabCompletionsError
    instance: GitLabCompletionsError
    direct_access: GitLabCompletionsError

    def all(self) -> tuple[GitLabCompletionsError, ...]:
        return self.gateway, self.instance, self.direct_access

    def assert_all(self, code: ErrorCode, message: str, *settings: str) -> None:
        """Check the code, words of the message, and settings that are named."""
        for error in self.all():
            assert error.code is code, error
            assert message in error.message
            for setting in settings:
                assert setting in (error.remedy or "")
                assert setting in str(error)


async def told(
    make: Callable[[Route], HttpxSender],
    url_for: Callable[[Route], str],
    hearing: Witness,
) -> Told:
    """Break one route after the other; what is told must tell no secret.

    A call whose direct route is broken is answered by the other one.

    Args:
        make: Makes the sender with which that route cannot be gone.
        url_for: Returns the URL of the instance for it.
        hearing: Looks at everything.
    """
    sender, heard = make(Route.DIRECT), Listening()
    async with aclosing(sender):
        url = url_for(Route.DIRECT)
        async with client_by(sender, url, heard=heard) as client:
            await client.warm_up()
            assert (await complete(client)).route is Route.INDIRECT
            # A hedge may have answered first.
            lost = await heard.first(AttemptFailed)
            look_at(hearing, sender, client, client.status(), *heard.events)
    assert lost.route is Route.DIRECT

    url = url_for(Route.INDIRECT)
    instance, refusal = await instance_told(make(Route.INDIRECT), url, hearing)
    look_at(hearing, lost.error)
    return Told(lost.error, instance, refusal)


async def instance_told(
    sender: HttpxSender, instance_url: str, hearing: Witness
) -> tuple[GitLabCompletionsError, GitLabCompletionsError]:
    """Return why no route served a call, and why there was no direct access."""
    heard = Listening()
    async with aclosing(sender), client_by(sender, instance_url, heard=heard) as client:
        error = await refusal_of(client)
        refused = await heard.first(DetailsRefused)
        look_at(hearing, sender, client, client.status(), *heard.events)
    look_at(hearing, error, *error.attempts, refused.problem)
    return error, refused.problem


def look_at(hearing: Witness, *things: object) -> None:
    for thing in things:
        hearing.look_at(thing)
    assert hearing.leaks == []
