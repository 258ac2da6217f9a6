"""The server: what it knows of the client, and what it suggests by.

`features` and `commands` say what a client may ask for; here is what they share.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from typing import TYPE_CHECKING, cast

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from gitlab_completions import __version__
from gitlab_completions.editor import Suggestions
from gitlab_completions.errors import ConfigurationError, GitLabCompletionsError
from gitlab_completions.events import StatusChanged
from gitlab_completions.lsp.board import STATUS, Board, standing_of, unconfigured
from gitlab_completions.lsp.configuration import SECTION, Settings, read_settings
from gitlab_completions.lsp.documents import Documents
from gitlab_completions.lsp.offered import Offered
from gitlab_completions.lsp.protocol import Protocol, place
from gitlab_completions.lsp.service import Service
from gitlab_completions.lsp.workspace import Workspace
from gitlab_completions.status import Health

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterable, Mapping

    from gitlab_completions.editor import Document, PositionEncoding, Trigger
    from gitlab_completions.events import Event
    from gitlab_completions.lsp.board import Standing
    from gitlab_completions.lsp.documents import Change, OpenDocument

__all__ = ("NAME", "Server")

logger = logging.getLogger("gitlab_completions.lsp")

NAME = "gitlab-completions"
_MOST_OF_A_NAME = 100
"""Characters of an editor's name and version in a header."""
_REPORTS_SHOWN = "reportsShown"
"""The option of a client that says by command which suggestions it has shown."""


class Server(LanguageServer):
    """A language server that suggests what comes next."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        super().__init__(NAME, __version__, protocol_cls=Protocol)
        self.documents = Documents()
        self.offered = Offered()
        self.over = asyncio.Event()
        self.exit_code = 1
        self.service: Service | None = None
        self.surroundings = self._surroundings()
        self._environment = environment
        self._board = Board()
        self._listens = False
        self._reports_shown = False
        self._given: list[object] = []
        self._settings: Settings | None = None
        self._warm: set[str | None] = set()
        self._tasks: set[asyncio.Task[object]] = set()
        self._user_agent = NAME

    def _surroundings(self, folders: Iterable[str] = ()) -> Workspace:
        return Workspace(
            Settings(),
            text_of=self.documents.text_of,
            environment=os.environ,
            folders=folders,
        )

    # What the client has open: the protocol tells.

    def opened(self, item: types.TextDocumentItem) -> None:
        """Take in a document, and make ready for its project."""
        self.spawn(self._make_ready(self.documents.open(item)))
        self.surroundings.opened(item.uri)

    def changed(self, uri: str, version: int, changes: Iterable[Change]) -> None:
        """Follow edits."""
        if self.documents.change(uri, version, changes) is None:
            logger.warning("a document was edited that is not open")
            return
        self.surroundings.changed(uri)

    def closed(self, uri: str) -> None:
        """Let go of a document."""
        self.documents.close(uri)
        self.surroundings.closed(uri)
        if self.service is not None:
            self.service.session.closed(uri)

    def ended(self, *, orderly: bool) -> None:
        """End; orderly, when a shutdown was asked for before."""
        self.exit_code = 0 if orderly else 1
        self.over.set()

    async def _make_ready(self, document: OpenDocument) -> None:
        """Have what the first keystroke in a project needs before it is pressed."""
        service = self.service
        found = await self.surroundings.document(document.uri, "", document.language)
        if service is not None and found.project_path not in self._warm:
            self._warm.add(found.project_path)
            await service.client.warm_up(found.project_path)

    # What the client has set.

    def begin(self, params: types.InitializeParams) -> None:
        """Get to know the client."""
        encoding = cast("PositionEncoding", self.workspace.position_encoding)
        self.documents = Documents(encoding)
        self.surroundings = self._surroundings(_folder_uris(params))
        self._user_agent = _user_agent(params.client_info)
        options = params.initialization_options
        self._reports_shown = _says(options, _REPORTS_SHOWN)
        self._given = [options]
        self._configure()

    async def introduce(self) -> None:
        """Tell a client that listens from now on how things stand."""
        self._listens = True
        if self._board.told is not None:
            self.show(self._board.told, again=True)
        if self.service is None:
            return
        try:
            await self.service.credentials.get()
        except GitLabCompletionsError as error:
            self.show(unconfigured(error))

    async def hear_of_settings(self) -> None:
        """Ask the client to tell when settings change."""
        method = types.WORKSPACE_DID_CHANGE_CONFIGURATION
        options = types.DidChangeConfigurationRegistrationOptions(section=SECTION)
        one = types.Registration(id=method, method=method, register_options=options)
        wish = types.RegistrationParams(registrations=[one])
        await self.client_register_capability_async(wish)

    async def ask_for_settings(self) -> None:
        """Ask the client for its settings, and go by them."""
        item = types.ConfigurationItem(section=SECTION)
        found = await self.workspace_configuration_async(
            types.ConfigurationParams(items=[item])
        )
        self.set(found[0] if found else None)

    def set(self, settings: object) -> None:
        """Go by settings that the client has sent, over those that it began with."""
        self._given = [*self._given[:1], settings]
        self._configure()

    def _configure(self) -> None:
        found = read_settings(*self._given, environment=self._environment)
        if found.settings != self._settings:
            self._settings = found.settings
            self._board.forget()
            self.surroundings.reconfigure(found.settings)
            self._take(found.settings)
        for line in found.complaints:
            self.tell(line, types.MessageType.Warning, once=True)

    def _take(self, settings: Settings) -> None:
        """Go by settings; another service is made only where there has to be."""
        if self.service is not None and self.service.follow(settings):
            return
        if self.service is not None:
            self.spawn(self.service.aclose())
            self.service = None
        try:
            self.service = Service(
                settings,
                self.surroundings,
                encoding=self.documents.encoding,
                observer=self._observe,
                on_refused=self._refused,
                user_agent=self._user_agent,
            )
        except ConfigurationError as error:
            self.show(unconfigured(error))
            return
        self._warm = set()
        self.show(standing_of(self.service.client.status()))
        self.spawn(self.service.client.warm_up(settings.project_path))

    # How things stand.

    def _observe(self, event: Event) -> None:
        if isinstance(event, StatusChanged) and event.status.health != Health.CLOSED:
            self.show(standing_of(event.status))

    def _refused(self, line: str) -> None:
        self.tell(f"{line}: replace it there", types.MessageType.Error, once=True)

    def show(self, standing: Standing, *, again: bool = False) -> None:
        """Tell the client how things stand, and a person what they have to do."""
        is_news = self._board.put(standing)
        if not self._listens:
            return
        if is_news or again:
            self.protocol.notify(STATUS, standing.document())
        line = standing.message
        if line is not None:
            self.tell(line, types.MessageType.Error, once=True)

    def tell(self, line: str, kind: types.MessageType, *, once: bool = False) -> None:
        """Show a person a line; if wished, not a second time."""
        if once and not self._board.is_new(line):
            return
        shown = types.ShowMessageParams(type=kind, message=f"GitLab Duo: {line}")
        self.window_show_message(shown)

    def log(self, line: str, kind: types.MessageType) -> None:
        """Write a line into the client's log."""
        if self._listens and not self.over.is_set():
            self.window_log_message(types.LogMessageParams(type=kind, message=line))
        else:
            sys.stderr.write(f"{line}\n")

    def report_server_error(self, error: Exception, source: object) -> None:
        """Log what went wrong, not its words; people are not bothered with it."""
        del source
        logger.error("a message failed: %s", place(error))

    # What is suggested.

    async def suggest(
        self, document: Document, offset: int, trigger: Trigger
    ) -> Suggestions:
        """Suggest what comes next; what is offered is remembered by its id."""
        if self.service is None:
            return Suggestions()
        session = self.service.session
        found = await session.suggest(document, offset, trigger)
        self.offered.remember(found.items)
        if found.items and not self._reports_shown:
            session.shown(found.items[0])
        return found

    def explanation(self) -> str:
        """Say where the last suggestion came from, or why there was none."""
        if self.service is None:
            told = self._board.told
            return "nothing is set up yet" if told is None else told.text
        last = self.service.session.last
        return "nothing was asked for yet" if last is None else last.explanation

    # What goes on behind the requests.

    def spawn(self, work: Coroutine[object, object, object]) -> None:
        """Do something behind the requests; what goes wrong in it is logged."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[object]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            logger.error("work behind the requests failed: %s", place(error))

    async def aclose(self) -> None:
        """Let go of everything."""
        for task in tuple(self._tasks):
            task.cancel()
        if self.service is not None:
            await self.service.aclose()


def _folder_uris(params: types.InitializeParams) -> list[str]:
    if params.workspace_folders:
        return [folder.uri for folder in params.workspace_folders]
    return [params.root_uri] if params.root_uri else []


def _says(options: object, name: str) -> bool:
    """Tell whether a client's options say yes to something."""
    return isinstance(options, dict) and options.get(name) is True


def _user_agent(client: types.ClientInfo | None) -> str:
    """Return the editor's name and version, as far as a header takes them."""
    if client is None:
        return NAME
    words = f"{client.name}/{client.version or '?'}"
    plain = "".join(each if " " < each <= "~" else "-" for each in words)
    return plain[:_MOST_OF_A_NAME]
