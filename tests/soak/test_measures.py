"""Growth is what came after warm-up, and alarms are what nobody may say."""

from __future__ import annotations

import asyncio
import logging
import warnings

import pytest

from tests.soak.measures import Holdings, Meter, alarmed, open_sockets, rss_mb


def metered(samples: list[float]) -> Meter:
    meter = Meter()
    for at, mb in enumerate(samples):
        meter.at.append(at)
        meter.rss_mb.append(mb)
    return meter


def test_growth_while_warming_up_is_none() -> None:
    meter = metered([50.0 + one for one in range(40)] + [90.0] * 61)
    assert meter.growth_mb() == pytest.approx(0.0)


def test_growth_after_warm_up_counts_and_one_peak_does_not() -> None:
    steady = [90.0] * 100
    assert metered([*steady[:70], 120.0, *steady]).growth_mb() == pytest.approx(0.0)
    growing = metered([90.0 + 0.1 * one for one in range(101)])
    assert 4.0 < growing.growth_mb() < 6.0


@pytest.mark.real_time
async def test_a_socket_and_a_task_are_counted() -> None:
    before = Holdings.now()
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    task = asyncio.create_task(asyncio.Event().wait())
    during = Holdings.now()
    task.cancel()
    server.close()
    await server.wait_closed()
    assert (during.sockets, during.tasks) == (before.sockets + 1, before.tasks + 1)
    assert open_sockets() == before.sockets
    assert rss_mb() > 1


def test_logged_warnings_and_leaks_raise_the_alarm() -> None:
    with alarmed() as alarms:
        logging.getLogger("asyncio").error("Task exception was never retrieved")
        logging.getLogger("gitlab_completions").info("direct rests")
        warnings.warn("unclosed socket", ResourceWarning, stacklevel=1)
    assert len(alarms.heard) == 2


def test_alarms_are_over_with_their_block() -> None:
    with alarmed() as alarms:
        pass
    logging.getLogger("asyncio").error("later")
    assert alarms.heard == []
