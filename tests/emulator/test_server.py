"""An emulator starts, tells what a client needs, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
import pytest
import trustme

from gitlab_completions.emulator.access_tokens import Credential, TokenState
from gitlab_completions.emulator.keys import Keys
from gitlab_completions.emulator.profiles import PROFILES
from gitlab_completions.emulator.server import Emulator
from tests.emulator.sockets import calling

HEAVY = "{'starlette', 'uvicorn', 'h11', 'trustme', 'jwt', 'cryptography'}"


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
async def test_both_routes_complete(*, tls: bool) -> None:
    emulator = Emulator(tls=tls, relative_url_root="/gitlab")
    async with calling(emulator) as caller:
        direct, indirect = await caller.direct(), await caller.indirect()
        assert direct.json()["choices"][0]["text"] == "al = 1"
        assert indirect.json()["choices"][0]["text"] == "al = 1"
        assert emulator.instance_url.endswith("/gitlab")
        assert emulator.instance_url.startswith("https" if tls else "http:")


@pytest.mark.parametrize("profile", PROFILES)
async def test_every_profile_starts(profile: str) -> None:
    async with calling(Emulator(profile)) as caller:
        answer = await caller.indirect()
        shape = {"metadata", "choices", "model"}
        assert answer.status_code == 200
        assert (set(answer.json()) == shape) is (profile in {"19.3-gitlab.com", "19.5"})


async def test_start_and_end_are_quick_and_leave_nothing() -> None:
    threads = threading.active_count()
    started = time.perf_counter()
    async with calling(Emulator(PROFILES["19.3"])) as caller:
        await caller.direct()
    assert time.perf_counter() - started < 2.0
    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert threading.active_count() == threads


async def test_ports_can_be_chosen_and_are_free_again() -> None:
    async with Emulator() as first:
        ports = first.instance_front.port, first.gateway_front.port
        with pytest.raises(OSError, match="in use"):
            await Emulator(port=ports[0]).__aenter__()
    async with Emulator(port=ports[0], gateway_port=ports[1]) as second:
        assert second.instance_url == f"http://127.0.0.1:{ports[0]}"
        assert second.gateway_url == f"http://127.0.0.1:{ports[1]}"


async def test_tls_is_trusted_through_the_authority_only() -> None:
    async with Emulator(tls=True) as emulator:
        url = emulator.instance_url.replace("127.0.0.1", "localhost") + "/-/health"
        context = emulator.ssl_context()
        assert context is not None
        async with httpx.AsyncClient(verify=context, trust_env=False) as client:
            assert (await client.get(url)).text == "GitLab OK"
        strict = ssl.create_default_context()
        async with httpx.AsyncClient(verify=strict, trust_env=False) as client:
            with pytest.raises(httpx.ConnectError):
                await client.get(url)
        ca_pem = emulator.ca_pem
        assert ca_pem is not None
        assert ca_pem.read_text().startswith("-----BEGIN CERTIFICATE-----")
    assert not ca_pem.exists()


async def test_new_connections_follow_the_server_s_context() -> None:
    other = trustme.CA()
    async with Emulator(tls=True) as emulator:
        server, url = emulator.server_context, f"{emulator.instance_url}/-/health"
        assert server is not None
        other.issue_cert("127.0.0.1").configure_cert(server)
        client = ssl.create_default_context()
        other.configure_trust(client)
        async with httpx.AsyncClient(verify=client, trust_env=False) as caller:
            assert (await caller.get(url)).text == "GitLab OK"
    async with Emulator() as plain:
        assert plain.server_context is None


async def test_a_description_is_a_client_s_environment() -> None:
    async with Emulator() as emulator:
        comment, *rest = emulator.describe().splitlines()
        lines = dict(line.split("=", 1) for line in rest)
        assert comment == f"# gateway: {emulator.gateway_url}"
        assert lines["GITLAB_URL"] == emulator.instance_url
        assert lines["GITLAB_TOKEN"] == emulator.access_token
        assert "SSL_CERT_FILE" not in lines
        assert emulator.ca_pem is None
        assert emulator.ssl_context() is None
    async with Emulator(tls=True) as emulator:
        assert f"SSL_CERT_FILE={emulator.ca_pem}" in emulator.describe()


def test_an_emulator_that_is_not_started_says_so() -> None:
    with pytest.raises(RuntimeError, match="async with"):
        assert Emulator().instance_url
    with pytest.raises(KeyError):
        Emulator("1.0")


async def test_settings_work_at_run_time() -> None:
    async with calling(Emulator()) as caller:
        caller.emulator.settings.direct_enabled = False
        assert (await caller.grant()).status_code == 403
        caller.emulator.settings.direct_enabled = True
        assert (await caller.grant()).status_code == 201


async def test_access_tokens_come_and_go() -> None:
    async with calling(Emulator()) as caller:
        token = caller.emulator.access_token
        caller.emulator.set_token(token, TokenState.REVOKED)
        assert (await caller.grant()).status_code == 401
        caller.emulator.set_token(token, TokenState.VALID)
        assert (await caller.grant()).status_code == 201


async def test_credentials_and_flags_can_be_set() -> None:
    async with calling(Emulator("17.1")) as caller:
        emulator = caller.emulator
        token = emulator.access_token
        emulator.set_credential(token, Credential(has_seat=False))
        assert (await caller.grant()).status_code == 401
        emulator.set_credential(token, Credential(user_id=7))
        assert (await caller.grant()).status_code == 201
        emulator.flags.disable("code_suggestions_direct_completions")
        assert (await caller.grant()).status_code == 404
        emulator.flags.admit_actors("code_suggestions_direct_completions", ["User:7"])
        assert (await caller.grant()).status_code == 201


async def test_other_questions_are_answered_and_can_be_struck() -> None:
    async with calling(Emulator("19.5")) as caller:
        emulator = caller.emulator
        url = f"{emulator.instance_url}/api/graphql"
        headers = {"authorization": f"Bearer {emulator.access_token}"}
        query = {"query": "{ metadata { version } }"}
        answer = await caller.client.post(url, headers=headers, json=query)
        assert answer.json() == {"data": {"metadata": {"version": "19.5.0-ee"}}}
        emulator.inquiries.fail(502, times=1)
        answer = await caller.client.post(url, headers=headers, json=query)
        assert answer.status_code == 502
        assert len(emulator.inquiries.requests) == 2
        assert emulator.cookies_returned == 0


async def test_requests_are_kept_without_secrets() -> None:
    async with calling(Emulator()) as caller:
        await caller.direct()
        await caller.indirect()
        emulator = caller.emulator
        seen = [
            *emulator.direct_access.requests,
            *emulator.gateway.requests,
            *emulator.instance.requests,
        ]
        assert [request.method for request in seen] == ["POST"] * 3
        assert emulator.access_token not in str([request.headers for request in seen])
        assert seen[1].body_size > 100


def test_the_import_brings_the_standard_library_only() -> None:
    code = (
        "import sys, gitlab_completions; before = set(sys.modules); "
        "import gitlab_completions.emulator; "
        f"sys.exit(bool({HEAVY} & (set(sys.modules) - before)))"
    )
    root = Path(__file__).parents[2]
    subprocess.run([sys.executable, "-c", code], check=True, cwd=root)


async def test_two_emulators_with_the_same_keys_are_one_instance_and_its_gateway(
    tmp_path: Path,
) -> None:
    async with Emulator(tls=True, keys=tmp_path) as gateway:
        instance = Emulator(tls=True, keys=tmp_path, gateway_url=gateway.gateway_url)
        async with calling(instance) as caller:
            assert instance.gateway_url == gateway.gateway_url
            assert (await caller.direct()).status_code == 200
            assert len(gateway.gateway.requests) == 1
            assert instance.gateway.requests == []


async def test_a_renewed_signing_key_is_good_once_both_have_read_it(
    tmp_path: Path,
) -> None:
    keys = Keys(tmp_path)
    async with Emulator(keys=tmp_path) as gateway:
        instance = Emulator(keys=tmp_path, gateway_url=gateway.gateway_url)
        async with calling(instance) as caller:
            keys.renew_signing_key()
            gateway.read_signing_key()
            assert (await caller.direct()).status_code == 401
            instance.read_signing_key()
            await caller.grant()
            assert (await caller.direct()).status_code == 200
