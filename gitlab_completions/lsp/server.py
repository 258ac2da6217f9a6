"""The server: what it knows of the client, and what it suggests by.

`features` and `commands` say what a client may ask for; here is what they share.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, cast

from gitlab_completions.editor import Suggestions
from gitlab_completions.errors import ConfigurationError, GitLabCompletionsError
from gitlab_completions.events import StatusChanged
from gitlab_completions.lsp.board import standing_of, unconfigured
from gitlab_completions.lsp.configuration import SECTION, Settings, read_settings
from gitlab_completions.lsp.conversation import Conversation, RefusedError
from gitlab_completions.lsp.diary import Diary
from gitlab_completions.lsp.documents import Documents
from gitlab_completions.lsp.herald import Herald, Weight
from gitlab_completions.lsp.offered import Offered
from gitlab_completions.lsp.parents import gone
from gitlab_completions.lsp.progress import Bars
from gitlab_completions.lsp.reading import at, items, says, text
from gitlab_completions.lsp.service import Service, connect
from gitlab_completions.lsp.workspace import Workspace
from gitlab_completions.status import Health

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gitlab_completions.editor import Document, PositionEncoding, Trigger
    from gitlab_completions.events import Event
    from gitlab_completions.lsp.conversation import Handler, Listener
    from gitlab_completions.lsp.documents import OpenDocument
    from gitlab_completions.lsp.reading import Json
    from gitlab_completions.lsp.service import Connect

__all__ = ("NAME", "Server")

logger: logging.Logger = logging.getLogger("gitlab_completions.lsp")

NAME = "gitlab-completions"
_ENCODINGS = frozenset({"utf-8", "utf-16", "utf-32"})
_MOST_OF_A_NAME = 100
"""Characters of an editor's name and version in a header."""
_RESTRICTED = "language-server"
_REPORTS_SHOWN = "reportsShown"
"""The option of a client that says by command which suggestions it has shown."""
_ANSWER_S = 5.0
"""Seconds that a client has to answer; without its settings the others hold."""
_CHANGES = "workspace/didChangeConfiguration"


class Server:
    """A language server that suggests what comes next.

    Args:
        environment: The environment's variables.
        connect: Makes clients.
        diary: Has what happens written down; nothing is when it is left out.
    """

    def __init__(
        self,
        environment: Mapping[str, str],
        *,
        connect: Connect = connect,
        diary: Diary | None = None,
    ) -> None:
        self.handlers: dict[str, Handler] = {}
        self.listeners: dict[str, Listener] = {}
        self.conversation: Conversation = Conversation(self.handlers, self.listeners)
        self.bars: Bars = Bars(self.conversation)
        self.herald: Herald = Herald(self.conversation)
        self.documents: Documents = Documents()
        self.offered: Offered = Offered()
        self.has_begun: bool = False
        self.is_shut: bool = False
        self.over: asyncio.Event = asyncio.Event()
        self.service: Service | None = None
        self._environment = environment
        self._connect = connect
        self._diary = Diary() if diary is None else diary
        self._capabilities: Json = {}
        self.surroundings: Workspace = self._surroundings()
        self._reports_shown = False
        self._given: list[object] = []
        self._settings: Settings | None = None
        self._is_settled = asyncio.Event()
        self._is_settled.set()
        self._warm: set[str | None] = set()
        self._user_agent = NAME

    @property
    def exit_code(self) -> int:
        """What the protocol has it end with: 0 after a shutdown, else 1."""
        return 0 if self.is_shut else 1

    def _surroundings(self, folders: Iterable[str] = ()) -> Workspace:
        return Workspace(
            Settings(),
            text_of=self.documents.text_of,
            environment=self._environment,
            folders=folders,
        )

    def opened(self, params: object) -> None:
        """Take in a document, and make ready for its project."""
        document = self.documents.open(params)
        self.surroundings.opened(document.uri, document.language)
        self.conversation.spawn(self._make_ready(document))

    def changed(self, params: object) -> None:
        """Follow edits."""
        document = self.documents.change(params)
        if document is None:
            logger.warning("a document was edited that is not open")
        else:
            self.surroundings.changed(document.uri)

    def closed(self, params: object) -> None:
        """Let go of a document."""
        uri = self.documents.close(params)
        if uri is None:
            return
        self.surroundings.closed(uri)
        if self.service is not None:
            self.service.session.closed(uri)

    def folders_changed(self, params: object) -> None:
        """Follow the folders that are open."""
        event = at(params, "event")
        self.surroundings.folders_changed(
            [_uri(each) for each in items(event.get("added"), "added")],
            [_uri(each) for each in items(event.get("removed"), "removed")],
        )

    async def _make_ready(self, document: OpenDocument) -> None:
        """Have what the first keystroke in a project needs before it is pressed."""
        found = await self.surroundings.document(document.uri, "", document.language)
        service = self.service
        if service is not None and found.project_path not in self._warm:
            self._warm.add(found.project_path)
            await service.client.warm_up(found.project_path)

    def begin(self, params: Json) -> None:
        """Get to know the client."""
        self._capabilities = at(params, "capabilities")
        self.documents.encoding = _encoding(at(self._capabilities, "general"))
        self.bars.can_make = says(at(self._capabilities, "window"), "workDoneProgress")
        self.surroundings = self._surroundings(_folder_uris(params))
        self._user_agent = _user_agent(at(params, "clientInfo"))
        options = params.get("initializationOptions")
        self._reports_shown = says(options, _REPORTS_SHOWN)
        self._given = [options]
        self.has_begun = True
        self.conversation.spawn(self._outlive(params.get("processId")))
        self._configure()

    async def _outlive(self, process_id: object) -> None:
        """End when the program is gone that this was started for."""
        await gone(process_id)
        self.over.set()

    async def introduce(self) -> None:
        """Ask a client that listens from now on for its settings; tell how it stands.

        It is asked first: what only it knows must not be missed in the meantime, and
        nothing is suggested, since it may have switched that off.
        """
        self._is_settled.clear()
        try:
            await self._ask_for_settings()
        finally:
            self._is_settled.set()
        self.herald.begin()
        changes = at(self._capabilities, "workspace", "didChangeConfiguration")
        if says(changes, "dynamicRegistration"):
            wish = {"section": SECTION}
            one = {"id": _CHANGES, "method": _CHANGES, "registerOptions": wish}
            registrations = {"registrations": [one]}
            await self._ask("client/registerCapability", registrations)
        await self._look_for_token()

    async def settings_changed(self, params: object) -> None:
        """Go by other settings; a client that lets itself be asked is asked."""
        if self._can_be_asked:
            await self._ask_for_settings()
        else:
            self._set(at(params).get("settings"))

    @property
    def _can_be_asked(self) -> bool:
        return says(at(self._capabilities, "workspace"), "configuration")

    async def _ask_for_settings(self) -> None:
        """Ask the client where it can be asked; until it answers, what it set holds."""
        if not self._can_be_asked:
            return
        wish = {"items": [{"section": SECTION}]}
        found = await self._ask("workspace/configuration", wish)
        if isinstance(found, list):
            self._set(next(iter(cast("list[object]", found)), None))

    async def _ask(self, method: str, params: object) -> object:
        """Ask the client; `None` when it does not answer, so that nobody waits."""
        try:
            asked = self.conversation.ask(method, params)
            return await asyncio.wait_for(asked, _ANSWER_S)
        except (TimeoutError, RefusedError):
            logger.warning("the client does not answer %s", method)
            return None

    def _set(self, settings: object) -> None:
        """Go by settings that came later, over those that the client began with."""
        self._given = [*self._given[:1], settings]
        self._configure()

    def _configure(self) -> None:
        found = read_settings(*self._given, environment=self._environment)
        if found.settings != self._settings:
            self._settings = found.settings
            self.herald.forget()
            self.surroundings.reconfigure(found.settings)
            self._take(found.settings)
        for line in found.complaints:
            self.herald.tell_once(line, Weight.WARNING)

    def _take(self, settings: Settings) -> None:
        """Go by settings; another service is made only where there has to be."""
        if self.service is not None and self.service.follow(settings):
            return
        if self.service is not None:
            self.conversation.spawn(self.service.aclose())
            self.service = None
        try:
            self.service = Service(
                settings,
                self.surroundings,
                encoding=self.documents.encoding,
                observer=self._observe,
                on_refused=self._refused,
                user_agent=self._user_agent,
                connect=self._connect,
                diary=self._diary,
            )
        except ConfigurationError as error:
            self.herald.show(unconfigured(error))
            return
        self._warm = {settings.project_path}
        self.herald.show(standing_of(self.service.client.status()))
        self.conversation.spawn(self.service.client.warm_up(settings.project_path))

    async def _look_for_token(self) -> None:
        """Tell at once where there is none; not only when somebody types."""
        if self.service is None:
            return
        try:
            await self.service.credentials.get()
        except GitLabCompletionsError as error:
            self.herald.show(unconfigured(error))

    def _observe(self, event: Event) -> None:
        if isinstance(event, StatusChanged) and event.status.health != Health.CLOSED:
            self.herald.show(standing_of(event.status))

    def _refused(self, line: str) -> None:
        self.herald.tell_once(f"{line}: replace it there", Weight.ERROR)

    async def suggest(
        self, document: Document, offset: int, trigger: Trigger
    ) -> Suggestions:
        """Suggest what comes next; what is offered is remembered by its id."""
        await self._is_settled.wait()
        if self.service is None:
            return Suggestions()
        session = self.service.session
        found = await session.suggest(document, offset, trigger)
        self.offered.remember(found.items)
        if self._diary.problem is not None:
            self.herald.tell_once(self._diary.problem, Weight.WARNING)
        if found.items and not self._reports_shown:
            session.shown(found.items[0])
        return found

    def explanation(self) -> str:
        """Say where the last suggestion came from, or why there was none."""
        if self.service is None:
            told = self.herald.told
            return "nothing is set up yet" if told is None else told.text
        last = self.service.session.last
        return "nothing was asked for yet" if last is None else last.explanation

    async def aclose(self) -> None:
        """Let go of everything."""
        self.herald.end()
        await self.conversation.aclose()
        if self.service is not None:
            await self.service.aclose()


def _encoding(general: Json) -> PositionEncoding:
    """Return what positions count: what the client likes best of what we know."""
    liked = items(general.get("positionEncodings"), "positionEncodings")
    known = [each for each in liked if isinstance(each, str) and each in _ENCODINGS]
    return cast("PositionEncoding", known[0]) if known else "utf-16"


def _folder_uris(params: Json) -> list[str]:
    folders = items(params.get("workspaceFolders"), "workspaceFolders")
    root = params.get("rootUri")
    if not folders and isinstance(root, str):
        return [root]
    return [_uri(each) for each in folders]


def _uri(folder: object) -> str:
    return text(at(folder).get("uri"), "uri")


def _user_agent(client: Json) -> str:
    """Return the editor's name and version, as far as a header takes them."""
    words = f"{client.get('name') or NAME}/{client.get('version') or '?'}"
    plain = "".join(each if " " < each <= "~" else "-" for each in words)
    # GitLab restricts the versions of its own language server, by that name.
    return NAME if _RESTRICTED in plain.lower() else plain[:_MOST_OF_A_NAME]
