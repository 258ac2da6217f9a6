"""What is measured against each other: ours, bare clients, an SDK, a heavy pipeline.

All do the same job: the same body with the same headers to the same gateway over
TLS 1.3, a new text each time, the answer's text read out of its JSON, on connections
that stay. The bare clients keep their default limits; only how long they keep an idle
connection is raised, since a benchmark pauses where an author would not.

Each caller is an async context manager that gives one coroutine function: the text
above the cursor in, the suggestion out.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, NamedTuple, cast
from uuid import uuid4

import httpx

from gitlab_completions import (
    CompletionClient,
    CompletionRequest,
    HttpxSender,
    Route,
    RoutingPolicy,
)
from gitlab_completions.policy import HedgePolicy

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Awaitable, Callable
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    Call = Callable[[str], Awaitable[str]]
    Caller = Callable[["Target"], AbstractAsyncContextManager[Call]]

FILE_NAME = "app/services/billing/invoice.py"
BELOW = "\n\n    return total\n"
KEPT_S = 600.0
"""Seconds that the bare clients keep idle connections, here."""
TIMEOUT_S = 30.0
"""Seconds that a bare client waits: on a busy machine none of them may give up."""

PATIENT = RoutingPolicy(hedge=HedgePolicy(min_delay_s=TIMEOUT_S, max_delay_s=TIMEOUT_S))
"""Ours learns the hedge delay as ever; a machine that stalls for half a second under a
benchmark is no reason for it to hedge, and hedges are not what is measured."""


class NotDirectError(Exception):
    """A call of ours took another route than the one that is measured."""


class Target(NamedTuple):
    """Whom all of them call.

    Args:
        instance_url: Where ours asks for connection details.
        ca_pem: The file of the authority to trust.
        context: A TLS context that trusts it.
        gateway_url: Where completions go.
        token: What the bare ones go with: they never ask for another.
        headers: The grant's, and what JSON needs.
        model: The provider and the name of the granted model.
    """

    instance_url: str
    ca_pem: Path
    context: ssl.SSLContext
    gateway_url: str
    token: str
    headers: dict[str, str]
    model: dict[str, str]

    def document(self, above: str) -> dict[str, object]:
        """Return the body of a completion request: what ours sends, to the letter."""
        return {
            "prompt_version": 1,
            "current_file": {
                "file_name": FILE_NAME,
                "content_above_cursor": above,
                "content_below_cursor": BELOW,
                "language_identifier": "python",
            },
            **self.model,
            "stream": False,
        }

    def headers_now(self) -> dict[str, str]:
        """Return the headers of one request."""
        return {**self.headers, "X-Request-ID": str(uuid4())}

    @property
    def url(self) -> str:
        """The gateway's endpoint."""
        return f"{self.gateway_url}/v2/completions"


async def target_of(instance_url: str, ca_pem: Path, context: ssl.SSLContext) -> Target:
    """Ask for connection details, as who writes a bare client would."""
    async with httpx.AsyncClient(verify=context, trust_env=False) as client:
        path = "/api/v4/code_suggestions/direct_access"
        grant = (await client.post(instance_url + path)).json()
    token = str(grant["token"])
    return Target(
        instance_url=instance_url,
        ca_pem=ca_pem,
        context=context,
        gateway_url=str(grant["base_url"]),
        token=token,
        headers={
            "Authorization": f"Bearer {token}",
            "Accept": "application/json",
            "User-Agent": "bench/1",
            **grant["headers"],
        },
        model=grant["model_details"],
    )


@asynccontextmanager
async def ours(target: Target) -> AsyncIterator[Call]:
    """Our client, as it is by default but for its patience."""
    async with (
        HttpxSender(verify=target.ca_pem, trust_env=False) as sender,
        calling(target, sender) as call,
    ):
        yield call


@asynccontextmanager
async def ours_on_httpx2(target: Target) -> AsyncIterator[Call]:
    """The same by the other engine."""
    async with (
        HttpxSender(verify=target.ca_pem, trust_env=False, engine="httpx2") as sender,
        calling(target, sender) as call,
    ):
        yield call


@asynccontextmanager
async def ours_on_theirs(target: Target) -> AsyncIterator[Call]:
    """Our client on a user's of httpx2, as the README recommends to make it."""
    import httpx2  # noqa: PLC0415 - an extra

    limits = httpx2.Limits(
        max_connections=20, max_keepalive_connections=20, keepalive_expiry=KEPT_S
    )
    async with (
        httpx2.AsyncClient(
            verify=target.context, limits=limits, trust_env=False
        ) as client,
        calling(target, HttpxSender(client)) as call,
    ):
        yield call


@asynccontextmanager
async def calling(target: Target, sender: HttpxSender) -> AsyncIterator[Call]:
    """Our client on a sender; a call that does not go direct is an error."""
    async with CompletionClient(
        target.instance_url, "glpat-benchmark", policy=PATIENT, sender=sender
    ) as client:
        await client.warm_up()

        async def call(above: str) -> str:
            request = CompletionRequest(
                file_name=FILE_NAME,
                content_above_cursor=above,
                content_below_cursor=BELOW,
            )
            answer = await client.complete(request)
            if answer.route is not Route.DIRECT or len(answer.attempts) != 1:
                raise NotDirectError(answer.reason)
            return answer.text

        yield call


@asynccontextmanager
async def bare(target: Target, package: str = "httpx") -> AsyncIterator[Call]:
    """`AsyncClient.post(json=)` of httpx, or of httpx2, and `.json()`."""
    async with bare_client(target, package) as client:

        async def call(above: str) -> str:
            answer = await client.post(
                target.url, json=target.document(above), headers=target.headers_now()
            )
            answer.raise_for_status()
            return str(answer.json()["choices"][0]["text"])

        yield call


@asynccontextmanager
async def heavy(target: Target) -> AsyncIterator[Call]:
    """What a careful author writes on httpx at first: everything, for each call."""
    import jwt  # noqa: PLC0415 - as the library does
    import tenacity  # noqa: PLC0415

    async with bare_client(target, "httpx") as client:

        async def call(above: str) -> str:
            claims = jwt.decode(target.token, options={"verify_signature": False})
            if claims["exp"] <= time.time():
                raise RuntimeError("the token has expired")
            answer = httpx.Response(500)
            async for attempt in tenacity.AsyncRetrying(
                stop=tenacity.stop_after_attempt(3),
                wait=tenacity.wait_exponential(multiplier=0.1),
                retry=tenacity.retry_if_exception_type(httpx.TransportError),
            ):
                with attempt:
                    sending = client.post(
                        target.url,
                        json=target.document(above),
                        headers=target.headers_now(),
                    )
                    answer = await asyncio.wait_for(sending, TIMEOUT_S)
            answer.raise_for_status()
            return str(answer.json()["choices"][0]["text"])

        yield call


def bare_client(target: Target, package: str) -> httpx.AsyncClient:
    """Return a client with the package's default limits, but for how long it keeps."""
    module = import_module(package)
    make = cast("type[httpx.AsyncClient]", module.AsyncClient)
    limits = cast("type[httpx.Limits]", module.Limits)(
        max_connections=100, max_keepalive_connections=20, keepalive_expiry=KEPT_S
    )
    return make(
        verify=target.context, limits=limits, timeout=TIMEOUT_S, trust_env=False
    )


@asynccontextmanager
async def aiohttp_json(target: Target) -> AsyncIterator[Call]:
    """aiohttp's `post(json=)`, and `.json()`."""
    import aiohttp  # noqa: PLC0415 - only the group `bench` has it

    connector = aiohttp.TCPConnector(ssl=target.context, keepalive_timeout=KEPT_S)
    async with aiohttp.ClientSession(connector=connector) as client:

        async def call(above: str) -> str:
            async with client.post(
                target.url,
                json=target.document(above),
                headers=target.headers_now(),
            ) as answer:
                answer.raise_for_status()
                document = await answer.json()
            return str(document["choices"][0]["text"])

        yield call


@asynccontextmanager
async def openai_sdk(target: Target) -> AsyncIterator[Call]:
    """The openai SDK's `completions.create`: a call of the same kind, with a model."""
    import httpx2  # noqa: PLC0415 - the SDK requires it
    import openai  # noqa: PLC0415 - only the group `bench` has it

    limits = httpx2.Limits(
        max_connections=1000, max_keepalive_connections=100, keepalive_expiry=KEPT_S
    )  # the SDK's own, but for the last
    async with openai.AsyncOpenAI(
        api_key=target.token,
        base_url=f"{target.gateway_url}/v2",
        default_headers=target.headers,
        max_retries=0,
        timeout=TIMEOUT_S,
        http_client=openai.DefaultAsyncHttpxClient(
            verify=target.context, limits=limits, trust_env=False
        ),
    ) as client:

        async def call(above: str) -> str:
            answer = await client.completions.create(
                model=target.model["model_name"],
                prompt=above,
                suffix=BELOW,
                extra_body={"prompt_version": 1, "file_name": FILE_NAME},
                extra_headers={"X-Request-ID": str(uuid4())},
            )
            text: str = answer.choices[0].text
            return text

        yield call


CALLERS: dict[str, Caller] = {
    "ours on httpx": ours,
    "ours on httpx2": ours_on_httpx2,
    "ours, your httpx2 client": ours_on_theirs,
    "bare httpx": bare,
    "bare httpx2": partial(bare, package="httpx2"),
    "heavy on httpx": heavy,
    "aiohttp": aiohttp_json,
    "openai SDK": openai_sdk,
}
NEEDS = {
    **dict.fromkeys(("ours on httpx2", "ours, your httpx2 client"), "httpx2"),
    "bare httpx2": "httpx2",
    "aiohttp": "aiohttp",
    "openai SDK": "openai",
}
"""The package that a caller needs and that not every environment has."""


def missing() -> dict[str, str]:
    """Return the callers that lack a package, and the package."""
    return {
        name: package for name, package in NEEDS.items() if find_spec(package) is None
    }
