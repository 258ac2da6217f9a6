"""The right to one attempt, and what its holder may say of how it went."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gitlab_completions._core.circuit import Circuit


class Transition(Enum):
    """What settling a permit did to its circuit."""

    NONE = 0
    TRIPPED = 1
    RECOVERED = 2


class Permit:
    """The right to one attempt, settled exactly once: when it ends, or is lost before.

    Args:
        circuit: Who gave it.
        era: The circuit's, when it was given.
        admitted_at: When the attempt was sent; infinite while it waits to be.
        probe: Whether it is a half-open circuit's one probe.
        timed: Whether how long it takes says anything: a generation takes its time.
        whole: Whether it ends with the whole answer, as what the pace is made of does,
            and not with the first piece of one.

    Attributes:
        alone: Nobody waits for the attempt any more.
        late: It has been counted as late.
        settled: It has been counted, and is not counted again.
    """

    __slots__ = (
        "_ended",
        "admitted_at",
        "alone",
        "circuit",
        "era",
        "late",
        "probe",
        "settled",
        "timed",
        "whole",
    )

    def __init__(
        self,
        circuit: Circuit,
        era: int,
        admitted_at: float,
        *,
        probe: bool,
        timed: bool,
        whole: bool,
    ) -> None:
        self.circuit = circuit
        self.era = era
        self.admitted_at = admitted_at
        self.probe = probe
        self.timed = timed
        self.whole = whole
        self.alone = False
        self.late = False
        self.settled = False
        self._ended = False

    def succeed(self, now: float) -> Transition:
        """Settle: the route answered."""
        if not self._ends():
            return Transition.NONE
        if self._settles():
            return self.circuit.settle(self, now, success=True)
        self.circuit.learn(self, now)
        return Transition.NONE

    def fail(self, now: float) -> Transition:
        """Settle: the route failed."""
        if self._ends() and self._settles():
            return self.circuit.settle(self, now, success=False)
        return Transition.NONE

    def rest(self, now: float, rest_s: float) -> Transition:
        """Settle: the route asked for a rest of so many seconds."""
        if not self._ends():
            return Transition.NONE
        self.settled = True
        return self.circuit.rest(self, now, rest_s)

    def refuse(self, now: float) -> Transition:
        """Settle: the route works, and refused the request."""
        if self._ends() and self._settles():
            return self.circuit.refuse(self, now)
        return Transition.NONE

    def release(self) -> Transition:
        """Settle: the attempt says nothing about the route."""
        if self._ends() and self._settles():
            self.circuit.release(self)
        return Transition.NONE

    def left(self, now: float) -> Transition:
        """Tell that nobody waits for the attempt any more; its exchange goes on.

        Late, with nothing arrived, this is a loss, and settles the permit before the
        attempt has ended. Earlier it is neutral, but the attempt is late too when it is
        still silent after the hedge delay.
        """
        if self.settled or not self.timed:
            return Transition.NONE
        return self.circuit.left(self, now)

    def cut(self, now: float) -> Transition:
        """Settle: the attempt is ended, with nothing arrived; late, that is a loss."""
        transition = Transition.NONE
        if self.timed and not self.settled:
            transition = self.circuit.cut(self, now)
        self.release()
        return transition

    def _ends(self) -> bool:
        first, self._ended = not self._ended, True
        return first

    def _settles(self) -> bool:
        first, self.settled = not self.settled, True
        return first
