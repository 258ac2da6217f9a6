"""Whatever goes wrong at once, a diagnosis is one that can be gone by."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from hypothesis import given, strategies as st

from gitlab_completions import CompletionClient, Route
from gitlab_completions.diagnosis import CHECKS, Grade
from gitlab_completions.emulator import PROFILES, Quota
from gitlab_completions.testing import FakeGitLab, VirtualTimeLoop
from tests.doctor.scene import PROJECT, route_of
from tests.doctor.test_bounds import A_MINUTE_S, ENDPOINTS, FAULTS, PATIENT
from tests.doctor.witness import leaks

if TYPE_CHECKING:
    from collections.abc import Mapping

SWITCHES = st.fixed_dictionaries(
    {},
    optional={
        "direct_enabled": st.just(value=False),
        "code_suggestions_enabled": st.just(value=False),
        "has_seat": st.just(value=False),
        "has_paid_namespace": st.just(value=False),
        "missing_default_duo_group": st.just(value=True),
        "pinned_model": st.just("codestral_2508_vertex"),
        "projects_without_duo": st.just([PROJECT]),
        "quota": st.sampled_from(Quota),
        "direct_access_limit": st.just(1),
        "completions_limit": st.just(1),
        "canary_cookie": st.just(value=True),
        "v2_gone": st.just(value=True),
        "instance_clock_offset_s": st.sampled_from([-3600.0, 3600.0]),
        "gateway_clock_offset_s": st.sampled_from([-3600.0, 3600.0]),
    },
)
TOKENS = st.sampled_from(
    [
        "valid",
        "valid",
        "expired",
        "revoked",
        "wrong_scope",
        "ai_features",
        "oauth",
        "project_bot",
        "job",
    ]
)


@given(
    profile=st.sampled_from(list(PROFILES)),
    faults=st.dictionaries(
        st.sampled_from(ENDPOINTS), st.sampled_from(list(FAULTS)), max_size=2
    ),
    switches=SWITCHES,
    token=TOKENS,
    project_path=st.sampled_from([None, PROJECT]),
)
def test_without_completions_there_is_a_problem(
    profile: str,
    faults: Mapping[str, str],
    switches: dict[str, object],
    token: str,
    project_path: str | None,
) -> None:
    async def look() -> None:
        gitlab = FakeGitLab(profile=profile)
        gitlab.settings.update(switches)
        for where, fault in faults.items():
            FAULTS[fault](getattr(gitlab, where))
        async with CompletionClient._for_testing(
            gitlab.instance_url,
            getattr(gitlab.tokens, token),
            clock=gitlab.clock,
            jitter=lambda: 0.5,
            policy=PATIENT,
            sender=gitlab,
        ) as client:
            began = asyncio.get_running_loop().time()
            diagnosis = await client.diagnose(project_path)
            assert asyncio.get_running_loop().time() - began <= A_MINUTE_S
            assert diagnosis.requests <= 12
            assert tuple(check.name for check in diagnosis.checks) == CHECKS
            assert leaks(diagnosis) == []
            # The diagnosis took what there was left of the limits.
            gitlab.settings.completions_limit = gitlab.settings.direct_access_limit = 0
            await client.warm_up(project_path)
            route = await route_of(client, project_path)
        off = project_path is not None and "projects_without_duo" in switches
        forbidden = off and "inquiries" not in faults  # else nobody tells
        comes = route is not None and not forbidden
        if not comes:
            assert diagnosis.grade is Grade.PROBLEM
        elif not faults:  # with some, half of a host may answer as none does
            assert diagnosis.grade is not Grade.PROBLEM
        if diagnosis.check("direct").grade is Grade.OK:
            assert route is Route.DIRECT
        elif diagnosis.check("direct").grade is Grade.WARNING:
            assert route is Route.INDIRECT

    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        runner.run(look())
