"""Log records to where an author finds them: the client's log of this server.

Records of the library hold no source and no secrets, see `_shell/logbook.py`. What is
logged before the client listens goes to stderr, which editors keep too.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from gitlab_completions.lsp.herald import Weight

if TYPE_CHECKING:
    from gitlab_completions.lsp.herald import Herald

__all__ = ("ClientLog",)

_WEIGHTS = (
    (logging.ERROR, Weight.ERROR),
    (logging.WARNING, Weight.WARNING),
    (logging.INFO, Weight.INFO),
)


class ClientLog(logging.Handler):
    """Sends records to the client; on the loop that runs, whichever thread logs.

    Args:
        herald: Tells the client, on the loop that runs.
    """

    def __init__(self, herald: Herald) -> None:
        super().__init__(logging.INFO)
        self._herald = herald
        self._loop = asyncio.get_running_loop()

    def emit(self, record: logging.LogRecord) -> None:
        """Send a record."""
        line = record.getMessage()
        weight = next(
            (weight for level, weight in _WEIGHTS if record.levelno >= level),
            Weight.LOG,
        )
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._herald.log, line, weight)
