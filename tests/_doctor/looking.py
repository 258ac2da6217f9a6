"""Diagnoses of clients of a fake GitLab, and what was asked for them."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from gitlab_completions import CompletionClient, RoutingPolicy

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from gitlab_completions.diagnosis import Diagnosis
    from gitlab_completions.models import AccessToken
    from gitlab_completions.senders import WireRequest, WireResponse
    from gitlab_completions.testing import FakeGitLab


class Listed:
    """Notes which paths are asked for, on the way to a GitLab."""

    def __init__(self, gitlab: FakeGitLab) -> None:
        self._gitlab = gitlab
        self.paths: list[str] = []

    @asynccontextmanager
    async def exchange(
        self, request: WireRequest
    ) -> AsyncGenerator[WireResponse, None]:
        self.paths.append("/" + request.url.split("/", 3)[3])
        async with self._gitlab.exchange(request) as response:
            yield response

    async def aclose(self) -> None:
        """Do nothing."""


async def diagnosed(
    gitlab: FakeGitLab,
    token: AccessToken | None = None,
    policy: RoutingPolicy | None = None,
    project_path: str | None = None,
) -> tuple[Diagnosis, list[str]]:
    """Return what is found, and what was asked for it."""
    listed = Listed(gitlab)
    client = CompletionClient._for_testing(
        gitlab.instance_url,
        gitlab.access_token if token is None else token,
        clock=gitlab.clock,
        wall=gitlab.wall,
        jitter=lambda: 0.5,
        sender=listed,
        policy=policy or RoutingPolicy(),
    )
    async with client:
        found = await client.diagnose(project_path)
    assert found.requests == len(listed.paths) <= 12
    return found, listed.paths
