"""What each outcome means, as tables.

Four separate questions for each: does this *call* go to the other route, does it
*count* against the circuit, what happens to the *details*, and what does the *caller*
see if nothing else answers. In each table the first row that fits decides. Status 429
comes first, whatever its body: it is a rate limit, also when a proxy wrote it. Then
come refusals that are no JSON: neither GitLab nor its gateway writes those, so
something in front of them did. What GitLab means by a status follows.
"""

from __future__ import annotations

from enum import Enum, StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Generic, TypeVar

from gitlab_completions._records import Record
from gitlab_completions.details import Endpoint

if TYPE_CHECKING:
    from collections.abc import Mapping


class Body(Enum):
    """What an answer's body was."""

    NONE = "none"
    """There was no answer."""
    GOOD = "good"
    """What was asked for, with content."""
    BLANK = "blank"
    """What was asked for, and empty: nothing to suggest."""
    JSON = "json"
    """A JSON object that is not what was asked for."""
    OTHER = "other"
    """HTML, text, cut off, too large."""


class Observation(Record):
    """How an exchange ended.

    Args:
        status: HTTP status, or `None` when no whole answer came.
        body: What the body was.
        word: The machine-readable word of a refusal, or an empty string.
    """

    status: int | None
    body: Body
    word: str = ""


VerdictT = TypeVar("VerdictT")


class Row(Record, Generic[VerdictT]):
    """One line of a table; a field that is `None` fits anything.

    Args:
        name: What a person calls this outcome.
        verdict: What it means.
        statuses: The statuses it stands for.
        bodies: The bodies it stands for.
        word: The refusal's word that it stands for.
    """

    name: str
    verdict: VerdictT
    statuses: range | frozenset[int] | None = None
    bodies: frozenset[Body] | None = None
    word: str | None = None

    def fits(self, seen: Observation) -> bool:
        """Tell whether this row stands for what was seen."""
        return (
            (self.statuses is None or seen.status in self.statuses)
            and (self.bodies is None or seen.body in self.bodies)
            and (self.word is None or seen.word == self.word)
        )


def decide(table: tuple[Row[VerdictT], ...], seen: Observation) -> VerdictT:
    """Return the verdict of the first row that fits; the last row fits anything."""
    return next(row.verdict for row in table if row.fits(seen))


class Effect(StrEnum):
    """What an attempt does to its route's circuit."""

    SUCCESS = "success"
    FAILURE = "failure"
    NEUTRAL = "neutral"
    REST = "rest"
    """Open for as long as the server says."""


class OnDetails(StrEnum):
    """What a direct attempt does to the connection details."""

    KEEP = "keep"
    ACCEPT = "accept"
    """They work: refused bodies before are forgotten."""
    RENEW = "renew"
    """The token is refused: drop it if it is still the current one."""
    BAR = "bar"
    DRIFT = "drift"
    """The body is refused: three files in a row bar direct."""
    REFUSE_ENDPOINT = "refuse_endpoint"
    """This endpoint is refused: from now on the gateway's other one is asked, and when
    both are refused direct is barred."""


class Standing(StrEnum):
    """What an answer of direct access makes of the details."""

    BARRED = "barred"
    UNAVAILABLE = "unavailable"


class Scope(StrEnum):
    """Whom a bar concerns."""

    USER = "user"
    PROJECT = "project"


class AccessVerdict(Record):
    """What a failed fetch of connection details means.

    Args:
        standing: Barred until a time, or unavailable for now.
        again_s: Seconds until a call may have it asked again; `None`: a growing wait.
        spread: Share by which that is longer or shorter.
        scope: Whether a bar holds for all the user's projects.
        suspect_token: The access token may be wrong: its source is asked once more.
        most_s: A `Retry-After` is honoured up to so many seconds.
    """

    standing: Standing
    again_s: float | None = None
    spread: float = 0.0
    scope: Scope = Scope.USER
    suspect_token: bool = False
    most_s: float | None = None


class AttemptVerdict(Record):
    """What the end of an attempt means.

    Args:
        answers: The call has its completion.
        final: No other route would do better.
        passing: The cause passes by itself, so direct may stand in for the instance.
        circuit: What it does to the route's circuit.
        details: What it does to the connection details.
        bar_s: Seconds for which direct is barred, with `OnDetails.BAR`.
    """

    answers: bool = False
    final: bool = False
    passing: bool = False
    circuit: Effect = Effect.NEUTRAL
    details: OnDetails = OnDetails.KEEP
    bar_s: float = 0.0


_REFUSED = range(400, 500)
_NOT_JSON = frozenset({Body.OTHER})

_BARRED = AccessVerdict(standing=Standing.BARRED, again_s=1800.0, spread=0.1)
_UNAVAILABLE = AccessVerdict(standing=Standing.UNAVAILABLE)

DIRECT_ACCESS: tuple[Row[AccessVerdict], ...] = (
    Row(
        name="rate limit",
        verdict=AccessVerdict(
            standing=Standing.UNAVAILABLE, again_s=60.0, most_s=300.0
        ),
        statuses=frozenset({429}),
    ),
    Row(
        name="refusal not by GitLab",
        verdict=_UNAVAILABLE,
        statuses=_REFUSED,
        bodies=_NOT_JSON,
    ),
    Row(
        name="instance refused by the gateway",
        verdict=AccessVerdict(standing=Standing.BARRED, again_s=300.0),
        statuses=frozenset({401}),
        word="token_creation_failed",
    ),
    Row(
        name="token refused",
        verdict=AccessVerdict(
            standing=Standing.BARRED, again_s=300.0, suspect_token=True
        ),
        statuses=frozenset({401}),
    ),
    Row(
        name="quota used up",
        verdict=AccessVerdict(standing=Standing.BARRED, again_s=300.0),
        statuses=frozenset({402}),
    ),
    Row(
        name="switched off or refused",
        verdict=_BARRED,
        statuses=frozenset({400, 403, 404}),
    ),
    Row(
        name="refused for this project",
        verdict=AccessVerdict(
            standing=Standing.BARRED, again_s=1800.0, spread=0.1, scope=Scope.PROJECT
        ),
        statuses=frozenset({422}),
    ),
    Row(
        name="no model in the grant",
        verdict=AccessVerdict(
            standing=Standing.BARRED, again_s=1800.0, scope=Scope.PROJECT
        ),
        word="no_model",
    ),
    Row(
        name="grant that cannot be used",
        verdict=AccessVerdict(
            standing=Standing.BARRED, again_s=1800.0, scope=Scope.PROJECT
        ),
        word="bad_grant",
    ),
    Row(
        name="grant without a lifetime",
        verdict=AccessVerdict(
            standing=Standing.BARRED, again_s=300.0, scope=Scope.PROJECT
        ),
        word="clock",
    ),
    Row(name="anything else", verdict=_UNAVAILABLE),
)
"""What the instance's refusals of direct access mean."""

_FAILURE = AttemptVerdict(circuit=Effect.FAILURE, passing=True)
_NOT_SENT = AttemptVerdict(passing=True)
_LIMITED = AttemptVerdict(circuit=Effect.REST, passing=True)
_NO_MATTER = AttemptVerdict()
_ENDPOINT_REFUSED = AttemptVerdict(details=OnDetails.REFUSE_ENDPOINT)

GATEWAY: tuple[Row[AttemptVerdict], ...] = (
    Row(
        name="completion, or nothing to suggest",
        verdict=AttemptVerdict(
            answers=True, circuit=Effect.SUCCESS, details=OnDetails.ACCEPT
        ),
        statuses=frozenset({200}),
        bodies=frozenset({Body.GOOD, Body.BLANK}),
    ),
    Row(name="rate limit", verdict=_LIMITED, statuses=frozenset({429})),
    Row(
        name="refusal not by the gateway",
        verdict=_FAILURE,
        statuses=_REFUSED,
        bodies=_NOT_JSON,
    ),
    Row(
        name="token refused",
        verdict=AttemptVerdict(details=OnDetails.RENEW),
        statuses=frozenset({401}),
    ),
    Row(
        name="quota used up",
        verdict=AttemptVerdict(details=OnDetails.BAR, bar_s=300.0),
        statuses=frozenset({402}),
    ),
    Row(
        name="entitlement in doubt",
        verdict=AttemptVerdict(details=OnDetails.BAR, bar_s=300.0),
        statuses=frozenset({403}),
        word="USAGE_QUOTA_NOT_ENTITLED",
    ),
    Row(
        name="not allowed",
        verdict=AttemptVerdict(details=OnDetails.BAR, bar_s=1800.0),
        statuses=frozenset({403}),
    ),
    Row(
        name="endpoint gone",
        verdict=_ENDPOINT_REFUSED,
        statuses=frozenset({404, 405}),
    ),
    Row(
        name="body refused",
        verdict=AttemptVerdict(details=OnDetails.DRIFT),
        statuses=frozenset({400, 413, 422}),
    ),
    Row(
        name="no free connection",
        verdict=_NOT_SENT,
        bodies=frozenset({Body.NONE}),
        word="pool",
    ),
    Row(name="anything else", verdict=_FAILURE),
)
"""What the gateway's answers mean: all but the first send the call to indirect."""

GATEWAY_V4: tuple[Row[AttemptVerdict], ...] = (
    Row(
        name="users not taken",
        verdict=_ENDPOINT_REFUSED,
        statuses=frozenset({403}),
        bodies=frozenset({Body.JSON}),
        word="unauthorized_code_suggestions",
    ),
    *GATEWAY,
)
"""The same for its v4, which gateways of 2026-08 have for instances only."""

GATEWAYS: Mapping[Endpoint, tuple[Row[AttemptVerdict], ...]] = MappingProxyType(
    {Endpoint.V2: GATEWAY, Endpoint.V4: GATEWAY_V4}
)

INSTANCE: tuple[Row[AttemptVerdict], ...] = (
    Row(
        name="completion, or nothing to suggest",
        verdict=AttemptVerdict(answers=True, circuit=Effect.SUCCESS),
        statuses=frozenset({200}),
        bodies=frozenset({Body.GOOD, Body.BLANK}),
    ),
    Row(name="rate limit", verdict=_LIMITED, statuses=frozenset({429})),
    Row(
        name="refusal not by GitLab",
        verdict=_FAILURE,
        statuses=_REFUSED,
        bodies=_NOT_JSON,
    ),
    Row(
        name="no default namespace",
        verdict=_NO_MATTER,
        statuses=frozenset({422}),
        word="missing_default_duo_group",
    ),
    Row(
        name="request refused",
        verdict=AttemptVerdict(final=True),
        statuses=frozenset({400, 413, 422}),
    ),
    Row(
        name="not allowed", verdict=_NO_MATTER, statuses=frozenset({401, 402, 403, 404})
    ),
    Row(name="server trouble", verdict=_FAILURE, statuses=range(500, 600)),
    Row(name="no completion", verdict=_FAILURE, statuses=frozenset({200})),
    Row(
        name="no free connection",
        verdict=_NOT_SENT,
        bodies=frozenset({Body.NONE}),
        word="pool",
    ),
    Row(name="no access token", verdict=_NOT_SENT, word="token_source"),
    Row(name="no answer", verdict=_FAILURE, bodies=frozenset({Body.NONE})),
    Row(name="anything else", verdict=_NO_MATTER),
)
"""What the instance's answers to a completion mean."""
