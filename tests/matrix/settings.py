"""The policies that cells are played with, and the times that follow from them.

Where a trouble takes all the time that an attempt has, that time is short. A circuit
that has tripped stays open for as long as anybody looks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlab_completions import CircuitPolicy, DetailsPolicy, DirectMode, RoutingPolicy
from tests.matrix.facts import Place

if TYPE_CHECKING:
    from tests.matrix.facts import Cell

PATIENT_S = 5.0
"""Seconds that what is well gets: a busy machine must not look like a fault."""
DEADLINE_S = 10.0
SHORT_S = 0.5
"""Seconds of an attempt on a slow instance."""
DIRECT_S = 1.5
"""Seconds of an attempt on a slow gateway: more than the hedge delay."""
FIRST_WAIT_S = 0.3
"""Seconds that a call waits for a slow grant."""
STUCK_DEADLINE_S = 1.5
"""Seconds of a call that has no way out: the whole instance is slow."""

CIRCUIT = CircuitPolicy(cool_down_s=100.0, max_cool_down_s=100.0)


def policy_for(cell: Cell) -> RoutingPolicy:
    """Return the policy that a cell is played with."""
    slow, place = cell.trouble.slow, cell.place
    slow_grant = slow and place is Place.DIRECT_ACCESS
    stuck = slow_grant and cell.trouble.whole_host
    slow_instance = stuck or (slow and place.endpoint == "instance")
    never = place is Place.INSTANCE
    return RoutingPolicy(
        direct=DirectMode.NEVER if never else DirectMode.AUTO,
        deadline_s=STUCK_DEADLINE_S if stuck else DEADLINE_S,
        direct_timeout_s=DIRECT_S if slow and place is Place.GATEWAY else PATIENT_S,
        indirect_timeout_s=SHORT_S if slow_instance else PATIENT_S,
        indirect_per_minute=None,
        circuit=CIRCUIT,
        details=DetailsPolicy(first_wait_s=FIRST_WAIT_S if slow_grant else PATIENT_S),
    )
