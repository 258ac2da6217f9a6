"""Simulated authors, with real clients: they think, type in bursts, and take breaks.

Each draws from a generator of its own, seeded by the plan and its number, so that what
one author does depends on no other. A burst asks for a completion at each keystroke; a
keystroke before the answer supersedes the call, as in an editor. The last one's answer
is waited for. Each session is a new client, as an editor that was opened anew.
"""

from __future__ import annotations

import asyncio
import math
import random
from typing import TYPE_CHECKING

from gitlab_completions.errors import GitLabCompletionsError
from gitlab_completions.models import CompletionRequest, ContextItem

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gitlab_completions.client import CompletionClient
    from gitlab_completions.events import Observer
    from gitlab_completions.rehearsal.levers import Rollout
    from gitlab_completions.rehearsal.plan import Plan
    from gitlab_completions.rehearsal.stage import Stage

__all__ = ("Author",)

_ABOVE = '''"""Shapes, and how large they are."""


def area(width, height):
    return width * height


def volume(width, height, depth):
    return area(width, height) * '''
_TYPED = "depth"
_CONTEXT = (ContextItem(name="units.py", content="MILLIMETRES = 1000\n"),)
_KEYSTROKE_SPREAD = 0.4
"""Of the logarithm: most keystrokes of a burst are 100 to 400 ms apart."""


class Author:
    """One author.

    Args:
        number: Which one, from 0.
        plan: How it types.
        stage: The GitLab that it uses.
        rollout: Decides whether it goes direct.
        observers: Makes those of a new client.
    """

    def __init__(
        self,
        number: int,
        plan: Plan,
        stage: Stage,
        rollout: Rollout,
        observers: Callable[[int], Sequence[Observer]],
    ) -> None:
        self.number = number
        self._habits = plan.authors
        self._stage = stage
        self._rollout = rollout
        self._observers = observers
        self._chance = random.Random(f"{plan.seed}:author:{number}")
        has_context = self._chance.random() < self._habits.with_context
        self._requests = [
            CompletionRequest(
                file_name="shapes.py",
                content_above_cursor=_ABOVE + _TYPED[:typed],
                context=_CONTEXT if has_context else (),
            )
            for typed in range(len(_TYPED))
        ]

    async def work(self) -> None:
        """Open the editor, type, close it, and again."""
        habits, chance = self._habits, self._chance
        # In the middle of a day: so many have an editor open already.
        open_share = habits.session_s / (habits.session_s + habits.break_s)
        if chance.random() >= open_share:
            await asyncio.sleep(chance.expovariate(1 / habits.break_s))
        while True:
            await self._session()
            await asyncio.sleep(chance.expovariate(1 / habits.break_s))

    async def _session(self) -> None:
        loop = asyncio.get_running_loop()
        ends_at = loop.time() + self._chance.expovariate(1 / self._habits.session_s)
        opening = self._stage.client(
            self.number,
            policy=self._rollout.policy(self.number),
            flags=self._rollout.source(self.number),
            observers=self._observers(self.number),
            chance=self._chance,
        )
        async with opening as client:
            self._rollout.opened(self.number, client)
            try:
                while loop.time() < ends_at:
                    await asyncio.sleep(self._pause_s())
                    await self._burst(client)
            finally:
                self._rollout.closed(self.number)

    async def _burst(self, client: CompletionClient) -> None:
        """Type some keys, each with a call; all but the last have little time."""
        more = 1 - 1 / self._habits.keystrokes
        typed = 0
        while self._chance.random() < more:
            await self._ask(client, typed, self._keystroke_s())
            typed += 1
        await self._ask(client, typed, None)

    async def _ask(
        self, client: CompletionClient, typed: int, patience_s: float | None
    ) -> None:
        """Ask for a completion, and type on when it has not come in time."""
        request = self._requests[typed % len(self._requests)]
        call = asyncio.create_task(client.complete(request))
        try:
            await asyncio.wait({call}, timeout=patience_s)
        finally:
            call.cancel()
            await asyncio.wait({call})
        error = None if call.cancelled() else call.exception()
        if error is not None and not isinstance(error, GitLabCompletionsError):
            raise error  # a defect, and no completion that was lost

    def _pause_s(self) -> float:
        habits = self._habits
        return self._chance.lognormvariate(
            math.log(habits.think_s), habits.think_spread
        )

    def _keystroke_s(self) -> float:
        median_s = self._habits.keystroke_s
        return self._chance.lognormvariate(math.log(median_s), _KEYSTROKE_SPREAD)
