"""Requests are counted within any span, and a suspend forgets them."""

from __future__ import annotations

import pytest

from tests.soak.budgets import busiest, most_within

CLIENTS: dict[str | None, str] = {"p": "one", None: "one"}


@pytest.mark.parametrize(
    ("times", "most"),
    [([], 0), ([0.0], 1), ([0.0, 10.0], 1), ([9.9, 0.0], 2), ([0.0, 5.0, 10.0], 2)],
)
def test_the_busiest_span_counts(times: list[float], most: int) -> None:
    assert most_within(times, 10.0) == most


def test_requests_count_by_project_and_by_client() -> None:
    found = busiest([(0.0, "p"), (1.0, None), (299.0, "p")], [], CLIENTS)
    assert found == {
        "project p": (2, 10),
        "project None": (1, 10),
        "client one": (2, 30),
    }


def test_visitors_do_not_count() -> None:
    assert busiest([(0.0, "visits")], [], CLIENTS) == {}


def test_a_suspend_forgets_what_was_asked_before() -> None:
    found = busiest([(0.0, "p"), (2.0, "p")], [1.0], CLIENTS)
    assert found == {"project p": (1, 10), "client one": (1, 30)}
