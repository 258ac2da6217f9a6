"""A patient is what the engine lets be looked at, and shows no token."""

from __future__ import annotations

from dataclasses import replace

from gitlab_completions import CompletionClient, RoutingPolicy
from gitlab_completions.testing import FakeGitLab


async def test_it_goes_by_the_policy_of_now() -> None:
    gitlab = FakeGitLab()
    policy = RoutingPolicy()
    client: CompletionClient
    async with gitlab.client(policy=policy) as client:
        later = replace(policy, deadline_s=3.0)
        client.reconfigure(later)
        patient = client._engine.patient(None)
    assert patient.setup.policy == later
    assert repr(patient) == f"Patient(Setup(root={gitlab.instance_url!r}))"
    assert gitlab.access_token not in repr(patient)
