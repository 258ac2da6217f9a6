"""The instance's feature flags: asked for, kept, and asked for anew behind the caller.

A flag is asked for when somebody wants it, never ahead. Its answer is fresh for a
minute, which is what GitLab's own caches let pass; an older one still serves while one
question is under way, and only a flag that nobody has asked for yet is waited for.
Questions are single-flight: whoever wants a flag that is being asked for waits for the
same answer, flags that are wanted meanwhile go together in the next question, and a
caller that leaves ends none.

Old instances are asked in an older way, which is remembered for as long as an upgrade
takes. What an instance says of a flag that it has no more is worth nothing: see
`_core.rollout` for the one flag of which that is known.
"""

from __future__ import annotations

import asyncio
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING

from cachetools import LRUCache

from gitlab_completions._core.rollout import DIRECT_FLAG, direct_flag_matters
from gitlab_completions._records import Record
from gitlab_completions._wire import flags as wire
from gitlab_completions._wire.jsons import parse_object
from gitlab_completions.flags import ANSWER_WAIT_S, Flag, FlagReason

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitlab_completions._shell.background import Background
    from gitlab_completions._shell.clock import Clock
    from gitlab_completions._shell.inquiry import Asked, Inquirer
    from gitlab_completions.flags import FeatureFlags

STALE_S = 3600.0
"""Seconds that an answer serves while a newer one is not to be had: GitLab's own cache
beyond a process keeps flags for as long."""
RETRY_S = 10.0
"""Seconds between questions to an instance that does not answer: in so short a time a
restart is not over either."""
SETTLED_S = 1800.0
"""Seconds until an instance that is too old for a question is asked it again, as after
other refusals: upgrades take no less."""
MOST_FLAGS = 100
"""Flags that are kept; the least recently used goes first."""
_OK = 200
_NOT_LET_IN = frozenset({401, 403})


class Dialect(Enum):
    """How an instance can be asked for flags."""

    NAMES = "17.4 and later"
    EACH = "17.1 and later"
    NONE = "not at all"


class _Known(Record):
    """What was last heard of a flag.

    Args:
        enabled: Its value; `None` when nobody said.
        reason: Why.
        until: When it is not fresh any more.
        lasts_until: When it serves no more.
    """

    enabled: bool | None
    reason: FlagReason
    until: float
    lasts_until: float


class InstanceFlags:
    """A `FlagSource` that asks the instance; it never raises for what it is told.

    Args:
        inquirer: Asks.
        clock: Tells the time.
        background: Holds the questions.
        settings: Overrides, and how long answers are fresh.
    """

    def __init__(
        self,
        inquirer: Inquirer,
        clock: Clock,
        background: Background,
        settings: FeatureFlags,
    ) -> None:
        self._inquirer = inquirer
        self._clock = clock
        self._background = background
        self._settings = settings
        self._known: LRUCache[str, _Known] = LRUCache(MOST_FLAGS)
        self._open: dict[str, asyncio.Future[None]] = {}
        self._asking = False
        self._retry_at = 0.0
        self._dialect = Dialect.NAMES
        self._dialect_until = 0.0

    async def evaluate(self, name: str, /, *, default: bool) -> Flag:
        """Return the flag's value, or the default with the reason for it."""
        known = self._usable(name)
        if known is not None and self._is_stale(known):
            self._question(name)  # behind the caller
        return await self._value(name, default=default, known=known)

    async def evaluate_anew(self, name: str, /, *, default: bool) -> Flag:
        """Return the flag's value as `evaluate`, but wait for it when it is stale."""
        known = self._usable(name)
        if known is not None and self._is_stale(known):
            known = None
        return await self._value(name, default=default, known=known)

    async def _value(self, name: str, *, default: bool, known: _Known | None) -> Flag:
        """Return what is known of a flag; without an answer, ask and wait for it."""
        if name in self._settings.overrides:
            enabled = self._settings.overrides[name]
            return Flag(name=name, enabled=enabled, reason=FlagReason.OVERRIDE)
        if known is None:
            await asyncio.wait({self._question(name)}, timeout=ANSWER_WAIT_S)
            known = self._usable(name)
        if known is None:
            return Flag(name=name, enabled=default, reason=FlagReason.UNREACHABLE)
        enabled = default if known.enabled is None else known.enabled
        return Flag(name=name, enabled=enabled, reason=known.reason)

    def forget(self) -> None:
        """Forget what was said: it was to another access token."""
        self._known.clear()
        self._retry_at = 0.0

    def _usable(self, name: str) -> _Known | None:
        known = self._known.get(name)
        return known if known and self._clock.now() < known.lasts_until else None

    def _is_stale(self, known: _Known) -> bool:
        return self._clock.now() >= max(known.until, self._retry_at)

    # Questions.

    def _question(self, name: str) -> asyncio.Future[None]:
        """Return what ends when the flag has been asked for."""
        ended = self._open.get(name)
        if ended is None:
            ended = asyncio.get_running_loop().create_future()
            self._open[name] = ended
        if not self._asking:
            self._asking = True
            self._background.spawn(self._ask_for_all())
        return ended

    async def _ask_for_all(self) -> None:
        try:
            while self._open:
                names = tuple(self._open)[: wire.MAX_NAMES]
                await self._ask_for(names)
                self._end(names)
        finally:
            self._asking = False
            self._end(tuple(self._open))

    def _end(self, names: Sequence[str]) -> None:
        for name in names:
            self._open.pop(name).set_result(None)

    async def _ask_for(self, names: Sequence[str]) -> None:
        """Ask, in the older way too if it must be, and keep what comes of it."""
        if self._clock.now() >= self._dialect_until:
            self._dialect = Dialect.NAMES
        while self._dialect is not Dialect.NONE:
            in_each = self._dialect is Dialect.EACH
            request = wire.each_request if in_each else wire.names_request
            asked = await self._inquirer.ask(partial(request, names=names))
            if asked.outdated:
                return
            answer = _decoded(asked, names, in_each=in_each)
            if answer is None:
                self._keep_failure(asked, names)
                return
            if not answer.lacks_field:
                self._keep(answer, names, in_each=in_each)
                return
            self._dialect = Dialect.NONE if in_each else Dialect.EACH
            self._dialect_until = self._clock.now() + SETTLED_S
        for name in names:
            self._put(name, None, FlagReason.NO_SUCH_FIELD, SETTLED_S)

    # What is kept.

    def _keep(
        self, answer: wire.FlagAnswer, names: Sequence[str], *, in_each: bool
    ) -> None:
        for name in names:
            if not answer.logged_in:
                self._put(name, None, FlagReason.NOT_LOGGED_IN)
            elif name == DIRECT_FLAG and not direct_flag_matters(answer.version):
                self._put(name, None, FlagReason.RETIRED, SETTLED_S)
            elif name not in answer.values:
                self._put(name, None, FlagReason.UNKNOWN_FLAG)
            else:
                enabled = answer.values[name]
                unsure = in_each and not enabled
                word = FlagReason.OFF_OR_UNKNOWN if unsure else FlagReason.INSTANCE
                self._put(name, enabled, word)

    def _keep_failure(self, asked: Asked, names: Sequence[str]) -> None:
        """Keep a refusal for a minute; what was said before outlasts no answer."""
        if _is_not_let_in(asked):
            for name in names:
                self._put(name, None, FlagReason.NOT_LOGGED_IN)
            return
        self._retry_at = self._clock.now() + RETRY_S
        for name in names:
            if self._usable(name) is None:
                self._put(name, None, FlagReason.UNREACHABLE, RETRY_S)

    def _put(
        self,
        name: str,
        enabled: bool | None,
        reason: FlagReason,
        fresh_s: float | None = None,
    ) -> None:
        now = self._clock.now()
        fresh_s = self._settings.max_age_s if fresh_s is None else fresh_s
        lasts_s = fresh_s if enabled is None else max(fresh_s, STALE_S)
        self._known[name] = _Known(
            enabled=enabled,
            reason=reason,
            until=now + fresh_s,
            lasts_until=now + lasts_s,
        )


def _is_not_let_in(asked: Asked) -> bool:
    """Tell whether GitLab refused; a firewall's page is no word of its."""
    answer = asked.answer
    if answer is None or answer.status_code not in _NOT_LET_IN:
        return False
    return parse_object(answer.body) is not None


def _decoded(
    asked: Asked, names: Sequence[str], *, in_each: bool
) -> wire.FlagAnswer | None:
    if asked.answer is None or asked.answer.status_code != _OK:
        return None
    decode = wire.decode_each if in_each else wire.decode_names
    return decode(asked.answer.body, names)
