"""Plays scripts through both pipelines, each at a GitLab of its own, in virtual time.

Two GitLabs that are alike rather than one: neither pipeline's requests may use up the
other's limits, and each has its own draws of how long an answer takes.
"""

from __future__ import annotations

import asyncio
import math
import random
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Literal

from gitlab_completions import testing
from gitlab_completions._records import Record
from gitlab_completions.editor import EditorPolicy, EditorSession
from gitlab_completions.policy import DirectMode, RoutingPolicy
from gitlab_completions.replay.author_at_work import Author
from gitlab_completions.replay.figures import Comparison, Tally, compare
from gitlab_completions.replay.foresight import Foresight
from gitlab_completions.replay.pipelines import OurPipeline
from gitlab_completions.replay.reference import ReferencePipeline
from gitlab_completions.testing import FakeGitLab

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Mapping, Sequence

    from gitlab_completions.emulator.arrivals import SeenRequest
    from gitlab_completions.replay.script import Script

__all__ = ("Latencies", "ReferenceYear", "replay")

ReferenceYear = Literal[2025, 2026]
"""What the reference client does with a request that was cancelled: see `reference`."""


class Latencies(Record):
    """How long an answer takes, as it is at GitLab.

    Args:
        direct_s: Median seconds at the gateway. 0.25, and 0.9 s for 99 in 100.
        spread: Standard deviation of their logarithm.
        indirect_extra_s: Seconds that the way through the instance takes on top.
    """

    direct_s: float = 0.25
    spread: float = 0.55
    indirect_extra_s: float = 0.125


def replay(
    authors: Mapping[str, Sequence[Script]],
    *,
    policy: EditorPolicy | None = None,
    direct: bool = True,
    reference: ReferenceYear = 2026,
    latencies: Latencies | None = None,
    tell: Callable[[str], object] = lambda _script: None,
) -> tuple[Comparison, ...]:
    """Play what authors write, with our keystroke logic and with the reference's.

    It runs an event loop of its own, in virtual time.

    Args:
        authors: Their scripts, by their names.
        policy: Our keystroke logic's.
        direct: Whether there are direct connections; else all goes through the
            instance, with its limit of 60 requests a minute.
        reference: Which reference client: of 2025, or of 2026.
        latencies: How long GitLab takes.
        tell: Told the name of each script when both have played it.

    Returns:
        A comparison for each author, and one of all where there are several.
    """
    stage = _Stage(
        policy or EditorPolicy(),
        latencies or Latencies(),
        DirectMode.AUTO if direct else DirectMode.NEVER,
        reference,
    )
    played: dict[str, list[tuple[Tally, Tally]]] = {name: [] for name in authors}
    for name, scripts in authors.items():
        for script in scripts:
            played[name].append(testing.run(stage.play(script)))
            tell(script.name)
    compared = [_compared(name, tallies) for name, tallies in played.items()]
    if len(compared) > 1:
        everybody = [each for tallies in played.values() for each in tallies]
        compared.append(_compared("all", everybody))
    return tuple(compared)


def _compared(name: str, tallies: Sequence[tuple[Tally, Tally]]) -> Comparison:
    return compare(name, [one for one, _ in tallies], [other for _, other in tallies])


class _Stage:
    """Where scripts are played.

    Args:
        policy: Our keystroke logic's.
        latencies: How long GitLab takes.
        direct: Whether there are direct connections.
        reference: Which reference client it is.
    """

    def __init__(
        self,
        policy: EditorPolicy,
        latencies: Latencies,
        direct: DirectMode,
        reference: ReferenceYear,
    ) -> None:
        self._policy = policy
        self._latencies = latencies
        self._direct = direct
        self._reference: ReferenceYear = reference

    async def play(self, script: Script) -> tuple[Tally, Tally]:
        """Return what came of a script: with ours, and with the reference client."""
        return await asyncio.gather(self._by_ours(script), self._by_reference(script))

    async def _by_ours(self, script: Script) -> Tally:
        tally = Tally()
        async with self._gitlab(script, tally) as (gitlab, foresight):
            policy = RoutingPolicy(direct=self._direct)
            async with (
                gitlab.client(policy=policy) as client,
                EditorSession(client, policy=self._policy) as session,
            ):
                await client.warm_up()
                await Author(script, OurPipeline(session), foresight, tally).work()
        return tally

    async def _by_reference(self, script: Script) -> Tally:
        tally = Tally()
        async with self._gitlab(script, tally) as (gitlab, foresight):
            policy = RoutingPolicy(direct=self._direct, hedge=None)
            indirect = RoutingPolicy(direct=DirectMode.NEVER, hedge=None)
            async with (
                gitlab.client(policy=policy) as client,
                gitlab.client(policy=indirect) as fallback,
            ):
                await client.warm_up()
                cancels = self._reference == 2026  # noqa: PLR2004 - a year
                repeats = cancels and self._direct is not DirectMode.NEVER
                pipeline = ReferencePipeline(
                    client, fallback if repeats else None, cancels=cancels
                )
                await Author(script, pipeline, foresight, tally).work()
                await pipeline.aclose()
                tally.repeated = pipeline.repeated
        return tally

    @asynccontextmanager
    async def _gitlab(
        self, script: Script, tally: Tally
    ) -> AsyncGenerator[tuple[FakeGitLab, Foresight], None]:
        """Give a GitLab that suggests what the script says, in its time."""
        foresight = Foresight(script, script.seed)
        gitlab = FakeGitLab(foresight, seed=script.seed)
        chance = random.Random(f"{script.seed}:latencies")
        median_s, spread = math.log(self._latencies.direct_s), self._latencies.spread

        # A handle tells its listeners of a request before it is asked how long to hold
        # it.
        def at_gateway(_request: SeenRequest) -> None:
            tally.requests += 1
            gitlab.prompts.clear()  # the model remembers what it must by itself
            gitlab.gateway.latency_s = chance.lognormvariate(median_s, spread)

        def at_instance(_request: SeenRequest) -> None:
            tally.requests += 1
            model_s = chance.lognormvariate(median_s, spread)
            gitlab.instance.latency_s = self._latencies.indirect_extra_s + model_s
            gitlab.prompts.clear()

        gitlab.gateway.listen(at_gateway)
        gitlab.instance.listen(at_instance)
        yield gitlab, foresight
        await gitlab.settle()
