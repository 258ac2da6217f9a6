"""Random histories of streams: faults, slow readers, readers who leave, the end.

Whatever happens, what a reader gets is a beginning of the one text there is, and
nothing of a stream is left when all is over.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING

from hypothesis import given, settings, strategies as st

from gitlab_completions.errors import (
    AllRoutesFailedError,
    ClientClosedError,
    StreamBrokenError,
)
from gitlab_completions.events import AttemptFailed, AttemptSucceeded, Hedged
from gitlab_completions.models import CompletionRequest, Intent
from gitlab_completions.testing import FakeGitLab, run

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitlab_completions.client import CompletionClient
    from gitlab_completions.events import Event
    from gitlab_completions.stream import CompletionStream
    from gitlab_completions.testing import FakeEndpoint

TEXT = " ".join(f"s3cret_{number}" for number in range(10))
STREAMS = 30


class History:
    """A GitLab, its client, and readers of every kind."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.gitlab = FakeGitLab(TEXT, profile=self.dice.choice(["18.9", "19.3"]))
        self.gitlab.settings.completions_limit = 0
        self.events: list[Event] = []

    async def live(self) -> None:
        self.gitlab.settings.stream_gap_s = self.dice.choice([0.0, 0.01, 0.3])
        async with self.gitlab.client() as client:
            client.observe(self.events.append)
            readers = []
            for _ in range(STREAMS):
                await asyncio.sleep(self.dice.choice([0, 0, 0.1, 1, 8]))
                self.change()
                readers.append(asyncio.create_task(self.read(client)))
                if self.dice.random() < 0.1:
                    readers[-1].cancel()
                elif self.dice.random() < 0.1:
                    later = asyncio.get_running_loop().call_later
                    later(self.dice.uniform(0, 2), readers[-1].cancel)
            if self.dice.random() < 0.5:
                await asyncio.wait(readers)
        await asyncio.wait(readers)
        for reader in readers:
            if not reader.cancelled():
                reader.result()
        self.check(client)

    def change(self) -> None:
        endpoint: FakeEndpoint = self.dice.choice(
            [self.gitlab.gateway, self.gitlab.instance]
        )
        pieces = self.dice.randrange(4)
        faults: list[Callable[[], None]] = [
            *[endpoint.heal] * 3,
            lambda: endpoint.fail(503),
            lambda: endpoint.fail(401),
            endpoint.html,
            endpoint.hang,
            endpoint.reset,
            lambda: endpoint.break_stream(pieces),
            lambda: endpoint.hang_stream(pieces),
            lambda: endpoint.end_stream(pieces),
            lambda: endpoint.delay(2),
        ]
        self.dice.choice(faults)()

    async def read(self, client: CompletionClient) -> None:
        generation = self.dice.random() < 0.3
        request = CompletionRequest(
            file_name="f.py",
            content_above_cursor="def f():",
            intent=Intent.GENERATION if generation else Intent.COMPLETION,
        )
        deadline_s = self.dice.choice([None, None, 0.5, 3.0, 20.0])
        try:
            stream = client.stream(request, deadline_s=deadline_s)
        except ClientClosedError:
            return
        if self.dice.random() < 0.5:
            async with stream:
                await self.taste(stream)
        else:
            await self.taste(stream)

    async def taste(self, stream: CompletionStream) -> None:
        pieces: list[str] = []
        leaves_after = self.dice.choice([1, 3, 99, 99, 99])
        broken_text = None
        with suppress(AllRoutesFailedError, ClientClosedError):
            try:
                async for piece in stream:
                    pieces.append(piece)
                    assert stream.text == "".join(pieces)
                    await asyncio.sleep(self.dice.choice([0, 0, 0.05, 1]))
                    if len(pieces) == leaves_after:
                        break
                if self.dice.random() < 0.5:
                    stream.cancel()
                done = await stream.completion()
                assert done.text == stream.text
            except StreamBrokenError as broken:
                broken_text = broken.text
        assert TEXT.startswith(stream.text)
        assert broken_text in {None, stream.text}

    def check(self, client: CompletionClient) -> None:
        assert self.gitlab.in_flight == 0
        assert client.status().in_flight == 0
        attempts: Counter[tuple[int, str]] = Counter()
        for event in self.events:
            assert not isinstance(event, Hedged)
            assert "s3cret" not in repr(event)
            if isinstance(event, AttemptSucceeded | AttemptFailed):
                attempts[event.call_id, event.route] += 1
        assert all(times == 1 for times in attempts.values())


@settings(max_examples=25)
@given(seed=st.integers(0, 2**32))
def test_readers_get_a_beginning_of_the_text_and_leave_nothing(seed: int) -> None:
    async def live() -> None:
        await History(seed).live()
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(0)
        left = asyncio.all_tasks() - {asyncio.current_task()}
        assert left == set()

    run(live())
