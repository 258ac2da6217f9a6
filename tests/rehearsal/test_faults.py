"""A plan can name each of the emulator's faults, with its argument and no other."""

from __future__ import annotations

import pytest

from gitlab_completions.emulator.faults import (
    STREAM_FAULTS,
    TOKEN_FAULTS,
    Endpoint,
    FaultKind,
)
from gitlab_completions.rehearsal.faults import KINDS, fault_of, kinds_of

ARGUMENTS: dict[str, dict[str, object]] = {
    "status": {"status": 500},
    "drip": {"bytes_per_s": 10},
    "wrong_types": {"field": "choices"},
    "wrong_content_type": {"content_type": "text/html"},
    "redirect": {"location": "https://elsewhere.example.com/"},
}


def test_every_fault_of_a_completion_can_be_named() -> None:
    assert set(KINDS) == {"delay", *FaultKind} - set(STREAM_FAULTS)


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"delay"}))
@pytest.mark.parametrize("given", [True, False], ids=["told", "untold"])
def test_a_named_fault_is_set(kind: str, given: bool) -> None:
    title, strike = fault_of(kind, ARGUMENTS.get(kind, {}) if given else {})
    endpoint = Endpoint("direct_access")
    strike(endpoint)
    assert endpoint.fault is not None
    assert endpoint.fault.kind == kind
    assert title


def test_a_delay_is_set_and_told() -> None:
    title, strike = fault_of("delay", {"by": "1500 ms"})
    endpoint = Endpoint("gateway")
    strike(endpoint)
    assert (title, endpoint.delay_s) == ("1.5 s late", 1.5)


def test_only_one_endpoint_grants_tokens() -> None:
    assert set(kinds_of("direct_access")) - set(kinds_of("gateway")) == set(
        TOKEN_FAULTS
    )


@pytest.mark.parametrize(
    ("kind", "given", "says"),
    [
        ("delay", {}, "by takes a span"),
        ("delay", {"seconds": 1}, "seconds is no argument of delay, which takes by"),
        ("hang", {"times": 1}, "times is no argument of hang, which takes none"),
        ("status", {"status": "503"}, "status takes a whole number"),
        ("status", {"status": 700}, "status takes a number from 200 to 599"),
        ("drip", {"bytes_per_s": 0}, "bytes_per_s takes a positive number"),
        ("redirect", {"location": "a\nb"}, "location takes a word"),
    ],
)
def test_a_wrong_argument_is_named(
    kind: str, given: dict[str, object], says: str
) -> None:
    with pytest.raises(ValueError, match=f"^{says}"):
        fault_of(kind, given)
