"""What observers of a session are told, and how it joins the client's event log."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import pytest

from gitlab_completions.editor import EditorSession, Part, Silence, Trigger
from gitlab_completions.event_log import EventLog
from gitlab_completions.testing import FakeGitLab
from tests.editor.authors import URI, Author

if TYPE_CHECKING:
    from pathlib import Path

    from gitlab_completions.editor import SuggestionEvent

HEAD = "def area(r):\n    ret"


@pytest.fixture
def gitlab() -> FakeGitLab:
    one = FakeGitLab("urn 3.14159 * r * r")
    one.gateway.delay(0.3)
    return one


class Notes:
    """An observer that writes down what it is told."""

    def __init__(self) -> None:
        self.events: list[SuggestionEvent] = []

    def __call__(self, event: SuggestionEvent, /) -> None:
        self.events.append(event)

    def actions(self) -> list[str]:
        return [event.action.removeprefix("suggestion_") for event in self.events]


async def test_a_suggestions_whole_life_is_told_under_one_id(
    gitlab: FakeGitLab,
) -> None:
    notes = Notes()
    async with (
        gitlab.client() as client,
        EditorSession(client, observers=[notes]) as session,
    ):
        author = Author(session, HEAD)
        found = await author.asks()
        session.shown(found.items[0])
        session.accepted(found.items[0], Part.WORD)
        along = await author.types("urn")
        session.shown(along.items[0])
        session.accepted(along.items[0])
    assert notes.actions() == ["requested", "loaded", "shown", "accepted"]
    assert {event.suggestion_id for event in notes.events} == {found.items[0].id}
    last = notes.events[-1].fields
    assert {name: last[name] for name in ("accepted_option", "options_count")} == {
        "accepted_option": 1,
        "options_count": 1,
    }
    assert last["language"] == "python"
    assert last["prefix_length"] == len(HEAD)
    assert last["debounce_interval"] == 150
    assert last["suggestion_source"] == "network"
    assert last["is_invoked"] is False


async def test_what_an_observer_brings_about_is_told_after_what_it_was_told(
    gitlab: FakeGitLab,
) -> None:
    notes = Notes()
    async with gitlab.client() as client, EditorSession(client) as session:
        found = await Author(session, HEAD).asks()
        item = found.items[0]

        def object_to_all(event: SuggestionEvent) -> None:
            session.rejected(item)

        session.observe(object_to_all)
        session.observe(notes)
        session.shown(item)
    assert notes.actions() == ["shown", "rejected"]


async def test_going_through_what_two_requests_brought_rejects_nothing(
    gitlab: FakeGitLab,
) -> None:
    notes = Notes()
    async with (
        gitlab.client() as client,
        EditorSession(client, observers=[notes]) as session,
    ):
        author = Author(session, HEAD)
        session.shown((await author.asks()).items[0])
        gitlab.text = "urn r"
        first, second = (await author.asks(Trigger.EXPLICIT)).items
        for each in (first, second, first):
            session.shown(each)
        session.accepted(second)
    assert notes.actions() == [
        *("requested", "loaded", "shown"),
        *("requested", "loaded", "accepted"),
    ]
    last = notes.events[-1]
    assert last.suggestion_id == first.id
    assert last.fields["accepted_option"] == last.fields["options_count"] == 2


async def test_what_an_editor_closes_was_rejected(gitlab: FakeGitLab) -> None:
    notes = Notes()
    async with (
        gitlab.client() as client,
        EditorSession(client, observers=[notes]) as session,
    ):
        for uri in (URI, "file:///other"):
            found = await Author(session, HEAD, uri).asks()
            session.shown(found.items[0])
        session.closed(URI)
        assert notes.actions()[-1] == "rejected"
    assert notes.actions().count("rejected") == 2


async def test_a_rejected_suggestion_is_kept_back_until_it_is_asked_for(
    gitlab: FakeGitLab,
) -> None:
    notes = Notes()
    async with (
        gitlab.client() as client,
        EditorSession(client, observers=[notes]) as session,
    ):
        author = Author(session, HEAD)
        found = await author.asks()
        session.shown(found.items[0])
        session.rejected(found.items[0])
        assert (await author.asks()).silence is Silence.REJECTED
        again = await author.asks(Trigger.EXPLICIT)
    assert again.items[0].text == found.items[0].text
    assert again.items[0].id != found.items[0].id
    assert notes.actions() == [
        *("requested", "loaded", "shown", "rejected"),
        *("requested", "loaded"),
    ]


async def test_a_failure_is_told_with_its_status(gitlab: FakeGitLab) -> None:
    gitlab.gateway.fail(503)
    gitlab.instance.fail(503)
    notes = Notes()
    async with gitlab.client() as client, EditorSession(client) as session:
        session.observe(notes)
        await Author(session, HEAD).asks()
    assert notes.actions() == ["requested", "error"]
    assert notes.events[-1].fields["api_status_code"] == 503


async def test_nothing_is_told_to_who_does_not_listen_any_more(
    gitlab: FakeGitLab,
) -> None:
    notes = Notes()
    async with gitlab.client() as client, EditorSession(client) as session:
        leave = session.observe(notes)
        leave()
        leave()
        await Author(session, HEAD).asks()
    assert notes.events == []


async def test_an_observer_that_raises_disturbs_nobody(
    gitlab: FakeGitLab, caplog: pytest.LogCaptureFixture
) -> None:
    def raising(event: SuggestionEvent, /) -> None:
        raise ValueError(event.suggestion_id)

    notes = Notes()
    async with (
        gitlab.client() as client,
        EditorSession(client, observers=[raising, notes]) as session,
    ):
        found = await Author(session, HEAD).asks()
    assert found.items
    assert notes.actions() == ["requested", "loaded"]
    assert len([each for each in caplog.messages if "ValueError" in each]) == 1


async def test_no_event_holds_any_text(gitlab: FakeGitLab) -> None:
    notes = Notes()
    async with (
        gitlab.client() as client,
        EditorSession(client, observers=[notes]) as session,
    ):
        found = await Author(session, HEAD).asks()
        session.accepted(found.items[0])
    said = repr(notes.events)
    assert "area" not in said
    assert "urn" not in said
    assert URI not in said


async def test_the_event_log_joins_a_call_and_what_became_of_it(
    gitlab: FakeGitLab, tmp_path: Path
) -> None:
    path = tmp_path / "events.jsonl"
    with EventLog(path, gitlab_realm="self-managed", now=gitlab.wall) as log:

        def write(event: SuggestionEvent) -> None:
            if not event.of_call:
                name = event.suggestion_id
                log.add(event.action, unique_tracking_id=name, **event.fields)

        async with (
            gitlab.client(observers=[log.observer()]) as client,
            EditorSession(client, observers=[write], tracked=log.tracked) as session,
        ):
            author = Author(session, HEAD)
            found = await author.asks()
            session.accepted(found.items[0])
            again = await author.asks()
            session.shown(again.items[0])
            failing = author.types("x")
            await asyncio.sleep(0.2)
            author.deletes(4)
            await author.asks()
            await failing
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    mine = [line for line in lines if line["category"] == "code_suggestions"]
    of_first = [
        line["action"].removeprefix("suggestion_")
        for line in mine
        if line["unique_tracking_id"] == found.items[0].id
    ]
    assert of_first == ["requested", "loaded", "shown", "accepted"]
    of_second = [
        line for line in mine if line["unique_tracking_id"] == again.items[0].id
    ]
    assert [line["action"] for line in of_second][:2] == [
        "suggestion_loaded",
        "suggestion_shown",
    ]
    assert {line["suggestion_source"] for line in of_second} == {"cache"}
    actions = [line["action"] for line in mine]
    assert actions.count("suggestion_cancelled") == 1
