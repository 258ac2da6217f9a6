"""What is written down, what is not, and what becomes of it when things go wrong."""

from __future__ import annotations

import json
import os
import stat
import sys
import threading
from typing import TYPE_CHECKING, Literal, cast

import pytest
from hypothesis import given, settings, strategies as st

from gitlab_completions.editor import (
    Document,
    Part,
    Recorder,
    Source,
    Suggestion,
    Trigger,
)
from gitlab_completions.editor.recording import _Scribe
from gitlab_completions.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

URI = "file:///home/somebody/secret-project/engine.py"
TEXT = "def launch(rocket):\n    return rocket.ignite()\n"


def document(text: str = TEXT, uri: str = URI) -> Document:
    return Document(
        uri=uri, text=text, language="python", project_path="acme/secret-project"
    )


def suggestion(name: str = "one", text: str = "rocket.land()") -> Suggestion:
    return Suggestion(id=name, text=text, source=Source.NETWORK)


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text("ascii").splitlines()]


def replayed(written: Sequence[dict[str, object]]) -> str:
    """Return the text that a recording of one document ends with."""
    text = ""
    for line in written:
        if line.get("what") == "opened":
            text = str(line["text"])
        elif line.get("edit") is not None:
            offset, removed, came = cast("tuple[int, int, str]", line["edit"])
            text = text[:offset] + came + text[offset + removed :]
    return text


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "typing.jsonl"


def test_a_session_is_told_edit_by_edit_and_what_became_of_suggestions(
    path: Path,
) -> None:
    with Recorder(path, content="kept") as recorder:
        recorder.asked(document(), 5, Trigger.TYPING, 10.0)
        recorder.asked(document(TEXT + "x"), len(TEXT) + 1, Trigger.EXPLICIT, 10.25)
        recorder.shown(suggestion(), 10.5)
        recorder.accepted(suggestion(), Part.WORD, 11.0)
        recorder.rejected(suggestion("two"), 12.0)
        recorder.closed(URI, 13.0)
        recorder.closed("file:///never-opened", 14.0)
    what = {"what": "asked", "document": 1}
    told = {"length": 13, "suggestion": 1}
    opened = {"what": "opened", "document": 1, "language": "python", "text": TEXT}
    typed = {"edit": [len(TEXT), 0, "x"], "cursor": len(TEXT) + 1}
    assert lines(path) == [
        {"recording": 1, "content": "kept"},
        {"at": 10.0, **opened},
        {"at": 10.0, **what, "edit": None, "cursor": 5, "trigger": "typing"},
        {"at": 10.25, **what, **typed, "trigger": "explicit"},
        {"at": 10.5, "what": "shown", **told},
        {"at": 11.0, "what": "accepted", **told, "part": "word"},
        {"at": 12.0, "what": "rejected", "length": 13, "suggestion": 2},
        {"at": 13.0, "what": "closed", "document": 1},
    ]


def test_hashed_no_word_path_or_project_of_the_authors_is_in_it(path: Path) -> None:
    with Recorder(path) as recorder:
        for end in range(len(TEXT)):
            recorder.asked(document(TEXT[:end]), end, Trigger.TYPING, float(end))
        recorder.shown(suggestion(), 99.0)
    written = path.read_text("ascii")
    words = (
        "launch",
        "rocket",
        "ignite",
        "land",
        "secret",
        "somebody",
        "engine",
        "acme",
    )
    assert not [word for word in words if word in written]
    assert len(replayed(lines(path))) == len(TEXT) - 1


@settings(max_examples=25)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 60),
            st.integers(0, 4),
            st.text(alphabet="ab é𐌰一1_\n", max_size=5),
        ),
        max_size=25,
    ),
    st.sampled_from(["kept", "hashed"]),
)
def test_the_edits_make_of_the_first_text_each_later_one(
    edits: list[tuple[int, int, str]], content: Literal["kept", "hashed"]
) -> None:
    scribe, text = _Scribe(content), "ab ab\nab"
    written = scribe.asked(document(text), 0, Trigger.TYPING, 0.0)
    for offset, removed, came in edits:
        start = min(offset, len(text))
        text = text[:start] + came + text[start + removed :]
        cursor = start + len(came)
        written += scribe.asked(document(text), cursor, Trigger.TYPING, 0.0)
        assert replayed(written) == scribe._words(text)


def test_a_key_in_a_word_without_an_end_writes_a_piece_of_it_anew() -> None:
    scribe, text = _Scribe("hashed"), "a1" * 5000
    written = scribe.asked(document(text), 5000, Trigger.TYPING, 0.0)
    text = text[:5000] + "x" + text[5000:]
    written += scribe.asked(document(text), 5001, Trigger.TYPING, 0.0)
    offset, removed, came = cast("tuple[int, int, str]", written[-1]["edit"])
    assert (offset, len(came) - removed) == (5000, 1)
    assert len(came) <= 1025
    assert len(replayed(written)) == len(text)


def test_what_is_typed_beside_its_like_is_typed_before_the_cursor() -> None:
    scribe = _Scribe("kept")
    scribe.asked(document("aaa"), 1, Trigger.TYPING, 0.0)
    (line,) = scribe.asked(document("aaaa"), 2, Trigger.TYPING, 0.0)
    assert line["edit"] == [1, 0, "a"]


def test_documents_are_told_apart_by_numbers_and_forgotten_when_they_are_many() -> None:
    scribe = _Scribe("kept")
    for number in range(80):
        scribe.asked(document(uri=f"file:///{number}"), 0, Trigger.TYPING, 0.0)
        scribe.became("shown", suggestion(str(number)), 0.0)
    again = scribe.asked(document(uri="file:///0"), 0, Trigger.TYPING, 0.0)
    assert (again[0]["what"], again[0]["document"]) == ("opened", 81)
    assert scribe.became("shown", suggestion("79"), 0.0)[0]["suggestion"] == 80


def test_nothing_is_made_before_there_is_something_to_write(path: Path) -> None:
    with Recorder(path) as recorder:
        assert not path.exists()
    recorder.asked(document(), 0, Trigger.TYPING, 0.0)
    recorder.close()
    assert not path.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="modes are POSIX's")
def test_the_file_is_for_its_users_eyes_only(path: Path) -> None:
    with Recorder(path) as recorder:
        recorder.asked(document(), 0, Trigger.TYPING, 0.0)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_file_that_is_there_already_stays_as_it_is(path: Path) -> None:
    path.write_text("mine", encoding="ascii")
    with Recorder(path) as recorder:
        recorder.asked(document(), 0, Trigger.TYPING, 0.0)
    assert path.read_text("ascii") == "mine"
    assert recorder.problem == "the recording cannot be written: File exists"
    assert repr(recorder) == f"Recorder(problem={recorder.problem!r})"


def test_a_recording_ends_at_its_size_with_a_whole_line(path: Path) -> None:
    with Recorder(path, max_bytes=600) as recorder:
        for number in range(50):
            recorder.asked(document(TEXT + "x" * number), 0, Trigger.TYPING, 0.0)
    assert path.stat().st_size <= 600
    assert lines(path)
    assert recorder.problem == "the recording has reached its size"
    recorder.shown(suggestion(), 0.0)  # is not heard any more


def test_a_disk_that_is_full_ends_it_without_a_word_to_the_session(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write(_descriptor: int, _data: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("gitlab_completions.editor.recording.os.write", write)
    with Recorder(path) as recorder:
        recorder.asked(document(), 0, Trigger.TYPING, 0.0)
    assert (
        recorder.problem == "the recording cannot be written: No space left on device"
    )


def test_without_a_thread_to_be_had_nothing_is_recorded_or_raised(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def start(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", start)
    with Recorder(path) as recorder:
        recorder.asked(document(), 0, Trigger.TYPING, 0.0)
    assert recorder.problem == "the recording has no thread: there are too many"
    assert not path.exists()


def test_a_defect_ends_it_and_names_no_content(path: Path) -> None:
    broken = cast("Suggestion", object())
    with Recorder(path) as recorder:
        recorder.rejected(broken, 0.0)
    assert recorder.problem == "the recording ended by a defect: AttributeError"


def typed_while_the_disk_hangs(
    path: Path, monkeypatch: pytest.MonkeyPatch, *, size: int, keys: int
) -> tuple[Recorder, str]:
    """Type into a text of a size until the disk goes on; return how it is then."""
    hangs, write = threading.Event(), os.write

    def slow(descriptor: int, data: bytes) -> int:
        hangs.wait(10)
        return write(descriptor, data)

    monkeypatch.setattr("gitlab_completions.editor.recording.os.write", slow)
    text = "y" * size
    with Recorder(path, content="kept") as recorder:
        for number in range(keys):
            text += "x"
            recorder.asked(document(text), len(text), Trigger.TYPING, float(number))
        hangs.set()
    return recorder, text


def test_a_disk_that_hangs_costs_keystrokes_and_never_the_loops_time(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder, text = typed_while_the_disk_hangs(
        path, monkeypatch, size=100_000, keys=500
    )
    written = lines(path)
    assert 300 < recorder.lost < 500
    assert len(written) == 2 + 500 - recorder.lost
    assert replayed(written) == text


def test_a_disk_that_hangs_for_a_while_costs_no_keystroke_of_a_usual_file(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder, text = typed_while_the_disk_hangs(
        path, monkeypatch, size=5_000, keys=1_000
    )
    assert recorder.lost == 0
    assert replayed(lines(path)) == text


def test_wrong_arguments_are_refused(path: Path) -> None:
    with pytest.raises(ConfigurationError, match='"hashed" or "kept"'):
        Recorder(path, content=cast('Literal["kept"]', "all"))
    with pytest.raises(ConfigurationError, match="max_bytes"):
        Recorder(path, max_bytes=0)
