"""An editor's session, from keystroke to suggestion, in virtual time."""

from __future__ import annotations

import asyncio
import inspect
import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, cast

import pytest

from gitlab_completions import (
    ClientClosedError,
    ConfigurationError,
    ContextItem,
    RequestRejectedError,
    RoutingPolicy,
)
from gitlab_completions.editor import (
    Document,
    EditorPolicy,
    EditorSession,
    Part,
    Position,
    Recorder,
    Silence,
    Source,
    Trigger,
)
from gitlab_completions.policy import DirectMode
from gitlab_completions.testing import FakeGitLab
from tests.editor.authors import URI, Author, document, texts

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence
    from pathlib import Path

    from gitlab_completions import CompletionClient
    from gitlab_completions.editor import PositionEncoding, SuggestionEvent
    from gitlab_completions.emulator.arrivals import SeenRequest

HEAD = "def area(r):\n    ret"
ANSWER = "urn 3.14159 * r * r"
EXPLICIT = Trigger.EXPLICIT


@pytest.fixture
def gitlab() -> FakeGitLab:
    one = FakeGitLab(ANSWER)
    one.gateway.delay(0.3)
    one.instance.delay(0.4)
    return one


@asynccontextmanager
async def client_of(
    gitlab: FakeGitLab, direct: DirectMode = DirectMode.AUTO
) -> AsyncIterator[CompletionClient]:
    async with gitlab.client(policy=RoutingPolicy(direct=direct)) as client:
        await client.warm_up()
        yield client


def sent(gitlab: FakeGitLab) -> int:
    return len(gitlab.gateway.requests) + len(gitlab.instance.requests)


def sent_body(request: SeenRequest) -> dict[str, object]:
    body = request.json()
    assert isinstance(body, dict)
    return body


# What is suggested, and when.


async def test_a_suggestion_comes_after_the_wait_and_the_answer(
    gitlab: FakeGitLab,
) -> None:
    async with client_of(gitlab) as client, EditorSession(client) as session:
        found = await Author(session, HEAD).asks()
    assert texts(found) == [ANSWER]
    assert found.waited_s == pytest.approx(0.15)
    assert found.elapsed_s == pytest.approx(0.45)
    (item,) = found.items
    assert item.source is Source.NETWORK
    assert item.completion is not None
    assert item.completion.text == ANSWER


async def test_a_fresh_line_is_not_waited_for(gitlab: FakeGitLab) -> None:
    async with client_of(gitlab) as client, EditorSession(client) as session:
        found = await Author(session, "def area(r):\n    ").asks()
    assert [found.waited_s, found.elapsed_s] == [0.0, pytest.approx(0.3)]


async def test_a_burst_of_keys_is_one_request(gitlab: FakeGitLab) -> None:
    async with client_of(gitlab) as client, EditorSession(client) as session:
        *before, last = await Author(session, HEAD).writes("quux", 0.1)
    assert [each.silence for each in before] == [Silence.SUPERSEDED] * 3
    assert texts(last) == [ANSWER]
    assert sent(gitlab) == 1


async def test_a_newer_key_ends_an_older_one_at_once(gitlab: FakeGitLab) -> None:
    async with client_of(gitlab) as client, EditorSession(client) as session:
        author = Author(session, HEAD)
        older = author.types("u")
        await asyncio.sleep(0.3)
        author.types("r")
        found = await older
        assert found.silence is Silence.SUPERSEDED
        assert found.elapsed_s == pytest.approx(0.3)
        assert session.last is None


async def test_what_an_older_key_asked_for_serves_a_newer_one(
    gitlab: FakeGitLab,
) -> None:
    async with client_of(gitlab) as client, EditorSession(client) as session:
        author = Author(session, HEAD)
        older = author.types("")
        await asyncio.sleep(0.3)
        found = await author.types("urn")
        await older
    assert texts(found) == [" 3.14159 * r * r"]
    assert found.items[0].source is Source.IN_FLIGHT
    assert found.elapsed_s == pytest.approx(0.15)
    assert sent(gitlab) == 1


async def test_a_cancelled_keys_answer_is_not_lost(gitlab: FakeGitLab) -> None:
    async with client_of(gitlab) as client, EditorSession(client) as session:
        author = Author(session, HEAD)
        older = author.types("")
        await asyncio.sleep(0.3)
        older.cancel()
        await asyncio.sleep(1.0)
        found = await author.types("u")
    assert older.cancelled()
    assert texts(found) == ["rn 3.14159 * r * r"]
    assert [found.items[0].source, found.elapsed_s] == [Source.CACHE, 0.0]
    assert sent(gitlab) == 1


async def test_typing_along_costs_nothing_after_a_backspace_either(
    gitlab: FakeGitLab,
) -> None:
    async with client_of(gitlab) as client, EditorSession(client) as session:
        author = Author(session, HEAD)
        first = await author.asks()
        along = await author.writes("urn 3", 0.05)
        author.deletes(5)
        back = await author.asks()
    assert [texts(each)[0] for each in along] == [
        ANSWER[count:] for count in range(1, 6)
    ]
    assert texts(back) == [ANSWER]
    ids = {each.items[0].id for each in (first, *along, back)}
    assert len(ids) == 1
    assert {each.elapsed_s for each in (*along, back)} == {0.0}
    assert {each.items[0].source for each in along} == {Source.TYPED_THROUGH}
    assert sent(gitlab) == 1


async def test_typing_along_goes_over_line_ends(gitlab: FakeGitLab) -> None:
    gitlab.text = "urn (\n        3 * r\n    )"
    async with client_of(gitlab) as client, EditorSession(client) as session:
        author = Author(session, HEAD)
        await author.asks()
        found = await author.types("urn (\n        ")
    assert texts(found) == ["3 * r\n    )"]
    assert sent(gitlab) == 1


async def test_brackets_that_the_editor_closes_do_not_end_a_suggestion(
    gitlab: FakeGitLab,
) -> None:
    gitlab.text = "urn round(3 * r)"
    async with client_of(gitlab) as client, EditorSession(client) as session:
        author = Author(session, HEAD)
        await author.asks()
        author.below = ")"
        found = await author.types("urn round(")
    assert texts(found) == ["3 * r"]
    assert sent(gitlab) == 1


async def test_no_stale_text_is_shown_after_an_edit_below(gitlab: FakeGitLab) -> None:
    async with client_of(gitlab) as client, EditorSession(client) as session:
        author = Author(session, HEAD + "|\n\nprint(area(2))\n")
        await author.asks()
        author.below = "\n\nprint(area(3))\n"
        gitlab.text = "urn r"
        found = await author.asks()
    assert texts(found) == ["urn r"]
    assert sent(gitlab) == 2


async def test_what_was_kept_comes_at_once(gitlab: FakeGitLab) -> None:
    async with client_of(gitlab) as client, EditorSession(client) as session:
        author = Author(session, HEAD)
        await author.asks()
        other = Author(session, "x = ", "file:///project/other.py")
        await other.asks()
        found = await author.asks()
        await asyncio.sleep(300.0)
        later = await author.asks()
    assert [found.items[0].source, found.elapsed_s] == [Source.TYPED_THROUGH, 0.0]
    assert later.items[0].source is Source.NETWORK


async def test_nothing_to_suggest_is_believed_for_ten_seconds(
    gitlab: FakeGitLab,
) -> None:
    gitlab.text = ""
    async with client_of(gitlab) as client, EditorSession(client) as session:
        author = Author(session, HEAD)
        silences = []
        for pause_s in (1.0, 8.0, 1.1):
            silences.append((await author.asks()).silence)
            await asyncio.sleep(pause_s)
        counts = [sent(gitlab)]
        await author.asks()
        counts.append(sent(gitlab))
    assert silences == [Silence.NOTHING_OFFERED] * 3
    assert counts == [1, 2]


async def test_one_place_is_asked_for_once_however_often(gitlab: FakeGitLab) -> None:
    async with client_of(gitlab) as client, EditorSession(client) as session:
        author = Author(session, HEAD)
        found = await asyncio.gather(*(author.asks() for _ in range(3)))
    assert [texts(each) for each in found] == [[ANSWER]] * 3
    assert sent(gitlab) == 1


async def test_two_documents_do_not_disturb_each_other(gitlab: FakeGitLab) -> None:
    async with client_of(gitlab) as client, EditorSession(client) as session:
        one = Author(session, HEAD)
        other = Author(session, HEAD, "file:///project/other.py")
        found = await asyncio.gather(one.asks(), other.asks())
    assert [texts(each) for each in found] == [[ANSWER]] * 2


async def test_answers_have_the_documents_line_ends(gitlab: FakeGitLab) -> None:
    gitlab.text = "urn (\n        r)"
    async with client_of(gitlab) as client, EditorSession(client) as session:
        found = await Author(session, "def area(r):\r\n    ret|\r\n").asks()
    assert texts(found) == ["urn (\r\n        r)"]


# On request.


async def test_a_request_of_the_authors_goes_at_once_and_for_several(
    gitlab: FakeGitLab,
) -> None:
    async with client_of(gitlab) as client, EditorSession(client) as session:
        author = Author(session, HEAD)
        await author.asks()
        found = await author.asks(EXPLICIT)
    assert [found.waited_s, found.elapsed_s] == [0.0, pytest.approx(0.3)]
    assert texts(found) == [ANSWER]
    counts = [sent_body(each).get("choices_count") for each in gitlab.gateway.requests]
    assert counts == [None, 4]


async def test_what_comes_on_request_only_is_typed_along_all_the_same(
    gitlab: FakeGitLab,
) -> None:
    policy = EditorPolicy(automatic=False)
    async with (
        client_of(gitlab) as client,
        EditorSession(client, policy=policy) as session,
    ):
        author = Author(session, HEAD)
        await author.asks(EXPLICIT)
        along = await author.types("urn")
        gone = await author.types("x")
    assert texts(along) == [" 3.14159 * r * r"]
    assert gone.silence is Silence.ON_REQUEST_ONLY
    assert sent(gitlab) == 1


async def test_a_comment_is_an_instruction_on_request_only(gitlab: FakeGitLab) -> None:
    async with client_of(gitlab) as client, EditorSession(client) as session:
        author = Author(session, "import math\n# the area of a circle\n")
        await author.asks()
        found = await author.asks(EXPLICIT)
    assert texts(found) == [ANSWER]
    (typed,) = gitlab.gateway.requests
    (asked,) = gitlab.instance.requests
    assert "user_instruction" not in sent_body(typed)
    assert sent_body(asked)["intent"] == "generation"
    assert sent_body(asked)["generation_type"] == "comment"
    assert sent_body(asked)["user_instruction"] == "the area of a circle"


# Where nothing is suggested.


@pytest.mark.parametrize(
    ("policy", "marked", "silence"),
    [
        (EditorPolicy(), "def ar|ea(r):", Silence.MID_WORD),
        (EditorPolicy(), "def area| (r): pass", Silence.TEXT_AFTER_CURSOR),
        (EditorPolicy(), "x = |", Silence.TOO_SHORT),
        (EditorPolicy(enabled=False), HEAD, Silence.SWITCHED_OFF),
        (EditorPolicy(automatic=False), HEAD, Silence.ON_REQUEST_ONLY),
        (
            EditorPolicy(languages_off=frozenset({"python"})),
            HEAD,
            Silence.LANGUAGE_OFF,
        ),
    ],
)
async def test_where_nothing_is_wanted_nothing_is_asked_for(
    gitlab: FakeGitLab, policy: EditorPolicy, marked: str, silence: Silence
) -> None:
    async with (
        client_of(gitlab) as client,
        EditorSession(client, policy=policy) as session,
    ):
        found = await Author(session, marked).asks()
        assert session.last is found
    assert found.silence is silence
    assert found.explanation
    assert sent(gitlab) == 0


async def test_nothing_of_an_excluded_document_is_sent(gitlab: FakeGitLab) -> None:
    def excluded(which: Document) -> bool:
        return "secret" in which.uri

    async with (
        client_of(gitlab) as client,
        EditorSession(client, excluded=excluded) as session,
    ):
        author = Author(session, HEAD, "file:///secret/code.py")
        silences = [(await author.asks(each)).silence for each in Trigger]
        other = await Author(session, HEAD).asks()
    assert silences == [Silence.FILE_EXCLUDED] * 2
    assert texts(other) == [ANSWER]


@pytest.mark.parametrize("kind", [ValueError, asyncio.CancelledError])
async def test_when_it_cannot_be_told_nothing_is_sent(
    gitlab: FakeGitLab, caplog: pytest.LogCaptureFixture, kind: type[BaseException]
) -> None:
    def excluded(which: Document) -> bool:
        raise kind(which.text)

    async with (
        client_of(gitlab) as client,
        EditorSession(client, excluded=excluded) as session,
    ):
        author = Author(session, HEAD)
        silences = [(await author.asks()).silence for _ in range(2)]
    assert silences == [Silence.FILE_EXCLUDED] * 2
    complaints = [each for each in caplog.messages if kind.__name__ in each]
    assert len(complaints) == 1
    assert "area" not in caplog.text
    assert sent(gitlab) == 0


class Ignoring:
    def excludes(self, path: str, /) -> bool:
        return path == "code.py"


async def test_a_file_on_the_clients_ignore_list_says_so(gitlab: FakeGitLab) -> None:
    async with (
        gitlab.client(ignore=Ignoring()) as client,
        EditorSession(client) as session,
    ):
        found = await Author(session, HEAD).asks()
    assert found.silence is Silence.FILE_EXCLUDED
    assert found.problem is not None
    assert sent(gitlab) == 0


# Faults.


async def test_what_fails_is_a_silence_with_its_problem(gitlab: FakeGitLab) -> None:
    gitlab.gateway.fail(500)
    gitlab.instance.fail(500)
    async with client_of(gitlab) as client, EditorSession(client) as session:
        found = await Author(session, HEAD).asks()
    assert found.silence is Silence.FAILED
    assert found.problem is not None
    assert found.problem.__traceback__ is None


async def test_a_closed_client_is_a_silence_too(gitlab: FakeGitLab) -> None:
    async with client_of(gitlab) as client:
        session = EditorSession(client)
    found = await Author(session, HEAD).asks()
    assert found.silence is Silence.FAILED
    assert isinstance(found.problem, ClientClosedError)
    await session.aclose()


# Context.


def pieces(_: Document) -> Sequence[ContextItem]:
    return [ContextItem(name="other.py", content="PI = 3.14159")]


async def slow_pieces(which: Document) -> Sequence[ContextItem]:
    await asyncio.sleep(0.1)
    return pieces(which)


async def very_slow_pieces(which: Document) -> Sequence[ContextItem]:
    await asyncio.sleep(10.0)
    return pieces(which)


def broken_pieces(which: Document) -> Sequence[ContextItem]:
    raise RuntimeError(which.text)


@pytest.mark.parametrize("source", [pieces, slow_pieces])
async def test_context_is_gathered_during_the_wait(
    gitlab: FakeGitLab, source: object
) -> None:
    given = pieces if source is pieces else slow_pieces
    async with (
        client_of(gitlab) as client,
        EditorSession(client, context=given) as session,
    ):
        found = await Author(session, HEAD).asks()
    assert found.elapsed_s == pytest.approx(0.45)
    (request,) = gitlab.gateway.requests
    (item,) = cast("list[dict[str, str]]", sent_body(request)["context"])
    assert item["name"] == "other.py"


async def cancelled_pieces(which: Document) -> Sequence[ContextItem]:
    index = asyncio.get_running_loop().create_future()
    index.cancel(which.text)
    return cast("Sequence[ContextItem]", await index)


@pytest.mark.parametrize("source", [very_slow_pieces, broken_pieces, cancelled_pieces])
async def test_context_that_does_not_come_costs_no_suggestion(
    gitlab: FakeGitLab,
    source: Callable[[Document], Sequence[ContextItem]],
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with (
        client_of(gitlab) as client,
        EditorSession(client, context=source) as session,
    ):
        found = await Author(session, HEAD).asks()
    assert texts(found) == [ANSWER]
    assert found.elapsed_s <= 0.55 + 1e-9
    (request,) = gitlab.gateway.requests
    assert "context" not in sent_body(request)
    assert "area" not in caplog.text


async def test_nobody_gathers_for_a_key_that_was_typed_over(
    gitlab: FakeGitLab,
) -> None:
    ends: list[str] = []

    async def gather(which: Document) -> Sequence[ContextItem]:
        try:
            await asyncio.sleep(0.2)
        except asyncio.CancelledError:
            ends.append("cancelled")
            raise
        ends.append("done")
        return pieces(which)

    async with (
        client_of(gitlab) as client,
        EditorSession(client, context=gather) as session,
    ):
        author = Author(session, HEAD)
        older = [author.types(each) for each in "ab"]
        await asyncio.sleep(0)
        older.append(author.types("c"))
        await asyncio.gather(*older)
    assert ends == ["cancelled", "cancelled", "done"]


# The minute of the indirect route.


async def test_typing_sends_no_more_to_the_instance_than_a_minute_has_room_for(
    gitlab: FakeGitLab,
) -> None:
    gitlab.text = "never typed"
    times: list[float] = []
    loop = asyncio.get_running_loop()

    def note(event: SuggestionEvent) -> None:
        if event.action == "suggestion_requested" and not event.fields["is_invoked"]:
            times.append(loop.time())

    async with (
        client_of(gitlab, DirectMode.NEVER) as client,
        EditorSession(client, observers=[note]) as session,
    ):
        author = Author(session, "x = 0\n")
        await author.writes("a.b.c.d.e.\n" * 25, 0.4)
        explicit = await author.asks(EXPLICIT)
    assert 30 < max(sum(at <= one < at + 60.0 for one in times) for at in times) <= 50
    assert len(times) > 60
    assert texts(explicit) == ["never typed"]


# Ends.


async def test_what_diverged_is_given_up(gitlab: FakeGitLab) -> None:
    events: list[str] = []
    async with client_of(gitlab) as client, EditorSession(client) as session:
        session.observe(lambda event: events.append(event.action))
        author = Author(session, HEAD)
        older = author.types("")
        await asyncio.sleep(0.2)
        author.deletes(1)
        await author.asks()
        await older
    assert events == [
        "suggestion_requested",
        "suggestion_cancelled",
        "suggestion_requested",
        "suggestion_loaded",
    ]


async def test_a_closed_document_leaves_nothing_behind(gitlab: FakeGitLab) -> None:
    async with client_of(gitlab) as client, EditorSession(client) as session:
        author = Author(session, HEAD)
        asking = author.types("")
        await asyncio.sleep(0.2)
        session.closed(URI)
        assert (await asking).silence is Silence.GIVEN_UP
        await gitlab.settle()
        await author.asks()
        session.closed(URI)
        await author.asks()
    assert sent(gitlab) == 3


async def test_what_other_documents_push_out_says_so(gitlab: FakeGitLab) -> None:
    async with client_of(gitlab) as client, EditorSession(client) as session:
        asking = [Author(session, HEAD, f"file:///{at}").types("") for at in range(5)]
        found = await asyncio.gather(*asking)
    silences = [each.silence for each in found]
    assert sorted(silences, key=str) == [None] * 4 + [Silence.GIVEN_UP]
    assert session.last is not None
    assert session.last.items


async def test_closing_a_document_leaves_the_others(gitlab: FakeGitLab) -> None:
    async with client_of(gitlab) as client, EditorSession(client) as session:
        other = Author(session, HEAD, "file:///other").types("")
        await asyncio.sleep(0.2)
        session.closed(URI)
        assert texts(await other) == [ANSWER]


async def test_closing_ends_all_that_is_under_way(gitlab: FakeGitLab) -> None:
    async with client_of(gitlab) as client:
        session = EditorSession(client, context=very_slow_pieces)
        asking = [Author(session, HEAD, f"file:///{at}").types("") for at in range(3)]
        await asyncio.sleep(0.16)
        await session.aclose()
        await session.aclose()
        found = await asyncio.gather(*asking)
        assert {each.silence for each in found} == {Silence.FAILED}
        assert {type(each.problem) for each in found} == {ClientClosedError}
        with pytest.raises(ClientClosedError):
            await Author(session, HEAD).asks()
        await gitlab.settle()
        assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_recorder_is_told_what_the_author_does(
    gitlab: FakeGitLab, tmp_path: Path
) -> None:
    path = tmp_path / "typing.jsonl"
    with Recorder(path, content="kept") as recorder:
        async with (
            client_of(gitlab) as client,
            EditorSession(client, recorder=recorder) as session,
        ):
            author = Author(session, HEAD)
            (item,) = (await author.asks()).items
            session.shown(item)
            session.accepted(item, Part.WORD)
            session.rejected(item)
            session.closed(URI)
            session.closed("file:///never/opened")
    lines = [json.loads(line) for line in path.read_text().splitlines()[1:]]
    said = [line["what"] for line in lines]
    assert said[:5] == ["opened", "asked", "shown", "accepted", "rejected"]


async def test_another_policy_holds_from_the_next_key_on(gitlab: FakeGitLab) -> None:
    async with client_of(gitlab) as client, EditorSession(client) as session:
        session.reconfigure(EditorPolicy(enabled=False))
        found = await Author(session, HEAD).asks()
    assert found.silence is Silence.SWITCHED_OFF


async def test_a_key_that_waits_sends_nothing_once_it_is_switched_off(
    gitlab: FakeGitLab,
) -> None:
    async with client_of(gitlab) as client, EditorSession(client) as session:
        waiting = Author(session, HEAD).types("u")
        await asyncio.sleep(0)
        session.reconfigure(EditorPolicy(enabled=False))
        found = await waiting
        await asyncio.sleep(1)
    assert found.silence is Silence.SWITCHED_OFF
    assert sent(gitlab) == 0


# Wrong arguments.


async def refuses(what: Callable[..., object], *given: object, **more: object) -> bool:
    """Tell whether a wrong argument is told as one."""
    try:
        done = what(*given, **more)
        if inspect.isawaitable(done):
            await done
    except ConfigurationError as error:
        return "x7" not in str(error)
    return False


async def test_wrong_arguments_are_told(gitlab: FakeGitLab) -> None:
    async with client_of(gitlab) as client:
        for wrong in (
            {"position_encoding": "x7"},
            {"policy": "x7"},
            {"observers": ["x7"]},
            {"observers": print},
            {"context": "x7"},
            {"excluded": "x7"},
            {"tracked": "x7"},
            {"recorder": "x7"},
        ):
            assert await refuses(EditorSession, client, **wrong)
        session = EditorSession(client)
        assert await refuses(session.observe, slow_pieces)
        for verb in (session.observe, session.reconfigure, session.shown):
            assert await refuses(verb, "x7")
        (item,) = (await Author(session, HEAD).asks()).items
        assert await refuses(session.accepted, "x7")
        assert await refuses(session.accepted, item, "x7")
        assert await refuses(session.rejected, "x7")
        assert await refuses(session.suggest, "x7", 0)
        assert await refuses(session.suggest, document(HEAD), 0, "x7")
        make: Callable[..., Document] = Document
        for fields in ({"uri": 7, "text": ""}, {"uri": "u", "text": None}):
            assert await refuses(session.suggest, make(**fields), 0)
        for name in ("language", "project_path", "file_name"):
            fields = {"uri": "u", "text": "", name: 7}
            assert await refuses(session.suggest, make(**fields), 0, EXPLICIT)
        for wrong_document, position in (
            (document(HEAD), 1000),
            (document(HEAD), Position(line=-1, character=0)),
            (document(HEAD, project_path="https://x/y"), 0),
        ):
            with pytest.raises(RequestRejectedError):
                await session.suggest(wrong_document, position)
        await session.aclose()
    assert "area" not in repr(session)


@pytest.mark.parametrize(
    ("encoding", "character"), [("utf-8", 14), ("utf-16", 12), ("utf-32", 11)]
)
async def test_a_position_counts_in_the_sessions_units(
    gitlab: FakeGitLab, encoding: PositionEncoding, character: int
) -> None:
    place = Position(line=1, character=character)
    async with (
        client_of(gitlab) as client,
        EditorSession(client, position_encoding=encoding) as session,
    ):
        await session.suggest(document("x\n🙂 = value\n"), place)
    (request,) = gitlab.gateway.requests
    file = sent_body(request)["current_file"]
    assert isinstance(file, dict)
    assert file["content_above_cursor"] == "x\n🙂 = value"


@pytest.mark.parametrize(
    ("uri", "given", "name"),
    [
        ("file:///a/b%20c.py", None, "b c.py"),
        ("untitled:Untitled-1", None, "Untitled-1"),
        ("file:///", None, "untitled"),
        ("file://host", None, "untitled"),
        ("file:///%20", None, "untitled"),
        ("file:///a/12:30.py", None, "12:30.py"),
        ("file:///a/b.py?version=1#2", None, "b.py"),
        ("odd://[a/b.py", None, "b.py"),
        ("file:///a/b.py", "src/b.py", "src/b.py"),
    ],
)
async def test_a_document_has_a_file_name(
    gitlab: FakeGitLab, uri: str, given: str | None, name: str
) -> None:
    async with client_of(gitlab) as client, EditorSession(client) as session:
        await session.suggest(document(HEAD, uri, file_name=given), len(HEAD))
    (request,) = gitlab.gateway.requests
    file = sent_body(request)["current_file"]
    assert isinstance(file, dict)
    assert file["file_name"] == name
