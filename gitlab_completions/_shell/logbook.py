"""The default observer: events as log records of the logger `gitlab_completions`.

What changes how completions come is told at INFO, like a call that failed; the rest is
DEBUG. Events hold neither source code nor secrets, so neither do
the records.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from gitlab_completions import events
from gitlab_completions._records import fields

if TYPE_CHECKING:
    from gitlab_completions.events import Event

logger = logging.getLogger("gitlab_completions")

_LEVELS: dict[type, int] = {
    events.CircuitTripped: logging.INFO,
    events.CircuitRecovered: logging.INFO,
    events.ClockJumped: logging.INFO,
    events.DetailsRefused: logging.INFO,
    events.EndpointRefused: logging.INFO,
    events.StatusChanged: logging.INFO,
}


def write(event: Event) -> None:
    """Write an event to the log."""
    level = _level(event)
    if logger.isEnabledFor(level):
        logger.log(level, "%s", _line(event))


def _level(event: Event) -> int:
    if isinstance(event, events.CallFinished) and event.error is not None:
        return logging.INFO
    return _LEVELS.get(type(event), logging.DEBUG)


def _line(event: Event) -> str:
    if isinstance(event, events.StatusChanged):
        status = event.status
        problem = f": {status.problem}" if status.problem is not None else ""
        return f"now {status.health}, {status.route} ({status.reason}){problem}"
    shown = (f"{name}={_show(value)}" for name, value in fields(event).items())
    return f"{type(event).__name__} {' '.join(shown)}".rstrip()


def _show(value: object) -> str:
    return f"{value:.3f}" if isinstance(value, float) else str(value)
