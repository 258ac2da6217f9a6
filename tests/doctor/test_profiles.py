"""A doctor says of each GitLab what its release's facts say, and no more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gitlab_completions.diagnosis import CHECKS, Grade
from gitlab_completions.emulator import PROFILES
from tests.doctor.conftest import ROW, row_name
from tests.doctor.expectation import expect
from tests.doctor.relay import Relay
from tests.doctor.scene import REQUEST, TEXT, Setup, built
from tests.doctor.table import row_of
from tests.doctor.witness import requests_seen

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize("name", PROFILES)
async def test_each_release_is_known(
    name: str,
    monkeypatch: pytest.MonkeyPatch,
    record_property: Callable[[str, object], None],
) -> None:
    setup = Setup(name=name, check="", says=(), profile=PROFILES[name])
    async with built(setup, monkeypatch) as (emulator, client):
        diagnosis = await client.diagnose()
        record_property(ROW, row_of(row_name(name), diagnosis))
        assert tuple(check.name for check in diagnosis.checks) == CHECKS
        seen = {check.name: check.grade for check in diagnosis.checks}
        assert seen == expect(setup.profile)
        assert requests_seen(emulator) <= diagnosis.requests <= 12
        assert (await client.complete(REQUEST)).text == TEXT


async def test_all_is_well_behind_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    setup = Setup(name="proxy", check="", says=(), relay=lambda _: Relay())
    async with built(setup, monkeypatch) as (_, client):
        diagnosis = await client.diagnose()
    assert diagnosis.grade is Grade.OK
    proxy = diagnosis.check("proxy")
    assert "HTTPS_PROXY" in proxy.finding
    assert proxy.facts["instance_proxy_source"] == "HTTPS_PROXY"
    assert diagnosis.check("dns").grade is Grade.SKIPPED
    assert diagnosis.check("direct").grade is Grade.OK
