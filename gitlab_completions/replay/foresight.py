"""A model that knows the script, and is as often wrong as a model is.

How good suggestions are is not what a replay measures; when they come is. So they are
made from what the author will write: on each line the model understands it from some
place on, gives the rest of the line or more from there, and before that something that
is right to the end of the word and then goes astray. What it says depends on the seed
and the place alone, so every pipeline is told the same at the same place, and a model
that has understood goes on understanding, as real ones do.
"""

from __future__ import annotations

import random
import re
from typing import TYPE_CHECKING

from gitlab_completions._records import Record
from gitlab_completions.replay.script import Meaning, State, states

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitlab_completions.emulator.model import Prompt
    from gitlab_completions.replay.script import Script

__all__ = ("Foresight", "Said")

_UNDERSTOOD_AT_ONCE = 0.35
"""Share of lines that are understood before they are begun."""
_NEVER_UNDERSTOOD = 0.15
"""Share of lines that never are."""
_SAYS_NOTHING = 0.08
"""Share of lines for which nothing is said."""
_LENGTHS = (1, 1, 1, 1, 3)
"""Lines of an answer, each as likely."""
_NEAR = 20_000
"""Characters on each side by which places are told apart: requests are cut."""
_ASTRAY = ("_value", "(data)", " = None", "Result", ".items()", "_count + 1")
_REST_OF_WORD = re.compile(r"\w*")


class Said(Record):
    """What the model was asked and answered, of the text near the cursor.

    Digests stand for texts: a long recording asks tens of thousands of times.

    Args:
        length: Characters of the document up to the cursor.
        above: The digest of those of them that are near.
        answer: What it said; the gateway may have cut its end.
    """

    length: int
    above: int
    answer: str


class Foresight:
    """The model.

    Args:
        script: What is written.
        seed: Makes its mistakes.

    Attributes:
        said: What it was asked and answered, by the digest of the text below.
    """

    def __init__(self, script: Script, seed: int) -> None:
        self._seed = seed
        self._meaning = Meaning(script)
        self._places = dict(_places(script))
        self.said: dict[int, list[Said]] = {}

    def __call__(self, prompt: Prompt) -> str:
        """Answer."""
        above, below = _near(prompt.above, prompt.below)
        place = self._places.get(hash((above, below)))
        if place is None:
            return ""
        answer = self._answer(above, place)
        said = Said(length=place.length, above=hash(above), answer=_plain(answer))
        self.said.setdefault(hash(below), []).append(said)
        return answer

    def vouches_for(self, text: str, state: State) -> bool:
        """Tell whether a suggestion was made for the document as it is.

        It was if the text below is what the model saw, and the text above with the
        suggestion is the beginning of what the model saw with what it answered.
        """
        _, below = _near("", state.below)
        shown = _plain(state.above) + _plain(text)
        return any(
            0 < len(shown) - said.length <= len(said.answer)
            and said.answer.startswith(shown[said.length :])
            and hash(_near(shown[: said.length], "")[0]) == said.above
            for said in self.said.get(hash(below), ())
        )

    def _answer(self, above: str, place: _Place) -> str:
        begun = above.rpartition("\n")[2]
        meant = self._meaning.text(place.stroke, place.cursor)
        rest = meant.partition("\n")[0]
        indented = len(begun) - len(begun.lstrip())
        # Lines are told apart by what is above them, so typing on one changes nothing.
        chance = random.Random(f"{self._seed}:{above[: len(above) - len(begun)]}")
        if chance.random() < _SAYS_NOTHING:
            return ""
        lines = chance.choice(_LENGTHS)
        beyond = chance.random() - _UNDERSTOOD_AT_ONCE
        share = beyond / (1 - _UNDERSTOOD_AT_ONCE - _NEVER_UNDERSTOOD)
        length = len(begun.strip()) + len(rest)
        if share > 1 or len(begun) - indented < share * length or not meant:
            word = _REST_OF_WORD.match(rest)
            return (word[0] if word else "") + chance.choice(_ASTRAY)
        return "\n".join(meant.split("\n")[:lines])


class _Place(Record):
    """Where the author is after a stroke.

    Args:
        stroke: Its number.
        cursor: Where the cursor is.
        length: The same with the line ends that requests carry.
    """

    stroke: int
    cursor: int
    length: int


def _places(script: Script) -> Iterator[tuple[int, _Place]]:
    """Give each state's digest, and what place that is."""
    for number, state in enumerate(states(script)):
        length = len(_plain(state.above))
        place = _Place(stroke=number, cursor=state.cursor, length=length)
        yield hash(_near(state.above, state.below)), place


def _near(above: str, below: str) -> tuple[str, str]:
    """Return the texts near the cursor, with the line ends that requests carry."""
    return _plain(above)[-_NEAR:], _plain(below)[:_NEAR]


def _plain(text: str) -> str:
    """Return a text with the line ends that requests carry."""
    return text.replace("\r\n", "\n") if "\r" in text else text
