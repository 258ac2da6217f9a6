"""Whether direct access was asked for within budget, as the server saw it.

A suspend counts: eight hours later everything is forgotten, on either side.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from tests.soak.plan import SUSPEND_S

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tests.soak.servers import Asked

PER_KEY, KEY_SPAN_S = 10, 300.0
PER_CLIENT, CLIENT_SPAN_S = 30, 60.0


def most_within(times: Iterable[float], span_s: float) -> int:
    """Return the most of the times that lie within one span."""
    ordered = sorted(times)
    most = first = 0
    for number, at in enumerate(ordered, 1):
        while ordered[first] + span_s <= at:
            first += 1
        most = max(most, number - first)
    return most


def busiest(
    asked: Iterable[Asked],
    suspends: Sequence[float],
    client_of: Mapping[str | None, str],
) -> dict[str, tuple[int, int]]:
    """Return the most requests within a span and how many may be, by who asked."""
    keys: dict[str, list[float]] = defaultdict(list)
    clients: dict[str, list[float]] = defaultdict(list)
    for at, project in asked:
        if project not in client_of:
            continue  # a visitor's: each visit is another client
        slept_s = SUSPEND_S * sum(one <= at for one in suspends)
        keys[f"project {project}"].append(at + slept_s)
        clients[f"client {client_of[project]}"].append(at + slept_s)
    found = {who: (most_within(at, KEY_SPAN_S), PER_KEY) for who, at in keys.items()}
    return found | {
        who: (most_within(at, CLIENT_SPAN_S), PER_CLIENT) for who, at in clients.items()
    }
