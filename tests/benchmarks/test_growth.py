"""The benchmark runs, in its quick mode, and tells linear growth from what is worse."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.benchmarks import growth
from tests.benchmarks.growing import MEASURES, Measure
from tests.benchmarks.rounds import Series

if TYPE_CHECKING:
    from collections.abc import Callable


def test_everything_that_may_grow_has_its_rows(
    capsys: pytest.CaptureFixture[str],
) -> None:
    growth.main(["--quick"])
    _, *rows = capsys.readouterr().out.splitlines()
    found = [tuple(row.split("\t")[:2]) for row in rows]
    assert found == [
        (one.name, str(number)) for one in MEASURES for number in one.quick_numbers
    ]


def grown(name: str, total: Callable[[int], float]) -> growth.Growth:
    one = next(each for each in MEASURES if each.name == name)
    totals = {number: Series.of([total(number)] * 3) for number in one.numbers}
    return growth.Growth(one, totals, growth.exponent(totals))


def test_the_exponent_is_that_of_the_larger_half() -> None:
    linear = grown("all on the wire", lambda number: 5.0 * number)
    assert linear.exponent.median == pytest.approx(1.0)
    assert linear.words == "linear or better"
    late = grown("all on the wire", lambda number: max(100.0, number**2 / 10))
    assert late.exponent.median > 1.5
    assert late.words == "WORSE THAN LINEAR"


def test_the_verdict_names_what_is_worse() -> None:
    linear = grown("all on the wire", lambda number: 5.0 * number)
    square = grown("details fetched", lambda number: 5.0 * number**2)
    assert growth.verdict([linear]) == (
        "Nothing grows worse than linearly: the greatest exponent is 1.00, "
        "of all on the wire"
    )
    assert growth.verdict([linear, square]) == (
        "Worse than linear (exponent): details fetched (2.00)"
    )


async def test_every_measure_checks_what_it_does() -> None:
    for one in MEASURES:
        assert isinstance(one, Measure)
        assert await one.spend(one.quick_numbers[-1]) > 0
