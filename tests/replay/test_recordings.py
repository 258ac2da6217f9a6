"""Recordings are read as they were made, and believed as far as they make sense."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Literal

import pytest
from hypothesis import given, settings, strategies as st

from gitlab_completions.editor import Document, EditorSession, Recorder, Trigger
from gitlab_completions.replay.authors import write
from gitlab_completions.replay.recordings import (
    RecordingError,
    read_recording,
    scripts_of,
)
from gitlab_completions.replay.script import Stroke, states
from gitlab_completions.testing import FakeGitLab, run

if TYPE_CHECKING:
    from pathlib import Path

HEAD = '{"recording":1,"content":"kept"}'
OPENED = '{"at":1.0,"what":"opened","document":1,"language":"python","text":"ab"}'
ASKED = {"at": 1.5, "what": "asked", "document": 1, "edit": [1, 0, "x"], "cursor": 2}
VALUES = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=4),
    max_leaves=5,
)


def read(*lines: str | dict[str, object]) -> list[Stroke]:
    text = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    (script,) = scripts_of("a.jsonl", [HEAD, OPENED, *text])
    return list(script.strokes)


def test_what_was_recorded_is_read(tmp_path: Path) -> None:
    path = tmp_path / "typing.jsonl"
    texts = ["", "a", "ab", "a", "ac", "ac\n"]
    with Recorder(path, content="kept") as recorder:
        for number, text in enumerate(texts):
            document = Document(uri="file:///a.py", text=text, language="python")
            recorder.asked(document, len(text), Trigger.TYPING, 10 + number / 4)
        other = Document(uri="file:///b.py", text="other")
        recorder.asked(other, 0, Trigger.EXPLICIT, 20.0)
        recorder.closed("file:///a.py", 21.0)
    one, two = read_recording(path)
    assert [state.text for state in states(one)] == texts
    assert [stroke.gap_s for stroke in one.strokes] == [0.0] + [0.25] * 5
    assert (one.name, one.language) == ("typing.jsonl, document 1", "python")
    assert [stroke.explicit for stroke in two.strokes] == [True]


@pytest.mark.parametrize("content", ["kept", "hashed"])
def test_what_a_session_records_is_typed_again_as_it_was(
    tmp_path: Path, content: Literal["kept", "hashed"]
) -> None:
    path = tmp_path / "typing.jsonl"
    (script,) = write("bursty", strokes=80)

    async def record() -> None:
        loop = asyncio.get_running_loop()
        with Recorder(path, content=content) as recorder:
            gitlab = FakeGitLab("nothing of the kind")
            async with (
                gitlab.client() as client,
                EditorSession(client, recorder=recorder) as session,
            ):
                due, asking = loop.time(), list[asyncio.Task[object]]()
                for stroke, state in zip(script.strokes, states(script), strict=True):
                    due += stroke.gap_s
                    await asyncio.sleep(due - loop.time())
                    if stroke.asks:
                        document = Document(uri="file:///a.py", text=state.text)
                        suggesting = session.suggest(document, state.cursor)
                        asking.append(loop.create_task(suggesting))
                        await asyncio.sleep(0)

    run(record())
    (again,) = read_recording(path)
    asked = [
        state
        for stroke, state in zip(script.strokes, states(script), strict=True)
        if stroke.asks
    ]
    played = list(states(again))
    assert [state.cursor for state in played] == [state.cursor for state in asked]
    assert [len(state.text) for state in played] == [len(each.text) for each in asked]
    assert (played == asked) is (content == "kept")
    # What is typed along in truth is typed along here: as many strokes only add.
    adds = [stroke.removed == 0 for stroke in again.strokes]
    assert adds == [not one.removed for one in script.strokes if one.asks]


def test_torn_and_foreign_lines_are_skipped() -> None:
    torn = json.dumps(ASKED)[:-9]
    deep = "[" * 100_000
    (stroke,) = read("", "[]", "null", torn, deep, {"what": "asked"}, ASKED)
    assert (stroke.gap_s, stroke.offset, stroke.inserted) == (0.5, 1, "x")


@pytest.mark.parametrize("edit", [None, 7, [], [1, 2], [1, 2, 3], ["a", "b", "c", "d"]])
def test_an_edit_that_is_none_is_no_edit(edit: object) -> None:
    (stroke,) = read({**ASKED, "edit": edit})
    assert not stroke.asks


def test_times_that_go_back_are_no_gaps() -> None:
    first, second = read({**ASKED, "at": 9.0}, {**ASKED, "at": 3.0})
    assert (first.gap_s, second.gap_s) == (8.0, 0.0)


@pytest.mark.parametrize("at", [-1.0, 1e300, 10**400, True, "soon", None])
def test_a_time_that_no_clock_shows_is_none(at: object) -> None:
    (stroke,) = read({**ASKED, "at": at})
    assert stroke.gap_s == 0.0


def test_of_a_file_without_an_end_only_so_much_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = json.dumps(ASKED)
    path = tmp_path / "long.jsonl"
    path.write_text("\n".join([HEAD, OPENED, "x" * 1000, asked, asked]))
    size = path.stat().st_size
    monkeypatch.setattr("gitlab_completions.replay.recordings._LONGEST_LINE", 300)
    (whole,) = read_recording(path)
    monkeypatch.setattr(
        "gitlab_completions.replay.recordings._MOST_CHARACTERS", size - 9
    )
    (cut,) = read_recording(path)
    assert (len(whole.strokes), len(cut.strokes)) == (2, 1)


@settings(max_examples=25)
@given(VALUES, VALUES, VALUES)
def test_whatever_the_values_are_it_can_be_played(
    at: object, edit: object, cursor: object
) -> None:
    line = json.dumps({**ASKED, "at": at, "edit": edit, "cursor": cursor})
    (script,) = scripts_of("a.jsonl", [HEAD, OPENED, line])
    (state,) = states(script)
    assert 0 <= state.cursor <= len(state.text)
    assert script.strokes[0].gap_s >= 0


@pytest.mark.parametrize(
    "lines",
    [
        [],
        ["junk"],
        ['{"recording":2}'],
        [HEAD],
        [HEAD, OPENED],
        [HEAD, json.dumps(ASKED)],
    ],
)
def test_what_is_no_recording_or_has_no_strokes_is_refused(lines: list[str]) -> None:
    with pytest.raises(RecordingError):
        scripts_of("a.jsonl", lines)
