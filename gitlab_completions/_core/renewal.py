"""When details are renewed ahead, so that the clients of one instance come apart.

Many clients fetch in the same minute: at the start of a working day, after an update of
an editor, when an outage ends. If each then renewed after about the same time, they
would come back as one wave, hour after hour, for chance parts them by a few minutes in
each. So a fetch that was not a renewal in time draws the next renewal from all of the
time between two, once: then as many clients renew in every minute. Renewals in time
keep their distance from each other, and need no more than a little chance; those that
an outage held up take their old places again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gitlab_completions.policy import DetailsPolicy

ON_TIME_S = 5.0
"""A renewal that starts so soon after its moment was nobody else's idea: a timer is
late by less, a call after a pause or a try after a failure mostly by more."""
TIMED_FROM_S = 60.0
"""Shorter lives are renewed by the next call, not by a timer."""


def margin_s(policy: DetailsPolicy, life_s: float) -> float:
    """Return the seconds before expiry from which details are not used any more."""
    return min(policy.margin_s, 0.1 * life_s)


def after_s(
    policy: DetailsPolicy,
    life_s: float,
    jitter: float = 0.0,
    overdue_s: float = 0.0,
    *,
    tried: bool = False,
) -> float:
    """Return the seconds of their life after which details are to be renewed.

    Args:
        policy: Shares and margins.
        life_s: How long they live.
        jitter: A number from 0 up to 1; without it, the earliest usual moment.
        overdue_s: By how much they are a late renewal; infinite when they are none.
        tried: Whether it was begun before and failed: it keeps its place then, for
            those of one outage would else leave a gap where theirs was.
    """
    last = policy.renew_at + policy.renew_spread
    first, late = policy.renew_at, overdue_s >= ON_TIME_S
    earliest = min(policy.renew_from, first)
    keeps = tried and overdue_s < (first - earliest) * life_s
    if late and not keeps and life_s >= TIMED_FROM_S:
        first = earliest
    after = (first + (last - first) * jitter) * life_s
    if late and keeps:
        after -= overdue_s
    return min(after, life_s - margin_s(policy, life_s))
