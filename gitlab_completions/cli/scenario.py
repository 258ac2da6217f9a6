"""What the demo does: one client, one emulator, and everything that can happen to them.

Nothing is restarted between the steps. Two things are quicker here than in life, and
said so where they happen: a token lives for seconds at first, where GitLab's lives for
an hour, and a step ends as soon as it has shown what it promised.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING

from gitlab_completions.client import CompletionClient
from gitlab_completions.emulator import Emulator
from gitlab_completions.models import CompletionRequest, Route, RouteReason
from gitlab_completions.policy import RoutingPolicy
from gitlab_completions.senders import HttpxSender

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from gitlab_completions.models import Completion

__all__ = ("FILE", "SHORT_TOKEN_S", "TYPED", "Step", "play", "request_in_file")

FILE = "gitlab_completions/models.py"
"""The real file that is completed in: one of this package's own."""
TYPED = "    def __post_init__("
"""What an author has typed of a line; the file has such a line before."""
POLICY = RoutingPolicy(allow_plain_http=True)
DIRECT_S, INDIRECT_S = 0.150, 0.275
"""Seconds for a completion. GitLab puts the way through the instance at 125 ms more."""
SHORT_TOKEN_S, LONG_TOKEN_S = 2, 3600
IN_TIME_S = 1.5
"""Seconds in which a completion must be there while the gateway hangs."""
MOST_CALLS = 60
HANGING_CALLS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One row of the demo: what was done, and the completion that came.

    Args:
        title: What was switched.
        completion: The completion that shows it, the last one asked for.
        calls: Completions asked for in this step.
        good: Whether it came as promised.
    """

    title: str
    completion: Completion
    calls: int
    good: bool


def request_in_file() -> tuple[CompletionRequest, str]:
    """Return a request in the real file, and what the author will have typed.

    The rest of the line is taken away from the last place where `TYPED` stands.
    """
    package, _, name = FILE.partition("/")
    text = files(package).joinpath(name).read_text(encoding="utf-8")
    cursor = text.rindex(TYPED) + len(TYPED)
    end = text.index("\n", cursor)
    request = CompletionRequest(
        file_name=FILE,
        content_above_cursor=text[:cursor],
        content_below_cursor=text[end:],
    )
    return request, text[cursor:end]


async def play(announce: Callable[[str], object]) -> AsyncGenerator[Step, None]:
    """Play the scenario, step by step.

    Args:
        announce: Told what is being done, before it is.
    """
    emulator = Emulator(direct_latency_s=DIRECT_S, indirect_latency_s=INDIRECT_S)
    emulator.settings.token_lifetime_s = SHORT_TOKEN_S
    # No proxy stands between this machine and itself, whatever its user has to set.
    sender = HttpxSender(trust_env=False)
    async with (
        emulator,
        sender,
        CompletionClient(
            emulator.instance_url, emulator.access_token, policy=POLICY, sender=sender
        ) as client,
    ):
        stage = _Stage(emulator, client)
        for what, act in (
            ("All is well", stage.all_well),
            ("Direct access is off, and the token runs out", stage.direct_off),
            ("Direct access is allowed again", stage.direct_on),
            ("The gateway takes requests and never answers", stage.gateway_hangs),
            ("The gateway hangs, and the author types on", stage.gateway_still_hangs),
            ("The gateway answers again", stage.gateway_back),
        ):
            announce(what)
            yield await act()


class _Stage:
    """The acts, in their order."""

    def __init__(self, emulator: Emulator, client: CompletionClient) -> None:
        self.emulator = emulator
        self.client = client
        self.request, self.expected = request_in_file()

    async def all_well(self) -> Step:
        """Go direct."""
        await self.client.warm_up()
        return await self._until_direct("everything works")

    async def direct_off(self) -> Step:
        """Have the admin switch direct access off.

        A token that is held stays good until it has run out, so that direct goes on
        until its renewal meets the refusal.
        """
        self.emulator.settings.direct_enabled = False
        return await self._until("direct access off", _barred, _barred)

    async def direct_on(self) -> Step:
        """Allow it again, and have the client look at once.

        By itself it would look again within half an hour.
        """
        self.emulator.settings.direct_enabled = True
        self.emulator.settings.token_lifetime_s = LONG_TOKEN_S
        self.client.reconfigure(POLICY)
        return await self._until_direct("direct access back")

    async def gateway_hangs(self) -> Step:
        """Have the gateway read requests and never answer."""
        self.emulator.gateway.hang()
        return await self._until("gateway hangs", lambda _: True, _indirect_in_time)

    async def gateway_still_hangs(self) -> Step:
        """Go on, until the client has learnt to leave the gateway alone."""
        return await self._until(
            "gateway still hangs",
            lambda done: done.reason is RouteReason.CIRCUIT_OPEN,
            _indirect_in_time,
            most=HANGING_CALLS,
        )

    async def gateway_back(self) -> Step:
        """Heal the gateway; probes beside real calls find that out."""
        self.emulator.gateway.heal()
        return await self._until_direct("gateway back")

    async def _until_direct(self, title: str) -> Step:
        return await self._until(title, _direct, _direct)

    async def _until(
        self,
        title: str,
        enough: Callable[[Completion], bool],
        good: Callable[[Completion], bool],
        *,
        most: int = MOST_CALLS,
    ) -> Step:
        """Complete again and again, as an author who types, until it is enough."""
        done, calls = await self.client.complete(self.request), 1
        while calls < most and not enough(done):
            done, calls = await self.client.complete(self.request), calls + 1
        as_promised = good(done) and done.text == self.expected
        return Step(title=title, completion=done, calls=calls, good=as_promised)


def _direct(done: Completion) -> bool:
    return done.route is Route.DIRECT and done.reason is RouteReason.PREFERRED


def _barred(done: Completion) -> bool:
    return done.route is Route.INDIRECT and done.reason is RouteReason.BARRED


def _indirect_in_time(done: Completion) -> bool:
    return done.route is Route.INDIRECT and done.elapsed_s < IN_TIME_S
