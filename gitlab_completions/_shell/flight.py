"""One attempt under way: what it is for, and how far it has come."""

from __future__ import annotations

from dataclasses import InitVar, dataclass, field
from typing import TYPE_CHECKING

from gitlab_completions._shell.gate import Ticket
from gitlab_completions._shell.traffic import Traffic

if TYPE_CHECKING:
    import asyncio

    from gitlab_completions._core.commands import Send
    from gitlab_completions._core.permit import Permit
    from gitlab_completions._core.verdicts import AttemptVerdict
    from gitlab_completions._shell.endings import Ending
    from gitlab_completions._shell.keeper import Entry
    from gitlab_completions._shell.pour import Pour
    from gitlab_completions.models import CompletionRequest, Route


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class Flight:
    """One attempt: from the gate to its settlement.

    Args:
        call_id: The call that ordered it.
        request: What the call wants.
        send: The order.
        permit: The circuit's, for this attempt.
        entry: The project's details.
        started_at: When it was ordered; when it was sent, once it has left the gate.
        since: When the call began.
        pour: Where a stream's bytes go; `None` for an answer that comes whole.
        traffic: What went to and fro, also when it ends in its midst.
    """

    call_id: int
    request: CompletionRequest
    send: Send
    permit: Permit
    entry: Entry
    started_at: float
    since: InitVar[float]
    ticket: Ticket = field(init=False)
    task: asyncio.Task[None] | None = None
    ending: Ending | None = None
    verdict: AttemptVerdict | None = None
    ended_at: float | None = None
    pour: Pour | None = None
    traffic: Traffic = field(default_factory=Traffic)
    cut_off: bool = False

    def __post_init__(self, since: float) -> None:
        self.ticket = Ticket(last_resort=self.send.last_resort, since=since)

    @property
    def route(self) -> Route:
        """Where it goes."""
        return self.send.route

    @property
    def sent(self) -> bool:
        """Whether it has left the gate for the wire."""
        turn = self.ticket.turn
        return turn.done() and turn.result()

    @property
    def news(self) -> asyncio.Future[None] | None:
        """What is done when its call has something to hear of it."""
        return self.task if self.pour is None else self.pour.news

    @property
    def over(self) -> asyncio.Future[None] | None:
        """What is done when its call has no more to hear of it."""
        return self.task if self.pour is None else self.pour.over

    @property
    def answered(self) -> bool:
        """Whether it brought a completion, or has begun to."""
        return self.verdict is not None and self.verdict.answers

    def cut(self) -> None:
        """End it in its midst: once, since its cleanup must not be cut as well."""
        if self.pour is not None:
            self.pour.shut()
        if not self.cut_off and self.task is not None:
            self.cut_off = True
            self.task.cancel()
