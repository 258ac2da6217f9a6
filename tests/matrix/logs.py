"""Who hears all that is logged while cells are played."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.loopback.witness import Witness

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def overheard() -> Iterator[Witness]:
    """Give a witness of every record of every logger, debugging's included."""
    witness, root = Witness(), logging.getLogger()
    level = root.level
    root.addHandler(witness)
    root.setLevel(logging.DEBUG)
    try:
        yield witness
    finally:
        root.removeHandler(witness)
        root.setLevel(level)
