"""One send under way: the steps it has come to, and how long each may still take."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from gitlab_completions._wire.messages import SendError
from gitlab_completions.models import Route

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

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

_TUNNEL_LAYERS = frozenset({"proxy", "socks"})
_CONNECTING = frozenset({"connect_tcp", "connect_unix_socket", "start_tls"})
_HANDSHAKES = frozenset({"start_tls", "setup_socks5_connection"})
_RECEIVING = frozenset({"receive_response_headers", "receive_response_body"})


@runtime_checkable
class _Stream(Protocol):
    """A connection of the HTTP library's."""

    async def aclose(self) -> None: ...


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
        self._opened: object = None
        self.aim: tuple[str, int] | None = None
        """Host and port of the server, once the client has parsed the URL."""
        self.on_end: Callable[[bool], object] | None = None
        """What frees its place in the client; is told whether that is still sound."""
        self.proxy_options: Sequence[tuple[int, int, int]] = ()
        """TCP options for a connection to a proxy: httpcore gives those none."""
        self.at_proxy = False
        """Whether it is a proxy that is being connected to, or asked for a tunnel."""
        self.broke_tunnel = False
        """Whether TLS failed within a tunnel; httpcore never frees that connection."""
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

    def limit_s(self) -> float | None:
        """Return the seconds that the exchange still has, `None` for no limit.

        A timer at infinity is one that some event loops cannot set.
        """
        return self.left_s() if math.isfinite(self._ends_at) else None

    def check_time(self, bytes_received: int) -> None:
        """Give an exchange up whose time is over, though bytes still trickle in.

        Raises:
            SendError: `timeout`.
        """
        if self._clock() > self._ends_at:
            raise SendError("timeout", bytes_received)

    def end(self, *, is_sound: bool = True) -> None:
        """Tell, once or more often, that the send is over and its answer closed.

        It is not sound when it was left in its midst: cancelled between two of its
        steps, httpcore may count a connection as busy for good.
        """
        on_end, self.on_end = self.on_end, None
        if on_end is not None:
            on_end(is_sound)

    async def trace(self, event: str, info: Mapping[str, object]) -> None:
        """Take note of an event such as `connection.connect_tcp.started`."""
        step, phase, in_tunnel = _parse(event)
        if phase == "started":
            self._started(step, info, in_tunnel=in_tunnel)
        else:
            await self._ended(step, phase, info, in_tunnel=in_tunnel)

    def _started(
        self, step: str, info: Mapping[str, object], *, in_tunnel: bool
    ) -> None:
        is_connect = _is_connect(info)
        if step in _CONNECTING:
            self._connected = True
            if step == "connect_tcp" and self.aim is not None:
                self.at_proxy = (info.get("host"), info.get("port")) != self.aim
            elif in_tunnel:
                self.at_proxy = False
        elif step == "send_request_headers" and not is_connect:
            self._sent = True
            self.at_proxy = False
        elif step in _RECEIVING:
            # A proxy's answer to CONNECT is the end of connecting.
            most = self.timeouts["connect"] if is_connect else READ_S
            self.timeouts["read"] = min(self.left_s(), most)

    async def close_connection(self) -> None:
        """Close the connection that was opened for this send, if one was."""
        if isinstance(self._opened, _Stream):
            await self._opened.aclose()

    async def _ended(
        self, step: str, phase: str, info: Mapping[str, object], *, in_tunnel: bool
    ) -> None:
        """Close a connection that the HTTP library forgets.

        httpcore 1.0 and httpcore2 close it when a handshake fails, and forget it when
        the task is cancelled, or when a SOCKS proxy refuses: the socket stays open
        until it is collected.
        """
        if phase == "complete" and step in _CONNECTING:
            self._opened = info.get("return_value")
            if step == "connect_tcp" and self.at_proxy:
                self._tune()
        elif phase == "failed" and step in _HANDSHAKES:
            self.broke_tunnel = self.broke_tunnel or in_tunnel
            await self.close_connection()

    def _tune(self) -> None:
        ask = getattr(self._opened, "get_extra_info", None)
        set_option = getattr(ask and ask("socket"), "setsockopt", None)
        if set_option is not None:
            for option in self.proxy_options:
                set_option(*option)


@lru_cache  # ten times a request, the same few
def _parse(event: str) -> tuple[str, str, bool]:
    """Return its step, its phase, and whether it is TLS within a tunnel."""
    layer, _, step = event.partition(".")
    step, _, phase = step.partition(".")
    return step, phase, layer in _TUNNEL_LAYERS and step == "start_tls"


def _is_connect(info: Mapping[str, object]) -> bool:
    return getattr(info.get("request"), "method", None) == b"CONNECT"
