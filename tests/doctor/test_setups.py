"""A doctor names the cause first, of each thing that can be wrong."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from gitlab_completions import GitLabCompletionsError
from gitlab_completions.diagnosis import CHECKS, Grade
from tests.doctor.conftest import ROW
from tests.doctor.setups import REQUEST, SETUPS, TEXT, Setup, built
from tests.doctor.table import row_of
from tests.doctor.witness import leaks, requests_seen

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitlab_completions import CompletionClient


async def completes(client: CompletionClient, project_path: str | None) -> bool:
    """Tell whether an author gets a completion."""
    request = replace(REQUEST, project_path=project_path)
    try:
        done = await client.complete(request)
    except GitLabCompletionsError:
        return False
    assert done.text == TEXT
    return True


@pytest.mark.parametrize("setup", SETUPS, ids=str)
async def test_the_cause_is_named_first(
    setup: Setup,
    monkeypatch: pytest.MonkeyPatch,
    record_property: Callable[[str, object], None],
) -> None:
    async with built(setup, monkeypatch) as (emulator, client):
        diagnosis = await client.diagnose(setup.project_path)
        record_property(ROW, row_of(setup.name, diagnosis))
        assert tuple(check.name for check in diagnosis.checks) == CHECKS
        cause = diagnosis.cause
        assert cause is not None
        line = f"{cause.finding} {cause.next_step}"
        assert cause.name == setup.check, line
        untold = [
            word for word in setup.says if not re.search(word, line, re.IGNORECASE)
        ]
        assert untold == [], line
        assert cause.next_step
        assert requests_seen(emulator) <= diagnosis.requests <= 12
        assert leaks(diagnosis) == []
        # With a warning completions come; with a problem there are, or may be, none.
        works = await completes(client, setup.project_path) and not setup.forbidden
        assert cause.grade is (Grade.WARNING if works else Grade.PROBLEM), line
