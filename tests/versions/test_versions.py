"""Every cell is what its release's facts and the verdict tables say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gitlab_completions import ErrorCode
from tests.versions.conftest import CELL
from tests.versions.expectation import can_answer, expect
from tests.versions.facts import CELLS, Column
from tests.versions.play import play

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.versions.facts import Cell


@pytest.mark.parametrize("cell", CELLS, ids=str)
async def test_a_caller_gets_what_the_release_has(
    cell: Cell, record_property: Callable[[str, object], None]
) -> None:
    seen = await play(cell)
    record_property(CELL, (cell.profile.name, cell.column.value, seen))
    assert seen == expect(cell)
    if can_answer(cell):
        assert seen not in list(ErrorCode)


def test_errors_are_only_where_no_route_can_answer() -> None:
    errors = {cell.column for cell in CELLS if not can_answer(cell)}
    assert errors == {Column.QUOTA, Column.NO_NAMESPACE, Column.OPERATOR_OFF}
