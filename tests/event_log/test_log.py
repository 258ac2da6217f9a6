"""A client's calls are lines that GitLab's teams can join with what they keep."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from gitlab_completions import CompletionRequest, ConfigurationError, ContextItem
from gitlab_completions.event_log import EventLog, gitlab_part
from gitlab_completions.testing import FakeGitLab
from tests.event_log.schema import VALIDATOR

if TYPE_CHECKING:
    from pathlib import Path

REQUEST = CompletionRequest(
    file_name="app/models/user.rb",
    content_above_cursor="class Ünser\n",
    content_below_cursor="end\n",
    project_path="secret/project",
    context=(ContextItem(name="lib/a.rb", content="def a\n"),),
)


def read(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def of(lines: list[dict[str, object]], action: str) -> list[dict[str, object]]:
    return [line for line in lines if line["action"] == action]


async def test_a_call_is_told_by_gitlabs_names(tmp_path: Path) -> None:
    path = tmp_path / "made" / "events.jsonl"
    gitlab = FakeGitLab()
    with EventLog(path, gitlab_realm="saas") as log:
        async with gitlab.client() as client:
            client.observe(log.observer(user="17"))
            await client.complete(REQUEST)
            await client.complete(REQUEST)
            await gitlab.settle()
    lines = read(path)
    asked, loaded = of(lines, "suggestion_requested"), of(lines, "suggestion_loaded")
    assert len(asked) == len(loaded) == 2
    assert len({line["unique_tracking_id"] for line in asked}) == 2
    last = loaded[1]
    assert last["unique_tracking_id"] == asked[1]["unique_tracking_id"]
    assert last["category"] == "code_suggestions"
    assert last["is_direct_connection"] is True
    assert last["route"] == "direct"
    assert last["has_advanced_context"] is True
    assert (last["api_status_code"], last["options_count"]) == (200, 1)
    assert (last["language"], last["suggestion_source"]) == ("ruby", "network")
    assert (last["prefix_length"], last["content_above_cursor_size_bytes"]) == (12, 13)
    assert last["total_context_size_bytes"] == 6
    assert last["context_items"] == [
        {"file_extension": "rb", "type": "file", "byte_size": 6}
    ]
    assert all(line["user"] == "17" for line in lines)
    for line in lines:
        if line["category"] == "code_suggestions":
            VALIDATOR.validate(gitlab_part(line))


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        ({"time": "now"}, "would hide a field"),
        ({"route": "direct"}, "would hide a field"),
        ({"language": "go"}, "would hide a field"),
        ({"gitlab_instance_version": "1" * 33}, "as GitLab's schema"),
    ],
)
def test_a_label_hides_no_field(
    tmp_path: Path, labels: dict[str, str], words: str
) -> None:
    log = EventLog(tmp_path / "events.jsonl")
    with pytest.raises(ConfigurationError, match=words):
        log.observer(**labels)
    assert list(tmp_path.iterdir()) == []
