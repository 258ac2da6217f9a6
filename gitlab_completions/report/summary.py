"""What event logs say, in short: read once, and shown in several ways."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from gitlab_completions._records import Record
from gitlab_completions.report.aggregating import Aggregate
from gitlab_completions.report.reading import Intake, read_rows
from gitlab_completions.report.views import View, Views, make_views

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

__all__ = ("Summary", "summarize")

MOST_TOLD = 4
"""Files, or models, that are told by name."""


class Summary(Record):
    """What event logs say.

    Args:
        intake: What was read, and what could not be.
        aggregate: What was counted of it.
        views: What is shown for each setting of the filters.
    """

    intake: Intake
    aggregate: Aggregate
    views: Views

    @property
    def everything(self) -> View:
        """What is shown while nothing is filtered."""
        return self.views.by_filter["both/both"]

    @property
    def span(self) -> str:
        """From when until when, in words."""
        rows = self.aggregate
        if rows.first_s > rows.last_s:
            return "No events"
        first, last = (
            datetime.fromtimestamp(at_s, UTC) for at_s in (rows.first_s, rows.last_s)
        )
        until = f"{last:%H:%M:%S}" if first.date() == last.date() else _moment(last)
        return f"{_moment(first)} to {until} UTC ({_duration(last - first)})"

    @property
    def source(self) -> str:
        """The files, and the models that answered, in words."""
        intake = self.intake
        told = [f"{_count(intake.lines, 'line')} of {_listed(intake.files)}"]
        models = self.aggregate.models.most_common()
        if models:
            told.append(f"answered by {_listed([name for name, _ in models])}")
        return "; ".join(told) + "."

    def notices(self) -> Iterator[str]:
        """Give a sentence for each thing that a reader of numbers should know."""
        intake, rows = self.intake, self.aggregate
        if not intake.lines:
            yield "There is nothing in this log: it has no lines."
        elif intake.broken == intake.lines:
            yield "No line of this is a JSON object: is it an event log?"
        elif not self.everything.calls:
            yield "There are no calls in this log, so there are no response times."
        else:
            yield from self._one_route()
        if 0 < intake.broken < intake.lines:
            yield (
                f"Left out: {intake.broken:,} of {_count(intake.lines, 'line')}, which "
                "cannot be read."
            )
        if intake.cut_off:
            yield (
                f"{_listed(intake.cut_off)} ends before its end: it is damaged, or "
                "still being written."
            )
        if rows.lines_lost:
            yield (
                f"The log says that it lacks {_count(rows.lines_lost, 'line')}: it "
                "could not be written for a while."
            )
        if rows.timeless:
            yield (
                f"Left out: {_count(rows.timeless, 'event')} without a time that can "
                "be read."
            )
        if rows.unknown:
            yield (
                f"Left out: {_count(rows.unknown, 'event')} of kinds that this report "
                "does not know."
            )

    def _one_route(self) -> Iterator[str]:
        numbers = self.everything.numbers
        lacking = [
            route
            for route in ("direct", "indirect")
            if numbers[f"{route}-calls"] == "0"
        ]
        if len(lacking) == 1:
            yield f"No call was answered {lacking[0]}: there is nothing to compare."
        elif lacking:
            yield "No call was answered by either route."


def summarize(
    paths: Sequence[Path], tell: Callable[[int], object] = lambda _: None
) -> Summary:
    """Read event logs, in the order of their times; memory stays bounded.

    Args:
        paths: The files; rotated and packed ones (gzip) are welcome.
        tell: Called now and then with how many of their bytes have been read.

    Raises:
        OSError: If a file cannot be read.
    """
    intake, aggregate = Intake(), Aggregate()
    for row in read_rows(paths, intake, tell):
        aggregate.add(row)
    return Summary(intake=intake, aggregate=aggregate, views=make_views(aggregate))


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}"


def _duration(span: object) -> str:
    """Return a timedelta without its fraction of a second."""
    return str(span).partition(".")[0]


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _listed(names: Sequence[str]) -> str:
    more = len(names) - MOST_TOLD
    told = ", ".join(names[:MOST_TOLD])
    return told if more <= 0 else f"{told} and {more} more"
