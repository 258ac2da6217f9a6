"""A slice of the matrix, over real sockets and TLS; `nox -s matrix` plays the whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gitlab_completions._core.verdicts import GATEWAY, AttemptVerdict, OnDetails, Row
from tests.loopback.witness import Witness
from tests.matrix.engines import Engine
from tests.matrix.expectation import V4, Tables
from tests.matrix.facts import Place, Situation
from tests.matrix.rows import cell, row
from tests.matrix.schedule import play_all
from tests.matrix.table import explained

if TYPE_CHECKING:
    from tests.matrix.facts import Cell

SLICE = {
    "connection refused",
    "accepted and not read",
    "certificate not trusted",
    "read and not answered",
    "reset before the answer",
    "truncated chunks",
    "stale keep-alive",
    "HTML with 200",
    "gzip bomb",
    "redirect to another host",
    "wrong type: every field",
    "403 disabled",
    "404 not-found",
    "401 expired-token",
    "401 expired",
    "429 limit",
    "429 model-limit",
    "400 context-empty",
    "500 crash",
}
AT_ONCE = {
    "read and not answered",
    "404 not-found",
    "401 expired-token",
    "429 limit",
    "429 model-limit",
    "500 crash",
}
"""Twenty calls at once are dear: these are the ones that meet the gate."""
USERS_CLIENTS = {
    "reset before the answer",
    "stale keep-alive",
    "redirect to another host",
}


V4_SLICE = {
    "reset before the answer",
    "HTML with 200",
    "redirect to another host",
    "401 expired-token",
    "403 user-token-refused",
    "403 no-scope",
    "404 not-found",
    "422 validation-2026",
    "429 model-limit",
}


async def wrong_in(
    cells: list[Cell],
    *,
    engine: Engine = Engine.OWN,
    tables: Tables | None = None,
    profile: str = "19.3",
) -> list[str]:
    """Play cells; return what is unexpected, and what was told to the logs."""
    with Witness().listening() as witness:
        played = await play_all(cells, engine=engine, tables=tables, profile=profile)
    assert {"gitlab_completions", "asyncio"} & witness.heard
    return [explained(one) for one in played if one.wrong] + witness.leaks


@pytest.mark.parametrize("place", Place)
async def test_a_slice_of_the_matrix_is_as_the_verdicts_say(place: Place) -> None:
    cells = [*row(place, SLICE - AT_ONCE), *row(place, AT_ONCE)]
    some = [
        one
        for one in cells
        if one.situation is not Situation.AT_ONCE or one.trouble.name in AT_ONCE
    ]
    assert await wrong_in(some) == []


async def test_what_strikes_the_gateways_v4_is_as_its_own_verdicts_say() -> None:
    cells = row(Place.GATEWAY, V4_SLICE)
    assert await wrong_in(cells, tables=V4, profile="19.5") == []


@pytest.mark.parametrize("engine", [each for each in Engine if each != Engine.OWN])
async def test_every_other_client_does_the_same(engine: Engine) -> None:
    cells = [one for place in Place for one in row(place, USERS_CLIENTS)]
    few = [one for one in cells if one.situation is not Situation.AT_ONCE]
    assert await wrong_in(few, engine=engine) == []


async def test_a_verdict_that_is_not_in_force_is_reported() -> None:
    bars = AttemptVerdict(details=OnDetails.BAR, bar_s=300.0)
    changed = Row(name="changed", verdict=bars, statuses=frozenset({401}))
    tables = Tables(gateway=(changed, *GATEWAY))
    one = cell(Place.GATEWAY, "401 expired-token")
    (told,) = await wrong_in([one], tables=tables)
    assert told.startswith("- gateway / 401 expired-token / warm call: ")
    assert "1 requests to direct_access, not 0 to 0" in told
    assert "the details: renewed, not" in told
