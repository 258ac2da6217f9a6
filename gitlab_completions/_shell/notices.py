"""What servers say to one process and mean for all of a user's: passed on, and heard.

GitLab counts completions and requests per user, so a `Retry-After` in one window holds
in all of them; so does the gateway's word that credits are used up, and the instance's
that direct access is switched off. A call never waits for the store: it has it looked
at behind itself, once a second at most, and goes by what was heard before.

A route that is slow or breaks is not passed on: that may be one process's network.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from cachetools import LRUCache

from gitlab_completions._core.permit import Transition
from gitlab_completions._core.verdicts import Effect, OnDetails
from gitlab_completions._shell.endings import NAMES
from gitlab_completions._shell.imports import import_off_loop
from gitlab_completions._shell.shared_fetch import access_name
from gitlab_completions._wire.entries import KeptWord, decode_word, encode_word
from gitlab_completions.errors import DirectAccessBarredError
from gitlab_completions.events import CircuitTripped, DetailsRefused
from gitlab_completions.models import Route

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gitlab_completions._core.circuit import Circuit
    from gitlab_completions._core.verdicts import AttemptVerdict
    from gitlab_completions._secrets import Secret
    from gitlab_completions._shell.access_token import TokenDesk
    from gitlab_completions._shell.background import Background
    from gitlab_completions._shell.bulletin import Bulletin
    from gitlab_completions._shell.clock import Clock
    from gitlab_completions._shell.endings import Ending
    from gitlab_completions._shell.keeper import Entry, Keeper
    from gitlab_completions._shell.shared_fetch import SharedFetcher
    from gitlab_completions._shell.sharing import Told

LOOK_S = 1.0
"""Seconds between two looks: a rest is a minute, and typing is ten calls a second."""
_MOST_HEARD = 256
"""Entries whose last state is remembered: two for each of 64 projects, and more."""
_RESTS = {route: f"rest {route}" for route in Route}


class Notices:
    """The words of servers that a client passes on and hears of.

    Args:
        fetcher: Has the store, and reads refusals of direct access.
        desk: Has the access token.
        keeper: Keeps the details that a refusal bars.
        circuits: One for each route.
        clock: Tells the time.
        bulletin: Tells the observers.
        background: Holds the looks.
    """

    def __init__(
        self,
        *,
        fetcher: SharedFetcher,
        desk: TokenDesk,
        keeper: Keeper,
        circuits: Mapping[Route, Circuit],
        clock: Clock,
        bulletin: Bulletin,
        background: Background,
    ) -> None:
        self._fetcher = fetcher
        self._sharing = fetcher.sharing
        self._desk = desk
        self._keeper = keeper
        self._circuits = circuits
        self._clock = clock
        self._bulletin = bulletin
        self._background = background
        self._heard: LRUCache[str, bytes] = LRUCache(_MOST_HEARD)

    def tell(
        self, route: Route, entry: Entry, verdict: AttemptVerdict, ending: Ending
    ) -> None:
        """Pass on how an attempt ended, if that holds for all of the user's."""
        if verdict.circuit is Effect.REST:
            policy = self._circuits[route].policy
            asked_s = ending.retry_after_s or policy.rate_limit_s
            self._pass_on(_RESTS[route], min(asked_s, policy.max_rate_limit_s), ending)
        elif verdict.details is OnDetails.BAR:
            self._pass_on(_bar_name(entry.project_path), verdict.bar_s, ending)

    def look(self, entry: Entry) -> None:
        """Have the store looked at for a project, if that is due."""
        now = self._clock.now()
        if entry.heard_at is not None and now - entry.heard_at < LOOK_S:
            return
        entry.heard_at = now
        if self._desk.known is not None:
            self._background.spawn(self._hear(self._desk.known, entry))

    def _pass_on(self, name: str, seconds: float, ending: Ending) -> None:
        token = self._desk.known
        if token is None or ending.seen.status is None or ending.error is None:
            return
        word = KeptWord(
            seconds=seconds, status_code=ending.seen.status, code=ending.error.code
        )
        self._background.spawn(self._write(token, name, word))

    async def _write(self, token: Secret, name: str, word: KeptWord) -> None:
        seal = await self._sharing.write(
            token,
            name,
            encode_word(word),
            said_at=self._clock.now(),
            keep_s=word.seconds,
        )
        if seal is not None:
            self._heard[name] = seal

    async def _hear(self, token: Secret, entry: Entry) -> None:
        hear: dict[str, Callable[[Told], None]] = {
            access_name(entry.project_path): partial(self._hear_access, entry),
            _bar_name(entry.project_path): partial(self._hear_bar, entry),
        }
        hear |= {name: partial(self._hear_rest, r) for r, name in _RESTS.items()}
        await import_off_loop("jwt")  # decoding a grant needs it
        for name, told in zip(
            hear, await self._sharing.read(token, list(hear)), strict=True
        ):
            if told is not None and self._heard.get(name) != told.seal:
                self._heard[name] = told.seal
                hear[name](told)

    def _hear_access(self, entry: Entry, told: Told) -> None:
        fetched = self._fetcher.understand(told)
        if fetched is not None:
            self._keeper.hear(entry, fetched)

    def _hear_bar(self, entry: Entry, told: Told) -> None:
        word, left_s = self._word(told)
        if word is None or not self._keeper.goes_direct:
            return
        problem = DirectAccessBarredError(
            f"{NAMES[Route.DIRECT]} answered {word.status_code}",
            status_code=word.status_code,
            code=word.code,
            retry_after_s=left_s,
        )
        is_news = entry.freshness.bar(self._clock.now()) is None
        entry.freshness.put_bar(self._clock.now(), left_s, problem)
        if is_news:
            self._bulletin.publish(
                DetailsRefused(
                    project_path=entry.project_path, problem=problem, again_in_s=left_s
                )
            )

    def _hear_rest(self, route: Route, told: Told) -> None:
        word, left_s = self._word(told)
        if word is None:
            return
        if self._circuits[route].heed(self._clock.now(), left_s) is Transition.TRIPPED:
            self._bulletin.publish(
                CircuitTripped(route=route, rests_s=left_s, cause="rate_limit")
            )

    def _word(self, told: Told) -> tuple[KeptWord | None, float]:
        """Return a server's word if it still holds, and for how many seconds."""
        word = decode_word(told.content)
        left_s = 0.0 if word is None else told.at + word.seconds - self._clock.now()
        return (word, left_s) if left_s > 0 else (None, 0.0)


def _bar_name(project_path: str | None) -> str:
    return f"bar {project_path or ''}"
