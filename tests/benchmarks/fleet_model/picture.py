"""Draws the load on each service over time, outages shaded."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tests.benchmarks.fleet_model.loads import windows
from tests.benchmarks.pictures import picture, style

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from tests.benchmarks.fleet_model.scenarios import Scenario
    from tests.benchmarks.fleet_model.world import World
    from tests.benchmarks.rounds import Wish

MINUTE = 60
DRAWN = (
    "common start",
    "roll-out",
    "gateway outage",
    "instance outage",
    "token service outage",
)
MAGNIFIED = 10
"""Direct access is drawn so many times its size: it is a few requests in a hundred."""


class Curves(NamedTuple):
    """What is kept of a run for its picture: minute by minute, of direct access off."""

    scenario: Scenario
    instance: list[float]
    gateway: list[float]
    direct_access: list[float]

    @classmethod
    def of(cls, world: World) -> Curves:
        """Keep what is drawn of a run."""
        usual = MINUTE * world.calls_with_direct_off
        loads = (world.instance(), world.gateway(), world.fetched())
        return cls(
            world.scenario,
            *([one / usual for one in windows(load, MINUTE)] for load in loads),
        )


def draw(wish: Wish, curves: Sequence[Curves], title: str, caption: str) -> None:
    """Draw the runs, three side by side."""
    with picture(
        wish,
        title=title,
        caption=caption,
        panels=len(curves),
        columns=3,
        size=(14.0, 10.5),
    ) as panels:
        for axes, one in zip(panels, curves, strict=True):
            _panel(axes, one)
        for first in panels[::3]:
            first.set_ylabel("requests, of what the instance\nwould get without direct")
        panels[0].legend(loc="upper right", fontsize=8, framealpha=0.95)


def _panel(axes: Axes, one: Curves) -> None:
    loads = {
        "instance": one.instance,
        "gateway, from clients": one.gateway,
        f"direct access x {MAGNIFIED}": [
            MAGNIFIED * each for each in one.direct_access
        ],
    }
    for place, (label, load) in enumerate(loads.items()):
        look = style(place)
        minutes = [each + 0.5 for each in range(len(load))]
        axes.plot(
            minutes,
            load,
            label=label,
            color=look.colour,
            linestyle=look.line,
            marker=look.marker,
            markevery=max(1, len(load) // 12),
            markersize=4,
            lw=1.4,
        )
    for outage in one.scenario.outages:
        axes.axvspan(
            outage.start_s / MINUTE,
            outage.end_s / MINUTE,
            facecolor="0.85",
            edgecolor="0.6",
            hatch="//",
            lw=0,
            zorder=0,
        )
    for at, share in one.scenario.flag[1:]:
        axes.axvline(at / MINUTE, color="0.5", lw=0.8, ls=":")
        axes.text(at / MINUTE, 2.02, f"{share:.0%}", fontsize=8, ha="center")
    axes.axhline(2.0, color="black", lw=0.8, ls="--")
    axes.set_ylim(0, 2.15)
    axes.set_xlim(0, one.scenario.seconds / MINUTE)
    axes.set_xlabel("minutes")
    axes.set_title(_wrapped(one.scenario), fontsize=9)
    axes.grid(axis="y", alpha=0.3)


def _wrapped(scenario: Scenario) -> str:
    return f"{scenario.name}:\n{scenario.title}"
