"""The word of a flag on direct connections, which keeps no call waiting.

There are two kinds of sources, and two ways of asking.

One that the user gave, an organisation's flag service for instance, may switch direct
off for good reason, so it is asked before anything is. Its first word is waited for by
the first fetch of connection details, which a call waits for only so long anyway; from
then on it is asked again behind the calls once a minute, and the last word holds.

The instance's own flag is none to be asked before a call. It is there in GitLab 17.0
and 17.1 only, and off it makes the request for direct access end in a 404, so to ask
first would be to ask twice. A 404 has other reasons, too. So it is asked for behind
such a 404, by an instance whose version is not known to lack the flag: where it is
off, the refusal has a name (`RouteReason.ROLLOUT`), direct access is not asked for
meanwhile, and the flag is asked again once a minute while calls are made, so that
direct is there a minute after somebody has switched it on and not half an hour.

Whatever fails here leaves direct as it was, which is on at first.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from gitlab_completions._core.rollout import direct_flag_matters
from gitlab_completions._wire.flags import may_mean_flag_off
from gitlab_completions.flags import Flag, FlagReason

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from gitlab_completions._core.rollout import Switch
    from gitlab_completions._shell.background import Background
    from gitlab_completions._shell.clock import Clock
    from gitlab_completions._shell.fetch import Fetched
    from gitlab_completions._wire.direct_access import Grant
    from gitlab_completions.flags import FlagSource

logger = logging.getLogger("gitlab_completions")

SOURCE_WAIT_S = 2.0
"""Seconds that a user's source may take, as a source of access tokens may."""
AGAIN_S = 60.0
"""Seconds after which a source is asked again, as GitLab's own caches do."""
RETRY_S = 5.0
"""Seconds after which one is that said nothing: providers take a while to be ready."""
WORD_LASTS_S = 1800.0
"""Seconds that a no holds without being said again: as long as the instance's own."""
_NOTHING_SAID = frozenset(
    {FlagReason.UNREACHABLE, FlagReason.NOT_LOGGED_IN, FlagReason.SOURCE_FAILED}
)


class GuardedSource:
    """A user's source, which may raise, hang or answer nonsense: then the default.

    Args:
        source: The user's.
    """

    def __init__(self, source: FlagSource) -> None:
        self._source = source
        self._complained = False

    async def evaluate(self, name: str, /, *, default: bool) -> Flag:
        """Return what the source says within its time, or the default."""
        try:
            async with asyncio.timeout(SOURCE_WAIT_S):
                answer = await self._source.evaluate(name, default=default)
        except TimeoutError:
            self._complain(f"gave no answer within {SOURCE_WAIT_S:g} s")
        except Exception as error:
            self._complain(f"raised {type(error).__name__}")
        else:
            if _is_flag(answer):
                return answer
            self._complain(f"returned a {type(answer).__name__}, and no Flag")
        return Flag(name=name, enabled=default, reason=FlagReason.SOURCE_FAILED)

    def _complain(self, what: str) -> None:
        if not self._complained:
            self._complained = True
            logger.warning("The source of feature flags %s.", what)


def _is_flag(answer: object) -> bool:
    if not isinstance(answer, Flag):
        return False
    enabled: object = getattr(answer, "enabled")  # noqa: B009 - of any type
    return isinstance(enabled, bool)


class DirectFlag:
    """Keeps the switch of a rollout up to date.

    Args:
        ask: Asks for the flag; it does not raise.
        first: Whether the source is asked before the instance is; else after a 404.
        switch: What it says.
        clock: Tells the time.
        background: Holds the questions.
        on_news: Called when the word has changed.
    """

    def __init__(
        self,
        ask: Callable[[], Awaitable[Flag]],
        *,
        first: bool,
        switch: Switch,
        clock: Clock,
        background: Background,
        on_news: Callable[[], None],
    ) -> None:
        self._evaluate = ask
        self._first = first
        self._switch = switch
        self._clock = clock
        self._background = background
        self._on_news = on_news
        self._asking: asyncio.Task[None] | None = None
        self._again_at: float | None = None
        self._holds_until = 0.0
        self._version: str | None = None

    def look(self) -> None:
        """Have the source asked again, if that is due: a call wants to know."""
        now = self._clock.now()
        if not self._switch.on and now >= self._holds_until:
            self._again_at = None  # what comes is a first word again
            self._turn(on=True)
        if self._again_at is None or now < self._again_at:
            return
        if self._first or not self._switch.on:
            self._ask()

    async def first_word(self) -> None:
        """Wait for the first word of a source that is asked before the instance."""
        if self._first and self._again_at is None:
            await asyncio.wait({self._ask()}, timeout=SOURCE_WAIT_S)

    def granted(self, grant: Grant) -> None:
        """Take note of the version of an instance that grants direct access."""
        self._version = grant.gitlab_version

    def refused(self, fetched: Fetched) -> None:
        """Ask why, if the instance refused as it does when its own flag is off."""
        answer = fetched.answer
        if self._first or answer is None or not may_mean_flag_off(answer):
            return
        if direct_flag_matters(self._version):
            self._ask()

    def forget(self) -> None:
        """Forget the instance's word: it was to another access token."""
        if not self._first:
            self._again_at = None
            self._turn(on=True)

    def _ask(self) -> asyncio.Task[None]:
        if self._asking is None or self._asking.done():
            self._asking = self._background.spawn(self._hear())
        return self._asking

    async def _hear(self) -> None:
        flag = await self._evaluate()
        now = self._clock.now()
        said = flag.reason not in _NOTHING_SAID
        self._again_at = now + (AGAIN_S if said else RETRY_S)
        if said:
            self._holds_until = now + WORD_LASTS_S
            self._turn(on=flag.enabled)

    def _turn(self, *, on: bool) -> None:
        if self._switch.on is not on:
            self._switch.on = on
            self._on_news()
