"""One request to the instance whose answer is read whole, within bounds of its own."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from gitlab_completions._wire.messages import Answer, SendError

if TYPE_CHECKING:
    from gitlab_completions._wire.messages import WireRequest
    from gitlab_completions.senders import Sender

OUTSTAYED_S = 10.0
"""Seconds beyond its own after which a sender that does not keep time is stopped: its
connection is one of two, and a fetch without an end would be the last one."""


async def round_trip(sender: Sender, wire: WireRequest) -> Answer:
    """Send, and read all that comes.

    Raises:
        SendError: When it breaks, or takes too long; a sender that is not as it should
            be may raise anything else.
    """
    try:
        async with (
            asyncio.timeout(wire.timeout_s + OUTSTAYED_S),
            sender.exchange(wire) as response,
        ):
            return Answer(
                status_code=response.status_code,
                headers=response.headers,
                body=await response.read(),
            )
    except TimeoutError:
        raise SendError("timeout") from None
