"""What users write, for type checkers only: never run, and no error may be found."""

from __future__ import annotations

from concurrent.futures import Future
from typing import TYPE_CHECKING, assert_type

from gitlab_completions import (
    Attempt,
    Availability,
    Choice,
    Completion,
    CompletionClient,
    CompletionRequest,
    CompletionStream,
    ContextItem,
    DirectMode,
    Health,
    HttpxSender,
    Intent,
    Route,
    RouteReason,
    RoutingPolicy,
    RoutingStatus,
    SyncCompletionClient,
    SyncCompletionStream,
)
from gitlab_completions.diagnosis import Check, Diagnosis, Grade
from gitlab_completions.editor import (
    Document,
    EditorPolicy,
    EditorSession,
    Part,
    Position,
    SuggestionEvent,
    Suggestions,
    Trigger,
)
from gitlab_completions.event_log import EventLog, gitlab_part
from gitlab_completions.events import CallFinished, Event
from gitlab_completions.flags import FeatureFlags, Flag, FlagSource
from gitlab_completions.ignoring import ProjectIgnoreList
from gitlab_completions.redaction import SecretRedactor
from gitlab_completions.shared import FileStore, MemoryStore, RedisStore
from gitlab_completions.testing import FakeGitLab, run
from gitlab_completions.tokens import JobToken, OAuthToken, PrivateToken

if TYPE_CHECKING:
    import httpx

    from gitlab_completions.senders import Sender


async def asynchronous() -> str:
    """Return a token, as a function that supplies one does."""
    return "t"


def answer() -> dict[str, object]:
    """Return what GitLab's `/oauth/token` answers."""
    return {"access_token": "t", "expires_in": 7200}


class Source:
    """A token source need not inherit from anything."""

    def get(self) -> str:
        """Return the token."""
        return "t"

    def reject(self, token: str, /) -> None:
        """Take note."""


def observe(event: Event) -> None:
    """Events are narrowed by their type."""
    if isinstance(event, CallFinished):
        assert_type(event.route, Route | None)


async def use(client: httpx.AsyncClient) -> None:
    """Use what there is."""
    sender: Sender = HttpxSender(client)
    policy = RoutingPolicy(direct=DirectMode.AUTO, deadline_s=5)
    for source in ("t", lambda: "t", asynchronous, Source()):
        CompletionClient("https://a", source)
    renewing = OAuthToken("t", refresh=answer, expires_in_s=7200)
    OAuthToken(refresh=asynchronous)
    for token in (PrivateToken("t"), PrivateToken(Source()), JobToken("t"), renewing):
        CompletionClient("https://a", token)
    for store in (None, FileStore(), MemoryStore(), RedisStore("redis://a")):
        CompletionClient("https://a", "t", store=store)
    redact, ignore = SecretRedactor(), ProjectIgnoreList(".", patterns=["*.pem"])
    CompletionClient("https://a", "t", redact=redact, ignore=ignore)
    async with CompletionClient(
        "https://a", "t", policy=policy, sender=sender, observers=[observe, print]
    ) as completions:
        request = CompletionRequest.at_cursor(
            "x", 1, file_name="a.py", unit="utf-16", intent=Intent.COMPLETION
        )
        assert_type(ContextItem(name="b.py", content="y").name, str)
        completion = await completions.complete(request, deadline_s=1)
        assert_type(completion, Completion)
        assert_type(completion.choices, tuple[Choice, ...])
        assert_type(completion.attempts, tuple[Attempt, ...])
        assert_type(completion.reason, RouteReason)
        async with completions.stream(request, deadline_s=60) as stream:
            assert_type(stream, CompletionStream)
            async for piece in stream:
                assert_type(piece, str)
            stream.cancel()
        assert_type(stream.text, str)
        assert_type(await stream.completion(), Completion)
        assert_type(await completions.availability("group/project"), Availability)
        found = await completions.diagnose("group/project")
        assert_type(found, Diagnosis)
        assert_type(found.cause, Check | None)
        assert_type(found.grade, Grade)
        assert_type(found.bundle(host_names=True), dict[str, object])
        status = completions.status("group/project")
        assert_type(status, RoutingStatus)
        assert_type(status.health, Health)
        completions.observe(observe)()
        assert_type(await completions.flag("a", default=False), Flag)
    sources: list[FlagSource] = [FeatureFlags(overrides={"a": True})]
    assert_type(sources[0], FlagSource)


def use_without_asyncio() -> None:
    """Use the same verbs in any thread."""
    SyncCompletionClient.from_env(user_agent="my-editor/2.1").close()
    for source in ("t", lambda: "t", asynchronous, Source()):
        SyncCompletionClient("https://a", source)
    with SyncCompletionClient(
        "https://a", "t", policy=RoutingPolicy(), observers=[observe, print]
    ) as completions:
        assert_type(completions, SyncCompletionClient)
        request = CompletionRequest.at_cursor("x", 1, file_name="a.py")
        assert_type(completions.complete(request, deadline_s=1), Completion)
        future = completions.submit(request, deadline_s=1)
        assert_type(future, Future[Completion])
        assert_type(future.cancel(), bool)
        with completions.stream(request, deadline_s=60) as stream:
            assert_type(stream, SyncCompletionStream)
            assert_type(next(stream), str)
            assert_type(list(stream), list[str])
            stream.cancel()
        assert_type(stream.completion(), Completion)
        assert_type(completions.warm_up("group/project"), Future[None])
        assert_type(completions.availability("group/project"), Availability)
        assert_type(completions.diagnose("group/project"), Diagnosis)
        assert_type(completions.status("group/project"), RoutingStatus)
        assert_type(completions.flag("a"), Flag)
        completions.observe(observe)()
        completions.reconfigure(RoutingPolicy())


def keep() -> None:
    """Keep events, and add an editor's."""
    with EventLog("events.jsonl", backups=2, gitlab_realm="saas") as log:
        assert_type(log, EventLog)
        SyncCompletionClient("https://a", "t", observers=[log.observer(user="17")])
        with log.tracked() as tracking_id:
            assert_type(tracking_id, str)
        log.add("suggestion_shown", unique_tracking_id=tracking_id, is_invoked=True)
    assert_type(log.problem, str | None)
    assert_type(gitlab_part({"route": "direct"}), dict[str, object])


async def edit(client: CompletionClient, log: EventLog) -> None:
    """An editor's session: where, why, and what became of it."""

    def write(event: SuggestionEvent) -> None:
        if not event.of_call:
            name = event.suggestion_id
            log.add(event.action, unique_tracking_id=name, **event.fields)

    async def context(document: Document) -> list[ContextItem]:
        return [ContextItem(name=document.uri, content="x")]

    document = Document(uri="file:///a.py", text="x = ", language="python")
    async with EditorSession(
        client,
        policy=EditorPolicy(candidates=2),
        position_encoding="utf-8",
        context=context,
        excluded=lambda document: document.uri.endswith(".env"),
        observers=[write],
        tracked=log.tracked,
    ) as session:
        found = await session.suggest(document, Position(line=0, character=4))
        assert_type(found, Suggestions)
        assert_type(await session.suggest(document, 4, Trigger.EXPLICIT), Suggestions)
        assert_type(found.explanation, str)
        for suggestion in found.items:
            assert_type(suggestion.word, str)
            session.shown(suggestion)
            session.accepted(suggestion, Part.WORD)
            session.rejected(suggestion)
        session.closed(document.uri)
        session.observe(write)()
        session.reconfigure(EditorPolicy())
        assert_type(session.last, Suggestions | None)


async def fake() -> None:
    """The test kit is typed too."""
    gitlab = FakeGitLab("x")
    assert_type(gitlab.client(), CompletionClient)
    gitlab.gateway.fail(503, json={"detail": "no"}, times=2)


run(fake())
