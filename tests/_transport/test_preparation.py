"""Preparing happens once, in a thread, and can be tried again."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
import sys
import threading
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

from gitlab_completions._transport import preparation
from gitlab_completions._transport.preparation import Preparation
from gitlab_completions.senders import SendError

if TYPE_CHECKING:
    from gitlab_completions._transport.engines import EngineName

pytestmark = pytest.mark.real_time


def empty() -> ssl.SSLContext:
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


async def test_concurrent_wishes_share_one_thread() -> None:
    threads: list[threading.Thread] = []

    def build() -> ssl.SSLContext:
        threads.append(threading.current_thread())
        return empty()

    prepared = Preparation("httpx", None, build)
    contexts = await asyncio.gather(*(prepared.context() for _ in range(5)))
    assert len(set(map(id, [*contexts, await prepared.context()]))) == 1
    assert len(threads) == 1
    assert threads[0] is not threading.main_thread()


async def test_a_thread_is_needed_for_a_context_that_is_given_only_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    context = empty()
    prepared = Preparation("httpx", context, empty)
    assert await prepared.context() is context
    prepared.start_over()
    monkeypatch.setattr(asyncio, "to_thread", None)
    assert await prepared.context() is context


async def test_a_given_context_waits_for_the_engine(
    engine: EngineName, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded: list[EngineName] = []
    monkeypatch.setattr(preparation, "load", loaded.append)
    context = empty()
    assert await Preparation(engine, context, empty).context() is context
    assert loaded == [engine]


async def test_a_cancelled_wish_leaves_the_others_theirs() -> None:
    gate = threading.Event()

    def build() -> ssl.SSLContext:
        gate.wait()
        return empty()

    prepared = Preparation("httpx", None, build)
    first = asyncio.create_task(prepared.context())
    second = asyncio.create_task(prepared.context())
    for _ in range(3):
        await asyncio.sleep(0)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    gate.set()
    assert isinstance(await second, ssl.SSLContext)


async def test_a_failure_is_tls_and_not_for_ever() -> None:
    results: list[ssl.SSLContext | Exception] = [OSError("unreadable"), empty()]

    def build() -> ssl.SSLContext:
        result = results.pop(0)
        if isinstance(result, Exception):
            raise result
        return result

    prepared = Preparation("httpx", None, build)
    with pytest.raises(SendError) as caught:
        await prepared.context()
    assert (caught.value.kind, caught.value.detail) == ("tls", "certificate_file")
    assert isinstance(caught.value.__cause__, OSError)
    assert isinstance(await prepared.context(), ssl.SSLContext)


async def test_closing_waits_for_the_thread() -> None:
    prepared = Preparation("httpx", None, empty)
    await prepared.aclose()
    waiting = asyncio.create_task(prepared.context())
    await asyncio.sleep(0)
    await prepared.aclose()
    assert isinstance(await waiting, ssl.SSLContext)


ORJSON = """
import asyncio, ssl, sys, threading
from gitlab_completions._wire.jsons import encode_body, parse
from gitlab_completions.models import Route
from gitlab_completions.senders import HttpxSender, SendError, WireRequest

class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == "orjson":
            print(threading.current_thread() is threading.main_thread())

async def main(kind):
    if kind == "theirs":
        import httpx
        sender = HttpxSender(httpx.AsyncClient(trust_env=False))
    else:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        given = {"own": {}, "given": {"verify": context}}[kind]
        sender = HttpxSender(trust_env=False, **given)
    assert (encode_body([1]), parse(b"[1]")) == (b"[1]", [1])
    assert "orjson" not in sys.modules
    request = WireRequest(
        route=Route.DIRECT, method="GET", url="http://127.0.0.1:9/", headers={},
        body=b"", timeout_s=5.0, purpose="completion",
    )
    try:
        async with sender, sender.exchange(request):
            pass
    except SendError:
        pass
    orjson = sys.modules["orjson"]
    orjson.dumps, orjson.loads = lambda _: b"made", lambda _: "read"
    print(encode_body([1]).decode(), parse(b"[1]"))

sys.meta_path.insert(0, Finder())
asyncio.run(main(sys.argv[1]))
"""


@pytest.mark.skipif(find_spec("orjson") is None, reason="orjson is not installed")
@pytest.mark.parametrize("kind", ["own", "given", "theirs"])
def test_orjson_is_imported_in_a_thread_and_used_from_then_on(kind: str) -> None:
    result = subprocess.run(
        [sys.executable, "-c", ORJSON, kind], capture_output=True, check=True, text=True
    )
    assert result.stdout.splitlines() == ["False", "made read"]


def test_importing_the_sender_imports_no_http_library() -> None:
    code = (
        "import sys, gitlab_completions.senders as s; s.HttpxSender();"
        "print(*{'httpx', 'httpx2', 'httpcore', 'anyio', 'certifi'}"
        " & set(sys.modules))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, text=True
    )
    assert result.stdout.strip() == ""
