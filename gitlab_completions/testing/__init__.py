"""What this library's own tests use, for yours: a GitLab in memory, and virtual time.

`FakeGitLab` answers as an instance and its gateway do, strictly, without a network.
`run` runs a coroutine in virtual time, so that nothing in it really waits::

    from gitlab_completions import CompletionRequest, Route
    from gitlab_completions.testing import FakeGitLab, run

    def test_completions_go_through_the_instance_while_the_gateway_fails():
        async def scenario():
            gitlab = FakeGitLab("return a + b")
            gitlab.gateway.fail(503)
            async with gitlab.client() as client:
                request = CompletionRequest.at_cursor("def f():", 8, file_name="f.py")
                completion = await client.complete(request)
            assert completion.text == "return a + b"
            assert completion.route is Route.INDIRECT
        run(scenario())

With pytest-asyncio, `fixtures` lets a mark choose virtual time; it alone needs pytest
and pytest-asyncio, the rest nothing beyond what the library needs itself.
"""

from gitlab_completions.testing.clock import VirtualClock
from gitlab_completions.testing.fake import FakeEndpoint, FakeGitLab
from gitlab_completions.testing.payloads import completion_json, grant_json
from gitlab_completions.testing.virtual_time import (
    DeadlockError,
    VirtualTimeLoop,
    run,
    wait_all_tasks_blocked,
)

__all__ = (
    "DeadlockError",
    "FakeEndpoint",
    "FakeGitLab",
    "VirtualClock",
    "VirtualTimeLoop",
    "completion_json",
    "grant_json",
    "run",
    "wait_all_tasks_blocked",
)
