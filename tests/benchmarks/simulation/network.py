"""What becomes of an attempt that is sent at a moment: how it ends, and how soon.

An attempt is under the fault when it is sent while the fault is on, whenever it ends.
"""

from __future__ import annotations

import math
from enum import Enum, auto
from typing import TYPE_CHECKING

from tests.benchmarks.simulation.workload import (
    DETOUR_S,
    REFUSAL_S,
    SLOWER,
    Fault,
    Mode,
)

if TYPE_CHECKING:
    from tests.benchmarks.simulation.workload import Session


SILENT = {Fault.SILENT, Fault.SILENT_ALIKE}


class End(Enum):
    """How an attempt ends by itself."""

    ANSWER = auto()
    SERVER_ERROR = auto()
    TOKEN_REFUSED = auto()
    NEVER = auto()


class Network:
    """The routes of one session under one fault.

    Args:
        session: The calls, and their luck.
        fault: What happens to the gateway.
        mode: When.
    """

    __slots__ = ("_direct_s", "_gateway_s", "_persistent", "_session", "fault")

    def __init__(self, session: Session, fault: Fault, mode: Mode) -> None:
        self._session = session
        self.fault = fault
        self._persistent = mode is Mode.PERSISTENT
        self._direct_s = session.direct_s
        alike = fault is Fault.SILENT_ALIKE
        self._gateway_s = session.direct_s if alike else session.gateway_s

    def fault_since(self, at: float) -> float | None:
        """Return since when the fault is on, if it is on at a moment."""
        return 0.0 if self._persistent else self._session.episode(at)

    def direct(self, call: int, at: float, granted_at: float) -> tuple[float, End]:
        """Return what a direct attempt takes, and how it ends.

        Args:
            call: The call's number.
            at: When it is sent.
            granted_at: When its token was granted.
        """
        took_s, fault = self._direct_s[call], self.fault
        since = None if fault is Fault.NONE else self.fault_since(at)
        if since is None:
            return took_s, End.ANSWER
        if fault in SILENT:
            return math.inf, End.NEVER
        if fault is Fault.FAILS or (
            fault is Fault.FAILS_HALF and self._session.coins[call] < 0.5
        ):
            return REFUSAL_S, End.SERVER_ERROR
        if fault is Fault.REFUSES and granted_at <= since:
            return REFUSAL_S, End.TOKEN_REFUSED
        slow = fault in {Fault.SLOW, Fault.BOTH_SLOW}
        return took_s * SLOWER if slow else took_s, End.ANSWER

    def indirect_s(self, call: int, at: float) -> float:
        """Return what an indirect attempt takes; it is always answered."""
        took_s = self._gateway_s[call]
        if self.fault is Fault.BOTH_SLOW and self.fault_since(at) is not None:
            took_s *= SLOWER
        return took_s + DETOUR_S
