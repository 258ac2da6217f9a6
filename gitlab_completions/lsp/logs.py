"""Log records to where an author finds them: the client's log of this server.

Records of the library hold no source and no secrets, see `_shell/logbook.py`. What is
logged before the client listens goes to stderr, which editors keep too.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from gitlab_completions.lsp.server import Weight

if TYPE_CHECKING:
    from gitlab_completions.lsp.server import Server

__all__ = ("ClientLog",)

_WEIGHTS = (
    (logging.ERROR, Weight.ERROR),
    (logging.WARNING, Weight.WARNING),
    (logging.INFO, Weight.INFO),
)


class ClientLog(logging.Handler):
    """Sends records to the client; on the server's loop, whichever thread logs.

    Args:
        server: The server, on the loop that runs.
    """

    def __init__(self, server: Server) -> None:
        super().__init__(logging.INFO)
        self._server = server
        self._loop = asyncio.get_running_loop()

    def emit(self, record: logging.LogRecord) -> None:
        """Send a record."""
        line = record.getMessage()
        weight = next(
            (weight for level, weight in _WEIGHTS if record.levelno >= level),
            Weight.LOG,
        )
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._server.log, line, weight)
