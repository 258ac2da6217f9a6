"""What can go wrong in a soak, and which parts cannot do their work meanwhile.

A fault that only slows a part down breaks nothing: the answer still comes within the
time that an attempt has. That is what makes "a route could answer" a fact of the plan.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class Part(StrEnum):
    """What a completion may need; the names are those of the emulator's endpoints."""

    DIRECT_ACCESS = "direct_access"
    GATEWAY = "gateway"
    INSTANCE = "instance"


class Deed(StrEnum):
    """How a fault is done."""

    WISH = "wish"
    """By the endpoint's handle; see the emulator's control interface."""
    SETTING = "setting"
    """By an admin."""
    FREEZE = "freeze"
    """The process gets SIGSTOP: connections are accepted, and nothing else happens."""
    KILL = "kill"
    """The process gets SIGKILL, and is started again on the same port."""
    KILL_FOR_NEW_KEYS = "kill for new keys"
    """The same, with another signing key: what was granted before is refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that can go wrong.

    Attributes:
        name: What the log and the picture call it.
        lane: Where it is; one fault at a time in each lane.
        deed: How it is done.
        wish: What is asked of the endpoint, or the settings.
        breaks: What cannot do its work meanwhile.
        bars: Whether clients are told no, for minutes: until the next suspend.
    """

    name: str
    lane: Part
    deed: Deed = Deed.WISH
    wish: Mapping[str, object] = field(default_factory=dict)
    breaks: frozenset[Part]
    bars: bool = False

    def __str__(self) -> str:
        return f"{self.lane.value}: {self.name}"


HOST = {
    Part.GATEWAY: frozenset({Part.GATEWAY}),
    Part.INSTANCE: frozenset({Part.INSTANCE, Part.DIRECT_ACCESS}),
}
"""What is gone when the host of a lane is."""
RETRY_AFTER_S = 4
"""What a 429 asks for."""


def _wish(
    lane: Part, fault: str, *, name: str = "", harmless: bool = False, **more: object
) -> Fault:
    return Fault(
        name=name or fault.replace("_", " "),
        lane=lane,
        wish={"fault": fault, **more},
        breaks=frozenset() if harmless else frozenset({lane}),
    )


def _status(lane: Part, status: int, *, bars: bool = False) -> Fault:
    headers = {"Retry-After": str(RETRY_AFTER_S)} if status == 429 else {}
    body = {"message": f"{status} of the soak"}
    wish = {"fault": "status", "status": status, "json": body, "headers": headers}
    return Fault(
        name=str(status), lane=lane, wish=wish, breaks=frozenset({lane}), bars=bars
    )


def _passing(lane: Part) -> tuple[Fault, ...]:
    """Return what any endpoint may suffer, and recover from by itself."""
    return (
        *(_status(lane, status) for status in (429, 500, 503)),
        *(_wish(lane, kind) for kind in ("hang", "reset", "half_answer", "html")),
        # Some 900 bytes of answer: too slow for any attempt, and a second's wait.
        _wish(lane, "drip", name="drip", bytes_per_s=40),
        _wish(lane, "drip", name="quick drip", harmless=True, bytes_per_s=900),
        _wish(lane, "delay", name="slow", harmless=True, seconds=1.2),
        _wish(lane, "delay", name="far too slow", seconds=15),
    )


def _host(lane: Part) -> tuple[Fault, ...]:
    """Return what a whole host may suffer."""
    wishes = [
        Fault(name=kind, lane=lane, wish={"fault": kind}, breaks=HOST[lane])
        for kind in ("refuse", "blackhole")
    ]
    freeze = Fault(name="freeze", lane=lane, deed=Deed.FREEZE, breaks=HOST[lane])
    return (*wishes, freeze)


KILLS = {
    lane: Fault(name="kill", lane=lane, deed=Deed.KILL, breaks=HOST[lane])
    for lane in HOST
}
NEW_KEYS = Fault(
    name="kill, new keys",
    lane=Part.GATEWAY,
    deed=Deed.KILL_FOR_NEW_KEYS,
    breaks=HOST[Part.GATEWAY],
)

PASSING: dict[Part, tuple[Fault, ...]] = {
    Part.GATEWAY: (*_passing(Part.GATEWAY), *_host(Part.GATEWAY), NEW_KEYS),
    Part.INSTANCE: (
        *_passing(Part.INSTANCE),
        *_host(Part.INSTANCE),
        # The instance refuses the user for a while, and takes it back.
        *(_status(Part.INSTANCE, status) for status in (401, 403, 404)),
        Fault(
            name="off for all",
            lane=Part.INSTANCE,
            deed=Deed.SETTING,
            wish={"code_suggestions_enabled": False},
            breaks=HOST[Part.INSTANCE],
        ),
    ),
    Part.DIRECT_ACCESS: (
        *_passing(Part.DIRECT_ACCESS),
        _wish(Part.DIRECT_ACCESS, "expired_token"),
        _wish(Part.DIRECT_ACCESS, "tampered_token"),
    ),
}
"""What passes by itself, by lane."""

BARRING: dict[Part, tuple[Fault, ...]] = {
    Part.GATEWAY: tuple(
        _status(Part.GATEWAY, status, bars=True) for status in (401, 403, 404)
    ),
    Part.DIRECT_ACCESS: (
        *(_status(Part.DIRECT_ACCESS, code, bars=True) for code in (401, 404, 422)),
        Fault(
            name="off by admin",
            lane=Part.DIRECT_ACCESS,
            deed=Deed.SETTING,
            wish={"direct_enabled": False},
            breaks=frozenset({Part.DIRECT_ACCESS}),
            bars=True,
        ),
    ),
}
"""What bars direct until the machine sleeps, or half an hour has passed."""
