from __future__ import annotations

import dataclasses
import math
import re
from itertools import product
from typing import TYPE_CHECKING

import pytest

from gitlab_completions.errors import ConfigurationError
from gitlab_completions.policy import (
    HEDGE_DELAY_S,
    CircuitPolicy,
    DetailsPolicy,
    DirectMode,
    HedgePolicy,
    RoutingPolicy,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    Kind: TypeAlias = type[CircuitPolicy | DetailsPolicy | HedgePolicy | RoutingPolicy]


KINDS = [CircuitPolicy, DetailsPolicy, HedgePolicy, RoutingPolicy]


def test_the_defaults_hold_together() -> None:
    policy = RoutingPolicy()
    assert policy.direct is DirectMode.AUTO
    assert policy.direct_timeout_s < policy.indirect_timeout_s < policy.deadline_s
    hedge = policy.hedge
    assert hedge is not None
    assert hedge.min_delay_s < hedge.max_delay_s == HEDGE_DELAY_S
    assert hedge.give_up_factor * hedge.max_delay_s < policy.direct_timeout_s
    assert policy.circuit.losses_in_a_row <= policy.circuit.losses_in_window
    assert policy.circuit.losses_in_window <= policy.circuit.window
    assert policy.circuit.cool_down_s <= policy.circuit.max_cool_down_s
    assert policy.details.forced_reserve < policy.details.fetches_per_5_min
    assert not policy.allow_plain_http


@pytest.mark.parametrize("kind", KINDS)
def test_every_knob_is_checked(
    kind: Kind,
) -> None:
    odd: tuple[object, ...] = ("s3cret", b"", [], -1, math.nan)
    make: Callable[..., object] = kind
    for field, wrong in product(dataclasses.fields(kind), odd):
        if (field.name, wrong) == ("actor", "s3cret"):
            continue  # an actor may have any name
        with pytest.raises(ConfigurationError) as caught:
            make(**{field.name: wrong})
        assert field.name in str(caught.value)
        assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("kind", KINDS)
def test_every_knob_is_documented(
    kind: Kind,
) -> None:
    for field in dataclasses.fields(kind):
        assert f"{field.name}: " in (kind.__doc__ or "")


@pytest.mark.parametrize("kind", KINDS)
def test_every_number_is_documented_with_its_default(kind: Kind) -> None:
    words = " ".join((kind.__doc__ or "").split())
    knobs = [field.name for field in dataclasses.fields(kind)]
    for field, following in zip(
        dataclasses.fields(kind), [*knobs[1:], None], strict=True
    ):
        default = field.default
        if isinstance(default, bool) or not isinstance(default, int | float):
            continue  # modes and policies, which have defaults of their own
        _, _, doc = words.partition(f" {field.name}: ")
        doc = doc.partition(f" {following}: ")[0] if following else doc
        assert re.search(rf" {re.escape(f'{default:g}')}[:.]", doc), field.name


@pytest.mark.parametrize(
    "knobs",
    [
        {"renew_at": 0.0},
        {"renew_at": 1.0},
        {"renew_at": 0.9, "renew_spread": 0.1},
        {"renew_spread": -0.1},
        {"renew_from": 1.0},
        {"renew_at": math.nan},
        {"projects": 0},
        {"margin_s": 0},
        {"forced_reserve": -1},
    ],
)
def test_odd_details_policies_are_refused(knobs: dict[str, float]) -> None:
    make: Callable[..., object] = DetailsPolicy
    with pytest.raises(ConfigurationError, match="DetailsPolicy"):
        make(**knobs)


def test_edges_that_are_allowed() -> None:
    assert DetailsPolicy(renew_spread=0.0, forced_reserve=0).renew_spread == 0
    policy = RoutingPolicy(deadline_s=math.inf, generation_deadline_s=math.inf)
    assert policy.deadline_s == policy.generation_deadline_s == math.inf
    assert RoutingPolicy(indirect_per_minute=None).indirect_per_minute is None
    assert RoutingPolicy(max_body_bytes=None).max_body_bytes is None
    assert RoutingPolicy(max_body_bytes=16_000).max_body_bytes == 16_000
    with pytest.raises(ConfigurationError, match="at least 16000"):
        RoutingPolicy(max_body_bytes=15_999)
    assert RoutingPolicy(direct_percentage=0).direct_percentage == 0
    assert RoutingPolicy(actor="User:42").actor == "User:42"
    with pytest.raises(ConfigurationError, match="direct_timeout_s"):
        RoutingPolicy(direct_timeout_s=math.inf)
    with pytest.raises(ConfigurationError, match="indirect_timeout_s"):
        RoutingPolicy(indirect_timeout_s=math.inf)


def test_a_changed_policy_is_checked_too() -> None:
    policy = dataclasses.replace(RoutingPolicy(), direct=DirectMode.NEVER)
    assert policy.direct is DirectMode.NEVER
    with pytest.raises(ConfigurationError, match="max_in_flight"):
        dataclasses.replace(policy, max_in_flight=0)


def test_direct_mode_is_a_member_not_its_text() -> None:
    make: Callable[..., object] = RoutingPolicy
    with pytest.raises(
        ConfigurationError, match=r"DirectMode\.NEVER or DirectMode\.ONLY, not str"
    ):
        make(direct="never")


@pytest.mark.parametrize(
    ("kind", "knobs"),
    [
        (CircuitPolicy, {"cool_down_s": 60.0, "max_cool_down_s": 5.0}),
        (CircuitPolicy, {"rate_limit_s": 200.0}),
        (CircuitPolicy, {"losses_in_window": 11}),
        (CircuitPolicy, {"least_compared": 21}),
        (CircuitPolicy, {"doubted": 1}),
        (CircuitPolicy, {"doubted": 11}),
        (CircuitPolicy, {"troubled": 11}),
        (HedgePolicy, {"min_delay_s": 1.0}),
        (HedgePolicy, {"least_samples": 300}),
        (HedgePolicy, {"give_up_factor": 0.5}),
        (DetailsPolicy, {"forced_reserve": 10}),
    ],
)
def test_knobs_that_contradict_each_other_are_refused(
    kind: Kind, knobs: dict[str, float]
) -> None:
    with pytest.raises(ConfigurationError, match=next(iter(knobs))):
        kind(**knobs)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "knobs", "message"),
    [
        (CircuitPolicy, {"doubted": 1}, "doubted must be a whole number of at least 2"),
        (CircuitPolicy, {"doubted": 11}, "doubted must be at most window"),
        (CircuitPolicy, {"troubled": 11}, "troubled must be at most window"),
        (CircuitPolicy, {"window": 3}, "losses_in_window must be at most window"),
        (HedgePolicy, {"give_up_factor": 0.5}, "must be a number of at least 1, not"),
        (HedgePolicy, {"give_up_factor": math.inf}, "must be a number of at least 1"),
        (HedgePolicy, {"give_up_factor": "2"}, "must be a number of at least 1, not"),
    ],
)
def test_the_message_names_one_knob_and_what_is_right(
    kind: Kind, knobs: dict[str, object], message: str
) -> None:
    make: Callable[..., object] = kind
    with pytest.raises(ConfigurationError, match=message):
        make(**knobs)


def test_a_span_that_no_float_can_hold_is_long_enough() -> None:
    assert RoutingPolicy(deadline_s=10**400).deadline_s > 1e300


@pytest.mark.parametrize(
    ("knobs", "words"),
    [
        ({"direct_percentage": 100.1}, "from 0 to 100, not 100.1"),
        ({"direct_percentage": math.nan}, "from 0 to 100, not nan"),
        ({"direct_percentage": True}, "from 0 to 100, not bool"),
        ({"actor": " "}, "must not be blank"),
        ({"environment_override": 1}, "True or False, not int"),
        ({"direct": DirectMode.ONLY, "direct_percentage": 99}, "would have no route"),
    ],
)
def test_odd_rollouts_are_refused(knobs: dict[str, object], words: str) -> None:
    make: Callable[..., object] = RoutingPolicy
    with pytest.raises(ConfigurationError, match=words):
        make(**knobs)
