"""`replay` reads recordings, plays authors, and prints a table or one JSON document."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

import pytest

from gitlab_completions._records import replace
from gitlab_completions.cli import replay as module
from gitlab_completions.editor import Document, EditorPolicy, Recorder, Trigger
from gitlab_completions.replay import replay, write
from gitlab_completions.replay.figures import Tally, compare

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from gitlab_completions.replay import Comparison, Script
    from tests.cli.running import Terminal

SMALL = ("replay", "--author", "bursty", "--strokes", "30")


def test_a_synthetic_author_is_replayed_and_the_figures_printed(cli: Terminal) -> None:
    ended = cli(*SMALL, "--no-color")
    assert ended.code == 0
    assert "bursty   ours" in ended.out
    assert "GitLab" in ended.out
    assert "moments at which a stale suggestion was shown: met" in ended.out


def authors(printed: str) -> list[dict[str, object]]:
    document = cast("dict[str, list[dict[str, object]]]", json.loads(printed))
    return document["authors"]


def test_as_json_it_is_one_object(cli: Terminal) -> None:
    ended = cli(*SMALL, "--author", "steady", "--json", "--reference", "2025")
    documents = authors(ended.out)
    assert [each["author"] for each in documents] == ["bursty", "steady", "all"]
    assert documents[0].keys() == {"author", "ours", "reference", "aims"}
    (one,) = replay({"bursty": write("bursty", strokes=30)}, reference=2025)
    assert cast("dict[str, object]", documents[0]["ours"])["requests"] == (
        one.ours.requests
    )


def test_a_recording_is_replayed(cli: Terminal, tmp_path: Path) -> None:
    path = tmp_path / "typing.jsonl"
    text = "import os\n\n"
    with Recorder(path) as recorder:
        for number in range(6):
            document = Document(uri="file:///a.py", text=text + "total = "[:number])
            offset = len(document.text)
            recorder.asked(document, offset, Trigger.TYPING, number / 100)
    ended = cli("replay", str(path), "--json")
    (told,) = authors(ended.out)
    assert told["author"] == str(path)
    assert cast("dict[str, int]", told["ours"])["strokes"] == 5


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "cannot be read: No such file"), ("{}", "it is no recording")],
)
def test_what_is_no_recording_is_said(
    cli: Terminal, tmp_path: Path, content: str | None, said: str
) -> None:
    path = tmp_path / "typing.jsonl"
    if content is not None:
        path.write_text(content, encoding="ascii")
    ended = cli("replay", str(path))
    assert ended.code == 2
    assert said in ended.err


@pytest.fixture
def policies(monkeypatch: pytest.MonkeyPatch) -> list[EditorPolicy]:
    """Play nothing, and note the policy."""
    noted: list[EditorPolicy] = []

    def note(
        authors: Mapping[str, Sequence[Script]],
        *,
        policy: EditorPolicy,
        **_options: object,
    ) -> tuple[Comparison, ...]:
        noted.append(policy)
        return tuple(compare(name, [Tally()], [Tally()]) for name in authors)

    monkeypatch.setattr(module, "replay", note)
    return noted


def test_knobs_are_set_by_name(cli: Terminal, policies: list[EditorPolicy]) -> None:
    settings = (
        *("least_wait_s=0.05", "candidates=2", "automatic=off"),
        *("trigger_characters=.,(", "languages_off=c,go"),
    )
    options = [word for each in settings for word in ("--policy", each)]
    assert cli(*SMALL, *options).code == 0
    assert policies == [
        EditorPolicy(
            least_wait_s=0.05,
            candidates=2,
            automatic=False,
            trigger_characters=frozenset(".,("),
            languages_off=frozenset({"c", "go"}),
        )
    ]


def test_without_files_and_names_all_authors_type(
    cli: Terminal, policies: list[EditorPolicy]
) -> None:
    ended = cli("replay", "--strokes", "5", "--indirect")
    assert len(policies) == 1
    assert "hunt-and-peck" in ended.out
    assert "nothing to compare, aim 0.6" in ended.out


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("most_wit_s=1", "there is no most_wit_s; known: enabled,"),
        ("most_wait_s", "most_wait_s cannot be ''; it is 0.25 by default"),
        ("most_wait_s=soon", "most_wait_s cannot be 'soon'"),
        ("candidates=1.5", "candidates cannot be '1.5'"),
        ("automatic=maybe", "automatic cannot be 'maybe'; it is True by default"),
        ("most_wait_s=0.01", "least_wait_s must not exceed most_wait_s"),
    ],
)
def test_a_wrong_knob_is_named_with_what_is_right(
    cli: Terminal, setting: str, said: str
) -> None:
    ended = cli(*SMALL, "--policy", setting)
    assert ended.code == 2
    assert said in ended.err


def test_a_stale_suggestion_ends_it_with_1(
    cli: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def play(
        authors: Mapping[str, Sequence[Script]], **_options: object
    ) -> tuple[Comparison, ...]:
        ours = Tally(asked=1, waits_s=[0.1], stale=1)
        made = compare(next(iter(authors)), [ours], [Tally()])
        return (replace(made, author="somebody"),)

    monkeypatch.setattr(module, "replay", play)
    ended = cli(*SMALL)
    assert ended.code == 1
    assert "was shown: MISSED" in ended.out
