"""Who is let through to a host, in which order."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from gitlab_completions._core.budget import InstanceBudget
from gitlab_completions._shell.clock import SystemClock
from gitlab_completions._shell.gate import Gate, Ticket
from gitlab_completions.testing import (
    VirtualClock,
    VirtualTimeLoop,
    wait_all_tasks_blocked,
)

if TYPE_CHECKING:
    from collections.abc import Callable


class Row:
    """Exchanges at a gate, by name."""

    def __init__(
        self,
        most: int = 1,
        *,
        budget: InstanceBudget | None = None,
        replace: Callable[[], bool] = lambda: False,
    ) -> None:
        self.gate = Gate(most, VirtualClock(), replace, budget)
        self.tickets: dict[str, Ticket] = {}
        self.tasks: dict[str, asyncio.Task[bool]] = {}
        self.inside: list[str] = []

    async def come(
        self, name: str, *, last_resort: bool = False, since: float = 0.0
    ) -> None:
        ticket = self.tickets[name] = Ticket(last_resort=last_resort, since=since)
        task = self.tasks[name] = asyncio.create_task(self._enter(name, ticket))
        await wait_all_tasks_blocked()
        assert not task.done() or task.exception() is None

    async def leave(self, name: str) -> None:
        self.gate.leave(self.tickets[name])
        await wait_all_tasks_blocked()

    async def _enter(self, name: str, ticket: Ticket) -> bool:
        let_in = await self.gate.enter(ticket)
        if let_in:
            self.inside.append(name)
        return let_in


def spent(sends: int, *, per_minute: int = 60) -> InstanceBudget:
    budget = InstanceBudget(per_minute)
    for _ in range(sends):
        budget.spend(0.0)
    return budget


@pytest.mark.parametrize("last_resort", [False, True])
async def test_a_task_that_is_ended_as_it_waits_leaves_its_ticket_sound(
    *, last_resort: bool
) -> None:
    row = Row()
    for name in "abc":
        await row.come(name, last_resort=last_resort)
    row.tasks["b"].cancel()
    await wait_all_tasks_blocked()
    assert row.gate.withdraw(row.tickets["b"])
    await row.leave("a")
    assert row.inside == ["a", "c"]
    await row.leave("c")
    assert row.gate.in_flight == 0


async def test_only_so_many_are_let_in_at_once_and_the_rest_in_order() -> None:
    row = Row(2)
    for name in "abcd":
        await row.come(name)
    assert row.inside == ["a", "b"]
    assert row.gate.in_flight == 2
    await row.leave("b")
    await row.leave("a")
    assert row.inside == ["a", "b", "c", "d"]
    await row.leave("c")
    await row.leave("d")
    assert row.gate.in_flight == 0


async def test_one_that_is_withdrawn_leaves_unsent() -> None:
    row = Row()
    for name in "abc":
        await row.come(name)
    assert row.gate.withdraw(row.tickets["b"])
    assert await row.tasks["b"] is False
    await row.leave("a")
    assert row.inside == ["a", "c"]


async def test_one_whose_turn_has_come_cannot_be_withdrawn() -> None:
    row = Row()
    await row.come("a")
    assert not row.gate.withdraw(row.tickets["a"])
    await row.come("b")
    assert row.gate.withdraw(row.tickets["b"])
    assert not row.gate.withdraw(row.tickets["b"])


async def test_one_that_is_withdrawn_before_it_comes_is_not_let_in() -> None:
    gate = Row().gate
    ticket = Ticket(last_resort=True)
    assert gate.withdraw(ticket)
    assert await gate.enter(ticket) is False
    assert gate.in_flight == 0


async def test_leaving_twice_makes_room_once() -> None:
    row = Row()
    for name in "abc":
        await row.come(name)
    await row.leave("a")
    await row.leave("a")
    assert row.inside == ["a", "b"]


async def test_without_budget_nobody_is_let_in_until_the_next_slot() -> None:
    row = Row(8, budget=spent(55))
    await row.come("a")
    assert row.inside == []
    await asyncio.sleep(59.9)
    assert row.inside == []
    await row.tasks["a"]
    assert asyncio.get_running_loop().time() == pytest.approx(60)


def test_a_limit_may_be_changed_while_the_loop_stands_still() -> None:
    clock, budget = SystemClock(), InstanceBudget(1)
    budget.spend(clock.now())
    gate = Gate(1, clock, lambda: False, budget)

    async def come() -> asyncio.Task[bool]:
        ticket = Ticket(last_resort=False)
        waiting = asyncio.create_task(gate.enter(ticket))
        await wait_all_tasks_blocked()
        return waiting

    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        waiting = runner.run(come())
        gate.look_again()
        budget.per_minute = None
        gate.look_again()

        async def let_in() -> bool:
            return await waiting

        assert runner.run(let_in())


async def test_the_newest_gets_the_next_slot() -> None:
    budget = InstanceBudget(60)
    for second in range(55):
        budget.spend(float(second))
    await asyncio.sleep(55)
    row = Row(8, budget=budget)
    for name in "abc":
        await row.come(name)
    await row.tasks["c"]
    assert asyncio.get_running_loop().time() == pytest.approx(60)
    await row.come("d")
    await row.tasks["d"]
    assert asyncio.get_running_loop().time() == pytest.approx(61)
    await row.tasks["a"]
    assert row.inside == ["c", "d", "b", "a"]


async def test_those_who_wait_in_order_again_when_nobody_waits_for_a_slot() -> None:
    row = Row(1, budget=spent(55))
    await row.come("a")
    await row.tasks["a"]
    for name in "bc":
        await row.come(name)
    await row.leave("a")
    await row.leave("b")
    assert row.inside == ["a", "b", "c"]


async def test_each_that_is_let_in_spends_of_the_budget() -> None:
    budget = InstanceBudget(60)
    row = Row(1, budget=budget)
    await row.come("a")
    await row.come("b")
    assert budget.used(0.0) == 1
    row.gate.withdraw(row.tickets["b"])
    await row.leave("a")
    assert budget.used(0.0) == 1


async def test_a_last_resort_does_not_wait_for_those_whose_callers_have_left() -> None:
    replaced: list[float] = []

    def replace() -> bool:
        replaced.append(asyncio.get_running_loop().time())
        return True

    row = Row(2, replace=replace)
    await row.come("a")
    await row.come("b")
    row.tickets["a"].detached = True
    await row.come("c", last_resort=True)
    await row.tasks["c"]
    assert replaced == [0.9]
    assert row.gate.in_flight == 3
    await row.leave("a")
    assert row.gate.in_flight == 2
    await row.come("d")
    assert row.inside == ["a", "b", "c"]


async def test_a_last_resort_does_not_wait_long_for_a_caller_that_leaves_later() -> (
    None
):
    row = Row(1, replace=lambda: True)
    await row.come("a")
    await row.come("b", last_resort=True)
    await asyncio.sleep(1)
    row.tickets["a"].detached = True
    await row.tasks["b"]
    assert asyncio.get_running_loop().time() <= 1 + 0.9


async def test_a_last_resort_waits_where_the_client_cannot_be_replaced() -> None:
    row = Row()
    await row.come("a")
    row.tickets["a"].detached = True
    await row.come("b", last_resort=True)
    await asyncio.sleep(5)
    assert row.inside == ["a"]
    await row.leave("a")
    assert row.inside == ["a", "b"]


async def test_a_last_resort_waits_for_live_ones() -> None:
    row = Row(replace=lambda: pytest.fail("nothing to replace"))
    await row.come("a")
    await row.come("b", last_resort=True)
    await asyncio.sleep(5)
    await row.leave("a")
    assert row.inside == ["a", "b"]


async def test_one_with_another_route_replaces_nothing() -> None:
    row = Row(replace=lambda: pytest.fail("it has another route"))
    await row.come("a")
    row.tickets["a"].detached = True
    await row.come("b")
    await asyncio.sleep(5)
    assert row.inside == ["a"]
    row.gate.close()


async def test_closing_sends_away_all_who_wait() -> None:
    row = Row(1, budget=spent(54))
    for name in "abc":
        await row.come(name)
    row.gate.close()
    assert [await row.tasks[name] for name in "abc"] == [True, False, False]
    await asyncio.sleep(120)
    assert row.inside == ["a"]


async def test_a_waiter_that_is_cancelled_leaves_no_timer() -> None:
    row = Row(replace=lambda: pytest.fail("it has gone"))
    await row.come("a")
    row.tickets["a"].detached = True
    await row.come("b", last_resort=True)
    row.gate.withdraw(row.tickets["b"])
    await asyncio.sleep(2)
    assert row.inside == ["a"]


async def test_one_that_comes_back_keeps_its_place() -> None:
    row = Row()
    await row.come("on the wire")
    await row.come("younger", since=2.0)
    await row.come("older", since=1.0)
    await row.leave("on the wire")
    assert row.inside == ["on the wire", "older"]


async def test_who_is_on_the_wire_does_not_count_after_a_suspend() -> None:
    row = Row(2)
    for name in "abcd":
        await row.come(name)
    assert row.inside == ["a", "b"]
    row.gate.start_over()
    await wait_all_tasks_blocked()
    assert row.inside == ["a", "b", "c", "d"]
    assert row.gate.in_flight == 4
    await row.come("e")
    await row.leave("a")
    assert row.inside == ["a", "b", "c", "d"]
    await row.leave("c")
    assert row.inside == ["a", "b", "c", "d", "e"]
    for name in "bde":
        await row.leave(name)
    assert row.gate.in_flight == 0
