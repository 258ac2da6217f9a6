"""How people type, and what becomes of their calls.

Figures of the model: a burst of keystrokes, eight to ten a second, each of which wants
a completion and supersedes the one before; then a look at what was suggested, for 0.8 s
in the middle, 3 s in one of ten, half a minute and more now and then. With a route that
answers in a tenth of a second, some six calls of ten are superseded. One of a few calls
is read as it comes, and left in its midst like the others.
"""

from __future__ import annotations

import asyncio
import math
import random
from collections import deque
from typing import TYPE_CHECKING

from gitlab_completions import CompletionRequest, RoutingPolicy
from tests.loopback.scene import SOURCE
from tests.soak.verdict import Call

if TYPE_CHECKING:
    import itertools

    from gitlab_completions import Completion, CompletionClient
    from tests.loopback.witness import Witness
    from tests.soak.journal import Journal, Told
    from tests.soak.verdict import Judge

GAP_S, GAP_SPREAD = 0.108, 0.18
PAUSE_S = 0.8
PAUSE_SPREAD = math.log(3.0 / PAUSE_S) / 1.2816
"""One in ten is longer than 3 s: 1.2816 is the normal distribution's 90 %."""
KEYS_MEAN = 4.0
LONG_PAUSE_S = (30.0, 45.0)
LONG_PAUSES = 0.01
PATIENT = 0.7
"""Share of pauses in which the author waits for the call's end, however long."""
STREAMED = 4
"""Every so manieth call is streamed."""
DEADLINE_S = RoutingPolicy().deadline_s
"""Seconds that a streamed call has; it has none by itself."""
LEAVES_S = 1.0
"""Seconds in which a call that is cancelled must be over, on a busy machine."""


class Hands:
    """Draws how an author types."""

    def __init__(self, seed: str) -> None:
        self._random = random.Random(seed)

    def keys(self) -> int:
        """Return how many keys the next burst has."""
        return 1 + int(self._random.expovariate(1 / (KEYS_MEAN - 1)))

    def gap_s(self) -> float:
        """Return the seconds to the next key of a burst."""
        return GAP_S * math.exp(self._random.gauss(0, GAP_SPREAD))

    def pause_s(self) -> float:
        """Return the seconds to the next burst."""
        if self._random.random() < LONG_PAUSES:
            return self._random.uniform(*LONG_PAUSE_S)
        return PAUSE_S * math.exp(self._random.gauss(0, PAUSE_SPREAD))

    def is_patient(self) -> bool:
        """Tell whether the author waits for the last call of a burst."""
        return self._random.random() < PATIENT


class Author:
    """One who types.

    Args:
        name: Who.
        client: Whom they ask.
        project: What they work on.
        told: What the servers have told that client.
        numbers: The numbers of calls.
        seed: How they type.
    """

    def __init__(
        self,
        name: str,
        client: CompletionClient,
        project: str | None,
        told: Told,
        *,
        numbers: itertools.count[int],
        seed: int,
    ) -> None:
        self.name = name
        self.client = client
        self.project = project
        self._told = told
        self._numbers = numbers
        self._hands = Hands(f"{seed} {name}")

    async def type(self, judge: Judge, journal: Journal, witness: Witness) -> None:
        """Type until it is over; the last call is waited for."""
        desk = _Desk(self, self._told, judge, journal, witness)
        while not journal.over.is_set():
            for _ in range(self._hands.keys()):
                desk.press(next(self._numbers))
                await desk.wait(self._hands.gap_s())
                if journal.over.is_set():
                    break
            if self._hands.is_patient():
                await desk.wait(None)
            await journal.pause(self._hands.pause_s())
        await desk.wait(None)
        await desk.clear()


class _Desk:
    """The calls of one author: the one that is wanted, and those just left."""

    def __init__(
        self,
        author: Author,
        told: Told,
        judge: Judge,
        journal: Journal,
        witness: Witness,
    ) -> None:
        self._author = author
        self._told = told
        self._judge = judge
        self._journal = journal
        self._witness = witness
        self._loop = asyncio.get_running_loop()
        self._task: asyncio.Task[None] | None = None
        self._left: deque[asyncio.Task[None]] = deque()

    def press(self, number: int) -> None:
        """Supersede the call before, and make the next one."""
        if self._task is not None:
            if not self._task.done():
                self._task.cancel()
            self._left.append(self._task)
            while self._left and self._left[0].done():
                self._left.popleft()
        self._task = asyncio.create_task(self._call(number))

    async def wait(self, span_s: float | None) -> None:
        """Wait for the call that is wanted, or for so many seconds."""
        if self._task is None:
            return
        began = self._loop.time()
        await asyncio.wait({self._task}, timeout=span_s)
        if span_s is not None:
            await asyncio.sleep(max(0.0, began + span_s - self._loop.time()))

    async def clear(self) -> None:
        """See that whoever was left has ended."""
        if not self._left:
            return
        _, late = await asyncio.wait(self._left, timeout=LEAVES_S)
        if late:
            self._journal.violation(f"{len(late)} cancelled calls did not end")

    async def _call(self, number: int) -> None:
        author, started = self._author, self._loop.time()
        status = author.client.status(author.project)
        request = make_request(number, author.project)
        streamed = number % STREAMED == 0

        def ended() -> Call:
            return Call(
                number=number,
                author=author.name,
                started=started,
                ended=self._loop.time(),
                status=status,
                streamed=streamed,
            )

        try:
            if streamed:
                done = await read(author.client, request)
            else:
                done = await author.client.complete(request)
        except asyncio.CancelledError:
            self._judge.left(ended(), self._told)
            raise
        except Exception as error:
            self._witness.look_at(error)
            self._judge.failed(ended(), error, self._told)
        else:
            # Only now: of a call that fails, every local of this frame is looked at.
            expected = answer_to(number)
            self._judge.answered(ended(), done, self._told, expected=expected)


async def read(client: CompletionClient, request: CompletionRequest) -> Completion:
    """Read a completion as it comes, within the time that any has."""
    stream = client.stream(request, deadline_s=DEADLINE_S)
    async with stream:
        while await anext(stream, None) is not None:
            pass
        return await stream.completion()


def make_request(number: int, project: str | None) -> CompletionRequest:
    """Return a request that no other is like."""
    name = f"{SOURCE}_{number}"
    return CompletionRequest(
        file_name="secret_file.py",
        content_above_cursor=f"def area_{name}(r):\n    return r\n\n\ndef area_",
        content_below_cursor="\n    pass\n",
        project_path=project,
    )


def answer_to(number: int) -> str:
    """Return what the emulator's model answers to the request of that number."""
    return f"{SOURCE}_{number}(r):"
