"""A whole replay: both pipelines, the same strokes, the aims, and nothing stale."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlab_completions.editor import EditorPolicy
from gitlab_completions.replay import AUTHORS, Latencies, replay, write
from gitlab_completions.replay.script import Stroke
from gitlab_completions.testing import FakeGitLab
from tests.replay.parts import script, typed

if TYPE_CHECKING:
    import pytest

    from gitlab_completions.replay.foresight import Foresight

SMALL = {name: write(name, strokes=70) for name in AUTHORS}


def test_ours_is_sooner_and_sends_less_and_shows_nothing_stale() -> None:
    names: list[str] = []
    compared = replay(SMALL, tell=names.append)
    assert [each.author for each in compared] == [*AUTHORS, "all"]
    assert names == [f"{name}, inventory.py" for name in AUTHORS]
    assert [aim.name for aim in compared[-1].aims] == ["p50", "requests", "stale"]
    for each in compared:
        assert each.ours.stale == 0
        assert each.ours.strokes > 0
    last = compared[-1]
    assert last.ours.p50_s is not None
    assert last.reference.p50_s is not None
    assert last.ours.p50_s <= 0.6 * last.reference.p50_s


def test_what_the_model_was_asked_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[FakeGitLab] = []

    def make(*args: Foresight, seed: int) -> FakeGitLab:
        made.append(FakeGitLab(*args, seed=seed))
        return made[-1]

    monkeypatch.setattr("gitlab_completions.replay.performance.FakeGitLab", make)
    (compared,) = replay({"steady": write("steady", strokes=60)})
    assert compared.ours.requests > 4
    assert [len(each.prompts) <= 4 for each in made] == [True, True]


def test_the_same_scripts_give_the_same_figures() -> None:
    one = {"bursty": write("bursty", strokes=40)}
    assert replay(one) == replay(one)


def test_a_policy_that_never_asks_by_itself_sends_nothing() -> None:
    one = {"steady": write("steady", strokes=60)}
    (compared,) = replay(one, policy=EditorPolicy(automatic=False))
    assert (compared.ours.requests, compared.ours.shown) == (0, 0)
    assert compared.reference.requests > 0


def test_indirectly_typing_stays_within_the_instances_limit() -> None:
    one = {"steady": write("steady", strokes=150)}
    (compared,) = replay(one, direct=False)
    assert compared.ours.requests > 0
    assert compared.ours.requests_a_minute is not None
    assert compared.ours.requests_a_minute <= 50
    assert compared.reference.repeated == 0


def test_the_reference_client_of_2025_repeats_nothing() -> None:
    one = {"hunt-and-peck": write("hunt-and-peck", strokes=40)}
    ((of_2026,), (of_2025,)) = (
        replay(one),
        replay(one, reference=2025, latencies=Latencies(direct_s=0.5)),
    )
    assert of_2026.reference.repeated > 0
    assert of_2025.reference.repeated == 0


def test_an_edit_far_below_makes_the_reference_clients_cache_stale_and_not_ours() -> (
    None
):
    # W21: its key sees one line on each side.
    tail = "\n\ndef last():\n    pass\n"
    line, at = "total = price * count", len("import os\n\n\n")
    begun = typed(line[:8], at)
    seen = Stroke(gap_s=3.0, offset=at + 8, inserted="p")
    below = at + 9 + len(tail)
    edit = Stroke(gap_s=3.0, offset=below, inserted="# changed\n")
    back = Stroke(gap_s=0.3, offset=at + 9)
    rest = typed(line[9:], at + 9, gap_s=0.6)
    stale = ours = 0
    for seed in range(3):
        one = script(*begun, seen, edit, back, *rest, reading_s=60.0, seed=seed)
        (compared,) = replay({"one": (one,)})
        stale += compared.reference.stale
        ours += compared.ours.stale
    assert stale > 0
    assert ours == 0
