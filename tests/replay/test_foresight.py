"""The model knows what will be written, errs the same way each time, and vouches."""

from __future__ import annotations

from gitlab_completions.emulator.model import Prompt
from gitlab_completions.replay.authors import write
from gitlab_completions.replay.foresight import Foresight
from gitlab_completions.replay.script import Meaning, State, states
from tests.replay.parts import HEAD, TAIL, script, typed

LINE = "total = price * count"
SCRIPT = script(*typed(LINE))
AT = len(HEAD)


def asked(foresight: Foresight, written: str) -> str:
    return foresight(Prompt(above=HEAD + written, below=TAIL))


def test_it_says_the_same_at_the_same_place_and_goes_on_understanding() -> None:
    told: set[str] = set()
    for seed in range(30):
        foresight = Foresight(SCRIPT, seed)
        right = [
            asked(foresight, LINE[:end]) == LINE[end:] for end in range(1, len(LINE))
        ]
        assert right == sorted(right)  # once it is right it stays so
        told.add(str(right))
        assert asked(foresight, "tot") == asked(Foresight(SCRIPT, seed), "tot")
    assert len(told) > 5


def test_it_goes_astray_behind_the_word_it_is_in() -> None:
    for seed in range(30):
        answer = asked(Foresight(SCRIPT, seed), "to")
        assert not answer or answer.startswith("tal")


def test_of_what_is_in_no_script_it_knows_nothing() -> None:
    assert asked(Foresight(SCRIPT, 1), "something else") == ""


def test_some_suggestions_are_right_and_some_wrong_on_every_authors_lines() -> None:
    (bursty,) = write("bursty", strokes=400)
    foresight, meaning = Foresight(bursty, 0), Meaning(bursty)
    right = wrong = 0
    for number, state in enumerate(states(bursty)):
        answer = foresight(Prompt(above=state.above, below=state.below))
        if answer:
            agrees = meaning.text(number, state.cursor).startswith(answer)
            right, wrong = right + agrees, wrong + (not agrees)
    assert right > 50
    assert wrong > 50


def test_it_vouches_for_what_it_said_of_the_document_as_it_is() -> None:
    foresight = Foresight(SCRIPT, 3)
    answer = asked(foresight, "total")
    assert answer
    above = HEAD + "total"
    here = State(text=above + TAIL, cursor=len(above))
    along = State(text=above + answer[0] + TAIL, cursor=len(above) + 1)
    back = State(text=above[:-2] + TAIL, cursor=len(above) - 2)
    assert foresight.vouches_for(answer, here)
    assert foresight.vouches_for(answer[:-1], here)  # trimmed at its end
    assert foresight.vouches_for(answer[1:], along)
    assert foresight.vouches_for("al" + answer, back)


def test_it_does_not_vouch_once_the_document_is_another() -> None:
    foresight = Foresight(SCRIPT, 3)
    answer = asked(foresight, "total")
    above = HEAD + "total"
    below = State(text=above + TAIL + "x", cursor=len(above))
    shorter = State(text=above[1:] + TAIL, cursor=len(above) - 1)
    assert not foresight.vouches_for(answer, below)
    assert not foresight.vouches_for(answer, shorter)
    assert not foresight.vouches_for("x" + answer, State(text=TAIL, cursor=0))


def test_line_ends_do_not_matter_to_it() -> None:
    crlf = script(*typed(LINE, len(HEAD) + 3), text=(HEAD + TAIL).replace("\n", "\r\n"))
    foresight = Foresight(crlf, 3)
    answer = asked(foresight, "total")
    above = HEAD.replace("\n", "\r\n") + "total"
    text = above + TAIL.replace("\n", "\r\n")
    assert foresight.vouches_for(answer, State(text=text, cursor=len(above)))


def test_of_a_large_document_it_knows_what_is_near() -> None:
    far = "x = 1\n" * 30_000
    large = script(*typed(LINE, len(far + HEAD)), text=far + HEAD + TAIL + far)
    foresight = Foresight(large, 3)
    # A client cuts what it sends.
    prompt = Prompt(above=(far + HEAD + "total")[-50_000:], below=(TAIL + far)[:50_000])
    answer = foresight(prompt)
    assert answer
    above = far + HEAD + "total"
    here = State(text=above + TAIL + far, cursor=len(above))
    along = State(text=above + answer[0] + TAIL + far, cursor=len(above) + 1)
    assert foresight.vouches_for(answer, here)
    assert foresight.vouches_for(answer[1:], along)
    assert not foresight.vouches_for(answer, along)


def test_it_keeps_no_text_of_a_document_that_it_was_asked_about() -> None:
    far = "x = 1\n" * 5_000
    large = script(*typed(LINE, len(far + HEAD)), text=far + HEAD + TAIL + far)
    foresight = Foresight(large, 3)
    for size in range(1, len(LINE)):
        foresight(Prompt(above=far + HEAD + LINE[:size], below=TAIL + far))
    assert len(repr(foresight.said)) < 200 * len(LINE)
