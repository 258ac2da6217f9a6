"""Counts by time: a few stretches, whatever the span, and nothing lost in widening."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, strategies as st

from gitlab_completions.report.tallies import (
    MOST_STRETCHES,
    WIDTHS_S,
    Cell,
    Tally,
    Timeline,
    total,
)

CELL = Cell("direct", context=True)
year_s = 365 * 86_400


@given(st.lists(st.floats(946_684_800, 946_684_800 + 50 * year_s), max_size=60))
def test_nothing_is_lost_when_stretches_widen(times: list[float]) -> None:
    timeline = Timeline()
    for time_s in times:
        timeline.at(time_s, CELL).outcomes["suggested"] += 1
    starts = timeline.starts_s
    assert len(starts) <= MOST_STRETCHES
    assert total(tally for _, tally in timeline.tallies()).calls == len(times)
    for start in starts:
        within = sum(start <= time_s < start + timeline.width_s for time_s in times)
        cells = timeline.stretch(start)
        assert total(cells.values()).calls == within
    if times:
        assert starts[0] <= min(times)
        assert max(times) < starts.stop


def test_each_width_is_a_multiple_of_the_one_before() -> None:
    for width, wider in pairwise(WIDTHS_S):
        assert wider % width == 0


def test_a_width_is_told_in_words() -> None:
    timeline = Timeline()
    told = []
    for width in WIDTHS_S:
        timeline.width_s = width
        told.append(timeline.width)
    assert told[:6] == ["1 s", "5 s", "10 s", "30 s", "1 min", "5 min"]
    assert told[-1] == "336 d"


def test_merging_adds_up_everything() -> None:
    one = Tally()
    one.outcomes.update(suggested=2, empty=1, failed=1, superseded=1)
    one.latencies.add(0.1)
    one.first_try.add(0.1)
    one.fallbacks = 1
    one.detours["rollout"] = 1
    one.attempts["instance"] = 3
    one.lost["instance", "server"] = 2
    both = total([one, one])
    assert (both.calls, both.answered, both.fallbacks) == (10, 6, 2)
    assert (both.latencies.total, both.first_try.total) == (2, 2)
    assert both.detours["rollout"] == 2
    assert (both.attempts["instance"], both.failures("instance")) == (6, 4)
    assert both.failures("gitlab-ai-gateway") == 0
