"""Playing a session: what happens, happens in order."""

from __future__ import annotations

import pytest

from tests.benchmarks.simulation.client import Client
from tests.benchmarks.simulation.network import Network
from tests.benchmarks.simulation.workload import Fault, Mode, Session


class Scribe(Client):
    """Writes down what it is told, and is told of each call a second later."""

    __slots__ = ("told",)
    told: list[tuple[float, str]]

    def begin(self, number: int, now: float) -> None:
        self.told.append((now, f"begin {number}"))
        self.at(now + 1.0, lambda at: self.told.append((at, f"end {number}")))

    def leave(self, now: float) -> None:
        self.told.append((now, "leave"))


def played(mode: Mode, *starts: float) -> list[tuple[float, str]]:
    """Return what a client was told."""
    session = Session("by hand", 0.0)
    session.starts = list(starts)
    client = Scribe(session, Network(session, Fault.NONE, mode), mode)
    client.told = []
    assert client.run().calls == len(starts)
    return client.told


def test_calls_and_events_are_merged_in_order() -> None:
    assert played(Mode.EPISODIC, 1.0, 1.5, 3.0) == [
        (1.0, "begin 0"),
        (1.5, "begin 1"),
        (2.0, "end 0"),
        (2.5, "end 1"),
        (3.0, "begin 2"),
        (4.0, "end 2"),
    ]


def test_while_typing_the_call_before_is_left_first() -> None:
    told = [what for _, what in played(Mode.TYPING, 1.0, 1.5)]
    assert told == ["leave", "begin 0", "leave", "begin 1", "end 0", "end 1"]


@pytest.mark.parametrize(
    ("moment", "expected"), [(1.9, True), (2.0, True), (2.1, False), (3.1, False)]
)
def test_what_comes_next_is_before_events_and_the_next_call(
    moment: float, expected: bool
) -> None:
    session = Session("by hand", 0.0)
    session.starts = [1.0, 3.0]
    mode = Mode.EPISODIC
    client = Scribe(session, Network(session, Fault.NONE, mode), mode)
    client._next_start = 3.0
    client.at(2.0, lambda at: None)
    assert client.comes_next(moment) is expected
