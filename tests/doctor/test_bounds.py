"""Whatever fails, a diagnosis ends in time, asks little, and raises nothing."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from gitlab_completions import RoutingPolicy
from gitlab_completions.diagnosis import CHECKS, Grade
from gitlab_completions.testing import FakeGitLab
from tests.doctor.scene import route_of
from tests.doctor.witness import leaks

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitlab_completions.testing import FakeEndpoint

pytestmark = pytest.mark.virtual_time


def _failing(status: int) -> Callable[[FakeEndpoint], object]:
    return lambda endpoint: endpoint.fail(status)


FAULTS: dict[str, Callable[[FakeEndpoint], object]] = {
    "page": lambda endpoint: endpoint.html(),
    "no JSON": lambda endpoint: endpoint.bad_json(),
    "wrong types": lambda endpoint: endpoint.wrong_types(),
    "other type": lambda endpoint: endpoint.wrong_content_type(),
    "elsewhere": lambda endpoint: endpoint.redirect(),
    "silent": lambda endpoint: endpoint.hang(),
    "dripping": lambda endpoint: endpoint.drip(1),
    "reset": lambda endpoint: endpoint.reset(),
    "cut": lambda endpoint: endpoint.half_answer(),
    "refused": lambda endpoint: endpoint.refuse(),
    "black hole": lambda endpoint: endpoint.blackhole(),
    "deaf": lambda endpoint: endpoint.deaf(),
    "untrusted": lambda endpoint: endpoint.untrusted(),
    **{
        f"status {status}": _failing(status)
        for status in (400, 401, 402, 403, 404, 429, 503)
    },
}
TOLERATED = {"other type"}
ENDPOINTS = ("direct_access", "gateway", "instance", "inquiries")
A_MINUTE_S = 60.0
PATIENT = RoutingPolicy(indirect_per_minute=None)


@pytest.mark.parametrize("where", [*ENDPOINTS, "everywhere"])
@pytest.mark.parametrize("fault", FAULTS)
async def test_a_diagnosis_ends(fault: str, where: str) -> None:
    gitlab = FakeGitLab()
    for name in ENDPOINTS if where == "everywhere" else (where,):
        FAULTS[fault](getattr(gitlab, name))
    async with gitlab.client(policy=PATIENT) as client:
        began = asyncio.get_running_loop().time()
        diagnosis = await client.diagnose()
        assert asyncio.get_running_loop().time() - began <= A_MINUTE_S
        assert diagnosis.requests <= 12
        assert tuple(check.name for check in diagnosis.checks) == CHECKS
        assert leaks(diagnosis) == []
        assert all(
            check.next_step
            for check in diagnosis.checks
            if check.grade in {Grade.WARNING, Grade.PROBLEM}
        )
        route = await route_of(client)
    if fault not in TOLERATED:
        assert diagnosis.cause is not None
    assert (diagnosis.grade is Grade.PROBLEM) is (route is None)
