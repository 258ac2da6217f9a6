"""The whole conversation between a keystroke's flow and what runs it.

A flow yields a `Command`, is sent an `Outcome` with the time, and returns a `Verdict`.
Times are seconds of the session's clock.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from gitlab_completions._records import Record

if TYPE_CHECKING:
    from gitlab_completions.editor._core.answers import Answer
    from gitlab_completions.editor._core.calls import Call
    from gitlab_completions.editor.models import Silence, Suggestion
    from gitlab_completions.errors import GitLabCompletionsError


class GiveUp(Record):
    """End calls under way; report at once.

    Args:
        calls: Their numbers.
    """

    calls: tuple[int, ...]


class Prepare(Record):
    """Begin to gather what a request needs; report at once.

    Args:
        warms: Open a connection too, for the author comes back from a pause.
    """

    warms: bool


class Send(Record):
    """Start a call, and end others for it; report at once.

    Args:
        call: What is sent; it is under way from now on.
        choices: How many texts are wished for.
        gives_up: The numbers of calls that end.
    """

    call: Call
    choices: int | None
    gives_up: tuple[int, ...]


class Wait(Record):
    """Report what ends first of calls under way, at `until` the latest.

    Args:
        until: When.
        calls: Their numbers.
    """

    until: float
    calls: tuple[int, ...]


Command: TypeAlias = GiveUp | Prepare | Send | Wait


class Ending(Record):
    """How a call has ended.

    Args:
        number: Which.
        answer: What it brought; `None` when it failed, or was given up.
        problem: Why it failed.
    """

    number: int
    answer: Answer | None = None
    problem: GitLabCompletionsError | None = None


class Outcome(Record):
    """What was ordered is done, or calls have ended, or `until` has passed.

    Args:
        at: When it is.
        endings: Calls that were waited for.
    """

    at: float
    endings: tuple[Ending, ...] = ()


class Offer(Record):
    """There are suggestions; the best first."""

    items: tuple[Suggestion, ...]


class Quiet(Record):
    """There is none, and why.

    Args:
        silence: In a word.
        problem: The error behind it.
    """

    silence: Silence
    problem: GitLabCompletionsError | None = None


Verdict: TypeAlias = Offer | Quiet
