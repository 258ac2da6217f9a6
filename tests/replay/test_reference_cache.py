"""The reference client's cache, as its sources have it: W20 and W21."""

from __future__ import annotations

import pytest

from gitlab_completions.replay.reference_cache import ReferenceCache

ABOVE = "import os\n\ntotal = "
BELOW = "\n\nprint(total)\nmore()\n"


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def cache(clock: Clock) -> ReferenceCache:
    cache = ReferenceCache(clock)
    cache.put(ABOVE, BELOW, "price * count")
    return cache


def test_what_is_typed_along_is_served(cache: ReferenceCache) -> None:
    assert cache.find(ABOVE + "p", BELOW) == "rice * count"
    assert cache.find(ABOVE + "pri", BELOW) == "ce * count"


def test_a_second_look_at_one_place_drops_it(cache: ReferenceCache) -> None:
    assert cache.find(ABOVE, BELOW)
    assert cache.find(ABOVE + "p", BELOW)
    assert not cache.find(ABOVE, BELOW)
    assert not cache.find(ABOVE + "p", BELOW)


@pytest.mark.parametrize("typed", ["x", "price * count", "price * count "])
def test_other_text_and_all_of_it_are_a_miss(cache: ReferenceCache, typed: str) -> None:
    assert not cache.find(ABOVE + typed, BELOW)


def test_a_step_back_is_a_miss_where_it_was_looked_for_before(
    cache: ReferenceCache,
) -> None:
    assert cache.find(ABOVE + "p", BELOW)
    assert cache.find(ABOVE + "pr", BELOW)
    assert not cache.find(ABOVE + "p", BELOW)
    assert not cache.find(ABOVE + "pri", BELOW)


def test_a_mistake_that_is_taken_back_at_once_costs_nothing(
    cache: ReferenceCache,
) -> None:
    # Its sources drop the suggestion there and keep the entry.
    assert not cache.find(ABOVE + "x", BELOW)
    assert cache.find(ABOVE, BELOW) == "price * count"
    assert not cache.find(ABOVE + "p", BELOW)
    assert not cache.find(ABOVE[:-1], BELOW)


@pytest.mark.parametrize(
    ("above", "below"),
    [
        ("\n" + ABOVE, BELOW),
        (ABOVE.replace("os", "re"), BELOW),
        (ABOVE.replace("total", "  total"), BELOW),
        (ABOVE, BELOW.replace("print", "log")),
    ],
    ids=["line number", "line above", "indentation", "line below"],
)
def test_these_are_in_its_key(cache: ReferenceCache, above: str, below: str) -> None:
    assert not cache.find(above, below)


def test_what_is_further_away_may_change_unnoticed(cache: ReferenceCache) -> None:
    assert cache.find(ABOVE, BELOW.replace("more", "less")) == "price * count"


def test_an_answer_is_kept_for_a_minute(cache: ReferenceCache, clock: Clock) -> None:
    clock.now = 59.0
    assert cache.find(ABOVE, BELOW)
    clock.now = 60.0
    assert not cache.find(ABOVE + "p", BELOW)


def test_an_empty_answer_is_a_miss(cache: ReferenceCache) -> None:
    cache.put(ABOVE, BELOW, "")
    assert not cache.find(ABOVE, BELOW)
