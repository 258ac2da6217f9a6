"""What the calls of a client have in common: where each starts, and why there."""

from __future__ import annotations

import math

import pytest

from gitlab_completions._core.commands import Send
from gitlab_completions.models import Intent, Route, RouteReason
from gitlab_completions.policy import DirectMode
from tests._core.test_call import NOW, World

DIRECT = Route.DIRECT


@pytest.mark.parametrize(
    ("world", "intent", "reason"),
    [
        (World(), Intent.COMPLETION, None),
        (World(), Intent.GENERATION, RouteReason.GENERATION),
        (World(DirectMode.NEVER).barred(), Intent.COMPLETION, RouteReason.POLICY),
        (World().barred().tripped(DIRECT), Intent.COMPLETION, RouteReason.BARRED),
        (World().tripped(DIRECT), Intent.COMPLETION, RouteReason.CIRCUIT_OPEN),
        (World().half_open(), Intent.COMPLETION, RouteReason.CIRCUIT_OPEN),
        (World(had=False), Intent.COMPLETION, RouteReason.DETAILS_ABSENT),
    ],
)
def test_the_first_reason_that_holds_keeps_a_call_from_direct(
    world: World, intent: Intent, reason: RouteReason | None
) -> None:
    assert world.router.refusal(intent, world.freshness, NOW) is reason


def test_a_call_and_a_stream_start_on_the_same_route() -> None:
    world = World()
    call = next(world.router.complete(Intent.COMPLETION, world.freshness, NOW, 10.0))
    stream = next(
        world.router.stream(Intent.COMPLETION, world.freshness, NOW, math.inf)
    )
    assert isinstance(call, Send)
    assert isinstance(stream, Send)
    assert (call.route, call.reason) == (stream.route, stream.reason)
    assert (call.ends_at, stream.ends_at) == (NOW + 5.0, math.inf)
