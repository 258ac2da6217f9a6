"""The names are OpenTelemetry's where it has some, and each is there once."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest

from gitlab_completions.otel import names
from gitlab_completions.otel.names import METRICS, SPANS


def test_each_metric_has_a_name_of_its_own_within_the_scope() -> None:
    found = [one.name for one in METRICS]
    assert len(set(found)) == len(found)
    assert all(re.fullmatch(r"gitlab_completions(\.[a-z_]+)+", one) for one in found)


def test_all_that_is_named_is_listed() -> None:
    constants = vars(names).values()
    metrics = {one.name for one in constants if isinstance(one, names.Metric)}
    assert metrics == {one.name for one in METRICS}
    spans = {one.name for one in vars(names).values() if isinstance(one, names.Span)}
    assert spans == {one.name for one in SPANS}


@pytest.mark.parametrize("one", [*METRICS, *SPANS], ids=lambda one: one.name)
def test_an_attribute_is_named_once_and_in_snake_case(
    one: names.Metric | names.Span,
) -> None:
    assert len(set(one.attributes)) == len(one.attributes)
    assert all(re.fullmatch(r"[a-z_]+(\.[a-z_]+)*", each) for each in one.attributes)


def test_the_buckets_rise_and_part_what_direct_saves() -> None:
    bounds = names.DURATION_BUCKETS_S
    assert list(bounds) == sorted(set(bounds))
    assert bounds[0] <= 0.02
    assert 10.0 in bounds
    widths = [
        after - before for before, after in pairwise(bounds) if 0.1 <= before < 0.5
    ]
    assert max(widths) <= 0.1001
