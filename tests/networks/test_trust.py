"""Private authorities, client certificates, inspected TLS: trusted, or told why not."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

import pytest
import trustme

from gitlab_completions import ErrorCode, HttpxSender, Route
from tests.loopback.scene import emulate
from tests.networks.doorman import Doorman
from tests.networks.scene import assert_works, bundle, certificate, instance_told, told

if TYPE_CHECKING:
    from pathlib import Path

    from gitlab_completions.emulator import Emulator
    from tests.networks.scene import Eavesdropper, Office, Told

HOSTS = ("127.0.0.1", "localhost")
A_DAY = timedelta(days=1)
WAYS = pytest.mark.parametrize("way", ["straight", "by proxy"])


def proxy_for(office: Office, way: str) -> dict[Route, str | None]:
    """Name no proxy, or the one that relays."""
    url = office.relay.url() if way == "by proxy" else None
    return dict.fromkeys(Route, url)


def context_of(emulator: Emulator) -> ssl.SSLContext:
    context = emulator.server_context
    assert context is not None
    return context


async def told_by_flawed(
    url: str,
    eavesdropper: Eavesdropper,
    proxy: dict[Route, str | None],
    trusted: Path,
    cert: Path | None = None,
) -> Told:
    """Have a flawed host be the gateway of a sound instance, then the instance."""
    async with emulate() as sound:
        sound._started.instance.gateway_url = url
        together = bundle(trusted.parent, trusted, sound.ca_pem)
        urls = {Route.DIRECT: sound.instance_url, Route.INDIRECT: url}
        make = partial(HttpxSender, proxy=proxy, verify=together, cert=cert)
        return await told(lambda _: make(), urls.__getitem__, eavesdropper)


@WAYS
@pytest.mark.parametrize("by", ["verify", "SSL_CERT_FILE"])
async def test_a_private_authority_is_trusted_on_both_routes(
    office: Office, way: str, by: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = proxy_for(office, way)
    async with emulate() as emulator:
        if by == "verify":
            sender = HttpxSender(proxy=proxy, verify=emulator.ca_pem)
        else:
            monkeypatch.setenv("SSL_CERT_FILE", str(emulator.ca_pem))
            sender = HttpxSender(proxy=proxy)
        await assert_works(sender, emulator)


@WAYS
async def test_a_private_authority_that_is_not_named(
    office: Office, eavesdropper: Eavesdropper, tmp_path: Path, way: str
) -> None:
    async with emulate() as flawed:
        other = tmp_path / "other.pem"
        trustme.CA().cert_pem.write_to_path(str(other))
        proxy = proxy_for(office, way)
        answers = await told_by_flawed(flawed.gateway_url, eavesdropper, proxy, other)
    answers.assert_all(
        ErrorCode.TLS_UNTRUSTED,
        "its certificate is not trusted",
        "HttpxSender(verify=",
        "SSL_CERT_FILE",
        "company's proxy",
    )


@WAYS
@pytest.mark.parametrize(
    ("flaw", "message", "setting"),
    [
        ("expired", "its certificate has expired", "renew"),
        ("early", "its certificate is not valid yet", "clock"),
        ("another host", "the certificate is for another host", "URL"),
        ("self-signed", "its certificate is self-signed", "HttpxSender(verify="),
    ],
)
async def test_a_flawed_certificate_is_told_by_its_flaw(
    office: Office,
    eavesdropper: Eavesdropper,
    tmp_path: Path,
    *,
    way: str,
    flaw: str,
    message: str,
    setting: str,
) -> None:
    authority, now = trustme.CA(), datetime.now(UTC)
    leaf = authority.issue_cert(
        *(("gitlab.example",) if flaw == "another host" else HOSTS),
        not_before=now + A_DAY if flaw == "early" else now - 2 * A_DAY,
        not_after=now - A_DAY if flaw == "expired" else now + 2 * A_DAY,
    )
    chain, trusted = certificate(authority, tmp_path, leaf)
    async with emulate() as flawed:
        context = context_of(flawed)
        if flaw == "self-signed":
            stranger = trustme.CA()
            chain.write_bytes(
                stranger.private_key_pem.bytes() + stranger.cert_pem.bytes()
            )
        context.load_cert_chain(chain)
        proxy = proxy_for(office, way)
        answers = await told_by_flawed(flawed.gateway_url, eavesdropper, proxy, trusted)
    answers.assert_all(ErrorCode.TLS_UNTRUSTED, message, setting)


@WAYS
async def test_a_client_certificate_opens_both_routes(
    office: Office, tmp_path: Path, way: str
) -> None:
    authority = trustme.CA()
    cert, trusted = certificate(
        authority, tmp_path, authority.issue_cert("jo@corp.example")
    )
    async with emulate() as emulator:
        context = context_of(emulator)
        context.load_verify_locations(trusted)
        context.verify_mode = ssl.CERT_REQUIRED
        proxy = proxy_for(office, way)
        sender = HttpxSender(proxy=proxy, verify=emulator.ca_pem, cert=cert)
        await assert_works(sender, emulator)


V2, V3 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3


# Not TLS 1.3 by proxy: its alert comes after the handshake, while we write, and a proxy
# that hangs up first turns it into a broken connection.
@pytest.mark.parametrize(
    ("way", "version"), [("straight", V2), ("by proxy", V2), ("straight", V3)]
)
@pytest.mark.parametrize("shown", ["none", "a stranger's"])
async def test_a_client_certificate_that_is_missing_or_refused(
    office: Office,
    eavesdropper: Eavesdropper,
    tmp_path: Path,
    *,
    way: str,
    shown: str,
    version: ssl.TLSVersion,
) -> None:
    authority, stranger = trustme.CA(), trustme.CA()
    cert, trusted = certificate(
        authority, tmp_path, stranger.issue_cert("jo@corp.example")
    )
    with Doorman(trusted, version) as doorman:
        answers = await told_by_flawed(
            doorman.url,
            eavesdropper,
            proxy_for(office, way),
            doorman.ca_pem,
            cert if shown != "none" else None,
        )
    answers.assert_all(
        ErrorCode.CONFIGURATION, "it wants a client certificate", "HttpxSender(cert="
    )


async def test_inspected_tls_is_spoken_when_its_authority_is_trusted(
    office: Office, tmp_path: Path
) -> None:
    async with emulate() as emulator:
        url, trusted = office.inspector.url(), office.inspector.ca_pem
        sender = HttpxSender(proxy=url, verify=trusted)
        await assert_works(sender, emulator, calls=3)
        seen = await office.inspector.requests()
        assert seen.count("/v2/completions") == 3  # it really was opened
        assert len(await office.inspector.tunnels()) == 2


async def test_inspected_tls_that_is_not_trusted_has_a_hint(
    office: Office, eavesdropper: Eavesdropper
) -> None:
    async with emulate() as emulator:

        def make(route: Route) -> HttpxSender:
            proxy = {**dict.fromkeys(Route), route: office.inspector.url()}
            return HttpxSender(proxy=proxy, verify=emulator.ca_pem)

        answers = await told(make, lambda _route: emulator.instance_url, eavesdropper)
        answers.assert_all(
            ErrorCode.TLS_UNTRUSTED,
            "its certificate is not trusted",
            "HttpxSender(verify=",
            "company's proxy opens TLS",
        )
        assert "mitmproxy" not in f"{[str(error) for error in answers.all()]}"


@pytest.mark.parametrize("content", [None, "no certificate"])
async def test_an_authority_file_that_holds_none(
    eavesdropper: Eavesdropper,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    content: str | None,
) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_text(content)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    async with emulate() as emulator:
        error, refused = await instance_told(
            HttpxSender(), emulator.instance_url, eavesdropper
        )
    for one in (error, refused):
        assert one.code is ErrorCode.CONFIGURATION
        assert "a certificate file is missing or holds none" in one.message
        assert "SSL_CERT_FILE" in (one.remedy or "")
