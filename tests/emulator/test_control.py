"""The control interface sets faults and settings over HTTP."""

from __future__ import annotations

import asyncio

import pytest

from gitlab_completions.emulator.control import apply_fault
from gitlab_completions.emulator.faults import (
    STREAM_FAULTS,
    Endpoint,
    Fault,
    FaultKind,
)
from gitlab_completions.emulator.server import Emulator
from tests.emulator.sockets import calling


@pytest.mark.parametrize(
    ("wish", "kind"),
    [
        ({"fault": "hang"}, FaultKind.HANG),
        ({"fault": "reset", "times": 2}, FaultKind.RESET),
        ({"fault": "half_answer"}, FaultKind.HALF_ANSWER),
        ({"fault": "html"}, FaultKind.HTML),
        ({"fault": "drip", "bytes_per_s": 5}, FaultKind.DRIP),
        ({"fault": "status", "status": 503}, FaultKind.STATUS),
        ({"fault": "expired_token"}, FaultKind.EXPIRED_TOKEN),
        ({"fault": "tampered_token"}, FaultKind.TAMPERED_TOKEN),
        ({"fault": "bad_json"}, FaultKind.BAD_JSON),
        ({"fault": "wrong_types", "field": "token"}, FaultKind.WRONG_TYPES),
        ({"fault": "wrong_content_type"}, FaultKind.WRONG_CONTENT_TYPE),
        ({"fault": "huge"}, FaultKind.HUGE),
        ({"fault": "gzip_bomb"}, FaultKind.GZIP_BOMB),
        ({"fault": "redirect", "location": "https://a/"}, FaultKind.REDIRECT),
        ({"fault": "reset_midway"}, FaultKind.RESET_MIDWAY),
        ({"fault": "cut_chunks"}, FaultKind.CUT_CHUNKS),
        ({"fault": "stale"}, FaultKind.STALE),
        ({"fault": "heal"}, None),
        ({"fault": "delay", "seconds": 1}, None),
    ],
)
def test_wishes_become_faults(wish: dict[str, object], kind: FaultKind | None) -> None:
    endpoint = Endpoint("direct_access")
    apply_fault(endpoint, wish)
    assert (endpoint.fault.kind if endpoint.fault else None) is kind
    assert endpoint.delay_s == (1.0 if wish["fault"] == "delay" else 0.0)


@pytest.mark.parametrize(
    "wish",
    [
        {},
        {"fault": "no such"},
        {"fault": ["hang"]},
        {"fault": "hang", "times": 0},
        {"fault": "hang", "times": "2"},
        {"fault": "hang", "times": True},
        {"fault": "status"},
        {"fault": "status", "status": 42},
        {"fault": "status", "status": 503, "headers": []},
        {"fault": "drip"},
        {"fault": "drip", "bytes_per_s": 0},
        {"fault": "delay", "seconds": -1},
        {"fault": "blackhole"},
        {"fault": "deaf", "seconds": "1"},
        {"fault": "redirect", "location": 7},
        {"fault": "redirect", "location": "https://a/\r\nset-cookie: a"},
    ],
)
def test_other_wishes_are_refused(wish: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="must be"):
        apply_fault(Endpoint("gateway"), wish)


def test_only_who_grants_tokens_spoils_them() -> None:
    with pytest.raises(ValueError, match="expired_token is a fault of direct_access"):
        apply_fault(Endpoint("gateway"), {"fault": "expired_token"})


@pytest.mark.parametrize("kind", STREAM_FAULTS)
def test_only_who_streams_spoils_streams(kind: FaultKind) -> None:
    with pytest.raises(ValueError, match="no fault of direct_access"):
        apply_fault(Endpoint("direct_access"), {"fault": kind.value})
    endpoint = Endpoint("instance")
    apply_fault(endpoint, {"fault": kind.value})
    assert endpoint.fault == Fault(kind=kind, pieces=1)
    apply_fault(endpoint, {"fault": kind.value, "pieces": 0, "times": 2})
    assert endpoint.fault == Fault(kind=kind, pieces=0, times=2)


async def test_faults_are_put_and_healed() -> None:
    async with calling(Emulator(relative_url_root="/gitlab")) as caller:
        wish = {"fault": "status", "status": 503, "json": {"a": 1}, "times": 2}
        answer = await caller.put("faults/gateway", wish)
        assert answer.json() == {
            "fault": "status",
            "times": 2,
            "delay_s": 0.0,
            "requests": 0,
            "abandoned_streams": 0,
        }
        assert (await caller.direct()).status_code == 503
        await caller.put("faults/gateway", {"fault": "heal"})
        assert (await caller.direct()).status_code == 200


async def test_bad_wishes_are_told() -> None:
    async with calling(Emulator()) as caller:
        assert (await caller.put("faults/nowhere", {})).status_code == 404
        assert (await caller.put("faults/gateway", {})).status_code == 400
        assert (await caller.put("faults/gateway", [])).status_code == 400
        assert (await caller.put("settings", {"no": 1})).status_code == 400
        assert (await caller.put("settings", {"quota": "no"})).status_code == 400


async def test_what_cannot_be_read_is_told_what_it_must_be() -> None:
    async with calling(Emulator()) as caller:
        root = f"{caller.emulator.instance_url}/-/emulator"
        answer = await caller.client.put(f"{root}/settings", content=b"{")
        assert answer.json() == {"error": "the body must be a JSON object"}
        answer = await caller.put("faults/nowhere", {})
        told = "an endpoint must be one of direct_access, instance, inquiries, gateway"
        assert answer.json() == {"error": told}


async def test_settings_are_put() -> None:
    async with calling(Emulator()) as caller:
        answer = await caller.put("settings", {"direct_enabled": False})
        assert answer.json()["direct_enabled"] is False
        assert (await caller.grant()).status_code == 403


async def test_the_state_is_described() -> None:
    async with calling(Emulator("18.9")) as caller:
        await caller.direct()
        url = f"{caller.emulator.instance_url}/-/emulator/"
        state = (await caller.client.get(url)).json()
        assert state["profile"] == "18.9"
        assert state["gateway_url"] == caller.emulator.gateway_url
        assert state["endpoints"]["gateway"]["requests"] == 1
        assert state["settings"]["quota"] == "ok"
        assert state["connections"] == {"instance": 1, "gateway": 1}


async def test_an_admin_is_told_how_to_ask_the_instance() -> None:
    async with calling(Emulator(relative_url_root="/gitlab")) as caller:
        emulator = caller.emulator
        host = emulator.instance_url.removesuffix("/gitlab")
        told = (await caller.client.get(f"{host}/-/emulator/admin")).json()
        assert told == {"root": "/gitlab", "access_token": emulator.tokens.admin}


@pytest.mark.virtual_time
@pytest.mark.parametrize("moment_s", [0.05, 0.2])
async def test_a_strike_changes_nothing_that_was_set_since(moment_s: float) -> None:
    endpoint = Endpoint("instance")
    apply_fault(endpoint, {"fault": "refuse", "seconds": 0.3})
    await asyncio.sleep(moment_s)
    endpoint.hang()
    await asyncio.sleep(1)
    assert endpoint.fault is not None
    assert endpoint.fault.kind is FaultKind.HANG


async def test_a_host_can_be_struck_for_a_while() -> None:
    async with calling(Emulator()) as caller:
        instance, healed = caller.emulator.instance, asyncio.Event()
        struck: list[FaultKind] = []

        def watch() -> None:
            if instance.fault is None:
                healed.set()
            else:
                struck.append(instance.fault.kind)

        instance.watch(watch)
        wish = {"fault": "refuse", "seconds": 0.01}
        assert (await caller.put("faults/instance", wish)).status_code == 200
        await healed.wait()
        assert struck == [FaultKind.REFUSE]
        assert (await caller.indirect()).status_code == 200


@pytest.mark.parametrize(
    ("name", "status"),
    [("localhost:80", 200), ("LOCALHOST", 200), ("page.example:80", 400)],
)
async def test_who_calls_this_machine_otherwise_is_refused(
    name: str, status: int
) -> None:
    async with calling(Emulator()) as caller:
        root = f"{caller.emulator.instance_url}/-/emulator"
        for method, path in (
            ("GET", ""),
            ("GET", "admin"),
            ("PUT", "settings"),
            ("PUT", "faults/gateway"),
        ):
            answer = await caller.client.request(
                method,
                f"{root}/{path}",
                headers={"host": name},
                json={"fault": "heal"} if path.startswith("faults") else {},
            )
            assert answer.status_code == status
