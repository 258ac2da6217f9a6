"""One send under way: the steps it has come to, and how long each may still take."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlab_completions._wire.messages import SendError
from gitlab_completions.models import Route

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gitlab_completions._wire.messages import WireRequest

CONNECT_S = 1.0
"""Seconds to connect while there is another route: longer costs more than taking it."""
LAST_CONNECT_S = 3.2
"""Seconds to connect where there is none.

A kernel sends a lost SYN again after 1 s and after 3 s (RFC 6298): one lost packet
must not fail what has no other way.
"""
WRITE_S = 2.0
"""Seconds without progress in sending."""
POOL_S = 0.25
"""Seconds for a free connection; there always is one unless the pool has lost some."""
READ_S = 55.0
"""Seconds without a byte, at most; servers and balancers give up a model after 60."""
_LEAST_S = 0.001
"""What is given to a step when no time is left: 0 means no limit to some backends."""

_CONNECTING = frozenset({"connect_tcp", "connect_unix_socket", "start_tls"})
_RECEIVING = frozenset({"receive_response_headers", "receive_response_body"})


class Progress:
    """Follows one send by the HTTP library's trace, and shortens its timeouts.

    The library limits each step by itself, so that a connect, a write and two reads
    could together take four times what the exchange has. It reads `timeouts` anew at
    each step: that is where the time left comes in.

    Args:
        request: What is sent.
        ends_at: Monotonic seconds when the exchange must have ended.
        clock: Tells monotonic seconds.
    """

    def __init__(
        self, request: WireRequest, ends_at: float, clock: Callable[[], float]
    ) -> None:
        self._ends_at = ends_at
        self._clock = clock
        self._connected = False
        self._sent = False
        left = self.left_s()
        patient = request.last_resort or request.route is Route.INDIRECT
        self.timeouts = {
            "connect": min(left, LAST_CONNECT_S if patient else CONNECT_S),
            "write": min(left, WRITE_S),
            "read": min(left, READ_S),
            "pool": min(left, POOL_S),
        }

    @property
    def reused(self) -> bool:
        """Whether it went out on a connection that another exchange had opened.

        Only when the trace says so: without one (a transport of the user's, a test's
        mock) nothing is known, and nothing is sent twice.
        """
        return self._sent and not self._connected

    def left_s(self) -> float:
        """Return the seconds that the exchange still has."""
        return max(self._ends_at - self._clock(), _LEAST_S)

    def check_time(self, bytes_received: int) -> None:
        """Give an exchange up whose time is over, though bytes still trickle in.

        Raises:
            SendError: `timeout`.
        """
        if self._clock() > self._ends_at:
            raise SendError("timeout", bytes_received)

    async def trace(self, event: str, _info: Mapping[str, object]) -> None:
        """Take note of an event such as `connection.connect_tcp.started`."""
        _, _, step = event.partition(".")
        step, _, phase = step.partition(".")
        if phase != "started":
            return
        if step in _CONNECTING:
            self._connected = True
        elif step == "send_request_headers":
            self._sent = True
        elif step in _RECEIVING:
            self.timeouts["read"] = min(self.left_s(), READ_S)
