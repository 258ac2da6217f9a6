"""What sends: a client of the sender's own, or one that a user brings along."""

from __future__ import annotations

from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from enum import StrEnum
from typing import TYPE_CHECKING

import httpx
import httpx2

from gitlab_completions import HttpxSender

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncGenerator

CONNECTIONS = 20
"""Twice what a sender's own client has for each route: a user's serves both."""


class Engine(StrEnum):
    """Which HTTP client is at work."""

    OWN = "own"
    OWN2 = "own2"
    HTTPX = "httpx"
    HTTPX2 = "httpx2"


@asynccontextmanager
async def sender_of(
    engine: Engine, context: ssl.SSLContext
) -> AsyncGenerator[HttpxSender, None]:
    """Give a sender that trusts what `context` trusts; all of it is closed."""
    async with AsyncExitStack() as stack:
        if engine in {Engine.OWN, Engine.OWN2}:
            sender = HttpxSender(
                verify=context,
                trust_env=False,
                engine="httpx" if engine is Engine.OWN else "httpx2",
            )
        elif engine is Engine.HTTPX:
            limits = httpx.Limits(
                max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS
            )
            client = httpx.AsyncClient(verify=context, limits=limits, trust_env=False)
            sender = HttpxSender(await stack.enter_async_context(client))
        else:
            limits2 = httpx2.Limits(
                max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS
            )
            client2 = httpx2.AsyncClient(
                verify=context, limits=limits2, trust_env=False
            )
            sender = HttpxSender(await stack.enter_async_context(client2))
        yield await stack.enter_async_context(aclosing(sender))
