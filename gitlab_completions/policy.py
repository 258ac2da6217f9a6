"""Every knob: its unit, its default, and where the default comes from.

Policies are frozen; `dataclasses.replace` makes a changed one, and
`CompletionClient.reconfigure` puts it to use. Sources named below: *GitLab* is GitLab
EE and its AI Gateway as they are in GitLab 17.0 to 19.5; *measured* is the simulation
that the constants were chosen on (`tests/benchmarks/simulate.py`; for many clients,
`fleet.py` beside it; for CPU, the other benchmarks there).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from gitlab_completions._checks import (
    check_actor,
    check_count,
    check_factor,
    check_percentage,
    check_seconds,
    check_share,
)
from gitlab_completions.errors import ConfigurationError

if TYPE_CHECKING:
    from types import UnionType

__all__ = (
    "HEDGE_DELAY_S",
    "CircuitPolicy",
    "DetailsPolicy",
    "DirectMode",
    "HedgePolicy",
    "RoutingPolicy",
)

HEDGE_DELAY_S = 0.9
"""The longest hedge delay, and the one that holds until a route's pace is known.

The p99 of a healthy gateway in GitLab's published figures: later than nearly every good
answer, early enough that an author still waits for it.
"""

MIN_BODY_BYTES = 16_000
"""The least that `RoutingPolicy.max_body_bytes` may be: names, and text to go by."""


ALL = 100.0
"""Per cent."""


class DirectMode(StrEnum):
    """Whether direct may be used."""

    AUTO = "auto"
    """Direct when it works, else indirect."""
    NEVER = "never"
    """Indirect only; direct access is not even asked for."""
    ONLY = "only"
    """Direct only: for measuring, and for tests of the gateway."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CircuitPolicy:
    """When a route rests after losses, and for how long.

    A loss is a failure, or an attempt that nobody waits for any more, later than
    `late_share` of the hedge delay, while nothing has arrived. A late answer that its
    caller still received is none.

    Args:
        losses_in_a_row: Losses without a success between that trip the circuit.
            2: one may be chance; measured, a third costs an author one more wait.
        losses_in_window: Losses among the last `window` that trip it as well, for a
            route that fails now and then. 4: measured, of 10.
        window: How many outcomes are looked back on. 10: what typing brings in a
            quarter of a minute; what was before says little of now.
        cool_down_s: Seconds of the first rest. 1: a restart of a gateway is over, and
            a probe beside a real call costs its author nothing.
        max_cool_down_s: Seconds of the longest rest. 30: measured; the reference
            client's ten minutes keep its users on the slow route long after recovery.
        rate_limit_s: Seconds of rest after a 429 that names none. 60: GitLab's own
            limits are per minute.
        max_rate_limit_s: The longest rest that a `Retry-After` can bring. 120: as
            other vendors' clients cap it.
        probes_to_close: Answers to probes, each within the hedge delay, that close
            the circuit again. 2: as many as losses in a row trip it, so that one
            lucky answer of a route that is half broken does not.
        late_share: Share of the hedge delay after which it is a loss when a caller
            leaves. 0.75: measured; an author who types leaves silent calls long before
            any timeout, and a breaker that waits for one never notices.
        doubted: Attempts of the other route that are looked back on before it gets an
            extra request, or this one a loss for being slower. 3: when two of them
            were late or failed, and this route is in trouble too, both are slow for
            one reason, and more requests would only add to it.
        doubt_s: Seconds after which such an attempt is forgotten. 180: measured; with
            30, two slow routes get twice the extra requests.
        troubled: Late or failed attempts among the last `window` that are trouble. 3:
            measured; less are the calls that are slow on any route, and without this
            rule a few of those would have a silent gateway waited for.
        slower_share: Share by which direct has to be slower than indirect, by the
            medians of both, to lose its preference. 0.2: measured.
        slower_s: Seconds by which it has to be slower too. 0.05: less nobody feels.
        compared: Answers of each route that are compared. 20: the median of these is
            steady, and follows a route that changes within as many calls.
        least_compared: Answers of each route without which nothing is compared. 10:
            the median of fewer is chance.
        compare_every_s: Seconds between two comparisons. 30: as the longest rest, so
            that the preference does not go back and forth within one.
    """

    losses_in_a_row: int = 2
    losses_in_window: int = 4
    window: int = 10
    cool_down_s: float = 1.0
    max_cool_down_s: float = 30.0
    rate_limit_s: float = 60.0
    max_rate_limit_s: float = 120.0
    probes_to_close: int = 2
    late_share: float = 0.75
    doubted: int = 3
    doubt_s: float = 180.0
    troubled: int = 3
    slower_share: float = 0.2
    slower_s: float = 0.05
    compared: int = 20
    least_compared: int = 10
    compare_every_s: float = 30.0

    def __post_init__(self) -> None:
        check_count("CircuitPolicy.doubted", self.doubted, least=2)
        for name in (
            "losses_in_a_row",
            "losses_in_window",
            "window",
            "probes_to_close",
            "troubled",
            "compared",
            "least_compared",
        ):
            check_count(f"CircuitPolicy.{name}", getattr(self, name))
        for name in (
            "cool_down_s",
            "max_cool_down_s",
            "rate_limit_s",
            "max_rate_limit_s",
            "doubt_s",
            "slower_s",
            "compare_every_s",
        ):
            check_seconds(f"CircuitPolicy.{name}", getattr(self, name))
        for name in ("late_share", "slower_share"):
            check_share(f"CircuitPolicy.{name}", getattr(self, name))
        if self.least_compared > self.compared:
            raise ConfigurationError(
                "CircuitPolicy.least_compared must be at most compared"
            )
        if self.cool_down_s > self.max_cool_down_s:
            raise ConfigurationError(
                "CircuitPolicy.cool_down_s must be at most max_cool_down_s"
            )
        if self.rate_limit_s > self.max_rate_limit_s:
            raise ConfigurationError(
                "CircuitPolicy.rate_limit_s must be at most max_rate_limit_s"
            )
        for name in ("losses_in_window", "doubted", "troubled"):
            if getattr(self, name) > self.window:
                raise ConfigurationError(f"CircuitPolicy.{name} must be at most window")


@dataclass(frozen=True, slots=True, kw_only=True)
class HedgePolicy:
    """When the other route is started beside a slow attempt, and how often.

    The hedge delay of a route is a quantile of its own answers, within bounds. Answers
    teach it while the route's circuit is closed: a fault must not teach patience.

    Args:
        quantile: Share of a route's answers that are not slow. 0.98: measured; at 0.95
            twice as many extra requests buy a healthy gateway's authors 3 % at p99.
        min_delay_s: Least hedge delay in seconds, and the one that holds while another
            attempt on the route is silent for longer than the learnt one. 0.4: a route
            that answers in a tenth of a second is not in trouble when it once takes
            three.
        max_delay_s: Longest hedge delay in seconds, and the one that holds before
            `least_samples` are there. 0.9: the p99 of a healthy gateway.
        samples: Answers that the delay is learnt from, the latest ones. 200: measured;
            of 100 the rank is so coarse that three healthy calls of 100 are hedged.
        least_samples: Answers without which nothing is known. 20: below, the 98th
            percentile is the slowest one seen.
        budget_share: Hedges a call, in the long run. 0.1: measured; what a gateway in
            trouble needs until its circuit trips, and less than an overload feels.
        budget_burst: Hedges that may follow each other at once. 5: more than the losses
            that trip a circuit, after which its route is not waited for.
        give_up_factor: Hedge delays after which a slow attempt that may not be hedged
            is given up: the call falls back. 1.5: healthy answers have come by
            then, and an author is spared more than 3 s of direct's timeout of 5.
    """

    quantile: float = 0.98
    min_delay_s: float = 0.4
    max_delay_s: float = HEDGE_DELAY_S
    samples: int = 200
    least_samples: int = 20
    budget_share: float = 0.1
    budget_burst: int = 5
    give_up_factor: float = 1.5

    def __post_init__(self) -> None:
        for name in ("min_delay_s", "max_delay_s"):
            check_seconds(f"HedgePolicy.{name}", getattr(self, name))
        for name in ("samples", "least_samples", "budget_burst"):
            check_count(f"HedgePolicy.{name}", getattr(self, name))
        for name in ("quantile", "budget_share"):
            check_share(f"HedgePolicy.{name}", getattr(self, name))
        check_factor("HedgePolicy.give_up_factor", self.give_up_factor)
        if self.min_delay_s > self.max_delay_s:
            raise ConfigurationError(
                "HedgePolicy.min_delay_s must be at most max_delay_s"
            )
        if self.least_samples > self.samples:
            raise ConfigurationError(
                "HedgePolicy.least_samples must be at most samples"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class DetailsPolicy:
    """How connection details are kept.

    Args:
        first_wait_s: Longest that a call waits for details that are absent or expired
            before it goes indirect. 0.25: about what the first direct call saves.
        margin_s: Seconds before expiry from which details are not used any more, or
            a tenth of their lifetime when that is less. 40: as GitLab's own client.
        renew_at: Share of the lifetime after which details are renewed. 0.8: an hour's
            token leaves twelve minutes to outlast a failing instance.
        renew_spread: Share of the lifetime over which renewals are spread. 0.05: three
            minutes of an hour's, and nine are still left.
        renew_from: Share of the lifetime from which on details are renewed that were
            not fetched as a renewal in time, spread up to the usual renewal: the
            clients of one morning or one outage must not come back together. 0.05:
            with that the spread is as wide as the time between two renewals, so that
            as many renew in every minute (measured: 1.1 of the mean in the fullest,
            with 100 000 clients; without, 17.5). `renew_at` or more: no such spread.
        projects: Projects whose details are kept; the least recently used goes first.
            64: more than anybody has open, and their details take little memory.
        max_retry_s: Longest wait after failures of direct access, which doubles from
            1 s; a tenth more or less, so that clients do not return at once. 300:
            measured; direct is back within six minutes of an outage, and by then a
            client asks once in five of them.
        fetches_per_5_min: Fetches of one project in five minutes. 10: GitLab documents
            that limit (it enforces 50 a minute, for all the user's windows together).
        forced_reserve: Of those, kept for a renewal that a refused token forces. 2: it
            may be refused twice, and retries must not have used up its turn.
        fetches_per_minute: Fetches of the whole client in a minute. 30: of the 50 that
            GitLab allows a user; the rest is for the user's other windows.
    """

    first_wait_s: float = 0.25
    margin_s: float = 40.0
    renew_at: float = 0.8
    renew_spread: float = 0.05
    renew_from: float = 0.05
    projects: int = 64
    max_retry_s: float = 300.0
    fetches_per_5_min: int = 10
    forced_reserve: int = 2
    fetches_per_minute: int = 30

    def __post_init__(self) -> None:
        for name in ("first_wait_s", "margin_s", "max_retry_s"):
            check_seconds(f"DetailsPolicy.{name}", getattr(self, name))
        for name in ("projects", "fetches_per_5_min", "fetches_per_minute"):
            check_count(f"DetailsPolicy.{name}", getattr(self, name))
        check_count("DetailsPolicy.forced_reserve", self.forced_reserve, least=0)
        if self.forced_reserve >= self.fetches_per_5_min:
            raise ConfigurationError(
                "DetailsPolicy.forced_reserve must be less than fetches_per_5_min"
            )
        for name in ("renew_at", "renew_spread", "renew_from"):
            check_share(f"DetailsPolicy.{name}", getattr(self, name))
        if self.renew_at == 0 or self.renew_at + self.renew_spread >= 1:
            raise ConfigurationError(
                "DetailsPolicy.renew_at and renew_spread must be shares of a lifetime "
                "that together stay below 1"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutingPolicy:
    """How a client chooses routes and how long it waits.

    Args:
        direct: Whether direct may be used.
        direct_percentage: Per cent of the users that may go direct, for an organisation
            that rolls it out; the others go indirect (`RouteReason.ROLLOUT`), and
            direct access is not asked for. 100: what works is for all. Hashed as
            GitLab does, so who is in at 25 is in at 50; steps of 0.001 count.
        actor: Who is counted for that, such as `"User:42"`, GitLab's name for the user
            with that id; then the same users are in as by a percentage of GitLab's own
            flag. `None`: a hash of the instance's URL and the name that the user is
            logged in by on this machine (of its host name as well where that is `root`
            or none, as in containers), which is never sent.
        environment_override: Whether `GITLAB_COMPLETIONS_DIRECT` is heeded, as it is
            when the client is made: `never`, `25%`, or per host `old.corp=never,25%`.
            The stricter of it and this policy wins.
        deadline_s: Seconds that a completion may take in all. 10: a timeout of either
            route fits in; after that no author looks for the answer.
        generation_deadline_s: Seconds that a generation may take. 60: the gateway's
            own limit of a model.
        direct_timeout_s: Seconds that an attempt on direct may take. 5: as GitLab's
            own client.
        indirect_timeout_s: Seconds that an attempt on indirect may take. 9: it is the
            last route, so nearly all of the deadline is its.
        max_in_flight: Exchanges on the wire to one host, those included whose callers
            have left. 8: an author's ten keystrokes a second, each answered within
            0.6 s, need six; measured, httpx's pool grows costly beyond.
        indirect_per_minute: The instance's limit of completions a minute and user, or
            `None` for no limit. 60: GitLab's default.
        max_body_bytes: Bytes of a request's body, spent on the text near the cursor
            first, then on context items in their order, on far text last; `None` for
            the servers' own limits alone. At least 16 000: names alone may take 6 000.
            50000: as GitLab's own client, and about what its models are given. An
            instruction is sent whole, whatever it takes, and leaves 10 000 for code.
        circuit: When a route rests.
        details: How connection details are kept.
        hedge: When the other route is started beside a slow attempt; `None` for never,
            nor is a slow attempt given up before its timeout then.
        allow_plain_http: Whether instance and gateway may be spoken to without TLS:
            for an emulator on this machine. Tokens and source then travel in clear.
    """

    direct: DirectMode = DirectMode.AUTO
    direct_percentage: float = 100.0
    actor: str | None = None
    environment_override: bool = True
    deadline_s: float = 10.0
    generation_deadline_s: float = 60.0
    direct_timeout_s: float = 5.0
    indirect_timeout_s: float = 9.0
    max_in_flight: int = 8
    indirect_per_minute: int | None = 60
    max_body_bytes: int | None = 50_000
    circuit: CircuitPolicy = field(default_factory=CircuitPolicy)
    details: DetailsPolicy = field(default_factory=DetailsPolicy)
    hedge: HedgePolicy | None = field(default_factory=HedgePolicy)
    allow_plain_http: bool = False

    def __post_init__(self) -> None:
        check_percentage("RoutingPolicy.direct_percentage", self.direct_percentage)
        check_actor("RoutingPolicy.actor", self.actor)
        for name in ("deadline_s", "generation_deadline_s"):
            check_seconds(f"RoutingPolicy.{name}", getattr(self, name), infinite=True)
        for name in ("direct_timeout_s", "indirect_timeout_s"):
            check_seconds(f"RoutingPolicy.{name}", getattr(self, name))
        check_count("RoutingPolicy.max_in_flight", self.max_in_flight)
        if self.indirect_per_minute is not None:
            check_count("RoutingPolicy.indirect_per_minute", self.indirect_per_minute)
        if self.max_body_bytes is not None:
            name = "RoutingPolicy.max_body_bytes"
            check_count(name, self.max_body_bytes, least=MIN_BODY_BYTES)
        for name, (kind, right) in _KINDS.items():
            if not isinstance(getattr(self, name), kind):
                raise ConfigurationError(
                    f"RoutingPolicy.{name} must be {right}, "
                    f"not {type(getattr(self, name)).__name__}"
                )
        if self.direct is DirectMode.ONLY and self.direct_percentage < ALL:
            raise ConfigurationError(
                "RoutingPolicy.direct_percentage must be 100 with DirectMode.ONLY: the "
                "other users would have no route"
            )


_KINDS: dict[str, tuple[type | UnionType, str]] = {
    "direct": (DirectMode, "DirectMode.AUTO, DirectMode.NEVER or DirectMode.ONLY"),
    "environment_override": (bool, "True or False"),
    "circuit": (CircuitPolicy, "a CircuitPolicy"),
    "details": (DetailsPolicy, "a DetailsPolicy"),
    "hedge": (HedgePolicy | None, "a HedgePolicy or None"),
    "allow_plain_http": (bool, "True or False"),
}
