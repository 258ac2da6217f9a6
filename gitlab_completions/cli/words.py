"""What the library's reasons mean, in a few words."""

from __future__ import annotations

from gitlab_completions.models import RouteReason

__all__ = ("why",)

_WHY = {
    RouteReason.PREFERRED: "direct is usable, and preferred",
    RouteReason.FELL_BACK: "the other route failed in this call",
    RouteReason.HEDGED: "the other route was slow, so this one started beside it",
    RouteReason.CIRCUIT_OPEN: "the other route rests after failures or silence",
    RouteReason.SLOWER: "direct is the slower route now",
    RouteReason.DETAILS_ABSENT: "there are no connection details for direct yet",
    RouteReason.DETAILS_EXPIRED: "the connection details for direct have run out",
    RouteReason.BARRED: "direct is refused, for the time being",
    RouteReason.POLICY: "your own options allow this route only",
    RouteReason.GENERATION: "generations go through the instance only",
    RouteReason.SATURATED: "too much was in flight on the other route",
    RouteReason.LAST_TRY: "the instance failed, so direct got a try",
}


def why(reason: RouteReason) -> str:
    """Return what a reason means; its own name when it is a newer one."""
    return _WHY.get(reason, reason.value.replace("_", " "))
