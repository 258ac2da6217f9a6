"""What an author asks for, and what the network would make of it; no policy in it.

One session is drawn once and played to every policy: the same calls at the same
moments, the same latencies for the same call. So the difference between two policies is
theirs alone, and a ratio to the oracle needs few sessions.

Calls start at moments that no answer moves: a client that waits for an answer before it
asks again asks less while it is slow, and hides what it costs.
"""

from __future__ import annotations

import math
import random
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

P90, P99 = 1.281551565545, 2.326347874041
"""Deviations from a normal's mean to its 90th and its 99th percentile."""

ANSWER_P50_S, ANSWER_P99_S = 0.25, 0.9
"""An answer of the gateway's, in GitLab's published figures."""
DETOUR_S = 0.125
"""What the way through the instance adds: 100 to 150 ms, by GitLab's own account."""
PAUSE_P50_S, PAUSE_P90_S = 0.8, 3.0
"""The pause between two keystrokes that ask for a completion."""
REFUSAL_S = 0.06
"""What a failing server or a refused token takes to say so: one round trip."""
SLOWER = 5.0
"""By what a slow gateway multiplies its answers' times."""
SESSION_S = 1800.0
EPISODE_S, PERIOD_S = 30.0, 180.0


class Fault(StrEnum):
    """What happens to the gateway; the instance itself is always sound."""

    NONE = "none"
    SILENT = "silent"
    """Direct attempts are never answered: a black hole."""
    SILENT_ALIKE = "silent, alike"
    """The same where a call that is slow direct is as slow indirect, in good times too:
    the model takes its time for a prompt, whichever way that came."""
    FAILS_HALF = "5xx 50 %"
    FAILS = "5xx 100 %"
    SLOW = "slow x5"
    """Direct answers take five times as long, indirect ones do not."""
    REFUSES = "401"
    """Tokens that were granted before the fault are refused while it lasts."""
    BOTH_SLOW = "both slow"
    """The gateway itself is slow, so that indirect answers are too."""


class Mode(StrEnum):
    """When the fault is on, and what the author does meanwhile."""

    PERSISTENT = "persistent"
    """It is always on; each call is waited for."""
    EPISODIC = "episodic"
    """It is on for 30 s of each 180; each call is waited for."""
    TYPING = "typing"
    """The same episodes; each call's caller leaves when the next one begins."""


class Session:
    """The calls of one author: when each begins, and its luck on each route.

    Args:
        seed: What the luck is drawn from.
        seconds: How long it lasts.
    """

    __slots__ = ("coins", "direct_s", "gateway_s", "phase_s", "seed", "starts")

    def __init__(self, seed: str, seconds: float = SESSION_S) -> None:
        chance = random.Random(seed)
        pause_s = _lognormal(chance, PAUSE_P50_S, PAUSE_P90_S, P90)
        answer_s = _lognormal(chance, ANSWER_P50_S, ANSWER_P99_S, P99)
        self.seed = seed
        self.phase_s = chance.uniform(0.0, PERIOD_S)
        self.starts: list[float] = []
        self.direct_s: list[float] = []
        self.gateway_s: list[float] = []
        self.coins: list[float] = []
        now = pause_s()
        while now < seconds:
            self.starts.append(now)
            self.direct_s.append(answer_s())
            self.gateway_s.append(answer_s())
            self.coins.append(chance.random())
            now += pause_s()

    @property
    def first_ends_at(self) -> float:
        """When the first episode ends: until then a fault was never met before."""
        early = self.phase_s > PERIOD_S - EPISODE_S
        return self.phase_s + EPISODE_S - (PERIOD_S if early else 0.0)

    def episode(self, at: float) -> float | None:
        """Return when the episode began that is on at a moment, if one is."""
        into_s = (at - self.phase_s) % PERIOD_S
        return at - into_s if into_s < EPISODE_S else None


def _lognormal(
    chance: random.Random, median: float, high: float, deviations: float
) -> Callable[[], float]:
    """Return a generator of draws with that median and that high percentile."""
    mean = math.log(median)
    spread = (math.log(high) - mean) / deviations
    draw = chance.lognormvariate
    return lambda: draw(mean, spread)


def sessions(seed: int, count: int, seconds: float = SESSION_S) -> list[Session]:
    """Draw so many sessions."""
    return [Session(f"{seed}/{number}", seconds) for number in range(count)]
