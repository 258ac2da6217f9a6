"""A GitLab instance and its AI Gateway on loopback, for demos and tests.

    async with Emulator("19.3") as emulator:
        print(emulator.instance_url, emulator.access_token)
        emulator.gateway.fail(503, times=2)
        ...
        emulator.gateway.heal()
        emulator.settings.stream_gap_s = 0.1
        emulator.instance.break_stream(pieces=3)
        assert len(emulator.gateway.requests) == 3

The servers need the `emulator` extra, imported when they start. `Instance` and
`Gateway` are the same answers without sockets, for a fake in memory.
"""

from gitlab_completions.emulator.access_tokens import (
    AccessTokens,
    Credential,
    TokenKind,
    TokenState,
)
from gitlab_completions.emulator.answers import Answer, Ending, Request
from gitlab_completions.emulator.arrivals import SeenRequest
from gitlab_completions.emulator.extras import MissingExtraError
from gitlab_completions.emulator.faults import (
    HOST_FAULTS,
    STREAM_FAULTS,
    Endpoint,
    Fault,
    FaultKind,
)
from gitlab_completions.emulator.flags import Flags
from gitlab_completions.emulator.gateway import Gateway
from gitlab_completions.emulator.grants import Identity
from gitlab_completions.emulator.instance import Instance
from gitlab_completions.emulator.model import Model, Prompt
from gitlab_completions.emulator.profiles import PROFILES, Profile
from gitlab_completions.emulator.run import serve
from gitlab_completions.emulator.server import Emulator
from gitlab_completions.emulator.settings import Quota, Settings
from gitlab_completions.emulator.tokens import (
    Hs256Authority,
    Rs256Authority,
    TokenAuthority,
)

__all__ = (
    "HOST_FAULTS",
    "PROFILES",
    "STREAM_FAULTS",
    "AccessTokens",
    "Answer",
    "Credential",
    "Emulator",
    "Ending",
    "Endpoint",
    "Fault",
    "FaultKind",
    "Flags",
    "Gateway",
    "Hs256Authority",
    "Identity",
    "Instance",
    "MissingExtraError",
    "Model",
    "Profile",
    "Prompt",
    "Quota",
    "Request",
    "Rs256Authority",
    "SeenRequest",
    "Settings",
    "TokenAuthority",
    "TokenKind",
    "TokenState",
    "serve",
)
