"""What a client may have done by a command."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from gitlab_completions.editor import Part, Suggestion
from gitlab_completions.lsp.commands import COMMANDS
from tests.lsp.talking import URI, Talk, capabilities, plain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitlab_completions.editor import SuggestionEvent


def watch(talk: Talk) -> list[SuggestionEvent]:
    events: list[SuggestionEvent] = []
    assert talk.server.service is not None
    talk.server.service.session.observe(events.append)
    return events


async def suggested(talk: Talk) -> str:
    """Have something suggested; return its id."""
    talk.open()
    (item,) = await talk.suggest()
    assert item.command is not None
    assert item.command.arguments is not None
    return str(item.command.arguments[0])


def actions(events: list[SuggestionEvent]) -> list[str]:
    return [one.action.removeprefix("suggestion_") for one in events]


async def test_the_client_is_told_of_all_commands() -> None:
    async with Talk() as talk:
        told = talk.result.capabilities.execute_command_provider
    assert told is not None
    assert list(told.commands) == list(COMMANDS)


async def test_what_a_client_gets_counts_as_shown_and_may_be_accepted() -> None:
    async with Talk() as talk:
        events = watch(talk)
        identity = await suggested(talk)
        assert await talk.command("accept", identity) is True
    assert actions(events) == ["requested", "loaded", "shown", "accepted"]
    assert {one.suggestion_id for one in events} == {identity}


async def test_a_client_that_reports_what_it_shows_is_waited_for() -> None:
    async with Talk(options={"reportsShown": True}) as talk:
        events = watch(talk)
        identity = await suggested(talk)
        assert actions(events) == ["requested", "loaded"]
        assert await talk.command("shown", identity) is True
        assert await talk.command("reject", identity) is True
    assert actions(events) == ["requested", "loaded", "shown", "rejected"]


async def test_a_part_may_be_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Talk() as talk:
        identity = await suggested(talk)
        taken: list[Part] = []
        assert talk.server.service is not None
        session = talk.server.service.session

        def note(one: Suggestion, part: Part) -> None:
            assert one.id == identity
            taken.append(part)

        monkeypatch.setattr(session, "accepted", note)
        assert await talk.command("accept", identity, "word") is True
        assert await talk.command("accept", identity, "line") is True
    assert taken == [Part.WORD, Part.LINE]


async def test_what_is_no_longer_known_is_passed_over() -> None:
    async with Talk() as talk:
        await suggested(talk)
        for name in ("accept", "reject", "shown"):
            assert await talk.command(name) is False
            for argument in ("gone", 7, None):
                assert await talk.command(name, argument) is False


async def test_what_is_no_command_or_no_argument_is_refused() -> None:
    async with Talk() as talk:
        identity = await suggested(talk)
        for name, arguments in (
            ("fly", ()),
            ("accept", (identity, "half")),
            ("switchDirect", ("maybe",)),
            ("switchDirect", (["on"],)),
        ):
            with pytest.raises(JsonRpcException) as refused:
                await talk.command(name, *arguments)
            assert refused.value.code == -32602


async def test_the_last_suggestion_is_explained_to_a_person_too() -> None:
    async with Talk() as talk:
        assert "nothing" in str(await talk.command("explain"))
        await suggested(talk)
        told = await talk.command("explain")
        assert "direct" in str(told)
        talk.edit((1, 0), (1, 4), "    ret fi")
        await talk.suggest(
            types.Position(1, 6), types.InlineCompletionTriggerKind.Automatic
        )
        why = await talk.command("explain")
    assert why != told
    assert talk.shown[-1] == f"GitLab Duo: {why}"


async def test_direct_is_switched_off_and_on() -> None:
    async with Talk() as talk:
        talk.open()
        off = plain(await talk.command("switchDirect", "off"))
        assert (off["route"], off["reason"]) == ("indirect", "policy")
        assert await talk.texts() == ["return a + b"]
        assert talk.gitlab.gateway.requests == []
        assert plain(await talk.command("switchDirect"))["health"] != "unavailable"
        assert plain(await talk.command("switchDirect"))["reason"] == "policy"
        await talk.command("switchDirect", "on")
        await talk.suggest()
        talk.edit((1, 4), (1, 4), "x = ")
        await talk.suggest(types.Position(1, 8))
    assert talk.gitlab.gateway.requests


async def test_the_doctor_looks_and_tells_what_it_found() -> None:
    async with Talk(client=capabilities(progress=True)) as talk:
        found = cast("Mapping[str, object]", plain(await talk.command("doctor")))
    assert found["schema"] == 1
    assert len(talk.shown) == 1


async def test_without_a_service_commands_do_nothing() -> None:
    async with Talk(environment={}) as talk:
        talk.open(uri=URI)
        for name in ("accept", "switchDirect", "doctor"):
            assert not await talk.command(name, "off")
        assert "GITLAB_URL" in str(await talk.command("explain"))
