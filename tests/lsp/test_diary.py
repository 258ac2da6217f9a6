"""What is written down on request: whole, joined by ids, and nobody's words."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

from lsprotocol import types

from gitlab_completions.editor import Document, Trigger
from gitlab_completions.lsp.diary import Diary
from gitlab_completions.replay import read_recording
from tests.lsp.talking import AUTOMATIC, TEXT, URI, Talk

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def lines(path: Path) -> list[Mapping[str, object]]:
    raw = path.read_text(encoding="utf-8").splitlines()
    return [cast("Mapping[str, object]", json.loads(one)) for one in raw]


async def accept_one(talk: Talk) -> str:
    """Have something suggested, and accept it; return its id."""
    talk.open()
    (item,) = await talk.suggest(kind=AUTOMATIC)
    assert item.command is not None
    (identity,) = item.command.arguments or ()
    assert await talk.command("accept", identity)
    return str(identity)


async def test_a_suggestions_lines_in_the_event_log_have_its_id(
    tmp_path: Path,
) -> None:
    path = tmp_path / "log.jsonl"
    with Diary(event_log=str(path)) as diary:
        async with Talk(diary=diary) as talk:
            identity = await accept_one(talk)
    mine = [one for one in lines(path) if one.get("unique_tracking_id") == identity]
    actions = (str(one["action"]) for one in mine if one["category"] != "routing")
    assert [each.removeprefix("suggestion_") for each in actions] == [
        *("requested", "loaded", "shown", "accepted")
    ]
    assert URI not in path.read_text(encoding="utf-8")
    assert talk.gitlab.access_token not in path.read_text(encoding="utf-8")


async def test_a_recording_can_be_replayed_and_holds_other_words(
    tmp_path: Path,
) -> None:
    path = tmp_path / "typed.jsonl"
    with Diary(record=str(path)) as diary:
        async with Talk(diary=diary) as talk:
            await accept_one(talk)
    assert read_recording(path)
    assert [one["what"] for one in lines(path)[1:]] == [
        *("opened", "asked", "shown", "accepted")
    ]
    assert TEXT.split()[1] not in str(lines(path))


async def test_content_is_kept_when_that_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "typed.jsonl"
    with Diary(record=str(path), content=True) as diary:
        async with Talk(diary=diary) as talk:
            await accept_one(talk)
    assert lines(path)[1]["text"] == TEXT


def test_each_start_of_the_server_is_a_recording_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "typed.jsonl"
    for _ in range(3):
        with Diary(record=str(path)) as diary:
            assert diary.recorder is not None
            document = Document(uri="file:///a.py", text=TEXT)
            diary.recorder.asked(document, 0, Trigger.TYPING, 0.0)
    names = sorted(one.name for one in tmp_path.iterdir())
    assert names == ["typed-2.jsonl", "typed-3.jsonl", "typed.jsonl"]


async def test_a_person_is_told_once_that_nothing_is_written(tmp_path: Path) -> None:
    with Diary(record=str(tmp_path / "nowhere" / "typed.jsonl")) as diary:
        async with Talk(diary=diary) as talk:
            talk.open()
            await talk.suggest()
            assert diary.recorder is not None
            diary.recorder.close()
            for _ in range(2):
                assert await talk.suggest(types.Position(1, 4))
    told = [line for line in talk.shown if "recording cannot be written" in line]
    assert len(told) == 1


async def test_without_a_wish_nothing_is_written(tmp_path: Path) -> None:
    with Diary() as diary:
        async with Talk(diary=diary) as talk:
            await accept_one(talk)
    assert diary.problem is None
    assert diary.observers() == ()
