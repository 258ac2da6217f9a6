"""How to test what you build on the library: run it with `pytest examples/`.

Needs `pip install pytest respx`; without respx, the second half is what you leave out.
"""

import asyncio

import httpx
import respx

from gitlab_completions import (
    AllRoutesFailedError,
    CompletionClient,
    CompletionRequest,
)
from gitlab_completions.testing import FakeGitLab, completion_json, grant_json, run

# The plugin: usually in a package of its own.


async def ghost_text(client: CompletionClient, text: str, cursor: int) -> str:
    """Return what an editor shows in grey at the cursor; nothing when all fails."""
    request = CompletionRequest.at_cursor(text, cursor, file_name="sum.py")
    try:
        completion = await client.complete(request, deadline_s=3.0)
    except AllRoutesFailedError:
        return ""
    return completion.text


TEXT = "def add(a, b):\n    "


# With a GitLab in memory: every fault is a line, and nobody waits for anything.


def seen_by_author(gitlab: FakeGitLab) -> tuple[str, float]:
    """Return the ghost text, and the seconds of virtual time that it took."""

    async def scenario() -> tuple[str, float]:
        async with gitlab.client() as client:
            started = gitlab.clock.now()
            text = await ghost_text(client, TEXT, len(TEXT))
            return text, gitlab.clock.now() - started

    return run(scenario())


def test_the_suggestion_is_shown() -> None:
    gitlab = FakeGitLab("return a + b")
    assert seen_by_author(gitlab) == ("return a + b", 0.0)
    assert len(gitlab.gateway.requests) == 1
    assert not gitlab.instance.requests


def test_a_silent_gateway_costs_the_author_a_second_at_most() -> None:
    gitlab = FakeGitLab("return a + b")
    gitlab.gateway.hang()
    text, elapsed_s = seen_by_author(gitlab)
    assert text == "return a + b"
    assert elapsed_s <= 1.0


def test_nothing_is_shown_when_all_fails() -> None:
    gitlab = FakeGitLab()
    gitlab.gateway.fail(503)
    gitlab.instance.fail(503)
    assert seen_by_author(gitlab)[0] == ""


# With respx, where a test mocks HTTP anyway: real client, real httpx, no network.

INSTANCE = "https://gitlab.example.com/api/v4/code_suggestions"
GATEWAY = "https://gateway.example.com"


@respx.mock
def test_the_suggestion_comes_from_the_gateway() -> None:
    respx.post(f"{INSTANCE}/direct_access").mock(
        httpx.Response(201, json=grant_json(GATEWAY))
    )
    gateway = respx.post(url__startswith=f"{GATEWAY}/v2/").mock(
        httpx.Response(200, json=completion_json("return a + b"))
    )

    async def scenario() -> str:
        async with CompletionClient("https://gitlab.example.com", "glpat-x") as client:
            return await ghost_text(client, TEXT, len(TEXT))

    assert asyncio.run(scenario()) == "return a + b"
    assert gateway.call_count == 1
