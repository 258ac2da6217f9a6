"""An instance that answers as the test says, and a client of it in virtual time."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from gitlab_completions.client import CompletionClient
from gitlab_completions.policy import RoutingPolicy
from gitlab_completions.senders import SendError, WireResponse
from gitlab_completions.testing.clock import VirtualClock
from gitlab_completions.testing.payloads import completion_json, grant_json
from tests._shell.parts import GATEWAY, ROOT

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Callable

    from gitlab_completions.models import AccessToken
    from gitlab_completions.senders import WireRequest

CHECK = "/api/v4/code_suggestions/enabled"
ACCESS = "/api/v4/code_suggestions/direct_access"
COMPLETIONS = "/api/v4/code_suggestions/completions"
VERSION = "/api/v4/version"
GRAPHQL = "/api/graphql"
MONOLITH = {"x-gitlab-error-origin": "monolith"}
JSON = {"content-type": "application/json"}

HANG = "hang"


class Said:
    """One answer: a status, a body that is JSON unless it is bytes, and headers."""

    def __init__(
        self,
        status: int,
        body: object = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        self.status = status
        self.body = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.headers = JSON | (headers or {})


Answer = Said | SendError | str

MISSES_PROJECT = Said(400, {"error": "project_path is missing"})
BARE_401 = Said(401, {"message": "401 Unauthorized"})
BARE_404 = Said(404, {"message": "404 Not Found"})
NO_ROUTE = Said(404, {"error": "404 Not Found"})
NO_SCOPE = Said(403, {"error": "insufficient_scope", "scope": "ai_features api"})
DIRECT_OFF = Said(403, {"message": "403 Forbidden - Direct connections are disabled"})


def version(text: str = "19.3.0") -> Said:
    return Said(200, {"version": text})


def graph(**data: object) -> Said:
    return Said(200, {"data": data})


def completion(text: str = "return 1") -> Said:
    return Said(200, completion_json(text))


def grant() -> Said:
    return Said(201, grant_json(GATEWAY, lifetime_s=3600))


class ScriptedInstance:
    """A sender whose answers are set by path; the last one of a list stays."""

    def __init__(self, **answers: Answer) -> None:
        self.answers: dict[str, list[Answer]] = {
            CHECK: [Said(200)],
            VERSION: [version()],
            ACCESS: [DIRECT_OFF],
            COMPLETIONS: [completion()],
            GRAPHQL: [graph()],
        }
        self.requests: list[WireRequest] = []
        self.in_flight = 0
        self.most_in_flight = 0
        self.pause_s = 0.01
        self.on_request: Callable[[WireRequest], None] = lambda wire: None

    def say(self, path: str, *answers: Answer) -> None:
        self.answers[path] = list(answers)

    @property
    def paths(self) -> list[str]:
        return [wire.url.removeprefix(ROOT) for wire in self.requests]

    @asynccontextmanager
    async def exchange(self, wire: WireRequest) -> AsyncGenerator[WireResponse, None]:
        self.requests.append(wire)
        self.in_flight += 1
        self.most_in_flight = max(self.in_flight, self.most_in_flight)
        self.on_request(wire)
        try:
            await asyncio.sleep(self.pause_s)
            answer = self._next(wire.url.removeprefix(ROOT))
            if isinstance(answer, str):
                await asyncio.sleep(wire.timeout_s)
                raise SendError("timeout")
            if isinstance(answer, SendError):
                raise SendError(answer.kind, detail=answer.detail)
            yield WireResponse(
                status_code=answer.status,
                headers=answer.headers,
                chunks=_one(answer.body),
            )
        finally:
            self.in_flight -= 1

    async def aclose(self) -> None:
        """Do nothing."""

    def _next(self, path: str) -> Answer:
        left = self.answers.get(path)
        if left is None:
            return completion()  # the gateway's
        return left.pop(0) if len(left) > 1 else left[0]

    def client(
        self,
        access_token: AccessToken = "glpat-1",
        policy: RoutingPolicy | None = None,
        clock: VirtualClock | None = None,
    ) -> CompletionClient:
        return CompletionClient._for_testing(
            ROOT,
            access_token,
            policy=policy or RoutingPolicy(),
            sender=self,
            clock=clock or VirtualClock(),
            jitter=lambda: 0.5,
        )


async def _one(body: bytes) -> AsyncIterator[bytes]:
    yield body
