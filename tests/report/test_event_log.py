"""What the library's own event log says is what a report counts."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from gitlab_completions import CompletionRequest, ContextItem
from gitlab_completions.event_log import EventLog
from gitlab_completions.report import summarize
from gitlab_completions.testing import FakeGitLab, wait_all_tasks_blocked

if TYPE_CHECKING:
    from pathlib import Path

PLAIN = CompletionRequest(file_name="a.py", content_above_cursor="tot")
WITH_CONTEXT = CompletionRequest(
    file_name="a.py",
    content_above_cursor="tot",
    context=(ContextItem(name="b.py", content="total = 1"),),
)


async def test_a_report_counts_what_a_client_did(tmp_path: Path) -> None:
    path, gitlab = tmp_path / "events.jsonl", FakeGitLab()
    with EventLog(path) as log:
        async with gitlab.client(observers=[log.observer(user="17")]) as client:
            await client.warm_up()
            await client.complete(PLAIN)
            await client.complete(WITH_CONTEXT)
            gitlab.gateway.fail(502, times=1)
            await client.complete(PLAIN)
            gitlab.gateway.delay(0.3)
            left = asyncio.create_task(client.complete(PLAIN))
            await wait_all_tasks_blocked()
            left.cancel()
            await gitlab.settle()
            async with client.stream(PLAIN) as stream:
                await stream.completion()
            await gitlab.settle()
    summary = summarize([path])
    assert list(summary.notices()) == []
    views = summary.views.by_filter
    calls = {setting: view.calls for setting, view in views.items()}
    assert (calls["both/both"], calls["both/with"], calls["both/without"]) == (5, 1, 4)
    numbers = summary.everything.numbers
    assert (numbers["answered"], numbers["superseded"]) == ("4", "1")
    assert (numbers["direct-calls"], numbers["indirect-calls"]) == ("3", "1")
    assert (numbers["fallbacks"], summary.views.detours) == ("1", ["fell back: server"])
    assert summary.views.issuers == ["gitlab-ai-gateway", "instance"]
    assert numbers["errors-0"] == "1 of 5"
    assert numbers["errors-1"] == "0 of 1"
