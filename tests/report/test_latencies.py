"""Response times in bins: what is read from them is near what was put in."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings, strategies as st

from gitlab_completions.report.latencies import LEAST_S, MOST_S, Latencies

seconds = st.floats(min_value=1e-3, max_value=100)


def latencies(*values: float) -> Latencies:
    made = Latencies()
    for value in values:
        made.add(value)
    return made


@settings(max_examples=40)
@given(st.lists(seconds, min_size=1, max_size=50), st.sampled_from([0.5, 0.95, 0.99]))
def test_a_quantile_is_half_a_percent_off_at_most(
    values: list[float], share: float
) -> None:
    rank = max(1, math.ceil(share * len(values)))
    exact = sorted(values)[rank - 1]
    assert latencies(*values).quantile(share) == pytest.approx(exact, rel=0.0051)


@settings(max_examples=40)
@given(st.lists(seconds, max_size=20), st.lists(seconds, max_size=20))
def test_merged_ones_are_as_if_counted_together(
    some: list[float], others: list[float]
) -> None:
    merged = latencies(*some)
    merged.merge(latencies(*others))
    together = latencies(*some, *others)
    assert merged.total == together.total
    assert list(merged.bars()) == list(together.bars())
    assert merged.quantile(0.95) == together.quantile(0.95)


def test_none_have_no_quantile_and_no_bars() -> None:
    assert latencies().quantile(0.5) is None
    assert list(latencies().bars()) == []


@pytest.mark.parametrize(("value", "read"), [(0.0, LEAST_S), (1e9, MOST_S)])
def test_what_is_beyond_counts_as_the_end(value: float, read: float) -> None:
    assert latencies(value).quantile(0.5) == pytest.approx(read, rel=0.01)


def test_the_bars_outline_all_calls_and_begin_and_end_at_nothing() -> None:
    bars = list(latencies(0.1, 0.1, 0.4).bars())
    shares = [share for _, share in bars]
    assert shares[0] == shares[-1] == 0
    assert sum(shares) == pytest.approx(1)
    assert [edge for edge, _ in bars] == sorted(edge for edge, _ in bars)
