"""Spans, shares and bounds are read as people write them, or refused."""

from __future__ import annotations

import pytest

from gitlab_completions.rehearsal.quantities import (
    Bound,
    read_bound,
    read_share,
    read_span,
    show_share,
    show_span,
)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("150 ms", 0.15), ("2.5s", 2.5), (" 12 min ", 720), ("1 h", 3600), ("0 s", 0)],
)
def test_a_span_has_a_unit(text: str, seconds: float) -> None:
    assert read_span(text) == pytest.approx(seconds)


@pytest.mark.parametrize("wrong", ["12", 13, "-1 s", "1 day", "", None, True])
def test_what_is_no_span_is_refused(wrong: object) -> None:
    with pytest.raises(ValueError, match='such as "12 min"'):
        read_span(wrong)


def test_a_span_ends() -> None:
    with pytest.raises(ValueError, match="without end"):
        read_span(f"{'9' * 400} h")


def test_a_share_is_in_per_cent() -> None:
    assert read_share("1 %") == pytest.approx(0.01)
    assert read_share("100%") == 1


@pytest.mark.parametrize("wrong", ["101 %", "1", 0.01, "-1 %"])
def test_what_is_no_share_is_refused(wrong: object) -> None:
    with pytest.raises(ValueError, match="from 0 to 100 %"):
        read_share(wrong)


def test_a_bound_is_absolute_or_of_what_was_before() -> None:
    assert read_bound("1 %", of_time=False) == Bound(value=0.01)
    assert read_bound("900 ms", of_time=True) == Bound(value=0.9)
    relative = read_bound("110 % of before", of_time=True)
    assert relative.limit(2.0) == pytest.approx(2.2)
    assert relative.limit(None) is None
    assert Bound(value=0.9).limit(None) == 0.9


@pytest.mark.parametrize(("of_time", "right"), [(True, "900 ms"), (False, "1 %")])
def test_a_bound_of_the_other_kind_is_refused(of_time: bool, right: str) -> None:
    with pytest.raises(ValueError, match=right):
        read_bound("much", of_time=of_time)


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0.0, "0 ms"),
        (0.125, "125 ms"),
        (0.96, "1.0 s"),
        (9.94, "9.9 s"),
        (61, "1 min 1 s"),
        (3600, "1 h"),
        (3725, "1 h 2 min"),
    ],
)
def test_a_span_is_shown_by_its_largest_units(seconds: float, shown: str) -> None:
    assert show_span(seconds) == shown


def test_a_share_is_shown_in_per_cent() -> None:
    assert show_share(0.0123) == "1.23 %"
