"""Our pipeline is a session, told what it would be told by an editor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlab_completions.editor import Document, EditorSession
from gitlab_completions.replay.pipelines import Offer, OurPipeline
from gitlab_completions.testing import FakeGitLab, run

if TYPE_CHECKING:
    from gitlab_completions.editor import SuggestionEvent

DOCUMENT = Document(uri="file:///a.py", text="import os\n\ntotal = \n")
OFFSET = len(DOCUMENT.text) - 1


def test_a_session_offers_its_first_and_learns_what_became_of_it() -> None:
    told: list[SuggestionEvent] = []

    async def scenario() -> None:
        gitlab = FakeGitLab("price")
        async with (
            gitlab.client() as client,
            EditorSession(client, observers=[told.append]) as session,
        ):
            pipeline = OurPipeline(session)
            offer = await pipeline.suggest(DOCUMENT, OFFSET, explicit=True)
            assert offer is not None
            assert offer.text == "price"
            pipeline.shown(offer)
            pipeline.accepted(offer)
            pipeline.shown(Offer(text="nobody's"))
            pipeline.accepted(Offer(text="nobody's"))

    run(scenario())
    actions = [event.action for event in told]
    assert actions[-2:] == ["suggestion_shown", "suggestion_accepted"]


def test_silence_is_no_offer() -> None:
    async def scenario() -> None:
        gitlab = FakeGitLab("")
        async with gitlab.client() as client, EditorSession(client) as session:
            pipeline = OurPipeline(session)
            assert await pipeline.suggest(DOCUMENT, OFFSET, explicit=False) is None

    run(scenario())
