"""Counts the rows of event logs: memory is bounded whatever their length.

A call's rows are told apart by `unique_tracking_id`. What they say of a call is kept
until 50 000 newer calls have begun: whether it had context, which attempts of it have
failed, and that it has ended, so that no call is counted twice, nor are its attempts
and fallbacks where logs overlap.

A call counts by the route that answered it, or whose failure decided it; an attempt or
a fallback by the route it went on. Without a row of any attempt, as in the data that
GitLab itself keeps, a call counts as one attempt.
"""

from __future__ import annotations

import math
from collections import Counter, OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from gitlab_completions.report.reading import time_s as read_time_s
from gitlab_completions.report.tallies import Cell, Outcome, Tally, Timeline

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gitlab_completions.report.reading import Row

__all__ = ("Aggregate",)

MOST_CALLS_KEPT = 50_000
MOST_LETTERS = 64
"""Letters of a name in a log; GitLab's own schema has no longer names of models."""
MOST_NAMES = 200
"""Different names of a kind that are counted; further ones are `other`."""
MOST_NUMBER = 1e12
"""More is no number of seconds, attempts or lines."""

CATEGORIES = ("code_suggestions", "routing", "event_log")
"""Others are not ours, whatever their actions are called."""
ENDINGS: Mapping[str, Outcome] = {
    "suggestion_loaded": "suggested",
    "suggestion_stream_completed": "suggested",
    "suggestion_not_provided": "empty",
    "suggestion_error": "failed",
    "suggestion_cancelled": "superseded",
}
ISSUERS = {"direct": "gitlab-ai-gateway", "indirect": "instance"}
"""Who issued a token, where a row does not say."""
ANSWERED = ("suggested", "empty")
MOST_TOLD = 8
"""Rows of a call that are known again; it has two attempts and a fallback at most."""
_TELLING = ("action", "time", "route", "reason", "elapsed_s", "error_code")
OTHER_ACTIONS = (
    *("suggestion_shown", "suggestion_accepted", "suggestion_rejected"),
    *("hedged", "context_withheld", "endpoint_refused", "status_changed"),
    *("circuit_tripped", "circuit_probed", "circuit_recovered"),
    *("details_refreshed", "details_refused", "clock_jumped"),
)
"""What an event log tells too, and a report does not show."""


@dataclass(slots=True)
class _Call:
    """What is known of a call that is under way, or has been."""

    context: bool | None = None
    attempts: int = 0
    trouble: str | None = None
    first_piece_s: float | None = None
    ended: bool = False
    assumed: bool = False
    """An attempt was counted of which no row had come."""
    told: tuple[int, ...] = ()
    """The attempts and fallbacks that were counted, as hashes of their rows."""


@dataclass(slots=True)
class Aggregate:
    """All that is known of some event logs.

    Args:
        timeline: What was counted, by time, route and context.
        models: Calls by the model that answered.
        rows: Rows that said something to count.
        unknown: Rows of other kinds.
        timeless: Rows whose time cannot be read.
        lines_lost: Lines that the log says it lacks.
        first_s: The earliest time of a row, in seconds since 1970.
        last_s: The latest one.
    """

    timeline: Timeline = field(default_factory=Timeline)
    models: Counter[str] = field(default_factory=Counter[str])
    rows: int = 0
    unknown: int = 0
    timeless: int = 0
    lines_lost: int = 0
    first_s: float = math.inf
    last_s: float = -math.inf
    # Its first one goes without a search, however many have gone before.
    _calls: OrderedDict[str, _Call] = field(default_factory=OrderedDict[str, _Call])
    _names: dict[str, set[str]] = field(default_factory=dict[str, set[str]])

    def add(self, row: Row) -> None:
        """Count a row."""
        handler = _HANDLERS.get(_text(row.get("action")) or "")
        if handler is None or row.get("category", "routing") not in CATEGORIES:
            self.unknown += 1
            return
        time_s = read_time_s(row.get("time"))
        if time_s is None:
            self.timeless += 1
            return
        self.rows += 1
        self.first_s = min(self.first_s, time_s)
        self.last_s = max(self.last_s, time_s)
        handler(self, row, time_s)

    def began(self, row: Row, _time_s: float) -> None:
        """Remember whether a call has context: its attempts' rows do not say."""
        self._call(row)

    def streamed(self, row: Row, _time_s: float) -> None:
        """Remember when the first piece came: from then on an author reads."""
        self._call(row).first_piece_s = _number(row.get("elapsed_s"))

    def ended(self, row: Row, time_s: float) -> None:
        """Count a call."""
        call = self._call(row)
        if call.ended:
            return
        call.ended = True
        route, outcome = _route(row), ENDINGS[str(row["action"])]
        tally = self.timeline.at(time_s, Cell(route, call.context))
        tally.outcomes[outcome] += 1
        if outcome in ANSWERED:
            self._answered(row, call, tally)
        if route == "indirect":
            self._detour(row, tally)
        if not call.attempts and row.get("attempts") != 0 and outcome != "superseded":
            call.assumed = True
            self._attempted(row, tally)

    def _answered(self, row: Row, call: _Call, tally: Tally) -> None:
        taken_s = call.first_piece_s
        if taken_s is None:
            taken_s = _number(row.get("elapsed_s"))
        if taken_s is not None:
            tally.latencies.add(taken_s)
            if (_number(row.get("attempts")) or 1) <= 1:
                tally.first_try.add(taken_s)
        names = (_text(row.get("model_name")), _text(row.get("model_engine")))
        shown = " / ".join(name for name in names if name)
        self.models[self._name("model", shown or "not told")] += 1

    def _detour(self, row: Row, tally: Tally) -> None:
        reason = _text(row.get("reason"))
        if reason not in {None, "preferred", "fell_back", "last_try"}:
            tally.detours[self._name("detour", _words(str(reason)))] += 1

    def attempted(self, row: Row, time_s: float) -> None:
        """Count an attempt."""
        call = self._call(row)
        if _was_told(row, call):
            return
        call.attempts += 1
        call.trouble = _text(row.get("error_code")) or call.trouble
        if call.assumed:
            call.assumed = False
            return
        self._attempted(row, self.timeline.at(time_s, Cell(_route(row), call.context)))

    def _attempted(self, row: Row, tally: Tally) -> None:
        by_route = ISSUERS.get(_route(row) or "")
        issuer = _text(row.get("token_issuer")) or by_route or "not told"
        issuer = self._name("issuer", issuer)
        tally.attempts[issuer] += 1
        code = _text(row.get("error_code"))
        if code is not None:
            tally.lost[issuer, self._name("code", _words(code))] += 1

    def fell_back(self, row: Row, time_s: float) -> None:
        """Count a fallback, by what had failed."""
        call = self._call(row)
        if _was_told(row, call):
            return
        tally = self.timeline.at(time_s, Cell(_route(row), call.context))
        tally.fallbacks += 1
        reason = _words(_text(row.get("reason")) or "fell_back")
        trouble = _text(row.get("error_code")) or call.trouble
        cause = f"{reason}: {_words(trouble)}" if trouble else reason
        tally.detours[self._name("detour", cause)] += 1

    def lost_lines(self, row: Row, _time_s: float) -> None:
        """Count lines that the log could not be given."""
        self.lines_lost += int(_number(row.get("lines")) or 0)

    def noticed(self, row: Row, time_s: float) -> None:
        """Take note that the log goes on; nothing is counted of it."""

    def _call(self, row: Row) -> _Call:
        """Return what is known of a row's call; what the row says of context is new."""
        call_id = _text(row.get("unique_tracking_id"))
        call = None if call_id is None else self._calls.get(call_id)
        if call is None:
            call = _Call()
            if call_id is not None:
                self._keep(call_id, call)
        context = row.get("has_advanced_context")
        if isinstance(context, bool):
            call.context = context
        return call

    def _keep(self, call_id: str, call: _Call) -> None:
        self._calls[call_id] = call
        if len(self._calls) > MOST_CALLS_KEPT:
            self._calls.popitem(last=False)

    def _name(self, kind: str, name: str) -> str:
        """Return a name to count by: a log cannot make up as many as it likes."""
        names = self._names.setdefault(kind, set())
        if name not in names:
            if len(names) >= MOST_NAMES:
                return "other"
            names.add(name)
        return name


_HANDLERS: Mapping[str, Callable[[Aggregate, Row, float], None]] = {
    "suggestion_requested": Aggregate.began,
    "suggestion_stream_started": Aggregate.streamed,
    **dict.fromkeys(ENDINGS, Aggregate.ended),
    "attempt": Aggregate.attempted,
    "fell_back": Aggregate.fell_back,
    "lines_lost": Aggregate.lost_lines,
    **dict.fromkeys(OTHER_ACTIONS, Aggregate.noticed),
}


def _was_told(row: Row, call: _Call) -> bool:
    """Tell whether a row of the call has come before: two logs may hold it."""
    told = hash(tuple(str(row.get(name)) for name in _TELLING))
    if told in call.told:
        return True
    call.told = (*call.told[1 - MOST_TOLD :], told)
    return False


def _route(row: Row) -> Literal["direct", "indirect"] | None:
    """Return the route by our own name, or else by GitLab's."""
    route = row.get("route")
    if route == "direct":
        return "direct"
    if route == "indirect":
        return "indirect"
    direct = row.get("is_direct_connection")
    if not isinstance(direct, bool) or "route" in row:
        return None
    return "direct" if direct else "indirect"


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return float(value) if 0 <= value < MOST_NUMBER else None


def _text(value: object) -> str | None:
    return value[:MOST_LETTERS] if isinstance(value, str) and value else None


def _words(code: str) -> str:
    return code.replace("_", " ").lower()
