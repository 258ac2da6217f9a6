"""A GitLab instance and its gateway in memory, as a sender to give to a client.

It answers with the emulator's own code, so it is as strict about what it is sent, and
its answers are those of the GitLab version named by the profile. There are no sockets:
under virtual time nothing really waits, under a real loop delays are real.
"""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Unpack

from gitlab_completions.emulator.access_tokens import AccessTokens
from gitlab_completions.emulator.faults import Endpoint as FakeEndpoint
from gitlab_completions.emulator.gateway import Gateway
from gitlab_completions.emulator.instance import Instance
from gitlab_completions.emulator.profiles import PROFILES
from gitlab_completions.emulator.tokens import Hs256Authority
from gitlab_completions.testing._client import FakeGitLabClient
from gitlab_completions.testing._network import Host, Network
from gitlab_completions.testing.clock import VirtualClock
from gitlab_completions.testing.virtual_time import (
    VirtualTimeLoop,
    wait_all_tasks_blocked,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractAsyncContextManager

    from gitlab_completions._wire.messages import WireRequest, WireResponse
    from gitlab_completions.client import ClientOptions, CompletionClient
    from gitlab_completions.emulator.access_tokens import Credential
    from gitlab_completions.emulator.flags import Flags
    from gitlab_completions.emulator.model import Model, Prompt
    from gitlab_completions.emulator.settings import Settings
    from gitlab_completions.models import AccessToken, Route

__all__ = ("FakeEndpoint", "FakeGitLab")

_EPOCH_UNIX = 1_790_000_000
"""What Unix time is when the loop's time is 0, in seconds: some day of 2026."""
_INSTANCE = "gitlab.example.com"
_GATEWAY = "gateway.example.com"
_REAL_PAUSE_S = 0.01


def _no_jitter() -> float:
    """Return the middle of every spread, which goes from 0 up to 1."""
    return 0.5


class FakeGitLab:
    """A GitLab instance and its gateway, without any network.

    Each of `direct_access`, `gateway` and `instance` is a handle on one endpoint, and
    `inquiries` is one on whatever else the instance is asked: what arrived there is in
    its `requests`, and its methods (`fail`, `hang`, `reset`, `refuse`, `half_answer`,
    `drip`, `html`, `delay`, `heal`, ...) set faults; `break_stream`, `hang_stream` and
    `end_stream` strike in the midst of streams, and `abandoned_streams` counts those
    that were left. `flags` are the instance's, `settings` its switches, which also tell
    in what pieces, and how fast, streams come, and `prompts` what the model was asked,
    by either route.

    Args:
        text: What the model suggests, whatever is asked, or a function that makes it of
            what is asked; can be set anew later. The gateway trims it as it does a
            model's words; empty is no suggestion.
        profile: Which GitLab it is, a name in `emulator.profiles.PROFILES`.
        seed: Makes its tokens and ids; the same seed, the same ones.

    Raises:
        ValueError: When there is no such profile.
    """

    def __init__(
        self,
        text: str | Model = "return a + b",
        *,
        profile: str = "19.3",
        seed: int = 0,
    ) -> None:
        if profile not in PROFILES:
            raise ValueError(f"no such profile; there are {', '.join(PROFILES)}")
        chosen = PROFILES[profile]
        self.text = text
        self.profile = profile
        self.clock: VirtualClock = VirtualClock()
        self.replaced: list[Route] = []
        self.prompts: list[Prompt] = []
        self._random = random.Random(seed)
        self.tokens: AccessTokens = AccessTokens(
            valid=self._token(),
            expired=self._token(),
            revoked=self._token(),
            wrong_scope=self._token(),
            ai_features=self._token(),
            oauth=self._token(),
            project_bot=self._token(),
            job=self._token(),
            admin=self._token(),
        )
        gateway = Gateway(
            chosen,
            Hs256Authority(self._random.randbytes(32)),
            model=self._say,
            make_id=self._id,
        )
        instance = Instance(
            chosen,
            gateway,
            gateway_url=self.gateway_url,
            tokens=self.tokens,
            make_id=self._id,
            roll=self._random.random,
        )
        self._credentials = instance.credentials
        self.flags: Flags = instance.flags
        self.settings: Settings = instance.settings
        self.direct_access: FakeEndpoint = instance.direct_access
        self.gateway: FakeEndpoint = gateway.endpoint
        self.instance: FakeEndpoint = instance.completions
        self.inquiries: FakeEndpoint = instance.inquiries
        hosts: dict[str, tuple[Host, tuple[FakeEndpoint, ...]]] = {
            _INSTANCE: (
                instance,
                (self.direct_access, self.instance, self.inquiries),
            ),
            _GATEWAY: (gateway, (self.gateway,)),
        }
        self._network = Network(hosts, lambda: _EPOCH_UNIX + self.clock.now())

    def __repr__(self) -> str:
        return f"FakeGitLab(profile={self.profile!r}, in_flight={self.in_flight})"

    @property
    def instance_url(self) -> str:
        """The instance's URL, for a client's constructor."""
        return f"https://{_INSTANCE}"

    @property
    def gateway_url(self) -> str:
        """The gateway's URL, which the instance grants."""
        return f"https://{_GATEWAY}"

    @property
    def access_token(self) -> str:
        """The access token that the instance takes; `tokens` has some it refuses."""
        return self.tokens.valid

    @property
    def in_flight(self) -> int:
        """How many exchanges have started and not ended."""
        return self._network.in_flight

    def set_credential(self, token: str, credential: Credential) -> None:
        """Let the instance know an access token of a given kind, scope or user."""
        self._credentials[token] = credential

    def client(
        self,
        *,
        access_token: AccessToken | None = None,
        jitter: Callable[[], float] = _no_jitter,
        direct_override: str = "",
        **options: Unpack[ClientOptions],
    ) -> CompletionClient:
        """Return a client of this GitLab, on its `clock` and without jitter.

        Args:
            access_token: Whose client it is; by default `access_token` has it.
            jitter: Gives a number from 0 up to 1 where the client throws dice, so that
                many clients do not all do the same at once: `random.Random(7).random`.
            direct_override: What it takes `GITLAB_COMPLETIONS_DIRECT` to be. The
                environment itself is not read: a test has the same end everywhere.
            **options: The other arguments of `CompletionClient`. A `store` goes by the
                same clock: `MemoryStore(gitlab.clock.now)`; a `sender` wraps this one.
        """
        return FakeGitLabClient.of(
            self,
            access_token=self.access_token if access_token is None else access_token,
            jitter=jitter,
            direct_override=direct_override,
            **options,
        )

    def exchange(
        self, request: WireRequest
    ) -> AbstractAsyncContextManager[WireResponse]:
        """Answer `request`, as a client's sender; raises only `SendError`."""
        return self._network.exchange(request)

    def replace(self, route: Route) -> bool:
        """Note in `replaced` that the client wanted new connections on the route."""
        self.replaced.append(route)
        return True

    async def aclose(self) -> None:
        """Do nothing: nothing is open."""

    def wall(self) -> datetime:
        """Return the time of day there, to which its answers are dated."""
        return datetime.fromtimestamp(_EPOCH_UNIX + self.clock.now(), UTC)

    async def settle(self) -> None:
        """Wait until nothing is in flight, nor about to be.

        In virtual time that is exact: every other task waits for something. In real
        time it is the first 10 ms in which nothing is in flight.
        """
        while True:
            await self._network.landed()
            if isinstance(asyncio.get_running_loop(), VirtualTimeLoop):
                await wait_all_tasks_blocked()
            else:
                await asyncio.sleep(_REAL_PAUSE_S)
            if not self.in_flight:
                return

    def _say(self, prompt: Prompt) -> str:
        self.prompts.append(prompt)
        return self.text if isinstance(self.text, str) else self.text(prompt)

    def _id(self) -> str:
        return f"{self._random.getrandbits(128):032x}"

    def _token(self) -> str:
        return f"glpat-{self._random.getrandbits(80):020x}"
