"""The reference client's pipeline: 250 ms, its gates, and what cancelling does."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from gitlab_completions.editor import Document
from gitlab_completions.policy import DirectMode, RoutingPolicy
from gitlab_completions.replay.reference import ReferencePipeline
from gitlab_completions.testing import FakeGitLab, run

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from gitlab_completions.replay.pipelines import Offer

ABOVE = "import os\n\ntotal = "
BELOW = "\n\nprint(total)\n"
INDIRECT = RoutingPolicy(direct=DirectMode.NEVER, hedge=None)


@asynccontextmanager
async def pipeline(
    gitlab: FakeGitLab, *, cancels: bool = True
) -> AsyncIterator[ReferencePipeline]:
    policy = RoutingPolicy(hedge=None)
    async with (
        gitlab.client(policy=policy) as client,
        gitlab.client(policy=INDIRECT) as fallback,
    ):
        await client.warm_up()
        repeats = fallback if cancels else None
        made = ReferencePipeline(client, repeats, cancels=cancels)
        yield made
        await made.aclose()


async def ask(
    one: ReferencePipeline,
    typed: str = "",
    below: str = BELOW,
    *,
    explicit: bool = False,
) -> Offer | None:
    text = ABOVE + typed + below
    document = Document(uri="file:///a.py", text=text)
    return await one.suggest(document, len(ABOVE + typed), explicit=explicit)


def test_it_asks_after_a_quarter_of_a_second_and_is_served_from_its_cache() -> None:
    async def scenario() -> None:
        gitlab = FakeGitLab("price * count")
        gitlab.gateway.latency_s = 0.1
        now = asyncio.get_running_loop().time
        async with pipeline(gitlab) as one:
            began = now()
            offer = await ask(one)
            assert offer is not None
            assert (offer.text, round(now() - began, 6)) == ("price * count", 0.35)
            offer = await ask(one, "pri")
            assert offer is not None
            assert (offer.text, round(now() - began, 6)) == ("ce * count", 0.35)
            assert len(gitlab.gateway.requests) == 1

    run(scenario())


def test_an_explicit_request_waits_for_nothing_and_asks_anew() -> None:
    async def scenario() -> None:
        gitlab = FakeGitLab("price")
        began = asyncio.get_running_loop().time()
        async with pipeline(gitlab) as one:
            await ask(one, explicit=True)
            await ask(one, explicit=True)
            assert asyncio.get_running_loop().time() == began
            assert len(gitlab.gateway.requests) == 2

    run(scenario())


@pytest.mark.parametrize("below", ["", ")", '"]);\n', "):\n", " }, "])
def test_closers_and_a_separator_behind_the_cursor_are_no_hindrance(below: str) -> None:
    async def scenario() -> None:
        async with pipeline(FakeGitLab("price")) as one:
            assert await ask(one, below=below) is not None

    run(scenario())


@pytest.mark.parametrize("below", ["x", ") + 1\n", "):;\n"])
def test_more_than_that_is(below: str) -> None:
    async def scenario() -> None:
        gitlab = FakeGitLab("price")
        async with pipeline(gitlab) as one:
            assert await ask(one, below=below) is None
            assert not gitlab.gateway.requests

    run(scenario())


def test_a_document_of_nearly_nothing_is_not_asked_about() -> None:
    async def scenario() -> None:
        async with pipeline(FakeGitLab("price")) as one:
            document = Document(uri="file:///a.py", text="tot")
            assert await one.suggest(document, 3, explicit=False) is None

    run(scenario())


def test_a_key_within_the_debounce_costs_nothing() -> None:
    async def scenario() -> None:
        gitlab = FakeGitLab("price")
        async with pipeline(gitlab) as one:
            first = asyncio.create_task(ask(one))
            await asyncio.sleep(0.2)
            second = asyncio.create_task(ask(one, "p"))
            assert await first is None
            await second
            assert (len(gitlab.gateway.requests), one.repeated) == (1, 0)

    run(scenario())


@pytest.mark.parametrize(("cancels", "indirect"), [(True, 1), (False, 0)])
def test_what_is_cancelled_under_way_is_sent_once_more_in_2026(
    cancels: bool, indirect: int
) -> None:
    async def scenario() -> None:
        gitlab = FakeGitLab("price")
        gitlab.gateway.latency_s = gitlab.instance.latency_s = 0.1
        async with pipeline(gitlab, cancels=cancels) as one:
            first = asyncio.create_task(ask(one))
            await asyncio.sleep(0.3)
            second = asyncio.create_task(ask(one, "p"))
            assert await first is None
            await asyncio.sleep(0.15)
            # In both years the answer that came late is in the cache.
            third = await ask(one, "pr")
            assert third is not None
            assert third.text == "ice"
            assert await second is None
            assert (len(gitlab.instance.requests), one.repeated) == (indirect, indirect)

    run(scenario())


def test_errors_and_blank_answers_are_no_suggestion() -> None:
    async def scenario() -> None:
        gitlab = FakeGitLab("")
        async with pipeline(gitlab) as one:
            assert await ask(one) is None
            gitlab.gateway.fail(500)
            gitlab.instance.fail(500)
            assert await ask(one, "x") is None

    run(scenario())


def test_what_is_under_way_ends_with_it() -> None:
    async def scenario() -> None:
        gitlab = FakeGitLab("price")
        gitlab.gateway.hang()
        async with pipeline(gitlab) as one:
            waiting = asyncio.create_task(ask(one))
            await asyncio.sleep(0.5)
            await one.aclose()
            assert await waiting is None

    run(scenario())
