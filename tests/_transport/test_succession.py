"""A suspect client is followed by a new one and discarded with its last exchange."""

from __future__ import annotations

from itertools import count

import pytest

from gitlab_completions._transport.succession import (
    MOST_FOLLOWED,
    QUIET_S,
    SILENCE_S,
    Succession,
    Tenure,
)


class Line:
    """A succession of numbers, and which of them were discarded."""

    def __init__(
        self,
        *,
        lasting: bool = False,
        silence_s: float = SILENCE_S,
        most_followed: int = MOST_FOLLOWED,
    ) -> None:
        numbers = count(1)
        self.gone: list[int] = []
        self.clients = Succession(
            lambda: next(numbers),
            self.gone.append,
            lasting=lasting,
            silence_s=silence_s,
            most_followed=most_followed,
        )

    def begin(self, now: float = 0.0) -> tuple[Tenure[int], int]:
        tenure = self.clients.admit(now)
        return tenure, tenure.begin(now)

    def end(self, exchange: tuple[Tenure[int], int], now: float = 0.0) -> None:
        tenure, ticket = exchange
        tenure.end(ticket, now)
        self.clients.settle(tenure)

    def current(self, now: float = 0.0) -> int:
        return self.clients.admit(now).client


def test_one_client_serves_while_it_is_sound() -> None:
    line = Line()
    first = line.begin()
    second = line.begin()
    line.end(first)
    line.end(second)
    assert line.current(1000.0) == 1
    assert line.gone == []


def test_two_silent_exchanges_make_a_client_suspect() -> None:
    line = Line()
    line.begin(0.0)
    assert line.current(SILENCE_S) == 1
    line.begin(0.1)
    assert line.current(SILENCE_S) == 1
    assert line.current(SILENCE_S + 0.1) == 2


def test_anything_that_arrives_acquits_the_silent_ones() -> None:
    line = Line()
    line.begin(0.0)
    line.begin(0.0)
    tenure, ticket = line.begin(1.0)
    tenure.heard(ticket, 1.5)
    assert line.current(SILENCE_S) == 1
    assert line.current(1.6 + SILENCE_S) == 2


def test_what_ended_in_silence_still_counts() -> None:
    line = Line()
    line.end(line.begin(0.0), 5.0)
    assert line.current(5.0) == 1
    line.end(line.begin(6.0), 11.0)
    assert line.current(11.0) == 2
    assert line.gone == [1]


def test_an_early_end_counts_for_nothing() -> None:
    line = Line()
    for now in range(5):
        line.end(line.begin(now), now + SILENCE_S - 0.1)
    assert line.current(100.0) == 1


def test_an_answer_forgives_what_ended_in_silence() -> None:
    line = Line()
    line.end(line.begin(0.0), 5.0)
    tenure, ticket = line.begin(5.0)
    tenure.heard(ticket, 5.2)
    line.end((tenure, ticket), 5.2)
    line.end(line.begin(6.0), 11.0)
    assert line.current(11.0) == 1


def test_a_condemned_client_is_discarded_with_its_last_exchange() -> None:
    line = Line()
    first, second = line.begin(), line.begin()
    first[0].condemn()
    third = line.begin()
    assert third[0].client == 2
    line.end(first)
    assert line.gone == []
    line.end(second)
    assert line.gone == [1]
    assert not first[0].ousted
    line.end(third)
    assert line.gone == [1]


def test_an_exchange_of_which_nothing_came_is_told_from_one_that_has_just_begun() -> (
    None
):
    line = Line()
    tenure, ticket = line.begin(0.0)
    assert not tenure.is_silent(ticket, 1.7)
    assert tenure.is_silent(ticket, 1.8)
    tenure.heard(ticket, 1.9)
    assert not tenure.is_silent(ticket, 9.0)


def test_a_client_is_quiet_when_nothing_has_arrived_for_long() -> None:
    tenure, ticket = Line().begin(0.0)
    assert not tenure.is_quiet(1000.0)  # it has no connection that could have died
    tenure.heard(ticket, 1000.0)
    assert not tenure.is_quiet(1000.0 + QUIET_S - 0.1)
    assert tenure.is_quiet(1000.0 + QUIET_S)


def test_the_third_client_ends_the_first() -> None:
    line = Line()
    first = line.begin()
    assert line.clients.retire()
    second = line.begin()
    assert line.clients.retire()
    assert line.gone == [1]
    assert (first[0].ousted, second[0].ousted) == (True, False)
    assert line.begin()[0].client == 3
    line.end(first)
    line.end(second)
    assert line.gone == [1, 2]


def test_many_exchanges_that_ask_for_the_same_get_one_new_client() -> None:
    line = Line()
    exchanges = [line.begin() for _ in range(8)]
    for tenure, _ in exchanges:
        line.clients.retire(tenure)
        assert line.current() == 2
    for exchange in exchanges:
        line.end(exchange)
    assert line.gone == [1]


def test_an_idle_client_is_discarded_as_soon_as_it_is_retired() -> None:
    line = Line()
    line.end(line.begin())
    line.clients.retire()
    assert line.gone == [1]


def test_retiring_nobody_is_no_mistake() -> None:
    line = Line()
    assert line.clients.retire()
    assert line.clients.retire()
    assert line.current() == 1


def test_a_users_client_stays() -> None:
    line = Line(lasting=True)
    tenure, ticket = line.begin()
    tenure.condemn()
    assert not line.clients.retire()
    assert line.current(100.0) == 1
    line.clients.close()
    line.end((tenure, ticket))
    assert line.gone == []
    assert not tenure.ousted


@pytest.mark.parametrize("retired", [False, True])
def test_closing_discards_everybody_once(retired: bool) -> None:
    line = Line()
    exchange = line.begin()
    if retired:
        line.clients.retire()
        line.begin()
    line.clients.close()
    line.clients.close()
    line.end(exchange)
    assert line.gone == ([1, 2] if retired else [1])
    assert exchange[0].ousted


def test_those_who_may_be_many_are_ended_from_the_oldest() -> None:
    line = Line(most_followed=2)
    exchanges = []
    for _ in range(3):
        exchanges.append(line.begin())
        line.clients.retire()
    assert line.gone == [1]
    assert [tenure.ousted for tenure, _ in exchanges] == [True, False, False]
    line.end(exchanges[2])
    line.end(exchanges[1])
    assert line.gone == [1, 3, 2]
    line.begin()
    line.clients.close()
    assert line.gone == [1, 3, 2, 4]


def test_how_long_silence_may_be_is_the_lines_own() -> None:
    line = Line(silence_s=10.0)
    line.begin(0.0)
    line.begin(0.0)
    assert line.current(9.9) == 1
    assert line.current(10.0) == 2
