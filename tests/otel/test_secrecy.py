"""What is exported: nothing but what is listed, and nobody's secrets."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from gitlab_completions import (
    CompletionRequest,
    ContextItem,
    GitLabCompletionsError,
    Intent,
    RoutingPolicy,
)
from gitlab_completions.models import Model
from gitlab_completions.otel import _attributes as attributes, names
from gitlab_completions.testing import FakeGitLab
from tests.otel.scene import Scene, attributes_of

if TYPE_CHECKING:
    from gitlab_completions import CompletionClient

CANARY = "canary"
REQUEST = CompletionRequest(
    file_name=f"{CANARY}/{CANARY}.py",
    content_above_cursor=f"{CANARY} = 1\n",
    content_below_cursor=f"\nprint({CANARY})",
    project_path=f"{CANARY}/{CANARY}",
    language=CANARY,
    context=(ContextItem(name=f"{CANARY}.py", content=CANARY),),
)
GENERATION = CompletionRequest(
    file_name=f"{CANARY}.py",
    content_above_cursor=f"# {CANARY}\n",
    intent=Intent.GENERATION,
    user_instruction=CANARY,
)


async def _everything(client: CompletionClient, gitlab: FakeGitLab) -> None:
    """Have all happen that can, one after the other."""
    await client.warm_up()
    await client.complete(REQUEST)
    async with client.stream(GENERATION) as stream:
        assert [piece async for piece in stream]
    for status in (401, 402, 403, 404, 413, 422, 429, 500, 503):
        for endpoint in (gitlab.gateway, gitlab.direct_access, gitlab.instance):
            endpoint.fail(status, json={"error": f"{CANARY} {gitlab.access_token}"})
            for _ in range(2):
                await _try(client)
            endpoint.heal()
        await asyncio.sleep(400)
    for break_it in (gitlab.gateway.hang, gitlab.gateway.reset, gitlab.gateway.html):
        break_it()
        await _try(client)
        gitlab.gateway.heal()
        await asyncio.sleep(2000)
    task = asyncio.create_task(client.complete(REQUEST))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait({task})
    await gitlab.settle()


async def _try(client: CompletionClient) -> None:
    with suppress(GitLabCompletionsError):
        await client.complete(REQUEST)


@pytest.fixture
async def written(scene: Scene) -> tuple[Scene, FakeGitLab]:
    gitlab = FakeGitLab(CANARY)
    policy = RoutingPolicy(deadline_s=8.0)
    observer = scene.telemetry.observer()
    async with gitlab.client(policy=policy, observers=[observer]) as client:
        await _everything(client, gitlab)
    return scene, gitlab


async def test_nothing_of_the_source_or_its_names_no_host_and_no_token_is_exported(
    written: tuple[Scene, FakeGitLab],
) -> None:
    scene, gitlab = written
    exported = "".join(span.to_json() for span in scene.finished())
    data = scene.reader.get_metrics_data()
    assert data is not None
    exported += data.to_json()
    assert len(scene.finished(names.CALL)) > 50
    assert CANARY not in exported.lower()
    for url in (gitlab.instance_url, gitlab.gateway_url):
        assert url.removeprefix("https://") not in exported
    for request in (*gitlab.gateway.requests, *gitlab.instance.requests):
        for name in ("authorization", "x-gitlab-instance-id", "x-request-id"):
            value = request.headers.get(name, "").removeprefix("Bearer ")
            assert not value or value not in exported


async def test_all_that_is_exported_is_listed_and_has_its_attributes(
    written: tuple[Scene, FakeGitLab],
) -> None:
    scene, _ = written
    kinds = {kind.name: kind for kind in names.SPANS}
    for span in scene.finished():
        assert set(attributes_of(span)) <= set(kinds[span.name].attributes), span.name
    assert {span.name for span in scene.finished()} == set(kinds)
    metrics = {metric.name: metric for metric in names.METRICS}
    found: set[str] = set()
    for name, reading in scene.collect():
        found.add(name)
        assert set(reading.attributes) <= set(metrics[name].attributes), name
    of_the_living = {names.CIRCUITS.name, names.TOKEN_AGE.name}
    assert set(metrics) - found <= {names.HEDGES.name, *of_the_living}


@pytest.mark.parametrize(
    "name",
    [
        "codestral-2508",
        "codestral_2508_vertex",
        "claude-sonnet-4@20250514",
        "glm-4.5",
        "vertex_ai/code-gecko:2",
    ],
)
def test_a_models_name_is_told(name: str) -> None:
    told = attributes.of_model(Model(engine="any", name=name))
    assert told == {names.RESPONSE_MODEL: name}


@pytest.mark.parametrize(
    "name",
    [
        "",
        "def f(): return 1",
        "glpat-AbCdEfGhIjKlMnOpQrSt",
        "gloas-" + "0" * 64,
        "AbCdEfGhIjKlMnOpQrSt",
        "a-AbCdEfGhIjKlMnOpQrSt",
        "eyJhbGciOiJSUzI1NiJ9." + "a" * 200,
        "modèle",
        "a\nb",
    ],
)
def test_what_is_not_fit_to_be_a_models_name_is_not(name: str) -> None:
    assert attributes.of_model(Model(engine="any", name=name)) == {}
    assert attributes.of_model(None) == {}
