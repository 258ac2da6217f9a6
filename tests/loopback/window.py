"""An editor window as a process of its own, told what to do line by line.

It says `ready` first. `complete` completes and says by which route; `expire` waits
until its token is not used any more. It ends with its input.
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import aclosing, asynccontextmanager
from importlib import import_module
from typing import TYPE_CHECKING

from gitlab_completions import (
    CompletionClient,
    CompletionRequest,
    HttpxSender,
    RoutingPolicy,
)
from gitlab_completions.shared import FileStore, RedisStore

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from gitlab_completions.shared import DetailsStore

REQUEST = CompletionRequest(file_name="a.py", content_above_cursor="def f():\n")
PAUSE_S = 0.02
MOST_PAUSES = 2000
IMPORTED_LATE = ("httpx", "httpcore", "jwt", "filelock", "redis.asyncio")
"""What takes long on a busy machine and is not what is looked at."""


@asynccontextmanager
async def store_of(place: str) -> AsyncGenerator[DetailsStore, None]:
    if "://" not in place:
        yield FileStore(place)
        return
    async with aclosing(RedisStore(place)) as store:
        yield store


def say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


async def expired(client: CompletionClient) -> None:
    for _ in range(MOST_PAUSES):
        if not client.status().token_expires_in_s:
            return
        await asyncio.sleep(PAUSE_S)


async def main(url: str, token: str, authority: str, place: str) -> None:
    policy = RoutingPolicy(indirect_per_minute=None)
    async with (
        store_of(place) as store,
        aclosing(HttpxSender(verify=authority)) as sender,
        CompletionClient(
            url, token, policy=policy, sender=sender, store=store
        ) as client,
    ):
        say("ready")
        while command := await asyncio.to_thread(sys.stdin.readline):
            if command.strip() == "expire":
                await expired(client)
                say("expired")
            else:
                say((await client.complete(REQUEST)).route.value)


if __name__ == "__main__":
    for name in IMPORTED_LATE:
        import_module(name)
    asyncio.run(main(*sys.argv[1:]))
