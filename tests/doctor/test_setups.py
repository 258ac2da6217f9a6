"""A doctor names the cause first, of each thing that can be wrong."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from gitlab_completions.diagnosis import CHECKS, Grade
from tests.doctor.conftest import ROW
from tests.doctor.scene import Setup, built, route_of
from tests.doctor.setups import SETUPS
from tests.doctor.table import row_of
from tests.doctor.witness import leaks, requests_seen

if TYPE_CHECKING:
    from collections.abc import Callable


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
        assert cause.name == setup.check, cause.finding
        untold = [
            word
            for word in setup.says
            if not re.search(word, cause.finding, re.IGNORECASE)
        ]
        assert untold == [], cause.finding
        assert cause.next_step
        assert requests_seen(emulator) <= diagnosis.requests <= 12
        assert leaks(diagnosis) == []
        route = await route_of(client, setup.project_path)
        comes = route is not None and not setup.forbidden
        assert cause.grade is (Grade.WARNING if comes else Grade.PROBLEM)
