"""The table is Markdown that a person can read."""

from __future__ import annotations

from tests.matrix.expectation import expect
from tests.matrix.facts import Place, Situation
from tests.matrix.observation import Observed, SeenRest, SeenStandings
from tests.matrix.rows import cell
from tests.matrix.schedule import Played
from tests.matrix.table import MARK, markdown

SEEN = Observed(
    outcomes={"indirect": 1},
    requests={"direct_access": 0, "gateway": 1, "instance": 1, "elsewhere": 0},
    direct=SeenRest(word="loss"),
    indirect=SeenRest(word="closed"),
    details=SeenStandings(word="kept"),
    elapsed_s=0.0123,
)


def played(situation: Situation, seen: Observed, *wrong: str) -> Played:
    one = cell(Place.GATEWAY, "503 inference-failed", situation)
    return Played(cell=one, expected=expect(one), observed=seen, wrong=wrong)


def test_a_row_is_a_trouble_with_its_situations_and_effect() -> None:
    table = markdown([played(Situation.WARM, SEEN)], "Title")
    assert table.startswith("# Title\n")
    assert "1 cells, 0 unexpected" in table
    assert (
        "| 503 inference-failed | - | indirect · 0/1/1 · 12 | - | loss; kept |" in table
    )
    assert MARK not in table


def test_what_is_unexpected_is_marked_and_explained_below() -> None:
    two = Observed(
        outcomes={"indirect": 19, "AllRoutesFailedError: timeout": 1},
        requests=SEEN.requests,
        direct=SEEN.direct,
        indirect=SEEN.indirect,
        details=SEEN.details,
        elapsed_s=1.0,
    )
    wrong = played(Situation.AT_ONCE, two, "1 x timeout, not indirect", "too late")
    table = markdown([played(Situation.WARM, SEEN), wrong], "Title")
    assert f"19 indirect, 1 timeout · 0/1/1 · 1000 {MARK} |" in table
    assert table.endswith(
        "## Unexpected\n\n- gateway / 503 inference-failed / 20 calls at once: "
        "1 x timeout, not indirect; too late\n"
    )
