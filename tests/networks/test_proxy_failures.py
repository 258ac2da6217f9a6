"""A proxy that does not do what it should is named, with the setting to look at."""

from __future__ import annotations

import base64
from contextlib import aclosing
from functools import partial
from typing import TYPE_CHECKING

import httpx
import httpx2
import pytest

from gitlab_completions import ErrorCode, HttpxSender, Route
from gitlab_completions.emulator import Emulator
from tests.loopback.scene import complete, emulate, refusal_of
from tests.networks.scene import (
    PASSWORD,
    USER,
    client_by,
    look_at,
    told,
)

if TYPE_CHECKING:
    from types import ModuleType

    from gitlab_completions._transport.engines import EngineName
    from tests.networks.scene import Eavesdropper, Office, Told

WHERE = ("HTTPS_PROXY", "HttpxSender(proxy=")
ENGINES = ["httpx", "httpx2"]
PAGE = "<!doctype html><html><body>canary-page</body></html>"
HTML = {"content-type": "text/html"}


def with_proxy(
    bad: str,
    emulator: Emulator,
    route: Route,
    *,
    good: str | None = None,
    engine: EngineName = "httpx",
) -> HttpxSender:
    """Return a sender that one route's proxy is bad for."""
    proxy = {Route.DIRECT: good, Route.INDIRECT: good, route: bad}
    return HttpxSender(proxy=proxy, verify=emulator.ca_pem, engine=engine)


async def told_through(
    bad: str,
    emulator: Emulator,
    eavesdropper: Eavesdropper,
    engine: EngineName = "httpx",
) -> Told:
    make = partial(with_proxy, bad, emulator, engine=engine)
    return await told(make, lambda _route: emulator.instance_url, eavesdropper)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("credentials", ["", "jo:canary@", "jo@"])
async def test_a_proxy_that_wants_other_credentials(
    office: Office,
    eavesdropper: Eavesdropper,
    engine: EngineName,
    credentials: str,
) -> None:
    async with emulate() as emulator:
        url = office.guard.url(credentials)
        answers = await told_through(url, emulator, eavesdropper, engine)
        answers.assert_all(
            ErrorCode.PROXY, "the proxy wants credentials", *WHERE, "user:password@"
        )
        assert not any(error.retryable for error in answers.all())


async def test_a_password_that_is_wrong_is_nowhere(
    office: Office, eavesdropper: Eavesdropper
) -> None:
    wrong = f"{USER.replace('@', '%40')}:canary%2Fpass%40word%25x@"
    async with emulate() as emulator:
        answers = await told_through(office.guard.url(wrong), emulator, eavesdropper)
        for error in answers.all():
            said = f"{error!r} {error} {vars(error)}"
            assert PASSWORD not in said
            assert base64.b64encode(b"canary/pass").decode()[:10] not in said


async def test_a_proxy_that_is_down(
    office: Office, eavesdropper: Eavesdropper, unused_tcp_port: int
) -> None:
    async with emulate() as emulator:
        url = f"http://jo:canary@127.0.0.1:{unused_tcp_port}"
        answers = await told_through(url, emulator, eavesdropper)
        answers.assert_all(ErrorCode.PROXY, "the proxy on the way could not be", *WHERE)


async def test_a_proxy_that_hangs(office: Office, eavesdropper: Eavesdropper) -> None:
    office.inspector.hang()
    async with emulate() as emulator:
        url = office.inspector.url()
        answers = await told_through(url, emulator, eavesdropper)
        answers.assert_all(ErrorCode.PROXY, "the proxy did not answer", *WHERE)


@pytest.mark.parametrize(
    ("status", "code", "message", "setting"),
    [
        (403, ErrorCode.PROXY, "the proxy does not let us there", "NO_PROXY"),
        (302, ErrorCode.PROXY, "the proxy does not let us there", "NO_PROXY"),
        (511, ErrorCode.PROXY, "the proxy does not let us there", "who runs"),
        (502, ErrorCode.OFFLINE, "could not be reached by the proxy", "NO_PROXY"),
        (503, ErrorCode.OFFLINE, "could not be reached by the proxy", "URL"),
    ],
)
async def test_a_proxy_that_answers_with_a_page(
    office: Office,
    eavesdropper: Eavesdropper,
    *,
    status: int,
    code: ErrorCode,
    message: str,
    setting: str,
) -> None:
    office.relay.answer(status, to="connect", body=PAGE, headers=HTML)
    async with emulate() as emulator:
        url = office.relay.url()
        answers = await told_through(url, emulator, eavesdropper)
        answers.assert_all(code, message, setting)
        for error in answers.all():
            assert "canary-page" not in f"{error} {vars(error)}"


async def test_a_host_that_the_proxy_cannot_reach(
    office: Office, eavesdropper: Eavesdropper
) -> None:
    async with emulate() as emulator:
        emulator.gateway.refuse()
        sender = HttpxSender(proxy=office.relay.url(), verify=emulator.ca_pem)
        async with aclosing(sender), client_by(sender, emulator.instance_url) as client:
            await client.warm_up()
            done = await complete(client)
            assert done.route is Route.INDIRECT
            emulator.instance.refuse()
            error = await refusal_of(client)
            look_at(eavesdropper, error, *error.attempts)
        assert error.code is ErrorCode.OFFLINE
        assert error.message.endswith("GitLab could not be reached by the proxy")
        assert error.retryable


async def test_a_proxy_whose_certificate_is_not_trusted(
    office: Office, eavesdropper: Eavesdropper
) -> None:
    async with emulate() as emulator:
        url = office.relay.url(scheme="https")
        answers = await told_through(url, emulator, eavesdropper)
        answers.assert_all(
            ErrorCode.TLS_UNTRUSTED,
            "the proxy's certificate is not trusted",
            "HttpxSender(verify=",
            "SSL_CERT_FILE",
        )


async def test_a_plain_proxy_that_is_taken_for_one_with_tls(
    eavesdropper: Eavesdropper,
) -> None:
    async with emulate() as emulator, Emulator() as plain:
        url = plain.instance_url.replace("http:", "https:")
        answers = await told_through(url, emulator, eavesdropper)
        answers.assert_all(
            ErrorCode.PROXY, "does not speak TLS as its URL says", "http://", *WHERE
        )


@pytest.mark.parametrize("bad", ["http://jo:canary/word@127.0.0.1:3128", "127.0.0.1:x"])
async def test_a_url_in_the_environment_that_is_none(
    eavesdropper: Eavesdropper, monkeypatch: pytest.MonkeyPatch, bad: str
) -> None:
    async with emulate() as emulator:
        monkeypatch.setenv("HTTPS_PROXY", bad)

        def make(route: Route) -> HttpxSender:
            direct_too = {Route.DIRECT: None} if route is Route.INDIRECT else {}
            indirect_too = {Route.INDIRECT: None} if route is Route.DIRECT else {}
            proxy = direct_too | indirect_too
            return HttpxSender(proxy=proxy, verify=emulator.ca_pem)

        answers = await told(make, lambda _route: emulator.instance_url, eavesdropper)
        answers.assert_all(
            ErrorCode.PROXY, "the proxy's URL is none", *WHERE, "user:password@"
        )
        for error in answers.all():
            assert "canary" not in f"{error} {error.__cause__!r} {vars(error)}"


@pytest.mark.parametrize("library", [httpx, httpx2], ids=ENGINES)
async def test_a_client_of_the_users_is_told_the_same(
    office: Office, eavesdropper: Eavesdropper, library: ModuleType
) -> None:
    async with emulate() as emulator:
        theirs = library.AsyncClient(
            proxy=office.guard.url("jo:canary@"), verify=emulator.ssl_context()
        )
        async with theirs:
            sender = HttpxSender(theirs)
            async with (
                aclosing(sender),
                client_by(sender, emulator.instance_url) as client,
            ):
                error = await refusal_of(client)
                look_at(eavesdropper, error, *error.attempts)
    assert error.code is ErrorCode.PROXY
    assert "user:password@" in str(error)
    assert "canary" not in f"{error} {vars(error)}"
