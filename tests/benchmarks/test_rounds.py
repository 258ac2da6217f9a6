"""Rounds: every subject once in each, and ratios within it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.benchmarks import rounds as rounds_module
from tests.benchmarks.rounds import (
    Series,
    interleave,
    interleave_async,
    machine,
    orders,
    print_row,
    read_wish,
    say_missing,
    say_origin,
)

if TYPE_CHECKING:
    from pathlib import Path


def test_the_command_line_says_how_much_is_measured() -> None:
    wish = read_wish("Doc.", [], rounds=21)
    assert (wish.rounds, wish.seed, wish.quick, wish.png) == (21, 1, False, None)
    assert read_wish("Doc.", ["--quick"], rounds=21).rounds == 2
    arguments = ["--quick", "--rounds", "5", "--seed", "7"]
    wish = read_wish("Doc.", arguments, rounds=21)
    assert (wish.rounds, wish.seed, wish.quick, wish.png) == (5, 7, True, None)


def test_a_picture_goes_where_one_can_be_drawn(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rounds_module, "find_spec", lambda name: object())
    file = tmp_path / "one.png"
    assert read_wish("Doc.", ["--png", str(file)], rounds=1).png == file
    (tmp_path / "folder.png").mkdir()
    for name, why in {
        "one.jpeg": "ends in .png",
        "folder.png": "must be a file",
        "nowhere/one.png": "there is no folder",
    }.items():
        with pytest.raises(SystemExit):
            read_wish("Doc.", ["--png", str(tmp_path / name)], rounds=1)
        assert why in capsys.readouterr().err
    monkeypatch.setattr(rounds_module, "find_spec", lambda name: None)
    with pytest.raises(SystemExit):
        read_wish("Doc.", ["--png", str(file)], rounds=1)
    assert "needs matplotlib: install the group `bench`" in capsys.readouterr().err


@pytest.mark.parametrize("rounds", ["0", "-1", "many", "1.5"])
def test_there_is_at_least_one_round(
    rounds: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        read_wish("Doc.", [f"--rounds={rounds}"], rounds=1)
    assert "a whole number of at least 1" in capsys.readouterr().err


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


def test_a_quick_table_says_that_it_shows_nothing_else(
    capsys: pytest.CaptureFixture[str],
) -> None:
    say_origin("us", read_wish("Doc.", ["--quick", "--rounds", "1"], rounds=5))
    first, _ = capsys.readouterr().err.splitlines()
    assert first == (
        "us; medians of 1 interleaved round, seed 1; "
        "quick: shows only that it runs, no figure holds"
    )


def test_who_is_not_measured_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    say_missing({"theirs": "nowhere"})
    said = capsys.readouterr().err
    assert said == "NOT MEASURED: theirs, since nowhere is not installed here\n"
