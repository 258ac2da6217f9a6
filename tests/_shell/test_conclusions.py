from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gitlab_completions.errors import AllRoutesFailedError, DirectAccessError
from gitlab_completions.events import CallFinished, StatusChanged
from gitlab_completions.models import CompletionRequest, Intent, Route, RouteReason
from gitlab_completions.policy import DirectMode, RoutingPolicy
from gitlab_completions.status import Health
from gitlab_completions.testing import FakeGitLab

if TYPE_CHECKING:
    from gitlab_completions.events import Event

REQUEST = CompletionRequest(file_name="a.py", content_above_cursor="x = ")
GENERATION = CompletionRequest(
    file_name="a.py", content_above_cursor="x = ", intent=Intent.GENERATION
)


@pytest.fixture
def gitlab() -> FakeGitLab:
    return FakeGitLab()


async def refusal(
    gitlab: FakeGitLab, policy: RoutingPolicy, request: CompletionRequest = REQUEST
) -> DirectAccessError | None:
    """Return why direct was no choice for a call that failed."""
    gitlab.direct_access.fail(403, json={"message": "403 Forbidden"})
    gitlab.instance.fail(500)
    async with gitlab.client(policy=policy) as client:
        with pytest.raises(AllRoutesFailedError) as caught:
            await client.complete(request)
    return caught.value.direct_refusal


async def test_an_end_is_told_with_what_the_caller_gets(gitlab: FakeGitLab) -> None:
    told: list[Event] = []
    async with gitlab.client(observers=[told.append]) as client:
        done = await client.complete(REQUEST)
    (end,) = (one for one in told if isinstance(one, CallFinished))
    assert (end.route, end.reason, end.error) == (done.route, done.reason, None)
    assert end.elapsed_s == done.elapsed_s


async def test_an_error_is_told_without_its_frames(gitlab: FakeGitLab) -> None:
    told: list[Event] = []
    gitlab.direct_access.fail(403, json={})
    gitlab.instance.fail(500)
    async with gitlab.client(observers=[told.append]) as client:
        with pytest.raises(AllRoutesFailedError) as caught:
            await client.complete(REQUEST)
    (end,) = (one for one in told if isinstance(one, CallFinished))
    assert str(end.error) == str(caught.value)
    assert end.error is not None
    assert end.error.__traceback__ is None


async def test_a_status_is_told_when_it_is_news(gitlab: FakeGitLab) -> None:
    told: list[Event] = []
    async with gitlab.client(observers=[told.append]) as client:
        for _ in range(3):
            await client.complete(REQUEST)
    (news,) = (one for one in told if isinstance(one, StatusChanged))
    assert (news.status.health, news.status.route) == (Health.READY, Route.DIRECT)


async def test_a_refusal_of_direct_is_told_where_direct_was_wanted(
    gitlab: FakeGitLab,
) -> None:
    problem = await refusal(gitlab, RoutingPolicy())
    assert problem is not None
    assert problem.status_code == 403


@pytest.mark.parametrize(
    ("policy", "request_"),
    [
        (RoutingPolicy(direct=DirectMode.NEVER), REQUEST),
        (RoutingPolicy(), GENERATION),
    ],
)
async def test_it_is_not_told_where_direct_was_no_wish(
    gitlab: FakeGitLab, policy: RoutingPolicy, request_: CompletionRequest
) -> None:
    assert await refusal(gitlab, policy, request_) is None


async def test_a_rollout_that_leaves_the_user_out_is_told(gitlab: FakeGitLab) -> None:
    problem = await refusal(gitlab, RoutingPolicy(direct_percentage=0))
    assert problem is not None
    assert problem.status_code is None
    async with gitlab.client(policy=RoutingPolicy(direct_percentage=0)) as client:
        assert client.status().reason is RouteReason.ROLLOUT
