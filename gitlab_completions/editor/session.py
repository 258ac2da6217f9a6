"""EditorSession: the verbs of an editor, and the wiring of everything below."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Self
from uuid import uuid4

from gitlab_completions._frames import frameless
from gitlab_completions.editor._core.commands import Offer, Quiet
from gitlab_completions.editor._core.desk import Desk
from gitlab_completions.editor._core.flow import Ask
from gitlab_completions.editor._shell.bulletin import Bulletin
from gitlab_completions.editor._shell.checks import (
    check_observer,
    check_observers,
    check_optional,
    check_part,
    check_policy,
    check_question,
    check_recorder,
    check_suggestion,
)
from gitlab_completions.editor._shell.context import Gatherer
from gitlab_completions.editor._shell.dispatch import Dispatch
from gitlab_completions.editor._shell.questions import Questions
from gitlab_completions.editor._shell.turn import Turn
from gitlab_completions.editor.models import (
    Document,
    Part,
    Silence,
    Suggestion,
    Suggestions,
    Trigger,
)
from gitlab_completions.editor.policy import EditorPolicy
from gitlab_completions.editor.positions import offset_of
from gitlab_completions.errors import ClientClosedError, ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import TracebackType

    from gitlab_completions.client import CompletionClient
    from gitlab_completions.editor._core.commands import Verdict
    from gitlab_completions.editor._shell.context import ContextSource
    from gitlab_completions.editor._shell.dispatch import Tracked
    from gitlab_completions.editor.events import EditorObserver
    from gitlab_completions.editor.models import Position, PositionEncoding
    from gitlab_completions.editor.recording import Recorder

__all__ = ("EditorSession",)

_DEFAULT_POLICY = EditorPolicy()
_PASSED_OVER = {Silence.SUPERSEDED, Silence.GIVEN_UP}
"""What says nothing of the place where the author is now."""
_ENCODINGS = frozenset({"utf-8", "utf-16", "utf-32"})


class EditorSession:
    """Suggestions for one author: when to ask, what still fits, what became of it.

    An async context manager. Making one does no I/O and needs no event loop; it is used
    on the client's. Ask at each keystroke, be it many times a second, and cancel at
    will: what is worth a request is decided here, and no answer is lost while it fits::

        async with EditorSession(client) as session:
            found = await session.suggest(document, position)
            if found.items:
                session.shown(found.items[0])

    Args:
        client: Whom completions are asked of; it is not closed with the session.
        policy: How soon, how often and where something is suggested.
        position_encoding: In what a `Position.character` counts.
        context: Gives pieces of other files, the most helpful first; plain or async. It
            is asked while the debounce runs, and for a quarter of a second at most.
        excluded: Tells of a document whether nothing of it may be sent.
        observers: Who is told what becomes of suggestions.
        recorder: Writes down how the author types, for `gitlab-completions replay`.
        tracked: What a call is made in, with its suggestion's id, such as an event
            log's `tracked`: then the client's lines in the log have that id too.

    Raises:
        ConfigurationError: When an argument is wrong.
    """

    def __init__(
        self,
        client: CompletionClient,
        *,
        policy: EditorPolicy = _DEFAULT_POLICY,
        position_encoding: PositionEncoding = "utf-16",
        context: ContextSource | None = None,
        excluded: Callable[[Document], bool] | None = None,
        observers: Sequence[EditorObserver] = (),
        recorder: Recorder | None = None,
        tracked: Tracked | None = None,
    ) -> None:
        check_policy(policy)
        if position_encoding not in _ENCODINGS:
            raise ConfigurationError(
                'position_encoding must be "utf-8", "utf-16" or "utf-32"'
            )
        for name, given in (
            ("context", context),
            ("excluded", excluded),
            ("tracked", tracked),
        ):
            check_optional(name, given)
        check_observers(observers)
        check_recorder(recorder)
        self.last: Suggestions | None = None
        self._client = client
        self._encoding: PositionEncoding = position_encoding
        self._questions = Questions(excluded)
        self._recorder = recorder
        self._bulletin = Bulletin(observers)
        self._gatherer = Gatherer(context)
        self._desk = Desk(policy, lambda: str(uuid4()))
        self._dispatch = Dispatch(client, self._desk, self._tell, tracked)
        self._turns: set[Turn] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._is_closed = False
        self._is_telling = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """End what is under way, and forget everything; idempotent.

        The client stays as it is. A `suggest` that still waits ends in silence.
        """
        self._is_closed = True
        for turn in self._turns:
            turn.end(Quiet(silence=Silence.FAILED, problem=_closed()))
        self._desk.close()
        self._tell()
        await self._dispatch.aclose()

    @frameless
    async def suggest(
        self,
        document: Document,
        position: Position | int,
        trigger: Trigger = Trigger.TYPING,
    ) -> Suggestions:
        """Return what to suggest at the cursor, or why nothing.

        A newer one for the same document ends an older one at once, in silence; what
        the older has asked for is used all the same, if it comes and fits.

        Args:
            document: It, as it is now.
            position: The cursor: a position in the session's encoding, or an offset in
                code points.
            trigger: Why; when the author asked, it is at once and several.

        Returns:
            Suggestions, or a silence with its reason. What goes wrong on the way is one
            too, `Silence.FAILED`, with the error as its `problem`.

        Raises:
            RequestRejectedError: When the position is none, or the document has a
                field that can go nowhere.
            ConfigurationError: When the document, or the trigger, is none.
            ClientClosedError: When the session is closed.
        """
        self._check_open()
        check_question(document, trigger)
        offset = offset_of(document.text, position, self._encoding)
        self._loop = asyncio.get_running_loop()
        since = self._loop.time()
        if self._recorder is not None:
            self._recorder.asked(document, offset, trigger, since)
        keystroke, request = self._questions.question(
            document, offset, trigger, self._desk.policy
        )
        turn = Turn(
            client=self._client,
            desk=self._desk,
            dispatch=self._dispatch,
            gatherer=self._gatherer,
            document=document,
            place=keystroke.place,
            request=request,
            tell=self._tell,
        )
        ask = Ask(self._desk, keystroke)
        verdict = await self._take(turn, ask)
        found = _suggestions(verdict, ask, self._loop.time() - since)
        if found.silence not in _PASSED_OVER:
            self.last = found
        return found

    def shown(self, suggestion: Suggestion) -> None:
        """Take note that the editor has put a suggestion on the screen.

        Raises:
            ConfigurationError: When it is none.
        """
        check_suggestion(suggestion)
        if self._recorder is not None:
            self._recorder.shown(suggestion, self._now())
        self._desk.shown(suggestion)
        self._tell()

    def accepted(self, suggestion: Suggestion, part: Part = Part.ALL) -> None:
        """Take note that the author took a suggestion, or the next part of it.

        Raises:
            ConfigurationError: When it is none, or `part` no part.
        """
        check_suggestion(suggestion)
        check_part(part)
        if self._recorder is not None:
            self._recorder.accepted(suggestion, part, self._now())
        self._desk.accepted(suggestion, part)
        self._tell()

    def rejected(self, suggestion: Suggestion) -> None:
        """Take note that the author does not want a suggestion.

        It is not offered at the same place again, until the author asks.

        Raises:
            ConfigurationError: When it is none.
        """
        check_suggestion(suggestion)
        if self._recorder is not None:
            self._recorder.rejected(suggestion, self._now())
        self._desk.rejected(suggestion)
        self._tell()

    def closed(self, uri: str) -> None:
        """Forget a document that was closed, with all that was asked for it."""
        if self._recorder is not None:
            self._recorder.closed(uri, self._now())
        for turn in self._turns:
            if turn.place.uri == uri:
                turn.end(Quiet(silence=Silence.GIVEN_UP))
        self._dispatch.give_up(self._desk.closed(uri))
        self._tell()

    def observe(self, observer: EditorObserver, /) -> Callable[[], None]:
        """Tell an observer of events from now on; returns what ends that.

        Raises:
            ConfigurationError: When it is no plain function.
        """
        check_observer(observer)
        return self._bulletin.observe(observer)

    def reconfigure(self, policy: EditorPolicy, /) -> None:
        """Go by another policy from the next keystroke on.

        One that switches suggestions off ends what waits: nothing of it is sent.

        Raises:
            ConfigurationError: When it is no policy.
        """
        check_policy(policy)
        self._desk.reconfigure(policy)
        if not policy.enabled:
            for turn in self._turns:
                turn.end(Quiet(silence=Silence.SWITCHED_OFF))

    def __repr__(self) -> str:
        return f"<EditorSession {'closed' if self._is_closed else 'open'}>"

    def _check_open(self) -> None:
        if self._is_closed:
            raise _closed()

    def _now(self) -> float:
        return 0.0 if self._loop is None else self._loop.time()

    def _tell(self) -> None:
        """Tell the observers what is new, in order.

        One of them may bring about more: that is told when all know of the first.
        """
        if self._is_telling:
            return
        news = self._desk.stories.news
        self._is_telling = True
        try:
            while news:
                self._bulletin.publish(news.popleft())
        finally:
            self._is_telling = False

    async def _take(self, turn: Turn, ask: Ask) -> Verdict:
        """Run a turn in place of the document's earlier ones.

        Those that ask the same go on: an editor may want one answer in two forms.
        """
        for other in self._turns:
            same = other.place.is_same(turn.place)
            if other.place.uri == turn.place.uri and not same:
                other.end(Quiet(silence=Silence.SUPERSEDED))
        self._turns.add(turn)
        try:
            return await turn.run(ask.run(self._now()))
        finally:
            self._turns.discard(turn)


def _closed() -> ClientClosedError:
    remedy = "create a new session"
    return ClientClosedError("the editor session is closed", remedy=remedy)


def _suggestions(verdict: Verdict, ask: Ask, elapsed_s: float) -> Suggestions:
    waited_s = 0.0 if ask.sent_at is None else ask.sent_at - ask.since
    if isinstance(verdict, Offer):
        return Suggestions(items=verdict.items, waited_s=waited_s, elapsed_s=elapsed_s)
    return Suggestions(
        silence=verdict.silence,
        problem=verdict.problem,
        waited_s=waited_s,
        elapsed_s=elapsed_s,
    )
