"""Notices that the program which the server was started for is gone.

The pipes end with it as a rule, not where another program has them too. The protocol
has a server end by itself then.
"""

from __future__ import annotations

import asyncio
import os

__all__ = ("EVERY_S", "gone")

EVERY_S = 10.0
"""Seconds between two looks."""


async def gone(process_id: object) -> None:
    """Wait until a process is gone; for ever, where that cannot be told.

    One that is not there to begin with is in another container, as a rule.
    """
    if not _is_there(process_id):
        await asyncio.Event().wait()
    while _is_there(process_id):  # noqa: ASYNC110 - no event tells of its end
        await asyncio.sleep(EVERY_S)  # noqa: TID251


def _is_there(process_id: object) -> bool:
    """Tell whether there is such a process; nothing is known of any on Windows."""
    if not isinstance(process_id, int) or process_id <= 1 or os.name == "nt":
        return False
    try:
        os.kill(process_id, 0)
    except PermissionError:
        return True
    except (OSError, OverflowError):
        return False
    return True
