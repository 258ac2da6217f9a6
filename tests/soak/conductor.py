"""Lets the plan happen: faults, restarts and suspends at their times."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tests.soak.faults import Deed, Part
from tests.soak.journal import Spell
from tests.soak.plan import SUSPEND_S

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.soak.clocks import SleepyClock
    from tests.soak.faults import Fault
    from tests.soak.journal import Journal, Told
    from tests.soak.plan import Episode, Plan, Suspend
    from tests.soak.servers import Servers


class Conductor:
    """Carries a plan out.

    Args:
        plan: What is to happen.
        servers: To whom.
        journal: Is told what happens.
        sleepers: The clients' clocks, and what the servers have told the clients.
    """

    def __init__(
        self,
        plan: Plan,
        servers: Servers,
        journal: Journal,
        sleepers: Sequence[tuple[SleepyClock, Told]],
    ) -> None:
        self._plan = plan
        self._servers = servers
        self._journal = journal
        self._sleepers = sleepers
        self._slept_s = 0.0

    async def conduct(self) -> None:
        """Let everything happen at its time, as far as the servers keep up.

        A machine that is too busy for the plan makes it longer: the last suspend comes
        after the last fault, and all of the quiet end after that.
        """
        *suspends, last = self._plan.suspends
        async with asyncio.TaskGroup() as group:
            for part in Part:
                group.create_task(self._play(self._plan.lane(part)))
            group.create_task(self._sleep_through(suspends))
        await self._sleep_through([last])
        await asyncio.sleep(self._plan.quiet_s)

    async def _play(self, lane: tuple[Episode, ...]) -> None:
        for episode in lane:
            await self._reach(episode.start_s)
            spell = Spell(episode.fault, asyncio.get_running_loop().time())
            self._journal.spells.append(spell)
            await self._begin(episode.fault)
            await self._reach(episode.end_s)
            await self._end(episode.fault)
            spell.end = asyncio.get_running_loop().time()

    async def _begin(self, fault: Fault) -> None:
        server = self._servers.of(fault.lane)
        match fault.deed:
            case Deed.WISH:
                await server.fault(fault.lane, fault.wish)
            case Deed.SETTING:
                await server.settings(**fault.wish)
            case Deed.FREEZE:
                server.freeze()
            case Deed.KILL | Deed.KILL_FOR_NEW_KEYS:
                now = asyncio.get_running_loop().time()
                self._journal.restarts.append((now, server.name))
                await server.kill()

    async def _end(self, fault: Fault) -> None:
        server = self._servers.of(fault.lane)
        match fault.deed:
            case Deed.WISH:
                await server.heal(fault.lane)
            case Deed.SETTING:
                await server.settings(**dict.fromkeys(fault.wish, True))
            case Deed.FREEZE:
                server.thaw()
                await server.settings()
            case Deed.KILL:
                await server.start()
            case Deed.KILL_FOR_NEW_KEYS:
                await self._servers.renew_keys()
                await server.start()

    async def _sleep_through(self, suspends: list[Suspend]) -> None:
        for suspend in suspends:
            await self._reach(suspend.at_s)
            await self._suspend(cuts=suspend.cuts)

    async def _suspend(self, *, cuts: bool) -> None:
        """Put all clocks forward; the servers' first, which have been awake."""
        self._slept_s += SUSPEND_S
        ahead_s = self._slept_s
        async with asyncio.TaskGroup() as group:
            for server in (self._servers.gateway, self._servers.instance):
                offsets = dict.fromkeys(
                    ("instance_clock_offset_s", "gateway_clock_offset_s"), ahead_s
                )
                group.create_task(server.settings(**offsets))
                if cuts:
                    group.create_task(server.cut())
        for clock, told in self._sleepers:
            clock.sleep(SUSPEND_S)
            told.slept()
        self._journal.suspends.append(asyncio.get_running_loop().time())

    async def _reach(self, at_s: float) -> None:
        """Wait until so many seconds after the beginning."""
        loop = asyncio.get_running_loop()
        await asyncio.sleep(max(0.0, self._journal.began + at_s - loop.time()))
