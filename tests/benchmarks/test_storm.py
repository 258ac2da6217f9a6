"""A storm costs this library no more connections than may be in flight."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gitlab_completions import RoutingPolicy
from tests.benchmarks import storm
from tests.benchmarks.contenders import CONTENDERS, HTTPX, IDEAL, OURS, OURS_HTTPX2
from tests.benchmarks.paths import FarAway, far_away

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.benchmarks.storm import Storm

RTT_S = 0.02
TYPING = storm.Typing(keystrokes=20, every_s=0.01)
"""More than can be answered in time: what is superseded fills every place there is."""
ANSWER_S = 0.1
FORGETFUL = pytest.mark.filterwarnings(
    # What a bare client leaves open when its handshake is cancelled.
    "ignore::pytest.PytestUnraisableExceptionWarning"
)


@pytest.fixture(scope="module")
def away() -> Iterator[FarAway]:
    with far_away(RTT_S) as away:
        yield away


async def outcome(name: str, away: FarAway) -> Storm:
    return await storm.one(name, away, TYPING, ANSWER_S)


@pytest.mark.real_time
@pytest.mark.parametrize("name", [OURS, OURS_HTTPX2])
async def test_what_this_library_supersedes_is_finished(
    away: FarAway, name: str
) -> None:
    found = await outcome(name, away)
    assert found.aborted == 0
    assert found.finished == found.reached
    assert found.reached > 1


@pytest.mark.real_time
@pytest.mark.parametrize("name", [OURS, OURS_HTTPX2])
async def test_this_library_opens_at_most_eight_connections(
    away: FarAway, name: str
) -> None:
    found = await outcome(name, away)
    assert found.connections == found.handshakes <= RoutingPolicy().max_in_flight == 8


@FORGETFUL
@pytest.mark.real_time
async def test_a_bare_client_loses_connections(away: FarAway) -> None:
    found = await outcome(HTTPX, away)
    assert found.connections > 2  # one a keystroke, but for what a busy machine skips
    assert found.finished + found.aborted == found.reached < TYPING.keystrokes


@FORGETFUL
def test_the_quick_mode_gives_a_row_for_everybody(
    capsys: pytest.CaptureFixture[str],
) -> None:
    storm.main(["--quick"])
    captured = capsys.readouterr()
    head, *rows = (line.split("\t") for line in captured.out.splitlines())
    assert head == list(storm.COLUMNS)
    table = {row[1]: dict(zip(head, row, strict=True)) for row in rows}
    assert list(table) == list(CONTENDERS)
    assert table[IDEAL]["x_ideal"] == "1.000"
    assert table[OURS]["aborted"] == "0"
    assert "interleaved round" in captured.err
