"""What the library's reasons mean, in a few words."""

from __future__ import annotations

from gitlab_completions.models import RouteReason

__all__ = ("why",)

_WHY = {
    RouteReason.PREFERRED: "direct is usable, and preferred",
    RouteReason.FELL_BACK: "the other route failed in this call",
    RouteReason.HEDGED: "started beside the other route, and answered first",
    RouteReason.CIRCUIT_OPEN: "the other route rests after failures or silence",
    RouteReason.SLOWER: "direct is the slower route now",
    RouteReason.DETAILS_ABSENT: "there are no connection details for direct yet",
    RouteReason.DETAILS_EXPIRED: "the connection details for direct have run out",
    RouteReason.BARRED: "direct is refused, for the time being",
    RouteReason.POLICY: (
        "your own options, or GITLAB_COMPLETIONS_DIRECT, allow this route only"
    ),
    RouteReason.ROLLOUT: "direct is not rolled out to this user",
    RouteReason.GENERATION: "generations go through the instance only",
    RouteReason.SATURATED: "the other route had no room, or its limit is used up",
    RouteReason.LAST_TRY: "the instance failed, so direct got a try",
}


def why(reason: RouteReason) -> str:
    """Return what a reason means; its own name when it is a newer one."""
    return _WHY.get(reason, reason.value.replace("_", " "))
