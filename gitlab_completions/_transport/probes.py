"""Looks at the way to a host below HTTP: names, addresses of both families, TLS.

An exchange that fails says which step failed, and no more: whichever of a host's
addresses answers first hides the others, and a certificate that is not trusted is not
shown. Here each is tried by itself. Nothing is sent but what it takes to be connected:
a proxy is asked for a tunnel, and no word goes through it.
"""

from __future__ import annotations

import asyncio
import base64
import errno
import socket
import ssl
from typing import TYPE_CHECKING, Literal

from gitlab_completions._records import Record
from gitlab_completions._transport import faults
from gitlab_completions._transport.certificates import issuer_of
from gitlab_completions._transport.network import AsyncioBackend, AsyncioStream
from gitlab_completions._transport.progress import LAST_CONNECT_S
from gitlab_completions._wire.messages import SendError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitlab_completions._transport.ways import Way

LOOKUP_S = 5.0
"""Seconds for a name: as a resolver gives its first server (resolv.conf, `timeout`)."""
MOST_ADDRESSES = 8
"""Of a host's that are told of; one of each family is tried."""
_MOST_REPLY = 16 * 1024
_READ = 4096

Family = Literal["IPv4", "IPv6"]
_FAMILIES: dict[int, Family] = {socket.AF_INET: "IPv4", socket.AF_INET6: "IPv6"}
NO_FAMILY = frozenset(
    getattr(errno, prefix + name)
    for name in ("EADDRNOTAVAIL", "EAFNOSUPPORT", "ENETUNREACH")
    for prefix in ("", "WSA")
    if hasattr(errno, prefix + name)
)
"""What connecting ends with, and at once, where a machine has no such family at all."""
_NO_NAME_SERVER = frozenset({socket.EAI_AGAIN, socket.EAI_FAIL})

LookupFault = Literal["", "unknown", "no_answer"]


class Tried(Record):
    """One of a host's addresses, and whether it can be connected to.

    Args:
        family: Whose it is.
        address: The address.
        elapsed_s: Seconds that it took.
        connected: Whether it came about.
        absent: This machine has nothing of that family, so that no time is lost by it.
    """

    family: Family
    address: str
    elapsed_s: float
    connected: bool
    absent: bool = False


class Lookup(Record):
    """What a name stands for.

    Args:
        addresses: The host's addresses.
        tried: The first of each family.
        elapsed_s: Seconds that the name took.
        fault: Why there are no addresses: nobody knows the name, or nobody answered.
    """

    addresses: tuple[str, ...] = ()
    tried: tuple[Tried, ...] = ()
    elapsed_s: float = 0.0
    fault: LookupFault = ""

    @property
    def connects(self) -> bool:
        """Whether any address can be connected to."""
        return any(one.connected for one in self.tried)


class Handshake(Record):
    """A connection that was made, and closed.

    Args:
        connect_s: Seconds to be connected, through a proxy if there is one.
        tls_s: Seconds for TLS.
        version: Of TLS.
        issuer: Who issued the certificate; empty when it does not say.
        error: Why TLS failed; `None`: it did not.
    """

    connect_s: float
    tls_s: float | None = None
    version: str = ""
    issuer: str = ""
    error: SendError | None = None


async def look_up(host: str, port: int) -> Lookup:
    """Ask what a name stands for, and try an address of each family."""
    loop = asyncio.get_running_loop()
    started = loop.time()
    try:
        async with asyncio.timeout(LOOKUP_S):
            infos = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        elapsed_s = loop.time() - started
        is_alone = error.errno in _NO_NAME_SERVER
        fault: LookupFault = "no_answer" if is_alone else "unknown"
        return Lookup(elapsed_s=elapsed_s, fault=fault)
    except (OSError, UnicodeError):  # the timeout is an OSError
        return Lookup(elapsed_s=loop.time() - started, fault="no_answer")
    elapsed_s = loop.time() - started
    known: list[tuple[Family, str]] = [
        (_FAMILIES[family], str(address[0]))
        for family, _, _, _, address in infos
        if family in _FAMILIES
    ]
    return Lookup(
        addresses=tuple(address for _, address in known[:MOST_ADDRESSES]),
        tried=await _try_each(known, port),
        elapsed_s=elapsed_s,
    )


async def shake_hands(way: Way, host: str, port: int) -> Handshake:
    """Connect to a host, by a proxy or without, and agree with it on TLS.

    Where its certificate is not trusted it is asked for once more by somebody who
    trusts anything, to learn who issued it; nothing is sent then.

    Raises:
        SendError: When there is no connection.
    """
    loop = asyncio.get_running_loop()
    started = loop.time()
    below = await _connected(way, host, port)
    connected = loop.time()
    try:
        stream = await below.start_tls(way.context, host, LAST_CONNECT_S)
    except Exception as error:
        kind, detail = faults.meaning_of(error, at_proxy=False)
        return Handshake(
            connect_s=connected - started,
            error=SendError(kind, detail=detail),
            issuer=await _issuer(way, host, port) if kind == "tls" else "",
        )
    try:
        return Handshake(
            connect_s=connected - started,
            tls_s=loop.time() - connected,
            version=_ssl_object(stream).version() or "",
            issuer=_issuer_shown(stream),
        )
    finally:
        await stream.aclose()


async def _try_each(
    known: Sequence[tuple[Family, str]], port: int
) -> tuple[Tried, ...]:
    first: dict[Family, str] = {}
    for family, address in known:
        first.setdefault(family, address)
    tries = (_try(family, address, port) for family, address in first.items())
    return tuple(await asyncio.gather(*tries))


async def _try(family: Family, address: str, port: int) -> Tried:
    loop = asyncio.get_running_loop()
    started, connected, absent = loop.time(), False, False
    try:
        async with asyncio.timeout(LAST_CONNECT_S):
            transport, _ = await loop.create_connection(asyncio.Protocol, address, port)
        transport.abort()
        connected = True
    except OSError as error:
        absent = error.errno in NO_FAMILY
    return Tried(
        family=family,
        address=address,
        elapsed_s=loop.time() - started,
        connected=connected,
        absent=absent,
    )


async def _connected(way: Way, host: str, port: int) -> AsyncioStream:
    """Return a connection to the host, or a tunnel to it.

    Raises:
        SendError: When there is none.
    """
    proxy = way.proxy_address()
    to_host, to_port = proxy or (host, port)
    backend = AsyncioBackend(way.core)
    stream: AsyncioStream | None = None
    try:
        stream = await backend.connect_tcp(to_host, to_port, LAST_CONNECT_S)
        if way.proxy_scheme == "https":
            stream = await stream.start_tls(way.context, to_host, LAST_CONNECT_S)
        if proxy is not None:
            await _ask_for_tunnel(stream, way, host, port)
    except BaseException as error:
        if stream is not None:
            await stream.aclose()
        if isinstance(error, SendError) or not isinstance(error, Exception):
            raise
        kind, detail = faults.meaning_of(error, at_proxy=proxy is not None)
        # Without its cause, which may quote the proxy.
        raise SendError(kind, detail=detail) from None
    return stream


async def _ask_for_tunnel(
    stream: AsyncioStream, way: Way, host: str, port: int
) -> None:
    """Have an HTTP proxy connect us to the host.

    Raises:
        SendError: When it does not.
    """
    name = f"[{host}]" if ":" in host else host
    lines = [f"CONNECT {name}:{port} HTTP/1.1", f"Host: {name}:{port}"]
    if way.proxy_credentials is not None:
        pair = ":".join(way.proxy_credentials).encode()
        lines.append(f"Proxy-Authorization: Basic {base64.b64encode(pair).decode()}")
    await stream.write("\r\n".join([*lines, "", ""]).encode(), LAST_CONNECT_S)
    reply = b""
    while b"\r\n\r\n" not in reply:
        piece = await stream.read(_READ, LAST_CONNECT_S)
        reply += piece
        if not piece or len(reply) > _MOST_REPLY:
            raise SendError("proxy", detail="proxy_silent")
    status = reply.partition(b" ")[2][:3].decode("latin-1")
    if not status.startswith("2"):
        raise SendError("proxy", detail=faults.answer_of_proxy(status))


async def _issuer(way: Way, host: str, port: int) -> str:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        below = await _connected(way, host, port)
        stream = await below.start_tls(context, host, LAST_CONNECT_S)
    except Exception:
        return ""
    try:
        return _issuer_shown(stream)
    finally:
        await stream.aclose()


def _issuer_shown(stream: AsyncioStream) -> str:
    return issuer_of(_ssl_object(stream).getpeercert(binary_form=True) or b"")


def _ssl_object(stream: AsyncioStream) -> ssl.SSLObject:
    found = stream.get_extra_info("ssl_object")
    assert isinstance(found, ssl.SSLObject)
    return found
