"""Whatever is sent, a decoder reads it, or says in its own words that it cannot."""

from __future__ import annotations

import pytest
from hypothesis import given, settings, strategies as st

from tests.fuzz.inputs import inputs_of
from tests.fuzz.targets import TARGETS, Target

NAMES = [target.name for target in TARGETS]


@pytest.mark.parametrize("target", TARGETS, ids=NAMES)
def test_a_target_reads_its_own_samples(target: Target) -> None:
    seeds = target.seeds()
    assert seeds
    for seed in seeds:
        target.try_out(seed)


@pytest.mark.parametrize("target", TARGETS, ids=NAMES)
@settings(max_examples=100)
@given(st.data())
def test_a_target_raises_what_it_says_and_nothing_else(
    target: Target, data: st.DataObject
) -> None:
    target.try_out(data.draw(inputs_of(target)))
