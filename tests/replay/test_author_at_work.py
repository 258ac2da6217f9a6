"""What an author sees and takes, moment by moment, and what is counted of it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from gitlab_completions._records import replace
from gitlab_completions.emulator.model import Prompt
from gitlab_completions.replay.author_at_work import Author
from gitlab_completions.replay.figures import Tally
from gitlab_completions.replay.foresight import Foresight
from gitlab_completions.replay.pipelines import Offer
from gitlab_completions.replay.script import Stroke
from gitlab_completions.testing import run
from tests.replay.parts import HEAD, TAIL, script, typed

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitlab_completions.editor import Document
    from gitlab_completions.replay.script import Script

LINE = "return"
AT = len(HEAD)


class Told:
    """A pipeline that offers what a test says, after a while.

    Args:
        offers: Gives the offer's text, by what is written in the line.
        after_s: Seconds that it takes.
    """

    def __init__(self, offers: Callable[[str], str], after_s: float = 0.05) -> None:
        self._offers = offers
        self._after_s = after_s
        self.asked: list[tuple[str, bool]] = []
        self.seen: list[str] = []
        self.taken: list[str] = []

    async def suggest(
        self, document: Document, offset: int, *, explicit: bool
    ) -> Offer | None:
        written = document.text[AT:offset]
        self.asked.append((written, explicit))
        await asyncio.sleep(self._after_s)
        text = self._offers(written)
        return Offer(text=text) if text else None

    def shown(self, offer: Offer) -> None:
        self.seen.append(offer.text)

    def accepted(self, offer: Offer) -> None:
        self.taken.append(offer.text)


def played(script: Script, pipeline: Told, *knows: tuple[str, str]) -> Tally:
    """Play; the model has said what `knows` has, by what was written by then."""

    async def play() -> Tally:
        tally, foresight = Tally(), Foresight(script, 0)
        for written, answer in knows:
            foresight(Prompt(above=HEAD + written, below=TAIL))
            said = next(iter(foresight.said.values()))
            said[-1] = replace(said[-1], answer=answer)
        await Author(script, pipeline, foresight, tally).work()
        return tally

    return run(play())


def rest(written: str) -> str:
    return LINE[len(written) :] if LINE.startswith(written) else ""


def test_a_suggestion_that_stays_long_enough_and_agrees_is_taken() -> None:
    strokes = [*typed("re"), *typed("turn", AT + 2, gap_s=5.0)]
    pipeline = Told(rest)
    tally = played(script(*strokes), pipeline, ("r", "eturn"))
    assert pipeline.taken == ["turn"]
    # Shown with the first key, typed along, and taken: three requests, not six.
    assert [written for written, _ in pipeline.asked] == ["r", "re", "return"]
    assert (tally.accepted, tally.accepted_characters, tally.asked) == (1, 4, 3)
    assert (len(tally.waits_s), tally.stayed, tally.stale) == (1, 1, 0)


def test_what_does_not_agree_is_not_taken_however_long_it_stays() -> None:
    strokes = [*typed("re"), *typed("turn", AT + 2, gap_s=5.0)]
    pipeline = Told(lambda written: "peat()" if written == "re" else "")
    tally = played(script(*strokes), pipeline, ("re", "peat()"))
    assert (pipeline.taken, tally.accepted, tally.asked) == ([], 0, 6)
    assert (len(tally.waits_s), tally.stale) == (1, 0)


def test_what_is_typed_on_too_soon_is_not_read() -> None:
    pipeline = Told(rest)
    tally = played(script(*typed(LINE, gap_s=0.06), reading_s=9.0), pipeline)
    assert (tally.accepted, tally.asked) == (0, 6)


def test_a_few_characters_are_typed_sooner_than_read() -> None:
    strokes = [*typed("retu", gap_s=0.02), *typed("rn", AT + 4, gap_s=9.0)]
    pipeline = Told(rest)
    played(script(*strokes), pipeline, ("retu", "rn"))
    assert pipeline.taken == []


def test_an_answer_for_a_document_that_is_gone_is_not_shown() -> None:
    pipeline = Told(rest, after_s=0.3)
    tally = played(script(*typed(LINE, gap_s=0.2)), pipeline, ("r", "eturn"))
    assert (tally.waits_s, pipeline.seen) == ([], [])


def test_a_wait_is_from_the_stroke_to_the_screen() -> None:
    strokes = [*typed("re", gap_s=0.2), Stroke(gap_s=9.0, offset=AT)]
    tally = played(script(*strokes), Told(rest, after_s=0.25), ("re", "turn"))
    assert [round(wait_s, 6) for wait_s in tally.waits_s] == [0.25]
    assert round(tally.elapsed_s, 6) == 9.4


def test_what_was_not_made_for_the_document_is_counted_as_stale() -> None:
    pipeline = Told(lambda written: "xyz" if written == "re" else "")
    tally = played(script(*typed(LINE)), pipeline, ("re", "peat()"))
    assert tally.stale == 1


def test_what_stays_on_the_screen_though_the_text_below_changed_is_stale() -> None:
    below = Stroke(gap_s=0.2, offset=AT + 4, inserted="z", cursor=AT + 1)
    strokes = [*typed("r"), below, *typed("eturn", AT + 1, gap_s=2.0)]
    pipeline = Told(lambda written: "eturn" if written == "r" else "")
    tally = played(script(*strokes, reading_s=50.0), pipeline, ("r", "eturn"))
    assert tally.stale > 0


def test_a_defect_of_a_pipeline_is_no_silence() -> None:
    def broken(_written: str) -> str:
        raise ZeroDivisionError

    with pytest.raises(ExceptionGroup) as caught:
        played(script(*typed(LINE)), Told(broken))
    assert caught.group_contains(ZeroDivisionError)


def test_an_explicit_request_asks_without_an_edit_and_a_move_does_not() -> None:
    explicit = Stroke(gap_s=0.2, offset=AT, explicit=True)
    move = Stroke(gap_s=0.2, offset=0)
    pipeline = Told(lambda _: "")
    played(script(explicit, move), pipeline)
    assert pipeline.asked == [("", True)]


def test_strokes_without_a_time_between_them_are_asked_about_each_by_itself() -> None:
    # A recording whose clock went back has many: asked about in the end, all at once,
    # they would take a session hours.
    pipeline = Told(lambda _written: "")
    played(script(*typed(LINE, gap_s=0.0)), pipeline)
    assert [written for written, _ in pipeline.asked] == [
        LINE[:size] for size in range(1, len(LINE) + 1)
    ]
