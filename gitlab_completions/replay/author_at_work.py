"""An author at work: types a script, reads what is shown, takes what agrees.

The screen is an editor's: at each edit, what was shown goes, unless it was typed along,
and an answer to what is no longer there is not shown at all. What stays long enough to
be read and is just what the author means to write is taken, and with it the strokes
that it saves. The author means what the script says, whatever is shown.
"""

from __future__ import annotations

import asyncio
import math
import random
from typing import TYPE_CHECKING

from gitlab_completions.editor import Document
from gitlab_completions.replay.script import Meaning, State, Stroke, after

if TYPE_CHECKING:
    from gitlab_completions.replay.figures import Tally
    from gitlab_completions.replay.foresight import Foresight
    from gitlab_completions.replay.pipelines import Offer, Pipeline
    from gitlab_completions.replay.script import Script

__all__ = ("Author",)

_URI = "file:///replayed"
_READING_SPREAD = 0.3
"""Of the logarithm of the seconds that reading takes."""
_LINGERS_S = 1.0
"""Seconds that the author looks at what the last stroke brings."""
_WORTH_TAKING = 3
"""Characters: fewer are typed sooner than read."""


class _Shown:
    """What is on the screen.

    Args:
        offer: What was offered.
        text: What is left of it.
        read_at: When it will have been read, in the loop's seconds.
    """

    __slots__ = ("offer", "read_at", "text")

    def __init__(self, offer: Offer, text: str, read_at: float) -> None:
        self.offer = offer
        self.text = text
        self.read_at = read_at


class Author:
    """One author in one document.

    Args:
        script: What is written.
        pipeline: What makes suggestions.
        foresight: The model, which knows what was made for which document.
        tally: Is told what happens.
    """

    def __init__(
        self,
        script: Script,
        pipeline: Pipeline,
        foresight: Foresight,
        tally: Tally,
    ) -> None:
        self._script = script
        self._pipeline = pipeline
        self._foresight = foresight
        self._tally = tally
        self._meaning = Meaning(script)
        self._chance = random.Random(f"{script.seed}:reading")
        self._loop = asyncio.get_running_loop()
        self._state = State(text=script.text, cursor=0)
        self._at = -1
        self._version = 0
        self._shown: _Shown | None = None
        self._news = asyncio.Event()
        self._asking = asyncio.TaskGroup()
        self._unanswered: set[asyncio.Task[None]] = set()

    async def work(self) -> None:
        """Write the script to its end.

        Raises:
            ExceptionGroup: When the pipeline raises, which is a defect of its own.
        """
        async with self._asking:
            await self._write()
            for task in self._unanswered:
                task.cancel()

    async def _write(self) -> None:
        strokes = self._script.strokes
        began = due = self._loop.time()
        while self._at + 1 < len(strokes):
            stroke = strokes[self._at + 1]
            due += stroke.gap_s
            if await self._takes_before(due):
                due = self._loop.time()
            else:
                self._at += 1
                self._do(stroke)
                # Where strokes have no time between them: each asks for itself.
                await asyncio.sleep(0)
        self._tally.elapsed_s += self._loop.time() - began
        await self._takes_before(self._loop.time() + _LINGERS_S)

    async def _takes_before(self, due: float) -> bool:
        """Wait until a moment; tell whether what is shown was taken before it."""
        while self._loop.time() < due:
            self._news.clear()
            read_at = math.inf if self._shown is None else self._shown.read_at
            try:
                async with asyncio.timeout_at(min(due, read_at)):
                    await self._news.wait()
            except TimeoutError:
                if self._shown is not None and self._take(self._shown):
                    return True
        return False

    def _take(self, shown: _Shown) -> bool:
        """Take what is shown, if it has been read and agrees; tell whether it was."""
        if shown.read_at > self._loop.time():
            return False
        shown.read_at = math.inf
        cursor = self._state.cursor
        reached = self._meaning.reached_by(shown.text, self._at, cursor)
        if reached is None or len(shown.text.strip()) < _WORTH_TAKING:
            return False
        self._pipeline.accepted(shown.offer)
        self._tally.accepted += 1
        self._tally.accepted_characters += len(shown.text)
        stroke = Stroke(gap_s=0, offset=cursor, inserted=shown.text)
        self._shown = None
        self._at = reached
        self._do(stroke)
        return True

    def _do(self, stroke: Stroke) -> None:
        """Change the document and the screen, and ask for what is next."""
        self._shown = self._left_after(stroke)
        self._state = after(self._state.text, stroke)
        self._version += 1
        self._check_screen()
        if stroke.asks:
            task = self._asking.create_task(self._ask(explicit=stroke.explicit))
            self._unanswered.add(task)
            task.add_done_callback(self._unanswered.discard)

    def _left_after(self, stroke: Stroke) -> _Shown | None:
        """Return what an editor leaves on the screen."""
        shown, typed = self._shown, stroke.inserted
        is_typed = stroke.offset == self._state.cursor and not stroke.removed
        if shown is None or not is_typed or stroke.explicit:
            return None
        if not shown.text.startswith(typed) or shown.text == typed:
            return None
        shown.text = shown.text[len(typed) :]
        return shown

    async def _ask(self, *, explicit: bool) -> None:
        version, asked_at = self._version, self._loop.time()
        self._tally.asked += 1
        document = Document(
            uri=_URI, text=self._state.text, language=self._script.language
        )
        cursor = self._state.cursor
        offer = await self._pipeline.suggest(document, cursor, explicit=explicit)
        if version == self._version:
            self._show(offer, self._loop.time() - asked_at)

    def _show(self, offer: Offer | None, waited_s: float) -> None:
        shown = self._shown
        if offer is None:
            self._shown = None
        elif shown is not None and shown.text == offer.text:
            shown.offer = offer
            self._tally.stayed += 1
        else:
            self._shown = self._new(offer)
            self._tally.waits_s.append(waited_s)
            self._pipeline.shown(offer)
        self._check_screen()
        self._news.set()

    def _new(self, offer: Offer) -> _Shown:
        median_s = math.log(self._script.reading_s)
        reading_s = self._chance.lognormvariate(median_s, _READING_SPREAD)
        return _Shown(offer, offer.text, self._loop.time() + reading_s)

    def _check_screen(self) -> None:
        """Count what is shown and was not made for the document as it is."""
        shown = self._shown
        if shown and not self._foresight.vouches_for(shown.text, self._state):
            self._tally.stale += 1
