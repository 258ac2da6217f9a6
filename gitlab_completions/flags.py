"""Feature flags: whether a feature is switched on, who said so, and why.

A client answers `flag(name)` from its `FlagSource`: the instance, unless it was made
with another one, such as an organisation's flag service by way of OpenFeature. Every
value has a reason, since a flag that reads as off may as well be one that nobody knows:

    flag = await client.flag("some_feature")
    if flag.enabled:
        ...
    else:
        print(flag.reason)  # "instance": GitLab said so

GitLab asks programs outside of it to *fail open*: a flag is removed once its feature is
there for all, and then it is unknown. So the default is what holds whenever nobody
said anything, and it is `True` unless you say otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Protocol, cast, runtime_checkable

from gitlab_completions._checks import check_actor, check_seconds, check_switch
from gitlab_completions._records import Record
from gitlab_completions.errors import ConfigurationError

if TYPE_CHECKING:
    import asyncio

    from openfeature.client import OpenFeatureClient
    from openfeature.flag_evaluation import FlagEvaluationDetails

__all__ = ("FeatureFlags", "Flag", "FlagReason", "FlagSource", "OpenFeatureFlags")

MAX_AGE_S = 60.0
"""Seconds that an answer is fresh: GitLab's own caches let as much pass."""

ANSWER_WAIT_S = 5.0
"""Seconds that a caller waits for the instance's first answer, as for a completion; it
is asked on behind, and the next one has it."""

GIVEN_UP_S = 300.0
"""Seconds after which a provider that does not answer is asked anew: for good it would
be deaf after one lost answer, and each question that hangs holds a thread."""


class FlagReason(StrEnum):
    """Why a flag has the value that it has."""

    INSTANCE = "instance"
    """The instance said so."""
    OFF_OR_UNKNOWN = "off_or_unknown"
    """The instance said no, and is so old (before 17.4) that it would say the same of
    a flag that it does not know."""
    OVERRIDE = "override"
    """You said so, in `FeatureFlags(overrides=...)`."""
    PROVIDER = "provider"
    """The flag service behind OpenFeature said so."""
    UNKNOWN_FLAG = "unknown_flag"
    """There is no such flag, or no more: the default."""
    RETIRED = "retired"
    """GitLab had the flag up to an earlier version than this one: the default."""
    NO_SUCH_FIELD = "no_such_field"
    """The instance is too old to be asked (before 17.1): the default."""
    NOT_LOGGED_IN = "not_logged_in"
    """The instance does not tell who asks with this access token: the default."""
    UNREACHABLE = "unreachable"
    """There was no answer, or none of GitLab's: the default."""
    SOURCE_FAILED = "source_failed"
    """The source raised, took too long, or gave something else: the default."""
    DEFAULT = "default"
    """Nobody was asked: the default."""


class Flag(Record):
    """A flag's value, and why it is that.

    Args:
        name: GitLab's name of it.
        enabled: Whether the feature is on.
        reason: Why, in a word: a `FlagReason`, or a word of the source's own.
    """

    name: str
    enabled: bool
    reason: str


@runtime_checkable
class FlagSource(Protocol):
    """Tells whether a feature is switched on.

    A client that is given one asks it also whether to go direct, by the name of
    GitLab's own flag for that: `code_suggestions_direct_completions`, with `True` as
    default. It asks behind the calls, once a minute, and goes by the last word
    meanwhile; only the very first word is waited for, along with the first connection
    details and no longer than for those. A source that raises, or that takes more than
    2 s, is as one that says nothing.
    """

    async def evaluate(self, name: str, /, *, default: bool) -> Flag:
        """Return the flag's value, or the default with the reason for it."""
        ...


class FeatureFlags:
    """The instance's own flags, which a client has by default; here with settings.

    Answers are kept for a minute; older ones serve while they are asked for anew.

    Args:
        overrides: Values that hold whatever the instance says, by name.
        max_age_s: Seconds that an answer is fresh. 60: GitLab's own caches.

    Raises:
        ConfigurationError: When an argument is wrong.
    """

    def __init__(
        self,
        *,
        overrides: Mapping[str, bool] | None = None,
        max_age_s: float = MAX_AGE_S,
    ) -> None:
        check_seconds("max_age_s", max_age_s)
        self.overrides: Mapping[str, bool] = _checked(overrides)
        self.max_age_s: float = max_age_s
        self._source: FlagSource | None = None

    def bind(self, source: FlagSource, /) -> None:
        """Ask this source: the client does so that the flags are given to.

        Raises:
            ConfigurationError: When they have been given to another client: what one
                instance tells one user holds for nobody else.
        """
        if self._source is not None:
            raise ConfigurationError(
                "these FeatureFlags belong to another client: make some for each"
            )
        self._source = source

    async def evaluate(self, name: str, /, *, default: bool = True) -> Flag:
        """Return the flag's value, or the default with the reason for it.

        Raises:
            ClientClosedError: When the client is closed.
            ConfigurationError: When `name` is no string, or on another event loop than
                the client's.
        """
        if name in self.overrides:
            return Flag(
                name=name, enabled=self.overrides[name], reason=FlagReason.OVERRIDE
            )
        if self._source is None:
            return Flag(name=name, enabled=default, reason=FlagReason.DEFAULT)
        return await self._source.evaluate(name, default=default)

    def __repr__(self) -> str:
        return f"FeatureFlags(overrides=<{len(self.overrides)}>)"


def _checked(overrides: object) -> dict[str, bool]:
    """Return them, and nothing else than switches by name."""
    if overrides is None:
        return {}
    if not isinstance(overrides, Mapping):
        raise ConfigurationError(
            "overrides must be a mapping of names to True or False, "
            f"not {type(overrides).__name__}"
        )
    for value in cast("Mapping[object, object]", overrides).values():
        check_switch("each of the overrides", value)
    return dict(cast("Mapping[str, bool]", overrides))


class OpenFeatureFlags:
    """Flags of whatever service an OpenFeature client speaks to.

    It needs `pip install 'gitlab-completions[openfeature]'`:

        from openfeature import api

        api.set_provider_and_wait(YourProvider())
        flags = OpenFeatureFlags(api.get_client(), actor="User:42")
        client = CompletionClient(url, token, flags=flags)

    The service is asked in a thread, since most providers block.

    Args:
        client: What `openfeature.api.get_client()` returns.
        actor: Who is asked for: OpenFeature's targeting key, which goes to the service.
            Left out, the client's own context says.

    Raises:
        ConfigurationError: When the package is not installed, or an argument is wrong.
    """

    def __init__(self, client: OpenFeatureClient, *, actor: str | None = None) -> None:
        self._asking: dict[object, asyncio.Task[FlagEvaluationDetails[bool]]] = {}
        self._asked_at: dict[object, float] = {}
        try:
            from openfeature.evaluation_context import (  # noqa: PLC0415 - an extra
                EvaluationContext,
            )
        except ModuleNotFoundError:
            raise ConfigurationError(
                "OpenFeatureFlags needs the openfeature-sdk package: "
                "pip install 'gitlab-completions[openfeature]'"
            ) from None
        if not callable(getattr(client, "get_boolean_details", None)):
            raise ConfigurationError(
                "client must be an OpenFeatureClient, as openfeature.api.get_client() "
                f"returns, not {type(client).__name__}"
            )
        check_actor("actor", actor)
        self._client = client
        self._context = None if actor is None else EvaluationContext(actor)

    async def evaluate(self, name: str, /, *, default: bool = True) -> Flag:
        """Return the flag's value, or the default with the reason for it."""
        import asyncio  # noqa: PLC0415 - who only imports names need not wait for it

        details = await asyncio.shield(self._asked(name, default=default))
        if details.error_code is not None:
            unknown = details.error_code == "FLAG_NOT_FOUND"
            reason = FlagReason.UNKNOWN_FLAG if unknown else FlagReason.SOURCE_FAILED
            return Flag(name=name, enabled=default, reason=reason)
        enabled = bool(details.value)
        return Flag(name=name, enabled=enabled, reason=FlagReason.PROVIDER)

    def _asked(
        self, name: str, *, default: bool
    ) -> asyncio.Task[FlagEvaluationDetails[bool]]:
        """Return the thread's work: one for each flag, for a provider may hang."""
        import asyncio  # noqa: PLC0415 - who only imports names need not wait for it

        from gitlab_completions._sources import in_thread  # noqa: PLC0415 - it too

        loop = asyncio.get_running_loop()
        key = (loop, name, default)
        task = self._asking.get(key)
        if task is None or loop.time() - self._asked_at[key] >= GIVEN_UP_S:
            ask = self._client.get_boolean_details
            work = partial(ask, name, default, self._context)
            task = asyncio.create_task(in_thread(work))
            self._asking[key], self._asked_at[key] = task, loop.time()
            task.add_done_callback(lambda ended: self._forget(key, ended))
        return task

    def _forget(
        self, key: object, ended: asyncio.Task[FlagEvaluationDetails[bool]]
    ) -> None:
        """Let go of what has ended; who asked may have left, and heard of no error."""
        if self._asking.get(key) is ended:
            del self._asking[key], self._asked_at[key]
        if not ended.cancelled():
            ended.exception()
