"""What was counted as text: counts, shares, quantiles, savings and error rates."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitlab_completions.report.tallies import Tally

__all__ = (
    "DASH",
    "QUANTILES",
    "ROUTES",
    "attempts_of",
    "counted_as",
    "make_numbers",
    "shown_ms",
    "table_cells",
)

ROUTES = ("direct", "indirect")
QUANTILES = {"p50": 0.50, "p95": 0.95, "p99": 0.99}
FEW_MS = 10
"""Milliseconds below which tenths are told."""
DASH = "\N{EN DASH}"
"""Where there is nothing to tell."""


def make_numbers(
    everything: Tally,
    by_route: Mapping[str, Tally],
    compared: Mapping[str, Tally],
    issuers: Sequence[str],
) -> dict[str, str]:
    """Return the page's numbers by name.

    Args:
        everything: All that is shown.
        by_route: The same by route.
        compared: Both routes, whatever the filter of routes, for the saving.
        issuers: The token issuers that are told apart.
    """
    return {
        **_numbers(everything),
        **_quantile_numbers(by_route),
        **_savings(compared),
        **_error_rates(everything, issuers),
    }


def _numbers(tally: Tally) -> dict[str, str]:
    calls, answered = tally.calls, tally.answered
    failed, superseded = tally.outcomes["failed"], tally.outcomes["superseded"]
    waited_for = calls - superseded
    return {
        "calls": f"{calls:,}",
        "answered": f"{answered:,}",
        "answered-share": _percent(answered, waited_for),
        "empty": f"{tally.outcomes['empty']:,}",
        "failed": f"{failed:,}",
        "superseded": f"{superseded:,}",
        "superseded-share": _percent(superseded, calls),
        "fallbacks": f"{tally.fallbacks:,}",
        "fallbacks-share": _percent(tally.fallbacks, calls),
    }


def _quantile_numbers(by_route: Mapping[str, Tally]) -> dict[str, str]:
    numbers: dict[str, str] = {}
    for route, tally in by_route.items():
        numbers[f"{route}-calls"] = f"{tally.latencies.total:,}"
        for name, share in QUANTILES.items():
            numbers[f"{route}-{name}"] = shown_ms(tally.latencies.quantile(share))
    return numbers


def _savings(by_route: Mapping[str, Tally]) -> dict[str, str]:
    """Return how many ms direct saves: both routes, whatever the filter of routes."""
    numbers: dict[str, str] = {}
    for name in ("p50", "p95"):
        share = QUANTILES[name]
        direct, indirect = (
            by_route[route].first_try.quantile(share) for route in ROUTES
        )
        if direct is None or indirect is None:
            numbers[f"saving-{name}"] = DASH
        else:
            saved = f"{(indirect - direct) * 1000:,.0f} ms"
            numbers[f"saving-{name}"] = saved.replace("-", "\N{MINUS SIGN}")
    return numbers


def _error_rates(tally: Tally, issuers: Sequence[str]) -> dict[str, str]:
    numbers: dict[str, str] = {}
    for index, issuer in enumerate(issuers):
        attempts, failures = attempts_of(tally, issuer, issuers)
        numbers[f"error-rate-{index}"] = _percent(failures, attempts)
        numbers[f"errors-{index}"] = f"{failures:,} of {attempts:,}"
        codes = Counter(
            {
                code: count
                for (whose, code), count in tally.lost.items()
                if counted_as(whose, issuers) == issuer
            }
        )
        numbers[f"error-codes-{index}"] = ", ".join(
            f"{code} {count:,}" for code, count in codes.most_common(3)
        )
    return numbers


def counted_as(name: str, names: Sequence[str]) -> str:
    """Return the name, or `other` when it is none of the names."""
    return name if name in names else "other"


def attempts_of(tally: Tally, issuer: str, issuers: Sequence[str]) -> tuple[int, int]:
    """Return attempts with an issuer's tokens, and how many of them failed."""
    whose = [name for name in tally.attempts if counted_as(name, issuers) == issuer]
    attempts = sum(tally.attempts[name] for name in whose)
    return attempts, sum(tally.failures(name) for name in whose)


def table_cells(tally: Tally) -> tuple[str, ...]:
    """Return the cells of a row of the table, those of its route and context apart."""
    return (
        f"{tally.calls:,}",
        f"{tally.answered:,}",
        *(shown_ms(tally.latencies.quantile(share)) for share in QUANTILES.values()),
        f"{tally.outcomes['failed']:,}",
        f"{tally.outcomes['superseded']:,}",
        f"{tally.fallbacks:,}",
        f"{tally.lost.total():,} of {tally.attempts.total():,}",
    )


def shown_ms(seconds: float | None) -> str:
    """Return seconds as milliseconds."""
    if seconds is None:
        return DASH
    ms = seconds * 1000
    return f"{ms:,.1f} ms" if ms < FEW_MS else f"{ms:,.0f} ms"


def _percent(part: int, whole: int) -> str:
    """Return a share in percent; neither none nor all unless it is just that."""
    if not whole:
        return DASH
    if part in {0, whole}:
        return "100 %" if part else "0 %"
    percent = 100 * part / whole
    near_an_end = not 1 <= percent <= 99  # noqa: PLR2004 - where digits matter
    shown = f"{percent:.2f}" if near_an_end else f"{percent:.1f}"
    return {"0.00": "< 0.01 %", "100.00": "> 99.99 %"}.get(shown, f"{shown} %")
