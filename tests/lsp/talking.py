"""A client that others wrote and our server, in one process and in virtual time.

The client is pytest-lsp's, which holds the server to what the client said it can take.
Both speak in bytes, framed as on a pipe, and GitLab is a `FakeGitLab`.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
import logging
from threading import Event
from typing import TYPE_CHECKING, Self, Unpack, cast

from lsprotocol import types
from pygls.io_ import run_async
from pygls.protocol import default_converter
from pytest_lsp import LanguageClient
from pytest_lsp.client import register_lsp_features

from gitlab_completions.lsp.board import STATUS
from gitlab_completions.lsp.running import converse, make_server
from gitlab_completions.testing import FakeGitLab

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType

    from gitlab_completions.client import ClientOptions, CompletionClient
    from gitlab_completions.lsp.diary import Diary
    from gitlab_completions.models import AccessToken

URI = "file:///work/calc.py"
TEXT = "def add(a, b):\n    "
AT_END = types.Position(line=1, character=4)
INVOKED = types.InlineCompletionTriggerKind.Invoked
AUTOMATIC = types.InlineCompletionTriggerKind.Automatic


_converter = functools.cache(default_converter)  # it compiles what it converts by


def capabilities(
    *,
    inline: bool = True,
    progress: bool = False,
    configuration: bool = False,
    encodings: tuple[types.PositionEncodingKind, ...] = (),
) -> types.ClientCapabilities:
    """Return what a client can take."""
    completes = types.InlineCompletionClientCapabilities() if inline else None
    return types.ClientCapabilities(
        general=types.GeneralClientCapabilities(position_encodings=encodings or None),
        text_document=types.TextDocumentClientCapabilities(
            inline_completion=completes,
            completion=types.CompletionClientCapabilities(),
        ),
        window=types.WindowClientCapabilities(work_done_progress=progress),
        workspace=types.WorkspaceClientCapabilities(configuration=configuration),
    )


class _Wire:
    """Carries what is written to a reader."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader

    def write(self, data: bytes) -> None:
        self._reader.feed_data(data)

    def close(self) -> None:
        self._reader.feed_eof()


class _Listener:
    """Notes the code of a refusal."""

    def __init__(self) -> None:
        self.code: object = None

    def write(self, data: bytes) -> None:
        told = json.loads(data.partition(b"\r\n\r\n")[2])
        self.code = self.code or told.get("error", {}).get("code")


class Talk:
    """A conversation, from `initialize` to `exit`."""

    def __init__(
        self,
        gitlab: FakeGitLab | None = None,
        *,
        client: types.ClientCapabilities | None = None,
        options: object = None,
        folders: tuple[str, ...] = (),
        environment: Mapping[str, str] | None = None,
        diary: Diary | None = None,
    ) -> None:
        self.gitlab = gitlab or FakeGitLab()
        self._capabilities = client or capabilities()
        self._options = options
        self._folders = folders
        if environment is None:
            environment = {
                "GITLAB_URL": self.gitlab.instance_url,
                "GITLAB_TOKEN": self.gitlab.access_token,
            }
        self.server = make_server(environment, connect=self._connect, diary=diary)
        self.client = LanguageClient(converter_factory=_converter)
        register_lsp_features(self.client)
        self.statuses: list[dict[str, object]] = []
        self.to_server = asyncio.StreamReader()
        self._to_client = asyncio.StreamReader()
        self._version = 1
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        self.client.protocol.set_writer(_Wire(self.to_server))
        self.server.conversation.speak_to(_Wire(self._to_client))

        # Not `object`: pygls would take that for the type of its client.
        def note(params: tuple[object, ...]) -> None:
            self.statuses.append(plain(params))

        self.client.feature(STATUS)(note)
        self._tasks = [
            asyncio.create_task(converse(self.server, self.to_server)),
            asyncio.create_task(self._listen()),
        ]
        self.result = await self.client.initialize_session(
            types.InitializeParams(
                capabilities=self._capabilities,
                client_info=types.ClientInfo(name="Vi\nm", version="9"),
                initialization_options=self._options,
                workspace_folders=[
                    types.WorkspaceFolder(uri=uri, name="folder")
                    for uri in self._folders
                ],
            )
        )
        await self.gitlab.settle()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if not self.server.over.is_set():
            await self.client.shutdown_async(None)
            self.client.exit(None)
        await self._tasks[0]
        await self.server.aclose()
        self._tasks[1].cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._tasks[1]

    async def until(self, there: Callable[[], bool]) -> None:
        """Wait in virtual time until something is there."""
        while not there():  # noqa: ASYNC110 - no time passes
            await asyncio.sleep(0.01)

    async def refused(self, method: str, params: object) -> object:
        """Ask for what the client's types do not let it ask; return the refusal's code.

        Only the answer is kept from the client, which has not asked.
        """
        heard = _Listener()
        self.server.conversation.speak_to(heard)
        asked = {"id": "odd", "method": method, "params": params}
        self.server.conversation.take(json.dumps(asked).encode())
        await self.until(lambda: bool(heard.code))
        self.server.conversation.speak_to(_Wire(self._to_client))
        return heard.code

    def open(self, text: str = TEXT, uri: str = URI, language: str = "python") -> None:
        item = types.TextDocumentItem(
            uri=uri, language_id=language, version=1, text=text
        )
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(item))

    def edit(
        self, start: tuple[int, int], end: tuple[int, int], text: str, uri: str = URI
    ) -> None:
        self._version += 1
        change = types.TextDocumentContentChangePartial(
            range=types.Range(types.Position(*start), types.Position(*end)), text=text
        )
        named = types.VersionedTextDocumentIdentifier(version=self._version, uri=uri)
        params = types.DidChangeTextDocumentParams(named, [change])
        self.client.text_document_did_change(params)

    def close(self, uri: str = URI) -> None:
        named = types.TextDocumentIdentifier(uri)
        self.client.text_document_did_close(types.DidCloseTextDocumentParams(named))

    async def suggest(
        self,
        position: types.Position = AT_END,
        kind: types.InlineCompletionTriggerKind = INVOKED,
        uri: str = URI,
        selected: types.SelectedCompletionInfo | None = None,
        token: str | None = None,
    ) -> list[types.InlineCompletionItem]:
        params = types.InlineCompletionParams(
            context=types.InlineCompletionContext(kind, selected),
            text_document=types.TextDocumentIdentifier(uri),
            position=position,
            work_done_token=token,
        )
        found = await self.client.text_document_inline_completion_async(params)
        assert isinstance(found, types.InlineCompletionList)
        return list(found.items)

    async def texts(
        self,
        position: types.Position = AT_END,
        kind: types.InlineCompletionTriggerKind = INVOKED,
    ) -> list[object]:
        return [one.insert_text for one in await self.suggest(position, kind)]

    async def command(self, name: str, *arguments: object) -> object:
        params = types.ExecuteCommandParams(
            command=f"gitlab-completions.{name}", arguments=list(arguments)
        )
        return cast("object", await self.client.workspace_execute_command_async(params))

    @property
    def shown(self) -> list[str]:
        """What a person was shown."""
        return [one.message for one in self.client.messages]

    def _connect(
        self,
        instance_url: str,
        access_token: AccessToken,
        **options: Unpack[ClientOptions],
    ) -> CompletionClient:
        assert instance_url == self.gitlab.instance_url
        return self.gitlab.client(access_token=access_token, **options)

    async def _listen(self) -> None:
        await run_async(
            stop_event=Event(),
            reader=self._to_client,
            protocol=self.client.protocol,
            logger=logging.getLogger("client"),
            error_handler=self.client.report_server_error,
        )


def plain(value: object) -> dict[str, object]:
    """Return an object that pygls has no type for, whatever it makes of it."""
    if isinstance(value, dict):
        return cast("dict[str, object]", value)
    make: Callable[[], dict[str, object]] = getattr(value, "_asdict")  # noqa: B009
    return make()
