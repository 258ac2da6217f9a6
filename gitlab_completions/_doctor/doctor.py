"""One diagnosis: looks, and has each judge read the chart, in the order of checks."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

from gitlab_completions._doctor import (
    between,
    clocks,
    configuration,
    direct_access,
    gateway,
    instance,
    latency,
    limits,
    names,
    tastes,
    tls,
    tokens,
)
from gitlab_completions._doctor.examination import Examination
from gitlab_completions.diagnosis import Diagnosis
from gitlab_completions.errors import ClientClosedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitlab_completions._doctor.chart import Chart
    from gitlab_completions._shell.patient import Patient
    from gitlab_completions.diagnosis import Check

JUDGES: tuple[Callable[[Chart], Check], ...] = (
    configuration.judge,
    names.judge,
    between.judge,
    tls.judge,
    clocks.judge,
    tokens.judge,
    instance.judge_version,
    instance.judge_availability,
    direct_access.judge,
    gateway.judge,
    tastes.judge_indirect,
    tastes.judge_direct,
    latency.judge,
    limits.judge,
)
"""In the order of `CHECKS`."""


async def diagnose(
    patient: Patient,
    project_path: str | None,
    closing: asyncio.Future[None],
    *,
    overridden: bool,
) -> Diagnosis:
    """Examine a client.

    The look itself belongs to nobody: who leaves does not end what is on the wire.

    Raises:
        ClientClosedError: When the client is closed meanwhile.
    """
    found: asyncio.Future[Diagnosis] = asyncio.get_running_loop().create_future()

    async def look() -> None:
        at = patient.setup.wall()
        examination = Examination(patient, project_path, overridden=overridden)
        try:
            chart = await examination.run()
            checks = tuple(judge(chart) for judge in JUDGES)
            found.set_result(
                Diagnosis(checks=checks, requests=examination.requests, at=at)
            )
        except Exception as error:  # a defect, and not the client's end
            found.set_exception(error)
        finally:
            found.cancel()  # which changes nothing when it is there

    patient.background.spawn(look())
    awaited = cast("set[asyncio.Future[object]]", {found, closing})
    await asyncio.wait(awaited, return_when=asyncio.FIRST_COMPLETED)
    if not found.done() or found.cancelled():
        raise ClientClosedError("the client was closed during the call")
    return found.result()
