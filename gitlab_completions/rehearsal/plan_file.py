"""Reads a plan from TOML; what is wrong is told with its line and its key. Pure."""

from __future__ import annotations

import re
import tomllib
from functools import partial
from typing import TYPE_CHECKING, TypedDict, cast

from gitlab_completions.emulator.faults import FaultKind
from gitlab_completions.emulator.flags import DEFINITIONS
from gitlab_completions.emulator.profiles import PROFILES
from gitlab_completions.rehearsal.faults import DELAY, ENDPOINTS, fault_of, kinds_of
from gitlab_completions.rehearsal.plan import (
    DIRECT_FLAG,
    Authors,
    Breach,
    GuardRail,
    Latencies,
    Lever,
    Metric,
    Plan,
    PlannedFault,
    Step,
    Time,
)
from gitlab_completions.rehearsal.quantities import (
    Bound,
    read_bound,
    read_share,
    read_span,
    show_span,
)
from gitlab_completions.rehearsal.tables import (
    PlanError,
    Table,
    read_at_least_one,
    read_count,
    read_number,
    read_positive_count,
    read_positive_span,
    read_text,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ("PlanError", "read_plan")

_FLAGS = (DIRECT_FLAG, "code_suggestions_direct_access_cloud_connected")
"""GitLab's flags that direct access hung on, and hangs on."""


def read_plan(text: str) -> Plan:
    """Return the plan that a TOML text describes.

    Raises:
        PlanError: When it describes none.
    """
    top = Table(text, (), _document(text))
    profile = top.choice("profile", "17.1", tuple(PROFILES))
    steps = _steps(top)
    time = top.member("time", Time.VIRTUAL)
    before_s = top.get("before", read_positive_span, 600.0)
    plan = Plan(
        title=top.get("title", read_text, "a roll-out"),
        seed=top.get("seed", read_count, 0),
        time=time,
        profile=profile,
        latencies=_latencies(top.table("latencies")),
        **_lever(top.table("lever"), profile),
        authors=_authors(top.table("authors")),
        before_s=before_s,
        steps=steps,
        guard_rails=tuple(map(_guard_rail, top.tables("guard_rails"))),
        faults=_faults(top, steps, before_s, time),
        look_s=top.get("look_every", read_positive_span, 15.0),
        longest_hold_s=top.get("longest_hold", read_span, 1800.0),
        after_s=top.get("watch_after_take_back", read_span, 1800.0),
    )
    top.close()
    return plan


def _document(text: str) -> dict[str, object]:
    """Read the TOML."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"\(at line (\d+), column \d+\)", str(error))
        message = str(error).partition(" (at ")[0]
        line = int(found[1]) if found else None
    except ValueError:  # what Python says of a number of thousands of digits
        message, line = "a number is too long", None
    except RecursionError:
        message, line = "it is nested too deeply", None
    raise PlanError(f"is no TOML: {message}", line=line, key=None)


def _latencies(table: Table) -> Latencies:
    usual = Latencies()
    made = Latencies(
        direct_s=table.get("direct", read_span, usual.direct_s),
        indirect_extra_s=table.get("indirect_extra", read_span, usual.indirect_extra_s),
        grant_s=table.get("grant", read_span, usual.grant_s),
        spread=table.get("spread", read_number, usual.spread),
    )
    table.close()
    return made


def _authors(table: Table) -> Authors:
    usual = Authors()
    made = Authors(
        count=table.get("count", read_positive_count, usual.count),
        with_context=table.get("with_context", read_share, usual.with_context),
        think_s=table.get("think", read_positive_span, usual.think_s),
        think_spread=table.get("think_spread", read_number, usual.think_spread),
        session_s=table.get("session", read_positive_span, usual.session_s),
        break_s=table.get("break", read_positive_span, usual.break_s),
        keystrokes=table.get("keystrokes", read_at_least_one, usual.keystrokes),
        keystroke_s=table.get("keystroke", read_positive_span, usual.keystroke_s),
    )
    table.close()
    return made


class _LeverFields(TypedDict):
    lever: Lever
    flag: str


def _lever(table: Table, profile: str) -> _LeverFields:
    kind = table.member("kind", Lever.INSTANCE_FLAG)
    release = PROFILES[profile].release
    flags = tuple(
        each.name
        for each in DEFINITIONS
        if each.name in _FLAGS and each.since <= release < each.until
    )
    if kind is Lever.INSTANCE_FLAG and (not flags or PROFILES[profile].self_hosted):
        raise table.error(
            "kind",
            f"GitLab {profile} has no flag for direct connections; "
            f"take {Lever.CLIENT_FLAG} or {Lever.CLIENT_PERCENTAGE}",
        )
    flag = DIRECT_FLAG
    if kind is Lever.INSTANCE_FLAG:
        flag = table.choice("flag", flags[0], flags)
    table.close()
    return {"lever": kind, "flag": flag}


def _steps(top: Table) -> tuple[Step, ...]:
    steps = [
        step
        for number, table in enumerate(top.tables("steps"), 1)
        for step in _step(table, number)
    ]
    if not steps:
        raise top.error(None, "steps are missing: [[steps]]")
    return tuple(steps)


def _step(table: Table, number: int) -> Iterator[Step]:
    """Give a step, or several where it names several percentages."""
    nobody: tuple[float, ...] = (0.0,)
    percents = table.get("percent", _percents, nobody)
    members = table.get("members", read_count, 0)
    title = table.get("title", read_text, "")
    pause_s = table.get("pause", read_positive_span)
    for percent in percents:
        share = f"{percent:g} %" if percent else f"{members} by name"
        yield Step(
            number=number,
            title=f"{title} ({share})" if title else share,
            percent=percent,
            members=members,
            pause_s=pause_s,
        )


def _guard_rail(table: Table) -> GuardRail:
    metric = Metric(table.choice("metric", None, tuple(each.value for each in Metric)))
    return GuardRail(
        name=table.get("name", read_text, metric.value.replace("_", " ")),
        metric=metric,
        at_most=table.get("at_most", partial(_bound, metric)),
        window_s=table.get("window", read_positive_span, 300.0),
        least_samples=table.get("least_samples", read_positive_count, 100),
        breach=table.member("then", Breach.TAKE_BACK),
    )


def _bound(metric: Metric, value: object) -> Bound:
    bound = read_bound(value, of_time=metric.of_time)
    if bound.of_before and metric is Metric.GATEWAY_ERRORS:
        raise ValueError('takes a share, such as "1 %": nothing goes direct before')
    return bound


def _faults(
    top: Table, steps: tuple[Step, ...], before_s: float, time: Time
) -> tuple[PlannedFault, ...]:
    """Read the faults, of which an endpoint has one at a time."""
    faults: list[PlannedFault] = []
    for table in top.tables("faults"):
        fault = _fault(table, steps, time)
        for number, other in enumerate(faults, 1):
            if not _is_apart(fault, other, steps, before_s):
                raise table.error(
                    None,
                    f"strikes {fault.endpoint} while faults[{number}] does; "
                    "an endpoint has one fault at a time",
                )
        faults.append(fault)
    return tuple(faults)


def _is_apart(
    one: PlannedFault, other: PlannedFault, steps: tuple[Step, ...], before_s: float
) -> bool:
    """Tell whether two faults never strike the same endpoint at once.

    A step that is held puts off the faults of those after it alone, so a fault of an
    earlier step has to be the first of the two.
    """
    if one.endpoint != other.endpoint:
        return True

    def began_s(fault: PlannedFault) -> float:
        past = (step.pause_s for step in steps if step.number < fault.step)
        return fault.after_s + (sum(past, before_s) if fault.step else 0.0)

    first, second = sorted((one, other), key=lambda each: (each.step, began_s(each)))
    return began_s(first) + first.lasts_s <= began_s(second)


def _fault(table: Table, steps: tuple[Step, ...], time: Time) -> PlannedFault:
    last = max(step.number for step in steps)
    step = table.get("step", read_count)
    if step > last:
        raise table.error("step", f"there are {last} steps, and none is {step}")
    endpoint = table.choice("endpoint", None, ENDPOINTS)
    kind = table.choice("kind", None, kinds_of(endpoint))
    if time is Time.VIRTUAL and kind == FaultKind.STALE:
        raise table.error("kind", "in virtual time no connection is ever stale")
    after_s = table.get("after", read_span, 0.0)
    lasts_s = table.get("lasts", read_positive_span)
    given = table.rest()
    try:
        title, strike = fault_of(kind, given)
    except ValueError as error:
        name, _, message = str(error).partition(" ")
        raise table.error(name, message) from None
    return PlannedFault(
        title=f"{endpoint}: {title}, for {show_span(lasts_s)}",
        step=step,
        after_s=after_s,
        lasts_s=lasts_s,
        endpoint=endpoint,
        strike=strike,
        is_delay=kind == DELAY,
    )


def _percents(value: object) -> tuple[float, ...]:
    """Read one percentage or several."""
    values = cast("list[object]", value) if isinstance(value, list) else [value]
    if not values:
        raise ValueError("takes a percentage, or several")
    return tuple(map(read_number, values))
