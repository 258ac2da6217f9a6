"""A started emulator, a client for it, and the requests of the two routes."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import httpx

from tests.emulator.calls import completion_body, field

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from gitlab_completions.emulator.server import Emulator

TEXT = {"file_name": "a.py", "content_below_cursor": ""}
FILE = {**TEXT, "content_above_cursor": "total = 1\nprint(total)\ntot"}


class Caller:
    """Calls an emulator as a client would, over one pool of connections."""

    def __init__(self, emulator: Emulator, client: httpx.AsyncClient) -> None:
        self.emulator = emulator
        self.client = client
        self._headers: dict[str, str] = {}
        self._url = ""

    async def grant(self) -> httpx.Response:
        url = f"{self.emulator.instance_url}/api/v4/code_suggestions/direct_access"
        token = {"private-token": self.emulator.access_token}
        answer = await self.client.post(url, headers=token)
        if answer.status_code == 201:
            self._use(answer.json())
        return answer

    async def direct(self, body: object = None) -> httpx.Response:
        if not self._url:
            await self.grant()
        sent = completion_body(current_file=FILE) if body is None else body
        return await self.client.post(self._url, headers=self._headers, json=sent)

    async def indirect(self) -> httpx.Response:
        url = f"{self.emulator.instance_url}/api/v4/code_suggestions/completions"
        token = {"authorization": f"Bearer {self.emulator.access_token}"}
        return await self.client.post(url, headers=token, json={"current_file": FILE})

    @asynccontextmanager
    async def streaming(self, **fields: object) -> AsyncIterator[httpx.Response]:
        """Ask the instance for a stream, and give the answer before its body."""
        url = f"{self.emulator.instance_url}/api/v4/code_suggestions/completions"
        token = {"authorization": f"Bearer {self.emulator.access_token}"}
        body = {"current_file": FILE, "stream": True, **fields}
        async with self.client.stream("POST", url, headers=token, json=body) as answer:
            yield answer

    async def put(self, path: str, body: object) -> httpx.Response:
        url = f"http://127.0.0.1:{self.emulator.instance_front.port}/-/emulator/{path}"
        return await self.client.put(url, json=body)

    def _use(self, grant: object) -> None:
        headers = field(grant, "headers")
        assert isinstance(headers, dict)
        self._headers = {str(name): str(value) for name, value in headers.items()}
        self._headers["authorization"] = f"Bearer {field(grant, 'token')}"
        self._url = f"{field(grant, 'base_url')}/v2/completions"


@asynccontextmanager
async def calling(
    emulator: Emulator, *, timeout_s: float = 5.0
) -> AsyncIterator[Caller]:
    """Start `emulator` and call it."""
    async with emulator:
        verify = emulator.ssl_context() or False
        limits = httpx.Limits(max_connections=60, keepalive_expiry=60)
        async with httpx.AsyncClient(
            verify=verify, timeout=timeout_s, limits=limits, trust_env=False
        ) as client:
            yield Caller(emulator, client)
