"""Who may be on the wire to a host, in which order.

An HTTP pool is the wrong place to wait: it knows neither which request is the newest
nor whose caller has left. So at most `max_in_flight` exchanges are let through to a
host, those included whose callers have left but that are still on the wire; the rest
wait here, in order, and one that is withdrawn leaves unsent.

Two things change the order. When the instance's budget is used up, the newest waits for
the next free slot in front of the others: it is what the author wants now. And a live
exchange does not wait for one whose caller has left longer than the hedge delay: then
the host's client is replaced, and what is still on the old one no longer counts.
"""

from __future__ import annotations

import asyncio
from bisect import insort
from operator import attrgetter
from typing import TYPE_CHECKING

from gitlab_completions.policy import HEDGE_DELAY_S

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitlab_completions._core.budget import InstanceBudget
    from gitlab_completions._shell.clock import Clock


class Ticket:
    """One exchange's place at the gate.

    Args:
        last_resort: Its call has no other route.
        since: When its call began: one that comes back to the gate keeps its place.
    """

    __slots__ = ("detached", "last_resort", "since", "turn")

    def __init__(self, *, last_resort: bool, since: float = 0.0) -> None:
        self.last_resort = last_resort
        self.since = since
        self.detached = False
        self.turn: asyncio.Future[bool] = asyncio.get_running_loop().create_future()


class Gate:
    """The gate of one host.

    Args:
        most: Exchanges on the wire at once.
        clock: Tells the time.
        replace: Replaces the host's HTTP client; tells whether it could.
        budget: The instance's, at the instance's gate.
    """

    def __init__(
        self,
        most: int,
        clock: Clock,
        replace: Callable[[], bool],
        budget: InstanceBudget | None = None,
    ) -> None:
        self.most = most
        self._clock = clock
        self._replace = replace
        self._budget = budget
        self._waiting: list[Ticket] = []
        self._inside: set[Ticket] = set()
        self._left_behind: set[Ticket] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._scarce = False

    @property
    def in_flight(self) -> int:
        """Exchanges on the wire, whoever still waits for them."""
        return len(self._inside) + len(self._left_behind)

    async def enter(self, ticket: Ticket) -> bool:
        """Wait for the ticket's turn; `False` when it was withdrawn before."""
        if not ticket.turn.done():
            insort(self._waiting, ticket, key=attrgetter("since"))
            self._admit()
        patience_s = HEDGE_DELAY_S if ticket.last_resort else None
        while not ticket.turn.done():
            # A turn that is itself awaited is cancelled with the task that does.
            await asyncio.wait({ticket.turn}, timeout=patience_s)
            if not ticket.turn.done():
                self._leave_behind()
        return ticket.turn.result()

    def leave(self, ticket: Ticket) -> None:
        """Make room: the exchange has ended."""
        self._inside.discard(ticket)
        self._left_behind.discard(ticket)
        self._admit()

    def withdraw(self, ticket: Ticket) -> bool:
        """Take a ticket out of the row; `False` when its turn has come before."""
        if ticket.turn.done():
            return False
        if ticket in self._waiting:  # else it has yet to come: its task is a new one
            self._waiting.remove(ticket)
        ticket.turn.set_result(False)
        self._admit()
        return True

    def start_over(self) -> None:
        """Count nobody who is on the wire now: the host's client has been replaced."""
        self._left_behind |= self._inside
        self._inside.clear()
        self._admit()

    def look_again(self) -> None:
        """Let in those for whom there is room now: a limit has changed."""
        self._admit()

    def close(self) -> None:
        """Send all who wait away."""
        for ticket in tuple(self._waiting):
            self.withdraw(ticket)
        self._disarm()

    def _admit(self) -> None:
        """Let in as many as there is room for."""
        while self._waiting and len(self._inside) < self.most:
            wait_s = self._budget_wait_s()
            if wait_s > 0:
                self._scarce = True
                self._look_again_in(wait_s)
                return
            ticket = self._waiting.pop(-1 if self._scarce else 0)
            self._inside.add(ticket)
            if self._budget is not None:
                self._budget.spend(self._clock.now())
            ticket.turn.set_result(True)
        if not self._waiting:
            self._scarce = False
            self._disarm()

    def _budget_wait_s(self) -> float:
        if self._budget is None:
            return 0.0
        now = self._clock.now()
        return self._budget.free_at(now) - now

    def _look_again_in(self, wait_s: float) -> None:
        self._disarm()
        # Not the running loop: a policy may be changed while it stands still.
        loop = self._waiting[0].turn.get_loop()
        self._timer = loop.call_later(wait_s, self._admit)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _leave_behind(self) -> None:
        """Replace the client when callers that have left hold up one that has not."""
        if len(self._inside) < self.most:
            return  # it is the instance's budget that they wait for
        detached = {one for one in self._inside if one.detached}
        if not detached or not self._replace():
            return
        self._inside -= detached
        self._left_behind |= detached
        self._admit()
