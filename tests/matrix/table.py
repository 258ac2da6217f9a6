"""The matrix as a table in Markdown, what is unexpected marked and told below."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.matrix.facts import Place, Situation

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tests.matrix.observation import Observed
    from tests.matrix.schedule import Played

MARK = "**✗**"
_ENDPOINTS = ("direct_access", "gateway", "instance")
_LEGEND = """\
A cell: what the calls ended with · requests that reached direct access, gateway and
instance after the trouble came · milliseconds of the longest call. *Effect*: what the
warm call did to the circuit of the route in trouble, and to the connection details;
where a warm call meets no trouble, what the first one did."""


def markdown(played: Sequence[Played], heading: str) -> str:
    """Return the whole table."""
    wrong = [one for one in played if one.wrong]
    lines = [f"# {heading}", "", _LEGEND, ""]
    lines += [_sum(played, wrong), ""]
    for place in dict.fromkeys(one.cell.place for one in played):
        here = [one for one in played if one.cell.place is place]
        lines += [f"## {place}", "", *_rows(here), ""]
    if wrong:
        lines += ["## Unexpected", "", *map(explained, wrong), ""]
    return "\n".join(lines)


def explained(one: Played) -> str:
    """Return why a cell is unexpected."""
    return f"- {one.cell}: {'; '.join(one.wrong)}"


def _sum(played: Sequence[Played], wrong: Sequence[Played]) -> str:
    again = sum(one.observed.plays > 1 for one in played)
    return (
        f"{len(played)} cells, {len(wrong)} unexpected; "
        f"{again} played again for want of time."
    )


def _rows(played: Iterable[Played]) -> list[str]:
    rows: dict[str, dict[Situation, Played]] = {}
    for one in played:
        rows.setdefault(one.cell.trouble.name, {})[one.cell.situation] = one
    head = ["trouble", *Situation, "effect"]
    lines = [_line(head), _line(["---"] * len(head))]
    for name, cells in rows.items():
        shown = [_cell(cells.get(situation)) for situation in Situation]
        lines.append(_line([name, *shown, _effect(cells)]))
    return lines


def _line(columns: Iterable[str]) -> str:
    return f"| {' | '.join(columns)} |"


def _cell(one: Played | None) -> str:
    if one is None:
        return "-"
    seen = one.observed
    counts = "/".join(str(seen.requests[name]) for name in _ENDPOINTS)
    mark = f" {MARK}" if one.wrong else ""
    return f"{_outcomes(seen)} · {counts} · {seen.elapsed_s * 1000:.0f}{mark}"


def _outcomes(seen: Observed) -> str:
    """Return routes, and codes of errors; how often, where there are several."""
    short = {
        outcome: outcome.replace("AllRoutesFailedError: ", "")
        .replace("RequestRejectedError: ", "rejected: ")
        .replace("DeadlineExceededError: ", "deadline: ")
        for outcome in seen.outcomes
    }
    if len(short) == 1:
        return next(iter(short.values()))
    return ", ".join(f"{seen.outcomes[key]} {word}" for key, word in short.items())


def _effect(cells: dict[Situation, Played]) -> str:
    one = cells.get(Situation.WARM)
    if one is None or one.cell.place is Place.DIRECT_ACCESS:
        one = cells.get(Situation.FIRST, one)
    if one is None:
        return ""
    seen = one.observed
    if one.cell.place is Place.DIRECT_ACCESS:
        return str(seen.details)
    if one.cell.place is Place.GATEWAY:
        return f"{seen.direct}; {seen.details}"
    return str(seen.indirect)
