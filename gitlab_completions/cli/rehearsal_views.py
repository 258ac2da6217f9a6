"""What a rehearsal looks like: how it stands while it runs, and its report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.text import Text

from gitlab_completions.cli.consoles import facts_table, route_text, table
from gitlab_completions.cli.problems import visible
from gitlab_completions.rehearsal import Finding, Outcome
from gitlab_completions.rehearsal.guard_rails import shown
from gitlab_completions.rehearsal.quantities import show_share, show_span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType
    from rich.table import Table

    from gitlab_completions.rehearsal import (
        Affected,
        DirectTail,
        Entry,
        Reading,
        Report,
        Saving,
        Standing,
        Waits,
    )

__all__ = ("clock", "entry_line", "report_view", "standing_view")

_LAST_ENTRIES = 6
_ENDS = {
    Outcome.WENT_THROUGH: ("went through", "bold green"),
    Outcome.HELD: ("was held", "bold yellow"),
    Outcome.TAKEN_BACK: ("was taken back", "bold red"),
}
_FINDINGS = {
    Finding.KEPT: ("kept", "green"),
    Finding.BREACHED: ("BREACHED", "bold red"),
    Finding.TOO_FEW: ("too few samples", "yellow"),
}


def clock(seconds: float) -> str:
    """Return a time since the beginning as hours, minutes and seconds."""
    minutes, rest_s = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest_s:02}"


def entry_line(entry: Entry) -> str:
    """Return a line of the timeline."""
    return f"{clock(entry.at_s)}  {visible(entry.what)}"


def standing_view(standing: Standing) -> RenderableType:
    """Return how a rehearsal stands."""
    step = standing.step
    facts: list[tuple[str, str | Text]] = [
        ("step", f"{visible(step.title)}, since {show_span(standing.since_s)}"),
        ("calls", f"{standing.calls}, {standing.lost} lost"),
        ("faults", Text("; ".join(standing.faults) or "none")),
    ]
    lines = [Text(entry_line(entry)) for entry in standing.entries[-_LAST_ENTRIES:]]
    return Group(
        Text(f"{clock(standing.at_s)} of {clock(standing.planned_s)} planned", "bold"),
        facts_table(facts),
        _readings_table(standing.readings),
        *lines,
    )


def report_view(report: Report) -> RenderableType:
    """Return the report of a rehearsal that has ended."""
    word, style = _ENDS[report.outcome]
    parts: list[RenderableType] = [
        Text(visible(report.title), "bold"),
        Text(f"The roll-out {word} at {visible(report.reached)}.", style),
        facts_table(_facts(report)),
    ]
    if report.saving is not None:
        parts += [Text("\nResponse time before and after", "bold")]
        parts += [_saving_table(report.saving)]
    parts += [Text("\nResponse time by phase and route", "bold"), _waits_table(report)]
    parts += [Text("\nErrors by token issuer", "bold"), _errors_table(report)]
    if report.affected:
        parts += [Text("\nWhom the faults affected", "bold")]
        parts += [facts_table(_fault_facts(each)) for each in report.affected]
    parts += [Text("\nTimeline", "bold"), *_timeline(report.timeline)]
    return Group(*parts)


def _facts(report: Report) -> Iterator[tuple[str, str | Text]]:
    lasted = show_span(report.lasted_s)
    yield "authors", f"{report.authors}, for {lasted} of their time"
    yield "calls", f"{report.calls}, and {report.superseded} superseded"
    why = "".join(f", {count} {code}" for code, count in report.losses)
    lost = Text(f"{report.lost}{why}", "bold red" if report.lost else "green")
    yield "completions lost", lost
    if report.saving is not None:
        quicker, less = _ms(report.saving.quicker_s), _ms(report.saving.waited_less_s)
        saved = f"{quicker} of an answer's time, {less} of an author's wait (medians)"
        yield "saved by direct", saved
    if report.tail is not None:
        yield "direct after that", _tail(report.tail)


def _tail(tail: DirectTail) -> str:
    if not tail.authors:
        return "nobody, from the moment that the flag was taken back"
    return (
        f"{tail.authors} authors sent {tail.attempts} requests more; half of them were "
        f"done after {show_span(tail.median_s)}, the last after "
        f"{show_span(tail.last_s)}, of {show_span(tail.watched_s)} watched"
    )


def _saving_table(saving: Saving) -> Table:
    made = table("", "calls", "p50", "p95", "p99", right=("calls", "p50", "p95", "p99"))
    made.add_row("before, indirect", *_figures(saving.before))
    made.add_row("after, direct", *_figures(saving.after))
    pairs = (
        (saving.before.p50_s, saving.after.p50_s),
        (saving.before.p95_s, saving.after.p95_s),
        (saving.before.p99_s, saving.after.p99_s),
    )
    made.add_row("saved", "", *(_ms(before - after) for before, after in pairs))
    return made


def _waits_table(report: Report) -> Table:
    columns = ("phase", "route", "calls", "p50", "p95", "p99")
    made = table(*columns, right=columns[2:])
    for waits in report.waits:
        made.add_row(
            Text(visible(waits.phase)), route_text(waits.route), *_figures(waits)
        )
    return made


def _figures(waits: Waits) -> tuple[str, str, str, str]:
    return str(waits.calls), _ms(waits.p50_s), _ms(waits.p95_s), _ms(waits.p99_s)


def _errors_table(report: Report) -> Table:
    columns = ("phase", "issuer", "attempts", "failed", "rate")
    made = table(*columns, right=columns[2:])
    for errors in report.errors:
        rate = Text(show_share(errors.rate), "red" if errors.failed else "")
        counts = (str(errors.attempts), str(errors.failed))
        made.add_row(Text(visible(errors.phase)), errors.issuer, *counts, rate)
    return made


def _fault_facts(affected: Affected) -> Iterator[tuple[str, str | Text]]:
    lasted = show_span(affected.lasted_s)
    yield "fault", f"{visible(affected.fault)} (at {clock(affected.began_s)}, {lasted})"
    yield "affected", f"{affected.authors} authors, {affected.calls} of their calls"
    yield (
        "for how long",
        (
            f"half of them {show_span(affected.median_span_s)} at most, "
            f"the longest {show_span(affected.longest_span_s)}"
        ),
    )
    yield "worst extra wait", _ms(affected.worst_extra_s)
    yield "completions lost", str(affected.lost)


def _readings_table(readings: tuple[Reading, ...]) -> Table:
    columns = ("guard rail", "now", "at most", "samples", "")
    made = table(*columns, right=("now", "at most", "samples"))
    for each in readings:
        word, style = _FINDINGS[each.finding]
        of_time = each.rail.metric.of_time
        made.add_row(
            Text(visible(each.rail.name)),
            shown(each.value, of_time=of_time),
            shown(each.limit, of_time=of_time),
            str(each.samples),
            Text(word, style),
        )
    return made


def _timeline(entries: tuple[Entry, ...]) -> Iterator[Text]:
    for entry in entries:
        yield Text(entry_line(entry))
        for reading in entry.readings:
            style = _FINDINGS[reading.finding][1]
            yield Text(f"{'':9}{visible(reading.describe())}", style)


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"
