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
_ASTRAY = ("_value", "(data)", " = None", "Result", ".items()", "_count + 1")
_REST_OF_WORD = re.compile(r"\w*")


class Said(Record):
    """What the model was asked and answered.

    Args:
        above: The text up to the cursor.
        below: The text behind it.
        answer: What it said; the gateway may have cut its end.
    """

    above: str
    below: str
    answer: str


class Foresight:
    """The model.

    Args:
        script: What is written.
        seed: Makes its mistakes.

    Attributes:
        said: What it was asked and answered, by the text below the cursor.
    """

    def __init__(self, script: Script, seed: int) -> None:
        self._seed = seed
        self._meaning = Meaning(script)
        self._places = dict(_places(script))
        self.said: dict[int, list[Said]] = {}

    def __call__(self, prompt: Prompt) -> str:
        """Answer."""
        above, below = _plain(prompt.above), _plain(prompt.below)
        place = self._places.get(hash((above, below)))
        answer = "" if place is None else self._answer(above, *place)
        said = Said(above=above, below=below, answer=answer)
        self.said.setdefault(hash(below), []).append(said)
        return answer

    def vouches_for(self, text: str, state: State) -> bool:
        """Tell whether a suggestion was made for the document as it is.

        It was if the text below is what the model saw, and the text above with the
        suggestion is the beginning of what the model saw with what it answered.
        """
        above, below = _plain(state.above), _plain(state.below)
        shown = above + _plain(text)
        return any(
            said.below == below and (said.above + said.answer).startswith(shown)
            for said in self.said.get(hash(below), ())
        )

    def _answer(self, above: str, at: int, cursor: int) -> str:
        begun = above.rpartition("\n")[2]
        meant = self._meaning.text(at, cursor)
        rest = meant.partition("\n")[0]
        indented = len(begun) - len(begun.lstrip())
        # Lines are told apart by what is above them, so typing on one changes nothing.
        chance = random.Random(f"{self._seed}:{above[: len(above) - len(begun)]}")
        if chance.random() < _SAYS_NOTHING:
            return ""
        lines = chance.choice(_LENGTHS)
        place = chance.random() - _UNDERSTOOD_AT_ONCE
        share = place / (1 - _UNDERSTOOD_AT_ONCE - _NEVER_UNDERSTOOD)
        length = len(begun.strip()) + len(rest)
        if share > 1 or len(begun) - indented < share * length or not meant:
            word = _REST_OF_WORD.match(rest)
            return (word[0] if word else "") + chance.choice(_ASTRAY)
        return "\n".join(meant.split("\n")[:lines])


def _places(script: Script) -> Iterator[tuple[int, tuple[int, int]]]:
    """Give each state's digest, with its stroke's number and its cursor."""
    for number, state in enumerate(states(script)):
        digest = hash((_plain(state.above), _plain(state.below)))
        yield digest, (number, state.cursor)


def _plain(text: str) -> str:
    """Return a text with the line ends that requests carry."""
    return text.replace("\r\n", "\n") if "\r" in text else text
