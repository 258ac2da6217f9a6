"""Cells by their names, for tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.matrix.facts import Cell, Place, Situation, cells
from tests.matrix.statuses import STATUSES
from tests.matrix.troubles import TROUBLES

if TYPE_CHECKING:
    from collections.abc import Container

ALL = (*TROUBLES, *STATUSES)


def cell(place: Place, name: str, situation: Situation = Situation.WARM) -> Cell:
    """Return the one cell of that name."""
    (found,) = (one for one in row(place, {name}) if one.situation is situation)
    return found


def row(place: Place, names: Container[str]) -> list[Cell]:
    """Return the cells of some troubles at a place."""
    return [
        one for one in cells(ALL) if one.place is place and one.trouble.name in names
    ]
