from __future__ import annotations

import asyncio

import pytest

from gitlab_completions._secrets import HostHeaders
from gitlab_completions._shell.round_trip import OUTSTAYED_S, round_trip
from gitlab_completions._wire.instance import version_request
from gitlab_completions.senders import SendError
from tests._shell.parts import ROOT, HeldSender

WIRE = version_request(ROOT, HostHeaders(ROOT, {}), timeout_s=2.0)


async def test_what_comes_is_read_whole() -> None:
    sender = HeldSender()
    asked = asyncio.create_task(round_trip(sender, WIRE))
    (await sender.next()).reply(200, b"{}")
    answer = await asked
    assert (answer.status_code, answer.body) == (200, b"{}")
    assert sender.in_flight == 0


async def test_a_sender_that_keeps_no_time_is_stopped() -> None:
    sender = HeldSender()
    began = asyncio.get_running_loop().time()
    with pytest.raises(SendError) as caught:
        await round_trip(sender, WIRE)
    assert caught.value.kind == "timeout"
    assert asyncio.get_running_loop().time() - began == pytest.approx(2 + OUTSTAYED_S)
    assert (sender.in_flight, sender.exchanges[0].cancelled) == (0, 1)
