"""Where requests leave: the seam that users wrap, and the sender that speaks HTTP.

A sender moves bytes and knows nothing of completions. Wrap one to add a header, to
record traffic or to use another HTTP library; `gitlab_completions.testing` has one that
answers from memory.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

from gitlab_completions._transport.sender import HttpxSender
from gitlab_completions._wire.messages import (
    Purpose,
    SendError,
    SendErrorDetail,
    SendErrorKind,
    WireRequest,
    WireResponse,
)

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from gitlab_completions.models import Route

__all__ = (
    "HttpxSender",
    "Purpose",
    "ReplaceableSender",
    "SendError",
    "SendErrorDetail",
    "SendErrorKind",
    "Sender",
    "WireRequest",
    "WireResponse",
)


@runtime_checkable
class Sender(Protocol):
    """Performs exchanges with the gateway and the instance.

    It runs on one event loop, is used by many tasks at once, and keeps to each
    request's `timeout_s` itself. Redirects are answers like any other. The body of a
    stream is handed on as it comes, and is read no faster than it is asked for.
    """

    def exchange(
        self, request: WireRequest
    ) -> AbstractAsyncContextManager[WireResponse]:
        """Send a request; the answer can be read until the context ends.

        Cancelling the task that is in it must leave the sender sound, since that is
        how an exchange is given up when the client is closed.

        Raises:
            SendError: When it breaks, on entering or while `chunks` are read; never
                another exception. Its text holds nothing of the request.
        """
        ...

    async def aclose(self) -> None:
        """Close what the sender has opened; calling it again does nothing."""
        ...


@runtime_checkable
class ReplaceableSender(Sender, Protocol):
    """A sender that can leave its connections behind when they are in doubt.

    Optional: it is asked after the machine was suspended, and when all exchanges of a
    route are in flight and none of them answers.
    """

    def replace(self, route: Route) -> bool:
        """Send what comes next on the route over new connections.

        Returns:
            Whether it can be done.
        """
        ...
