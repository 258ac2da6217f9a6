"""Plays a cell: the real client, and a GitLab of that release in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlab_completions import GitLabCompletionsError
from gitlab_completions.testing import FakeGitLab
from tests.versions.expectation import shown
from tests.versions.facts import ITEMS, TEXT, Column

if TYPE_CHECKING:
    from gitlab_completions import Completion, CompletionClient
    from gitlab_completions.emulator import Prompt
    from tests.versions.facts import Cell


async def play(cell: Cell) -> str:
    """Return what the caller of a cell gets: text by a route, or an error's code."""
    gitlab = FakeGitLab(TEXT, profile=cell.profile.name)
    cell.strike(gitlab)
    async with gitlab.client() as client:
        return await seen_by(client, cell, gitlab.prompts)


async def seen_by(client: CompletionClient, cell: Cell, prompts: list[Prompt]) -> str:
    """Ask a new client for the cell's completion; return what it gets.

    Args:
        client: Of a GitLab that is as the cell wants it.
        cell: What is asked for.
        prompts: What the GitLab's model has been asked, the last one last.
    """
    await client.warm_up(cell.column.project_path)
    try:
        done, pieces = await _asked(client, cell)
    except GitLabCompletionsError as error:
        return str(error.code)
    streamed = "".join(pieces) if cell.column.streams else TEXT
    if done.text != TEXT or streamed != TEXT:
        return f"other text, {done.route}"
    more: list[str] = []
    if cell.column.streams:
        more = ["whole" if pieces == [TEXT] else "in pieces"]
    if cell.column is Column.CONTEXT:
        got = len(prompts[-1].context)
        more = [f"{got} of {len(ITEMS)} items"]
    return shown(done.route, done.reason, *more)


async def _asked(client: CompletionClient, cell: Cell) -> tuple[Completion, list[str]]:
    """Ask for the cell's completion, streamed or not."""
    request = cell.request()
    if not cell.column.streams:
        return await client.complete(request), []
    async with client.stream(request) as stream:
        pieces = [piece async for piece in stream]
        return await stream.completion(), pieces
