"""Which endpoint is asked: the one never refused, or refused longest ago."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, strategies as st

from gitlab_completions._core.endpoints import DRIFT_FILES, REFUSED_S, Endpoints
from gitlab_completions._records import replace
from gitlab_completions.details import (
    ConnectionDetails,
    Endpoint,
    ModelDetails,
    ModelMetadata,
)

V2, V4 = Endpoint.V2, Endpoint.V4
BAR_S = 1800.0
PLAIN = ConnectionDetails(
    base_url="https://gateway", token="t", headers={}, lifetime_s=3600
)
VENDORS = ModelDetails(provider="fireworks_ai", name="codestral-2508")
GITLABS = ModelDetails(provider="gitlab", name="codestral_2508_vertex")
METADATA = ModelMetadata(
    provider="gitlab",
    feature_setting="code_completions",
    identifier="codestral_2508_vertex",
)
PINNED = replace(PLAIN, model_details=GITLABS, model_metadata=METADATA)
V4_ALONE = replace(PLAIN, model_metadata=METADATA)


def granted(details: ConnectionDetails = PINNED) -> Endpoints:
    endpoints = Endpoints()
    endpoints.granted(details)
    return endpoints


@pytest.mark.parametrize(
    ("details", "asked"),
    [
        (PLAIN, (V2, V4)),
        (replace(PLAIN, model_details=VENDORS), (V2, V4)),
        (replace(PLAIN, model_details=GITLABS), (V2,)),
        (PINNED, (V4, V2)),
        (replace(PINNED, model_details=VENDORS), (V4, V2)),
        (V4_ALONE, (V4,)),
    ],
    ids=["old", "vendor's", "pinned before 19.5", "pinned", "both", "metadata alone"],
)
def test_an_endpoint_is_asked_that_can_be_told_of_the_model(
    details: ConnectionDetails, asked: tuple[Endpoint, ...]
) -> None:
    assert details.endpoints == asked
    assert granted(details).choose(details) is asked[0]


@pytest.mark.parametrize(
    "details", [replace(PLAIN, model_details=GITLABS), V4_ALONE], ids=["v2", "v4"]
)
def test_where_there_is_but_one_none_is_left_when_it_is_refused(
    details: ConnectionDetails,
) -> None:
    endpoints = granted(details)
    (only,) = details.endpoints
    assert endpoints.refused(1.0, details, only)
    assert endpoints.choose(details) is only


def test_a_refusal_holds_while_the_other_is_taken() -> None:
    endpoints = granted()
    assert not endpoints.refused(0.0, PINNED, V4)
    assert endpoints.choose(PINNED) is V2
    endpoints.accepted()
    endpoints.granted(replace(PINNED, token="renewed"))
    assert endpoints.choose(PINNED) is V2


def test_a_second_refusal_an_hour_later_leaves_the_first_to_be_asked_again() -> None:
    endpoints = granted()
    endpoints.refused(0.0, PINNED, V4)
    assert not endpoints.refused(REFUSED_S, PINNED, V2)
    assert endpoints.choose(PINNED) is V4
    assert endpoints.refused(REFUSED_S + 1, PINNED, V4)


def test_a_second_refusal_within_the_hour_leaves_none() -> None:
    endpoints = granted()
    endpoints.refused(0.0, PINNED, V4)
    assert endpoints.refused(REFUSED_S - 1, PINNED, V2)


def test_what_another_gateway_refused_is_forgotten_or_never_heard() -> None:
    moved = replace(PINNED, base_url="https://other")
    endpoints = granted()
    endpoints.refused(0.0, PINNED, V4)
    endpoints.drifted(V4, "a.py")
    endpoints.granted(moved)
    assert endpoints.choose(moved) is V4
    assert not endpoints.refused(1.0, PINNED, V4)
    assert not endpoints.refused(1.0, PINNED, V2)
    assert endpoints.choose(moved) is V4
    assert not any(endpoints.drifted(V4, name) for name in ("b.py", "c.py"))


def test_refused_bodies_count_by_file_and_endpoint() -> None:
    endpoints = granted()
    names = [f"{at}.py" for at in range(DRIFT_FILES)]
    for name in names[1:] * 2:
        assert not endpoints.drifted(V4, name)
        assert not endpoints.drifted(V2, name)
    assert endpoints.drifted(V4, names[0])
    assert not endpoints.drifted(V2, names[0])


def test_a_request_that_is_taken_forgets_refused_bodies() -> None:
    endpoints = granted()
    for name in ("a.py", "b.py"):
        endpoints.drifted(V4, name)
    endpoints.accepted()
    assert not endpoints.drifted(V4, "c.py")


@given(
    serves=st.frozensets(st.sampled_from(Endpoint)),
    prefers_v4=st.booleans(),
    spans=st.lists(st.floats(1.0, 900.0), min_size=1, max_size=60),
)
def test_a_gateway_refuses_each_endpoint_once_and_then_twice_an_hour_at_most(
    serves: frozenset[Endpoint], prefers_v4: bool, spans: list[float]
) -> None:
    """A call now and then, to a gateway that stays as it is, with bars kept."""
    details = PINNED if prefers_v4 else PLAIN
    endpoints, now, barred_until = granted(details), 0.0, 0.0
    refused: list[tuple[float, Endpoint]] = []
    for at, span_s in enumerate(spans):
        now += span_s
        endpoints.granted(replace(details, token=str(at)))
        asked = endpoints.choose(details)
        if now < barred_until or asked in serves:
            continue
        refused.append((now, asked))
        if endpoints.refused(now, details, asked):
            barred_until = now + BAR_S
    assert not serves or len(refused) <= 1
    for (before, one), (after, other) in pairwise(refused):
        assert one is not other
        assert after - before >= BAR_S or before == refused[0][0]
