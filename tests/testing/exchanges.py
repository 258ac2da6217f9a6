"""Requests to a fake GitLab as a client would send them, and their answers read."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitlab_completions._wire.messages import Purpose, WireRequest
from gitlab_completions.models import Route

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitlab_completions.testing import FakeGitLab

FILE = {
    "file_name": "add.py",
    "content_above_cursor": "def add(a, b):\n    ",
    "content_below_cursor": "\n",
}


@dataclass(frozen=True, kw_only=True)
class Reply:
    status_code: int
    headers: Mapping[str, str]
    chunks: list[bytes]

    @property
    def json(self) -> dict[str, object]:
        document: dict[str, object] = json.loads(b"".join(self.chunks))
        return document

    @property
    def texts(self) -> list[object]:
        choices = self.json["choices"]
        assert isinstance(choices, list)
        return [choice["text"] for choice in choices]


async def send(gitlab: FakeGitLab, request: WireRequest) -> Reply:
    async with gitlab.exchange(request) as response:
        return Reply(
            status_code=response.status_code,
            headers=response.headers,
            chunks=[chunk async for chunk in response.chunks],
        )


def post(
    url: str,
    body: object,
    headers: Mapping[str, str],
    *,
    route: Route = Route.INDIRECT,
    purpose: Purpose = "completion",
    timeout_s: float = 5.0,
    last_resort: bool = False,
) -> WireRequest:
    return WireRequest(
        route=route,
        method="POST",
        url=url,
        headers={"Content-Type": "application/json", **headers},
        body=json.dumps(body).encode(),
        timeout_s=timeout_s,
        purpose=purpose,
        last_resort=last_resort,
    )


def indirect(
    gitlab: FakeGitLab, *, timeout_s: float = 5.0, last_resort: bool = False
) -> WireRequest:
    return post(
        f"{gitlab.instance_url}/api/v4/code_suggestions/completions",
        {"current_file": FILE, "intent": "completion"},
        {"Authorization": f"Bearer {gitlab.access_token}"},
        timeout_s=timeout_s,
        last_resort=last_resort,
    )


def generation(gitlab: FakeGitLab, *, timeout_s: float = math.inf) -> WireRequest:
    return post(
        f"{gitlab.instance_url}/api/v4/code_suggestions/completions",
        {"current_file": FILE, "intent": "generation", "stream": True},
        {"Authorization": f"Bearer {gitlab.access_token}"},
        purpose="stream",
        timeout_s=timeout_s,
    )


def details(gitlab: FakeGitLab, *, timeout_s: float = 5.0) -> WireRequest:
    return post(
        f"{gitlab.instance_url}/api/v4/code_suggestions/direct_access",
        {},
        {"Authorization": f"Bearer {gitlab.access_token}"},
        purpose="details",
        timeout_s=timeout_s,
    )


async def direct(
    gitlab: FakeGitLab, *, timeout_s: float = 5.0, stream: bool = False
) -> WireRequest:
    """Fetch a grant and make of it a request to the gateway."""
    grant = (await send(gitlab, details(gitlab))).json
    echoed = grant["headers"]
    assert isinstance(echoed, dict)
    return post(
        f"{str(grant['base_url']).rstrip('/')}/v2/completions",
        {"prompt_version": 1, "current_file": FILE, "stream": stream},
        {
            "x-gitlab-authentication-type": "oidc",
            **{name.lower(): value for name, value in echoed.items()},
            "Authorization": f"Bearer {grant['token']}",
        },
        route=Route.DIRECT,
        purpose="stream" if stream else "completion",
        timeout_s=timeout_s,
    )
