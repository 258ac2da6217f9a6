"""A first keystroke finds everything ready after a warm-up, and nothing without one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.benchmarks import first_keystroke
from tests.benchmarks.contenders import HTTPX, IDEAL, OURS, OURS_HTTPX2
from tests.benchmarks.first_keystroke import SUBJECTS, First, ideal, newcomer
from tests.benchmarks.paths import FarAway, far_away

if TYPE_CHECKING:
    from collections.abc import Iterator

RTT_S = 0.01


@pytest.fixture(scope="module")
def away() -> Iterator[FarAway]:
    with far_away(RTT_S) as away:
        yield away


@pytest.mark.parametrize("client", [OURS, OURS_HTTPX2])
def test_after_a_warm_up_it_goes_direct_and_opens_no_connection(
    away: FarAway, client: str
) -> None:
    first = newcomer(SUBJECTS[f"{client}, warmed up"], away)
    assert (first.connections, first.direct) == (0, 1)


def test_cold_it_opens_connections_and_is_answered(away: FarAway) -> None:
    first = newcomer(SUBJECTS[f"{OURS}, cold"], away)
    assert first.connections >= 2
    assert first.direct + first.indirect >= 1


def test_a_bare_client_opens_one_when_it_is_cold(away: FarAway) -> None:
    first = newcomer(SUBJECTS[f"{HTTPX}, cold"], away)
    assert (first.connections, first.direct, first.indirect) == (1, 1, 0)


def test_the_table_has_a_row_for_each(
    away: FarAway, capsys: pytest.CaptureFixture[str]
) -> None:
    first = First(answer_s=0.21, process_s=0.5, connections=1, direct=1)
    first_keystroke.report({IDEAL: [ideal(away)], "another": [first]})
    head, *rows = (line.split("\t") for line in capsys.readouterr().out.splitlines())
    assert head == list(first_keystroke.COLUMNS)
    assert [row[0] for row in rows] == [IDEAL, "another"]
    assert rows[1][-3:] == ["1", "1", "0"]
