"""The HTTP libraries that a client of ours sends by, and what is used of them.

httpx2 continues httpx, and httpcore2 below it httpcore, under other names of packages:
what is declared here has the same names, arguments and behaviour in both. So types are
httpx's throughout, and only the engine that was asked for is imported.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Literal, Protocol, cast, get_args

from gitlab_completions._records import Record
from gitlab_completions.errors import ConfigurationError

if TYPE_CHECKING:
    import httpcore
    import httpx

EngineName = Literal["httpx", "httpx2"]
"""Names a package: the HTTP library."""
DEFAULT_ENGINE: EngineName = "httpx"
_CORES: dict[EngineName, str] = {"httpx": "httpcore", "httpx2": "httpcore2"}
"""The package below each, with its pool of connections."""


class Http(Protocol):
    """What is used of httpx."""

    AsyncHTTPTransport: type[httpx.AsyncHTTPTransport]
    ByteStream: type[httpx.ByteStream]
    InvalidURL: type[httpx.InvalidURL]
    Limits: type[httpx.Limits]
    Proxy: type[httpx.Proxy]
    Request: type[httpx.Request]
    URL: type[httpx.URL]


class Core(Protocol):
    """What is used of httpcore."""

    AsyncConnectionPool: type[httpcore.AsyncConnectionPool]
    ConnectError: type[httpcore.ConnectError]
    ConnectTimeout: type[httpcore.ConnectTimeout]
    ReadError: type[httpcore.ReadError]
    ReadTimeout: type[httpcore.ReadTimeout]
    WriteError: type[httpcore.WriteError]
    WriteTimeout: type[httpcore.WriteTimeout]


class Engine(Record):
    """An HTTP library, imported.

    Args:
        http: Its requests and transports.
        core: Its connections, and their faults.
    """

    http: Http
    core: Core


def check_engine(engine: object) -> EngineName:
    """Read which one a user wants.

    Raises:
        ConfigurationError: When it is no name of one.
    """
    for name in get_args(EngineName):
        if engine == name:
            return cast("EngineName", name)
    raise ConfigurationError(f"engine must be 'httpx' or 'httpx2', not {engine!r}")


def load(name: EngineName) -> Engine:
    """Import the engine."""
    http = cast("Http", import_module(name))
    return Engine(http=http, core=cast("Core", import_module(_CORES[name])))
