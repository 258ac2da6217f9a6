"""A process that has just started: an editor's first keystroke in it.

It makes one contender, says that it is ready, types when it is told to, and says when:
by the machine's monotonic clock, which its parent reads too. It imports nothing that
its contender does not need.

    python -m tests.benchmarks.newcomer '{"client": ..., "warm": ..., ...}'
"""

from __future__ import annotations

import asyncio
import json
import ssl
import sys
import time

from tests.benchmarks.contenders import CONTENDERS, Place


def read_place(words: dict[str, object]) -> Place:
    """Return where to send, as the parent says it."""
    headers = words["headers"]
    assert isinstance(headers, dict)
    return Place(
        instance_url=str(words["instance_url"]),
        gateway_url=str(words["gateway_url"]),
        context=ssl.create_default_context(cafile=str(words["ca_pem"])),
        headers=headers,
    )


def say(**words: float) -> None:
    """Write a line to the parent."""
    sys.stdout.write(json.dumps(words) + "\n")
    sys.stdout.flush()


async def live(words: dict[str, object]) -> None:
    """Make ready, wait for the keystroke, type."""
    contender = CONTENDERS[str(words["client"])](read_place(words))
    if words["warm"]:
        await contender.warm_up()
    say(ready=time.monotonic())
    # Blocking is as well: nothing else goes on in this process.
    sys.stdin.readline()
    typed = time.monotonic()
    await contender.ask()
    say(typed=typed, answered=time.monotonic())
    sys.stdin.readline()
    await contender.aclose()


if __name__ == "__main__":
    asyncio.run(live(json.loads(sys.argv[1])))
