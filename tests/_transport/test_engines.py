"""Only the engine that is asked for is imported, and both have what is used of them."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, cast

import httpcore
import httpcore2
import httpx
import httpx2
import pytest

from gitlab_completions._transport.engines import (
    Core,
    Http,
    check_engine,
    load,
)
from gitlab_completions.errors import ConfigurationError
from gitlab_completions.senders import HttpxSender

if TYPE_CHECKING:
    from gitlab_completions._transport.engines import EngineName

# For who checks types: they are what is declared.
HTTP: Http = httpx
CORE: Core = httpcore
PACKAGES = {"httpx", "httpcore", "httpx2", "httpcore2"}
ASK = """
import asyncio, sys
from gitlab_completions.models import Route
from gitlab_completions.senders import HttpxSender, SendError, WireRequest

async def main():
    request = WireRequest(
        route=Route.DIRECT, method="GET", url="http://127.0.0.1:9/", headers={},
        body=b"", timeout_s=5.0, purpose="completion",
    )
    async with HttpxSender(engine=sys.argv[1], trust_env=False) as sender:
        try:
            async with sender.exchange(request):
                pass
        except SendError:
            pass

asyncio.run(main())
print(*sys.modules)
"""


def test_both_are_what_is_declared(engine: EngineName) -> None:
    loaded = load(engine)
    assert (loaded.http, loaded.core) == {
        "httpx": (httpx, httpcore),
        "httpx2": (httpx2, httpcore2),
    }[engine]
    for declared, module in ((Http, loaded.http), (Core, loaded.core)):
        for name in declared.__annotations__:
            assert isinstance(getattr(module, name), type)


def test_only_the_chosen_one_is_imported(engine: EngineName) -> None:
    asked = subprocess.run(
        [sys.executable, "-c", ASK, engine], capture_output=True, check=True, text=True
    )
    found = PACKAGES & set(asked.stdout.split())
    assert found == {engine, engine.replace("x", "core")}


@pytest.mark.parametrize("wrong", ["aiohttp", "", None, httpx2, ["httpx"]])
def test_nothing_else_is_an_engine(wrong: object) -> None:
    with pytest.raises(ConfigurationError, match="engine must be 'httpx' or 'httpx2'"):
        check_engine(wrong)
    with pytest.raises(ConfigurationError, match="engine must be"):
        HttpxSender(engine=cast("EngineName", wrong))
