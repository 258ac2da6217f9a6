from __future__ import annotations

import os
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from tests.networks.proxy_program import VARIABLE, ProxyProgram
from tests.networks.scene import CREDENTIALS, Eavesdropper, Office

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def eavesdropper() -> Iterator[Eavesdropper]:
    """Who hears all log records, and fails a test when a secret is among them."""
    with Eavesdropper().listening() as hearing:
        yield hearing
    assert hearing.leaks == []


@pytest.fixture(scope="session")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """A proxy that relays, one that asks who we are, one that opens TLS, one SOCKS."""
    program = os.environ.get(VARIABLE)
    if program is None:
        pytest.skip(f"needs a proxy program: nox -s networks, or {VARIABLE}=mitmdump")
    directory = tmp_path_factory.mktemp("proxies")
    with ExitStack() as stack:
        yield Office(
            relay=stack.enter_context(ProxyProgram(program, directory)),
            guard=stack.enter_context(
                ProxyProgram(program, directory, credentials=CREDENTIALS)
            ),
            inspector=stack.enter_context(
                ProxyProgram(program, directory, opens_tls=True)
            ),
            socks=stack.enter_context(
                ProxyProgram(
                    program, directory, credentials=CREDENTIALS, speaks="socks5"
                )
            ),
        )


@pytest.fixture
def office(programs: Office) -> Office:
    """The same, without what an earlier test had them do or see."""
    for program in programs.all():
        program.relay()
        program.forget()
    return programs
