"""Rounds: every subject once in each, and ratios within it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.benchmarks.rounds import (
    Series,
    interleave,
    interleave_async,
    machine,
    orders,
    print_row,
    read_wish,
    say_origin,
)

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_the_command_line_says_how_much_is_measured(tmp_path: Path) -> None:
    wish = read_wish("Doc.", [], rounds=21)
    assert (wish.rounds, wish.seed, wish.quick, wish.png) == (21, 1, False, None)
    assert read_wish("Doc.", ["--quick"], rounds=21).rounds == 2
    file = tmp_path / "one.png"
    arguments = ["--quick", "--rounds", "5", "--seed", "7", "--png", str(file)]
    wish = read_wish("Doc.", arguments, rounds=21)
    assert (wish.rounds, wish.seed, wish.quick, wish.png) == (5, 7, True, file)


def test_every_subject_is_measured_once_a_round_in_changing_order() -> None:
    wish = read_wish("Doc.", ["--seed", "3"], rounds=20)
    rounds = list(orders("abc", wish))
    assert all(sorted(order) == ["a", "b", "c"] for order in rounds)
    assert len({tuple(order) for order in rounds}) > 1
    assert rounds == list(orders("abc", wish))
    calls: list[str] = []

    def subject(name: str) -> int:
        calls.append(name)
        return len(calls)

    taken = interleave({"a": lambda: subject("a"), "b": lambda: subject("b")}, wish)
    assert list(taken) == ["a", "b"]
    assert calls.count("a") == calls.count("b") == len(taken["a"]) == 20


async def test_subjects_may_be_coroutines() -> None:
    async def one() -> float:
        return 1.0

    wish = read_wish("Doc.", [], rounds=3)
    assert await interleave_async({"a": one}, wish) == {"a": [1.0, 1.0, 1.0]}


def test_ratios_are_within_a_round_and_not_of_medians() -> None:
    ours, theirs = Series.of([1.0, 4.0, 90.0]), Series.of([2.0, 4.0, 100.0])
    assert ours.over(theirs).values == (0.5, 1.0, 0.9)
    assert ours.over(theirs).median == 0.9
    assert ours.minus(theirs).low == -10.0
    assert ours.cells() == ("4.0", "1.0", "90.0")
    assert ours.high == 90.0


def test_a_table_says_where_it_comes_from(
    capsys: pytest.CaptureFixture[str],
) -> None:
    say_origin("us a call", read_wish("Doc.", [], rounds=5), "httpx", "no-such-thing")
    print_row("a", *Series.of([1.0]).cells(0))
    captured = capsys.readouterr()
    assert captured.out == "a\t1\t1\t1\n"
    first, second = captured.err.splitlines()
    assert first == "us a call; medians of 5 interleaved rounds, seed 1"
    assert second == machine("httpx", "no-such-thing")
    assert second.endswith("no-such-thing not installed")
