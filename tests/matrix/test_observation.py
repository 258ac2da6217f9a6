"""What differs from what must be is told, a sentence each."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gitlab_completions import ErrorCode
from tests.matrix.expectation import KEPT, TRIPPED, Expected, Rest, Standings
from tests.matrix.observation import (
    Observed,
    SeenRest,
    SeenStandings,
    unexpected,
)

EXPECTED = Expected(
    outcomes=frozenset({"indirect"}),
    requests={"direct_access": (0, 0), "gateway": (1, 2), "instance": (1, 1)},
    direct=Rest(word="rests", rests_s=7.0),
    details=Standings(word="barred", again_s=(270.0, 330.0), code=ErrorCode.QUOTA),
    elapsed_s=(0.0, 1.5),
)
OBSERVED = Observed(
    outcomes={"indirect": 1},
    requests={"direct_access": 0, "gateway": 2, "instance": 1},
    direct=SeenRest(word="rests", rests_s=6.8),
    indirect=SeenRest(word="closed"),
    details=SeenStandings(word="barred", again_s=299.9, code="quota"),
    elapsed_s=0.1,
)


def test_what_is_as_it_must_be_is_not_told() -> None:
    assert unexpected(EXPECTED, OBSERVED) == []


@pytest.mark.parametrize(
    ("seen", "told"),
    [
        (replace(OBSERVED, outcomes={"direct": 3}), "3 x direct, not indirect"),
        (
            replace(OBSERVED, requests={**OBSERVED.requests, "gateway": 3}),
            "3 requests to gateway, not 1 to 2",
        ),
        (replace(OBSERVED, direct=SeenRest(word="closed")), "the direct circuit"),
        (
            replace(OBSERVED, direct=SeenRest(word="rests", rests_s=60)),
            "the direct circuit: rests 60 s",
        ),
        (replace(OBSERVED, indirect=SeenRest(word="loss")), "the indirect circuit"),
        (replace(OBSERVED, details=SeenStandings(word="kept")), "the details: kept"),
        (
            replace(OBSERVED, details=replace(OBSERVED.details, again_s=1800.0)),
            "the details: barred 1800 s",
        ),
        (
            replace(OBSERVED, details=replace(OBSERVED.details, code="forbidden")),
            "(forbidden)",
        ),
        (replace(OBSERVED, elapsed_s=1.6), "1.60 s, not"),
        (replace(OBSERVED, leaks=("x tells y",)), "a leak: x tells y"),
    ],
)
def test_each_difference_is_told(seen: Observed, told: str) -> None:
    (said,) = unexpected(EXPECTED, seen)
    assert told in said


def test_a_word_is_enough_where_no_span_is_expected() -> None:
    kept = replace(EXPECTED, details=KEPT, direct=TRIPPED)
    seen = replace(
        OBSERVED, details=SeenStandings(word="kept"), direct=SeenRest(word="tripped")
    )
    assert unexpected(kept, seen) == []
