"""The server as editors start it: a process, two pipes, and its end."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from lsprotocol import types
from pytest_lsp import LanguageClient
from pytest_lsp.client import register_lsp_features

from gitlab_completions.emulator import Emulator
from gitlab_completions.lsp import stdio
from gitlab_completions.lsp.stdio import Pipe
from tests.cli.running import HOME, SOURCE
from tests.lsp.talking import INVOKED, URI, capabilities

if TYPE_CHECKING:
    from collections.abc import Mapping

pytestmark = pytest.mark.real_time

COMMAND = (sys.executable, "-m", "gitlab_completions", "lsp", "--stdio")
STRAY = """
import os, subprocess, sys
from gitlab_completions.lsp.stdio import claim_stdout
print("before")
descriptor = claim_stdout()
print("stray")
os.write(1, b"raw\\n")
subprocess.run([sys.executable, "-c", "print('child')"])
os.write(descriptor, b"frame\\n")
"""


def environment(**more: str) -> Mapping[str, str]:
    gone = ("GITLAB_URL", "GITLAB_TOKEN")
    kept = {name: value for name, value in os.environ.items() if name not in gone}
    return {**kept, "PYTHONPATH": str(HOME), **more}


async def test_a_process_serves_on_its_pipes_and_ends_when_it_is_asked_to() -> None:
    async with Emulator() as emulator:
        client = LanguageClient()
        register_lsp_features(client)
        await client.start_io(
            *COMMAND,
            env=environment(
                GITLAB_URL=emulator.instance_url,
                GITLAB_TOKEN=emulator.access_token,
                GITLAB_COMPLETIONS_ALLOW_PLAIN_HTTP="1",
            ),
        )
        server = client._server
        assert server is not None
        assert server.stdin is not None
        server.stdin.write(b"noise\r\n\r\nContent-Length: 3\r\n\r\n{{{")
        await client.initialize_session(
            types.InitializeParams(capabilities=capabilities())
        )
        item = types.TextDocumentItem(URI, "python", 1, SOURCE)
        client.text_document_did_open(types.DidOpenTextDocumentParams(item))
        found = await client.text_document_inline_completion_async(
            types.InlineCompletionParams(
                context=types.InlineCompletionContext(INVOKED),
                text_document=types.TextDocumentIdentifier(URI),
                position=types.Position(2, 3),
            )
        )
        assert isinstance(found, types.InlineCompletionList)
        assert [one.insert_text for one in found.items] == ["al = 1"]
        await client.shutdown_async(None)
        client.exit(None)
        assert await server.wait() == 0
        await asyncio.gather(*client._async_tasks)
        logged = str(client.log_messages)
        assert emulator.access_token not in logged


def test_what_is_printed_by_mistake_does_not_reach_the_client() -> None:
    command = (sys.executable, "-c", STRAY)
    ended = subprocess.run(
        command, capture_output=True, env=environment(), check=True, text=True
    )
    assert ended.stdout.splitlines() == ["before", "frame"]
    assert ended.stderr.splitlines() == ["stray", "raw", "child"]


@pytest.mark.skipif(os.name == "nt", reason="its shell closes nothing")
def test_without_a_stderr_what_is_printed_goes_nowhere() -> None:
    shell = ("sh", "-c", 'exec "$0" -c "$1" 2>&-', sys.executable, STRAY)
    ended = subprocess.run(
        shell, capture_output=True, env=environment(), check=True, text=True
    )
    assert ended.stdout.splitlines() == ["before", "frame"]


class TestPipe:
    def test_all_of_a_message_is_written(self) -> None:
        source, sink = os.pipe()
        pipe = Pipe(sink, lost=lambda: None)
        pipe.write(b"frame")
        pipe.close()
        pipe.write(b"late")
        assert os.read(source, 99) == b"frame"
        os.close(source)

    def test_a_client_that_has_left_is_told_of_once_and_nothing_more(self) -> None:
        source, sink = os.pipe()
        os.close(source)
        told: list[str] = []
        pipe = Pipe(sink, lost=lambda: told.append("lost"))
        pipe.write(b"frame")
        pipe.write(b"frame")
        pipe.close()
        pipe.write(b"frame")
        assert told == ["lost"]

    def test_nobody_waits_for_a_client_that_does_not_read(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(stdio, "_CLOSE_S", 0.01)
        monkeypatch.setattr(stdio, "_MOST_UNREAD", 10_000_000)
        source, sink = os.pipe()
        told: list[str] = []
        pipe = Pipe(sink, lost=lambda: told.append("lost"))
        for _ in range(20):
            pipe.write(bytes(1_000_000))
        assert pipe._taken == 11_000_000  # it holds no more than that
        assert told == ["lost"]
        pipe.close()
        os.close(source)
