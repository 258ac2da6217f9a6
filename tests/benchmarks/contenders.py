"""Who is measured: this library, and the HTTP clients that a plugin would use bare.

Each sends the same request to the same gateway, and each is made as its users make it,
but for one TLS context that trusts the benchmarks' server. The bare ones have the grant
from the start; this library has to ask for it. What comes nearest to the ideal is a raw
connection that is open already, written by hand.

Libraries are imported with the contender that needs them: some are measured from the
start of their process.
"""

from __future__ import annotations

import asyncio
import json
import statistics
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Literal, Protocol, cast
from urllib.parse import urlsplit

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Mapping

    import httpx

FILE_NAME = "area.py"
ABOVE = "".join(
    f"item_{line:03} = compute({line:03}, 'of some')\n" for line in range(540)
)
"""20 KB of a file, as plugins send it."""
BELOW = "\n\nprint(total)\n"
OK = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the contenders send.

    Args:
        instance_url: The instance.
        gateway_url: The gateway that it grants.
        context: Trusts both.
        headers: What the gateway was granted with, the token included.
    """

    instance_url: str
    gateway_url: str
    context: ssl.SSLContext
    headers: Mapping[str, str]

    @property
    def completions_url(self) -> str:
        """The gateway's endpoint."""
        return f"{self.gateway_url}/v2/completions"

    @property
    def health_url(self) -> str:
        """What opens a connection to the gateway, and does nothing else."""
        return f"{self.gateway_url}/monitoring/healthz"


class Contender(Protocol):
    """A client, as an editor uses it."""

    async def warm_up(self) -> None:
        """Make ready for the first call."""
        ...

    async def ask(self) -> None:
        """Have a completion; cancelling the task that is in it supersedes it."""
        ...

    async def aclose(self) -> None:
        """Close the client."""
        ...


def document() -> dict[str, object]:
    """Return a request's body, the same for all."""
    return {
        "prompt_version": 1,
        "current_file": {
            "file_name": FILE_NAME,
            "content_above_cursor": ABOVE,
            "content_below_cursor": BELOW,
            "language_identifier": "python",
        },
        "stream": False,
    }


def granted_headers() -> dict[str, str]:
    """Return the headers that an instance grants, and its token."""
    from gitlab_completions.testing import grant_json  # noqa: PLC0415

    grant = json.loads(json.dumps(grant_json("https://gateway.example.com")))
    return {**grant["headers"], "Authorization": f"Bearer {grant['token']}"}


class Ours:
    """This library: a caller that is cancelled leaves, its exchange goes on.

    Args:
        place: Where it sends.
        engine: What its sender sends by.
    """

    def __init__(
        self, place: Place, engine: Literal["httpx", "httpx2"] = "httpx"
    ) -> None:
        import gitlab_completions as ours  # noqa: PLC0415

        self._sender = ours.HttpxSender(
            verify=place.context, trust_env=False, engine=engine
        )
        self._client = ours.CompletionClient(
            place.instance_url, "glpat-benchmark", sender=self._sender
        )
        self._request = ours.CompletionRequest(
            file_name=FILE_NAME, content_above_cursor=ABOVE, content_below_cursor=BELOW
        )

    async def warm_up(self) -> None:
        """Fetch connection details, and open a connection."""
        await self._client.warm_up()

    async def ask(self) -> None:
        """Have a completion, by whatever route."""
        completion = await self._client.complete(self._request)
        assert completion.text

    async def aclose(self) -> None:
        """Close what an editor closes."""
        await self._client.aclose()
        await self._sender.aclose()


class Bare:
    """httpx or httpx2 with its defaults: a caller that is cancelled ends its request.

    Args:
        place: Where it sends.
        package: Which of the two.
    """

    def __init__(self, place: Place, package: str) -> None:
        make = cast("type[httpx.AsyncClient]", import_module(package).AsyncClient)
        self._client = make(verify=place.context, trust_env=False)
        self._place = place

    async def warm_up(self) -> None:
        """Open a connection, as a careful plugin would."""
        await self._client.get(self._place.health_url)

    async def ask(self) -> None:
        """Have a completion."""
        place = self._place
        response = await self._client.post(
            place.completions_url, json=document(), headers=place.headers
        )
        assert response.status_code == OK
        assert response.json()["choices"][0]["text"]

    async def aclose(self) -> None:
        """Close the client."""
        await self._client.aclose()


class BareAiohttp:
    """aiohttp with its defaults; made within an event loop."""

    def __init__(self, place: Place) -> None:
        import aiohttp  # noqa: PLC0415

        connector = aiohttp.TCPConnector(ssl=place.context)
        self._session = aiohttp.ClientSession(connector=connector)
        self._place = place

    async def warm_up(self) -> None:
        """Open a connection, as a careful plugin would."""
        async with self._session.get(self._place.health_url) as response:
            await response.read()

    async def ask(self) -> None:
        """Have a completion."""
        place = self._place
        async with self._session.post(
            place.completions_url, json=document(), headers=place.headers
        ) as response:
            assert response.status == OK
            answer = await response.json()
            assert answer["choices"][0]["text"]

    async def aclose(self) -> None:
        """Close the session."""
        await self._session.close()


class Raw:
    """One connection, written by hand, with the request ready as bytes."""

    def __init__(self, place: Place) -> None:
        self._place = place
        url = urlsplit(place.completions_url)
        body = json.dumps(document()).encode()
        lines = [
            f"POST {url.path} HTTP/1.1",
            f"Host: {url.netloc}",
            "Content-Type: application/json",
            f"Content-Length: {len(body)}",
            *(f"{name}: {value}" for name, value in place.headers.items()),
        ]
        self._host, self._port = url.hostname, url.port
        self._message = "\r\n".join([*lines, "", ""]).encode() + body
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def warm_up(self) -> None:
        """Open the connection."""
        self._streams = await asyncio.open_connection(
            self._host, self._port, ssl=self._place.context
        )

    async def ask(self) -> None:
        """Have a completion; nothing of it is decoded."""
        assert self._streams is not None
        reader, writer = self._streams
        writer.write(self._message)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        _, _, rest = head.partition(b"content-length:")
        await reader.readexactly(int(rest.split(b"\r\n")[0]))
        assert head.startswith(b"http/1.1 200")

    async def aclose(self) -> None:
        """Close the connection."""
        if self._streams is not None:
            self._streams[1].close()
            await self._streams[1].wait_closed()


IDEAL = "ideal: an open connection"
OURS, OURS_HTTPX2 = "gitlab_completions", "gitlab_completions on httpx2"
HTTPX, HTTPX2, AIOHTTP = "httpx", "httpx2", "aiohttp"

_MAKERS: dict[str, tuple[str, Callable[[Place], Contender]]] = {
    IDEAL: ("asyncio", Raw),
    OURS: ("httpx", Ours),
    OURS_HTTPX2: ("httpx2", lambda place: Ours(place, "httpx2")),
    HTTPX: ("httpx", lambda place: Bare(place, "httpx")),
    HTTPX2: ("httpx2", lambda place: Bare(place, "httpx2")),
    AIOHTTP: ("aiohttp", BareAiohttp),
}
CONTENDERS = {
    name: make for name, (package, make) in _MAKERS.items() if find_spec(package)
}
"""Those whose packages are there: only who runs the benchmarks installs aiohttp."""
MISSING = {
    name: package for name, (package, _) in _MAKERS.items() if not find_spec(package)
}
"""The others, and the packages that they lack."""
PACKAGES = ("httpx", "httpx2", "aiohttp")


async def timed(contender: Contender) -> float:
    """Return the seconds that a completion takes."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    await contender.ask()
    return loop.time() - began


async def usual_s(contender: Contender) -> float:
    """Return the seconds that a completion usually takes: the median of three."""
    return statistics.median([await timed(contender) for _ in range(3)])
