"""Plays a cell: a client, a trouble, calls, and a look at what became of it all."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gitlab_completions import CompletionClient, GitLabCompletionsError, RoutingPolicy
from gitlab_completions._core.circuit import CircuitState
from gitlab_completions.events import DetailsRefreshed
from gitlab_completions.models import Route
from tests.loopback.scene import REQUEST, TEXT
from tests.loopback.witness import Witness
from tests.matrix.engines import Engine, sender_of
from tests.matrix.expectation import completed, failed
from tests.matrix.facts import Place, Situation
from tests.matrix.observation import Observed, SeenRest, SeenStandings
from tests.matrix.settings import CIRCUIT, PATIENT_S, policy_for

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncGenerator

    from gitlab_completions import Completion, CompletionRequest
    from gitlab_completions._core.circuit import Circuit
    from gitlab_completions._shell.keeper import Entry
    from gitlab_completions.emulator import Emulator, Endpoint
    from gitlab_completions.events import Event
    from tests.matrix.facts import Cell

SETTLED_S = 5.0
"""Seconds that exchanges get to end whose calls have: the timeouts are shorter."""


class Elsewhere:
    """Another host, which must never hear of anybody."""

    def __init__(self) -> None:
        self.connections = 0
        self.url = ""

    @asynccontextmanager
    async def listening(self) -> AsyncGenerator[Elsewhere, None]:
        """Listen while it may be called."""
        async with await asyncio.start_server(self._welcome, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            self.url = f"https://127.0.0.1:{port}/v2/completions"
            yield self

    async def _welcome(
        self, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.connections += 1
        writer.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Where cells are played, one after the other."""

    emulator: Emulator
    context: ssl.SSLContext
    elsewhere: Elsewhere
    engine: Engine = Engine.OWN

    @property
    def handles(self) -> tuple[Endpoint, ...]:
        """The handles on all endpoints."""
        emulator = self.emulator
        return (emulator.direct_access, emulator.gateway, emulator.instance)


class _Listener(Witness):
    """A witness who counts the grants."""

    def __init__(self) -> None:
        super().__init__()
        self.grants = 0

    def hear(self, event: Event) -> None:
        self.grants += isinstance(event, DetailsRefreshed)
        self.note(event)


async def play(stage: Stage, cell: Cell) -> Observed:
    """Play a cell, and heal what was struck."""
    listener = _Listener()
    async with sender_of(stage.engine, stage.context) as sender:
        client = CompletionClient(
            stage.emulator.instance_url,
            stage.emulator.access_token,
            policy=_healthy(policy_for(cell)),
            sender=sender,
            observers=(listener.hear,),
        )
        async with client:
            try:
                await _prepare(stage, cell, client)
                client.reconfigure(policy_for(cell))
                return await _strike(stage, cell, client, listener)
            finally:
                for handle in stage.handles:
                    handle.heal()


def _healthy(policy: RoutingPolicy) -> RoutingPolicy:
    """Return a policy for what comes before the trouble, which must not look slow."""
    return RoutingPolicy(
        direct=policy.direct,
        indirect_per_minute=None,
        circuit=CIRCUIT,
        details=replace(policy.details, first_wait_s=PATIENT_S),
    )


async def _prepare(stage: Stage, cell: Cell, client: CompletionClient) -> None:
    """Bring the client to where it is when the trouble comes."""
    starts_new = cell.situation is Situation.FIRST or (
        cell.place is Place.DIRECT_ACCESS and cell.situation is Situation.AT_ONCE
    )
    if starts_new:
        return
    await client.warm_up()
    await _complete(client)
    if cell.place is Place.RESTING:
        stage.emulator.gateway.fail(503, times=CIRCUIT.losses_in_a_row)
        for _ in range(CIRCUIT.losses_in_a_row):
            await _complete(client)
        stage.emulator.gateway.heal()


async def _complete(client: CompletionClient) -> None:
    done = await client.complete(REQUEST)
    assert done.text == TEXT


async def _strike(
    stage: Stage, cell: Cell, client: CompletionClient, listener: _Listener
) -> Observed:
    for handle in stage.handles:
        handle.requests.clear()
    known, before = listener.grants, stage.elsewhere.connections
    struck = {handle.name: handle for handle in stage.handles}[cell.place.endpoint]
    cell.trouble.strike(struck, stage.elsewhere.url)
    calls = (_call(client, request, listener) for request in _requests(cell))
    ended = await asyncio.gather(*calls)
    await _settled(client)
    listener.look_at(client)
    listener.look_at(client.status())
    requests = {handle.name: len(handle.requests) for handle in stage.handles}
    requests["elsewhere"] = stage.elsewhere.connections - before
    fresh = cell.situation is Situation.FIRST or not known
    circuits, now = client._engine._circuits, client._engine._clock.now()
    return Observed(
        outcomes=Counter(outcome for outcome, _ in ended),
        requests=requests,
        direct=_rest_of(circuits[Route.DIRECT], now),
        indirect=_rest_of(circuits[Route.INDIRECT], now),
        details=_standings_of(
            client._engine._keeper.glance(None),
            now,
            renewed=listener.grants - known > int(fresh),
        ),
        elapsed_s=max(elapsed_s for _, elapsed_s in ended),
        leaks=tuple(listener.leaks),
    )


def _requests(cell: Cell) -> list[CompletionRequest]:
    """Return what is asked for: each call at once is about a file of its own."""
    if cell.situation.calls == 1:
        return [REQUEST]
    return [
        replace(REQUEST, file_name=f"secret_file_{number}.py")
        for number in range(cell.situation.calls)
    ]


async def _call(
    client: CompletionClient, request: CompletionRequest, witness: Witness
) -> tuple[str, float]:
    clock = asyncio.get_running_loop().time
    started = clock()
    outcome: Completion | GitLabCompletionsError
    try:
        outcome = await client.complete(request)
    except GitLabCompletionsError as error:
        outcome = error
    elapsed_s = clock() - started
    witness.look_at(outcome)
    witness.look_at(getattr(outcome, "attempts", ()))
    if isinstance(outcome, GitLabCompletionsError):
        return failed(type(outcome).__name__, outcome.code), elapsed_s
    return completed(outcome.route, outcome.text), elapsed_s


async def _settled(client: CompletionClient) -> None:
    """Wait until everything has ended that calls have left behind, and taught."""
    engine = client._engine
    flights = {flight.task for flight in engine._race._flights if flight.task}
    if flights:
        await asyncio.wait(flights, timeout=SETTLED_S)
    entry = engine._keeper.glance(None)
    if entry.fetch is not None and entry.freshness.usable(engine._clock.now()) is None:
        # What is not brought by now, a grant that hangs, is still on its way then.
        await asyncio.wait({entry.fetch}, timeout=QUIET_S)


QUIET_S = 0.5
"""Seconds after which a fetch counts as under way, and no longer as about to end."""


def _rest_of(circuit: Circuit, now: float) -> SeenRest:
    if circuit.is_rate_limited(now):
        return SeenRest(word="rests", rests_s=circuit.rests_s(now) or 0.0)
    state = circuit.state(now)
    if state is CircuitState.OPEN:
        return SeenRest(word="tripped")
    if state is CircuitState.HALF_OPEN:
        return SeenRest(word="half-open")
    return SeenRest(word="loss" if any(circuit._losses) else "closed")


def _standings_of(entry: Entry, now: float, *, renewed: bool) -> SeenStandings:
    freshness = entry.freshness
    bar = freshness.bar(now)
    if bar is not None:
        code = bar.problem.code if bar.problem else ""
        return SeenStandings(word="barred", again_s=bar.until - now, code=code)
    if freshness.usable(now) is not None:
        return SeenStandings(word="renewed" if renewed else "kept")
    if freshness.fetching:
        return SeenStandings(word="asked for")
    if freshness.trouble is None:
        return SeenStandings(word="none")
    wait_s = max(0.0, freshness._retry_at - now)
    code = freshness.trouble.code
    return SeenStandings(word="unavailable", again_s=wait_s, code=code)
