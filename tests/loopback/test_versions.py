"""The columns of the versions' table that are well, over sockets and TLS."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gitlab_completions.emulator import PROFILES, Emulator
from tests.loopback.scene import PATIENT, client_of
from tests.versions.expectation import expect
from tests.versions.facts import TEXT, Cell, Column
from tests.versions.play import seen_by

if TYPE_CHECKING:
    from gitlab_completions.emulator import Prompt

COLUMNS = (Column.COMPLETION, Column.STREAMED, Column.GENERATION, Column.CONTEXT)


@pytest.mark.parametrize("profile", PROFILES)
async def test_a_release_serves_over_sockets_as_in_memory(profile: str) -> None:
    prompts: list[Prompt] = []

    def model(prompt: Prompt) -> str:
        prompts.append(prompt)
        return TEXT

    async with Emulator(profile, tls=True, model=model) as emulator:
        # Characters and events are cut in their midst.
        emulator.settings.stream_piece_bytes = 3
        for column in COLUMNS:
            cell = Cell(profile=PROFILES[profile], column=column)
            async with client_of(emulator, policy=PATIENT) as client:
                assert await seen_by(client, cell, prompts) == expect(cell)
