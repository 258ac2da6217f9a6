"""Random edits against a model document; the session `edits` has 10 000 of each author.

Whatever an author does: what is shown fits the document as it is, and is what the model
said of it; what is known is not asked for again; requests keep to their rules; nothing
is left behind.
"""

from __future__ import annotations

import asyncio
import gc
import os
from collections import Counter
from itertools import pairwise

import pytest

from gitlab_completions.editor import EditorSession, Source
from gitlab_completions.editor._core.answers import Answer
from gitlab_completions.editor._core.calls import Call
from gitlab_completions.editor._core.places import Place
from gitlab_completions.editor._shell.turn import Turn
from tests.editor.random_author import POLICY, ModelGitLab, RandomAuthor

EDITS = int(os.environ.get("EDITS", "250"))
ONCE = ("requested", "loaded", "shown", "accepted", "rejected", "cancelled", "error")
CALLS = 4


def most_in_a_minute(times: list[float]) -> int:
    return max(
        (sum(start <= at < start + 60 for at in times) for start in times), default=0
    )


@pytest.mark.parametrize(
    ("seed", "pace_s", "direct"),
    [(1, 0.2, True), (2, 0.2, False), (3, 0.04, True), (4, 0.6, False)],
)
async def test_whatever_an_author_does_what_is_shown_fits(
    seed: int, pace_s: float, *, direct: bool
) -> None:
    gitlab = ModelGitLab(seed)
    gitlab.settings.direct_enabled = direct
    before = asyncio.all_tasks()
    async with gitlab.client() as client:
        await client.warm_up()
        async with EditorSession(client, policy=POLICY) as session:
            author = RandomAuthor(seed, session, gitlab, pace_s)
            await author.edit(EDITS)
            await gitlab.settle()
            gc.collect()
            left = Counter(type(each) for each in gc.get_objects())
    assert left[Answer] <= 4 * POLICY.cache_entries
    assert left[Call] <= CALLS
    assert left[Turn] <= CALLS
    assert left[Place] <= 2
    assert asyncio.all_tasks() == before
    assert author.sources[Source.NETWORK]
    assert author.sources[Source.TYPED_THROUGH]
    if not direct:
        assert most_in_a_minute(author.requested_at) <= POLICY.indirect_per_minute
    for told in author.told.values():
        assert all(told.count(action) <= 1 for action in ONCE), told
        order = [ONCE.index(action) for action in told if action in ONCE]
        assert all(one < other for one, other in pairwise(order)), told
