"""Each step of a send has its own time, and all together the exchange's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gitlab_completions._transport.progress import Progress
from gitlab_completions.models import Route
from gitlab_completions.senders import SendError
from tests._transport.loopback import wire

if TYPE_CHECKING:
    from gitlab_completions.senders import WireRequest


class Hand:
    """A clock that is set by hand."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def progress(request: WireRequest, clock: Hand | None = None) -> Progress:
    clock = clock or Hand()
    return Progress(request, clock.now + request.timeout_s, clock)


@pytest.mark.parametrize(
    ("route", "last", "timeout_s", "connect", "read"),
    [
        (Route.DIRECT, False, 5.0, 1.0, 5.0),
        (Route.DIRECT, True, 5.0, 3.2, 5.0),
        (Route.INDIRECT, False, 9.0, 3.2, 9.0),
        (Route.INDIRECT, True, 9.0, 3.2, 9.0),
        (Route.DIRECT, False, 0.4, 0.4, 0.4),
        (Route.INDIRECT, True, 60.0, 3.2, 55.0),
    ],
)
def test_each_step_has_its_timeout(
    route: Route, last: bool, timeout_s: float, connect: float, read: float
) -> None:
    request = wire("http://x", route=route, timeout_s=timeout_s, last_resort=last)
    timeouts = progress(request).timeouts
    assert timeouts["connect"] == pytest.approx(connect)
    assert timeouts["read"] == pytest.approx(read)
    assert timeouts["write"] == pytest.approx(min(2.0, timeout_s))
    assert timeouts["pool"] == pytest.approx(0.25)


@pytest.mark.parametrize("step", ["headers", "body"])
async def test_reading_gets_only_the_time_that_is_left(step: str) -> None:
    clock = Hand()
    told = progress(wire("http://x", timeout_s=5.0), clock)
    clock.now += 3
    await told.trace(f"http11.receive_response_{step}.started", {})
    assert told.timeouts["read"] == pytest.approx(2.0)


async def test_a_step_that_starts_too_late_still_has_a_limit() -> None:
    clock = Hand()
    told = progress(wire("http://x", timeout_s=5.0), clock)
    clock.now += 6
    await told.trace("http11.receive_response_headers.started", {})
    assert 0 < told.timeouts["read"] < 0.01


def test_time_is_up_only_when_it_is_over() -> None:
    clock = Hand()
    told = progress(wire("http://x", timeout_s=5.0), clock)
    clock.now += 5
    told.check_time(3)
    clock.now += 0.1
    with pytest.raises(SendError) as caught:
        told.check_time(3)
    assert (caught.value.kind, caught.value.bytes_received) == ("timeout", 3)


@pytest.mark.parametrize(
    ("events", "reused"),
    [
        (["http11.send_request_headers.started"], True),
        (["http2.send_request_headers.started"], True),
        (["connection.connect_tcp.started"], False),
        (
            ["connection.connect_tcp.started", "http11.send_request_headers.started"],
            False,
        ),
        (["proxy.start_tls.started", "http11.send_request_headers.started"], False),
        (["connection.connect_tcp.complete"], False),
        ([], False),
    ],
)
async def test_a_connection_is_reused_when_the_trace_says_so(
    events: list[str], reused: bool
) -> None:
    told = progress(wire("http://x"))
    for event in events:
        await told.trace(event, {})
    assert told.reused is reused


class Asked:
    """A request of httpcore's, as far as the trace shows it."""

    def __init__(self, method: bytes) -> None:
        self.method = method


AT_PROXY = {"host": "proxy.example", "port": 3128}
AT_SERVER = {"host": "gitlab.example", "port": 443}
CONNECT = {"request": Asked(b"CONNECT")}
POST = {"request": Asked(b"POST")}


@pytest.mark.parametrize(
    ("events", "at_proxy"),
    [
        ([], False),
        ([("connection.connect_tcp.started", AT_SERVER)], False),
        ([("connection.connect_tcp.started", AT_PROXY)], True),
        (
            [
                ("connection.connect_tcp.started", AT_PROXY),
                ("connection.start_tls.started", {}),
                ("http11.send_request_headers.started", CONNECT),
                ("http11.receive_response_headers.started", CONNECT),
            ],
            True,
        ),
        (
            [
                ("connection.connect_tcp.started", AT_PROXY),
                ("proxy.start_tls.started", {}),
            ],
            False,
        ),
        (
            [
                ("connection.connect_tcp.started", AT_PROXY),
                ("socks.start_tls.started", {}),
            ],
            False,
        ),
        (
            [
                ("connection.connect_tcp.started", AT_PROXY),
                ("http11.send_request_headers.started", POST),
            ],
            False,
        ),
    ],
)
async def test_it_is_known_whether_a_proxy_is_spoken_to(
    events: list[tuple[str, dict[str, object]]], at_proxy: bool
) -> None:
    told = progress(wire("https://gitlab.example"))
    told.aim = ("gitlab.example", 443)
    for event, info in events:
        await told.trace(event, info)
    assert told.at_proxy is at_proxy


async def test_nobody_is_taken_for_a_proxy_without_an_aim() -> None:
    told = progress(wire("https://gitlab.example"))
    await told.trace("connection.connect_tcp.started", AT_PROXY)
    assert not told.at_proxy


async def test_a_proxys_answer_is_waited_for_as_a_connection_is() -> None:
    told = progress(wire("http://x", timeout_s=5.0))
    await told.trace("http11.receive_response_headers.started", CONNECT)
    assert told.timeouts["read"] == told.timeouts["connect"] == 1.0
    await told.trace("http11.receive_response_headers.started", POST)
    assert told.timeouts["read"] == pytest.approx(5.0)


@pytest.mark.parametrize(
    ("event", "broke"),
    [
        ("proxy.start_tls.failed", True),
        ("socks.start_tls.failed", True),
        ("proxy.start_tls.complete", False),
        ("connection.start_tls.failed", False),
    ],
)
async def test_a_tunnel_in_which_tls_failed_is_noted(event: str, broke: bool) -> None:
    told = progress(wire("http://x"))
    await told.trace(event, {})
    assert told.broke_tunnel is broke


async def test_a_connection_that_a_socks_proxy_refused_is_closed() -> None:
    closed: list[object] = []

    class Stream:
        async def aclose(self) -> None:
            closed.append(self)

    told, stream = progress(wire("https://gitlab.example")), Stream()
    told.aim = ("gitlab.example", 443)
    await told.trace("socks.setup_socks5_connection.failed", {})
    await told.trace("socks.connect_tcp.started", AT_PROXY)
    await told.trace("socks.connect_tcp.complete", {"return_value": stream})
    assert closed == []
    await told.trace("socks.setup_socks5_connection.failed", {})
    assert closed == [stream]


async def test_a_stream_without_a_socket_is_left_as_it_is() -> None:
    told = progress(wire("http://x"))
    told.proxy_options = [(1, 9, 1)]
    told.at_proxy = True
    for stream in (None, object()):
        await told.trace("connection.connect_tcp.complete", {"return_value": stream})
        await told.trace("socks.setup_socks5_connection.failed", {})
    assert not told.reused


class Stream:
    """A connection that knows how often it was closed."""

    def __init__(self) -> None:
        self.closed = 0

    async def aclose(self) -> None:
        self.closed += 1


async def test_a_connection_whose_handshake_is_left_is_closed() -> None:
    told, stream = progress(wire("https://x")), Stream()
    await told.trace("connection.connect_tcp.complete", {"return_value": stream})
    await told.trace("connection.start_tls.started", {})
    assert stream.closed == 0
    await told.trace("connection.start_tls.failed", {"exception": KeyboardInterrupt()})
    assert stream.closed == 1


async def test_a_handshake_whose_connection_is_not_told_is_left_alone() -> None:
    told = progress(wire("https://x"))
    await told.trace("connection.connect_tcp.complete", {"return_value": None})
    await told.trace("connection.start_tls.failed", {})
