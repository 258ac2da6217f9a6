"""Three authors that are made up, and the scripts that they write.

How fast people type is from the largest study of it (Dhakal and others, *Observations
on Typing from 136 Million Keystrokes*, 2018): some 240 ms from key to key on average,
120 for the fast, 480 for the slow, logarithms spread evenly. That they stop to think at
a line's beginning, hesitate before words, mistype and correct themselves, and leave the
line to mend something elsewhere is what the rest is for: each is what a debounce, a
cache or a suggestion that waits on the screen has to cope with.
"""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING

from gitlab_completions._checks import check_count
from gitlab_completions._records import Record
from gitlab_completions.errors import ConfigurationError
from gitlab_completions.replay.passages import PASSAGES
from gitlab_completions.replay.script import Script, Stroke, after

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitlab_completions.replay.passages import Passage

__all__ = ("AUTHORS", "Habits", "write")

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_MENDED = 3
"""Characters of a word that are taken back and written anew elsewhere."""
_LONG_WORD = 6


class Habits(Record):
    """How an author types.

    Args:
        gap_s: Median seconds from one key to the next.
        spread: Standard deviation of their logarithm.
        burst: Mean words until a hesitation.
        hesitation_s: Median seconds of it.
        thinking_s: Median seconds before a line.
        thinking_spread: Standard deviation of the logarithms of both.
        mistypes: Share of letters that are mistyped.
        leaves: Share of lines in which something elsewhere is mended.
        reading_s: Median seconds from seeing a suggestion to taking it.
    """

    gap_s: float
    spread: float
    burst: float
    hesitation_s: float
    thinking_s: float
    thinking_spread: float = 0.6
    mistypes: float
    leaves: float = 0.15
    reading_s: float


AUTHORS = {
    "steady": Habits(
        gap_s=0.2,
        spread=0.25,
        burst=8.0,
        hesitation_s=0.5,
        thinking_s=1.0,
        mistypes=0.02,
        reading_s=0.45,
    ),
    "bursty": Habits(
        gap_s=0.115,
        spread=0.35,
        burst=2.5,
        hesitation_s=0.7,
        thinking_s=1.5,
        mistypes=0.04,
        reading_s=0.35,
    ),
    "hunt-and-peck": Habits(
        gap_s=0.45,
        spread=0.45,
        burst=4.0,
        hesitation_s=0.9,
        thinking_s=1.8,
        mistypes=0.03,
        reading_s=0.7,
    ),
}
"""By their names. The steady one is the study's average, the others its ends."""


def write(name: str, *, seed: int = 0, strokes: int = 1500) -> tuple[Script, ...]:
    """Return what an author writes, a script for each file, until it is enough.

    Args:
        name: One of `AUTHORS`.
        seed: Makes all that is random; the same seed, the same scripts.
        strokes: So many strokes, all scripts together.

    Raises:
        ConfigurationError: When there is no such author, or less than one stroke.
    """
    if name not in AUTHORS:
        raise ConfigurationError(f"name must be one of {', '.join(AUTHORS)}")
    check_count("strokes", strokes)
    chance = random.Random(f"{seed}:{name}")
    habits = AUTHORS[name]
    scripts: list[Script] = []
    left = strokes
    while left > 0:
        passage = PASSAGES[len(scripts) % len(PASSAGES)]
        typed = tuple(_Author(habits, passage, chance).strokes())[:left]
        left -= len(typed)
        made = Script(
            name=f"{name}, {passage.file_name}",
            text=passage.head + passage.tail,
            strokes=typed,
            language=passage.language,
            reading_s=habits.reading_s,
            seed=chance.getrandbits(32),
        )
        scripts.append(made)
    return tuple(scripts)


class _Author:
    """One author in one file.

    Args:
        habits: How the author types.
        passage: What is written, and where.
        chance: Throws the dice.
    """

    def __init__(self, habits: Habits, passage: Passage, chance: random.Random) -> None:
        self._habits = habits
        self._passage = passage
        self._chance = chance
        self._text = passage.head + passage.tail
        self._cursor = len(passage.head)

    def strokes(self) -> Iterator[Stroke]:
        """Type the passage, with all that comes between."""
        lines = self._passage.body.splitlines()
        for number, line in enumerate(lines):
            indented = len(line) - len(line.lstrip())
            # An editor indents the line that one begins.
            new_line = "\n" if number else ""
            yield self._type(new_line + line[:indented], self._thinking_s())
            leaves_at = self._leaves_at(line)
            for at, character in enumerate(line[indented:], indented):
                yield from self._key(character, line[at - 1 : at])
                if at == leaves_at:
                    yield from self._mend_elsewhere()
        yield self._type("\n", self._gap_s())

    def _key(self, character: str, before: str) -> Iterator[Stroke]:
        """Type a character: after a hesitation, or only in the end."""
        gap_s = self._gap_s()
        begins_word = character.isalnum() and not before.isalnum()
        if begins_word and self._chance.random() < 1 / self._habits.burst:
            gap_s = self._long_s(self._habits.hesitation_s)
        if character.isalpha() and self._chance.random() < self._habits.mistypes:
            yield self._type(self._chance.choice(_LETTERS), gap_s)
            yield self._take_back(2 * self._gap_s())
            gap_s = self._gap_s()
        yield self._type(character, gap_s)

    def _mend_elsewhere(self) -> Iterator[Stroke]:
        """Leave the line, write the end of a word below anew, and come back."""
        back_to = self._cursor
        words = [
            at
            for at in range(back_to + _LONG_WORD, len(self._text))
            if self._text[at - _LONG_WORD : at].isalpha()
        ]
        self._cursor = self._chance.choice(words)
        yield Stroke(gap_s=self._thinking_s(), offset=self._cursor)
        for _ in range(_MENDED):
            yield self._take_back(self._gap_s())
        for _ in range(_MENDED):
            yield self._type(self._chance.choice(_LETTERS), self._gap_s())
        self._cursor = back_to
        yield Stroke(gap_s=self._thinking_s(), offset=back_to)

    def _leaves_at(self, line: str) -> int | None:
        """Return behind which character of a line it is left, if it is."""
        if len(line.strip()) < _LONG_WORD:
            return None
        if self._chance.random() >= self._habits.leaves:
            return None
        return self._chance.randrange(len(line) - _LONG_WORD // 2, len(line))

    def _type(self, text: str, gap_s: float) -> Stroke:
        return self._do(Stroke(gap_s=gap_s, offset=self._cursor, inserted=text))

    def _take_back(self, gap_s: float) -> Stroke:
        return self._do(Stroke(gap_s=gap_s, offset=self._cursor - 1, removed=1))

    def _do(self, stroke: Stroke) -> Stroke:
        state = after(self._text, stroke)
        self._text, self._cursor = state.text, state.cursor
        return stroke

    def _gap_s(self) -> float:
        habits = self._habits
        return self._chance.lognormvariate(math.log(habits.gap_s), habits.spread)

    def _thinking_s(self) -> float:
        return self._long_s(self._habits.thinking_s)

    def _long_s(self, median_s: float) -> float:
        spread = self._habits.thinking_spread
        return self._chance.lognormvariate(math.log(median_s), spread)
