"""The system's authorities, those the environment names, and those a user adds."""

from __future__ import annotations

import os
import ssl
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import certifi
import pytest
import trustme

from gitlab_completions._transport.trust import check_cert, check_verify, make_context
from gitlab_completions.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture(scope="module")
def ca() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def ca_file(ca: trustme.CA, tmp_path: Path) -> Path:
    path = tmp_path / "ca.pem"
    ca.cert_pem.write_to_path(path)
    return path


@pytest.fixture
def system(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Let OpenSSL look for its file and directory elsewhere."""

    def place(file: str, directory: str) -> None:
        paths = SimpleNamespace(openssl_cafile=file, openssl_capath=directory)
        monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: paths)
        monkeypatch.setattr("gitlab_completions._transport.trust._KNOWN_FILES", ())

    return place


def hashed(ca_file: Path, directory: Path) -> Path:
    """Make a directory as `c_rehash` does."""
    directory.mkdir()
    result = subprocess.run(
        ["openssl", "x509", "-hash", "-noout", "-in", str(ca_file)],
        capture_output=True,
        check=True,
        text=True,
    )
    (directory / f"{result.stdout.strip()}.0").write_bytes(ca_file.read_bytes())
    return directory


def trusts(context: ssl.SSLContext, ca: trustme.CA) -> bool:
    """Perform a handshake in memory."""
    server_context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("gateway.example").configure_cert(server_context)
    to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = context.wrap_bio(to_client, to_server, server_hostname="gateway.example")
    server = server_context.wrap_bio(to_server, to_client, server_side=True)
    for side in (client, server, client, server):
        try:
            side.do_handshake()
        except ssl.SSLWantReadError:
            continue
        except ssl.SSLCertVerificationError:
            return False
    return True


def test_a_hashed_directory_is_read_when_it_is_needed(
    ca: trustme.CA, ca_file: Path, tmp_path: Path, system: Callable[[str, str], None]
) -> None:
    system(certifi.where(), str(hashed(ca_file, tmp_path / "certs")))
    context = make_context(None, None, trust_env=True)
    assert context.cert_store_stats()["x509_ca"] == 0
    assert trusts(context, ca)
    assert context.check_hostname
    assert context.verify_mode is ssl.CERT_REQUIRED


def test_the_systems_file_serves_where_nothing_is_hashed(
    ca: trustme.CA, ca_file: Path, tmp_path: Path, system: Callable[[str, str], None]
) -> None:
    system(str(ca_file), str(tmp_path / "missing"))
    assert trusts(make_context(None, None, trust_env=True), ca)


def test_httpx_brings_a_bundle_where_the_system_has_none(
    tmp_path: Path, system: Callable[[str, str], None]
) -> None:
    system(str(tmp_path / "missing"), str(tmp_path))
    context = make_context(None, None, trust_env=True)
    assert context.cert_store_stats()["x509_ca"] > 50


@pytest.mark.parametrize("platform", ["win32", "darwin"])
def test_other_systems_take_pythons_defaults(
    platform: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    with monkeypatch.context() as patched:
        patched.setattr(ssl.SSLContext, "load_default_certs", lambda *_: None)
        context = make_context(None, None, trust_env=True)
    assert context.cert_store_stats()["x509_ca"] > 50


@pytest.mark.parametrize("trusted", [True, False])
def test_the_environment_names_a_file(
    ca: trustme.CA, ca_file: Path, monkeypatch: pytest.MonkeyPatch, trusted: bool
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(ca_file))
    assert trusts(make_context(None, None, trust_env=trusted), ca) is trusted


def test_the_environment_names_a_directory(
    ca: trustme.CA, ca_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_DIR", str(hashed(ca_file, tmp_path / "certs")))
    assert trusts(make_context(None, None, trust_env=True), ca)


def test_a_file_is_added_to_the_systems(
    ca: trustme.CA, ca_file: Path, tmp_path: Path, system: Callable[[str, str], None]
) -> None:
    system(certifi.where(), str(tmp_path / "missing"))
    context = make_context(check_path(ca_file), None, trust_env=True)
    assert trusts(context, ca)
    assert context.cert_store_stats()["x509_ca"] > 50


@pytest.mark.parametrize("rehash", [True, False])
def test_a_directory_is_added_hashed_or_not(
    ca: trustme.CA, ca_file: Path, tmp_path: Path, rehash: bool
) -> None:
    folder = hashed(ca_file, tmp_path / "more") if rehash else ca_file.parent
    assert trusts(make_context(check_path(folder), None, trust_env=True), ca)


def check_path(path: Path) -> Path:
    checked = check_verify(os.fspath(path))
    assert isinstance(checked, Path)
    return checked


def test_a_context_is_taken_as_it_is() -> None:
    context = ssl.create_default_context()
    assert check_verify(context) is context
    assert check_verify(None) is None


@pytest.mark.parametrize("verify", [True, False, 1, b"ca.pem"])
def test_verify_is_no_switch(verify: object) -> None:
    with pytest.raises(ConfigurationError, match=r"a path or an ssl\.SSLContext"):
        check_verify(verify)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"no file .*absent\.pem"):
        check_verify(tmp_path / "absent.pem")
    with pytest.raises(ConfigurationError, match=r"no file|cannot be read"):
        check_verify(tmp_path / ("x" * 5000))  # longer than any system has names


def test_a_file_without_certificates_is_refused(tmp_path: Path) -> None:
    (tmp_path / "ca.der").write_bytes(b"\x30\x82")
    for path in (tmp_path / "ca.der", tmp_path):
        with pytest.raises(ConfigurationError, match="PEM"):
            check_verify(path)


def test_a_client_certificate_is_one_file_or_two(
    ca: trustme.CA, tmp_path: Path
) -> None:
    leaf = ca.issue_cert("author@example.com")
    both, chain, key = (tmp_path / name for name in ("both", "chain", "key"))
    leaf.private_key_and_cert_chain_pem.write_to_path(both)
    leaf.cert_chain_pems[0].write_to_path(chain)
    leaf.private_key_pem.write_to_path(key)
    assert check_cert(str(both), None) == (both, None)
    assert check_cert((chain, str(key)), None) == (chain, key)
    assert check_cert(None, None) is None
    make_context(None, (chain, key), trust_env=False)


def test_a_wrong_client_certificate_is_refused(ca: trustme.CA, ca_file: Path) -> None:
    for cert, right in [
        (ca_file, "could not be loaded"),
        ((ca_file,), "a pair of paths"),
        (ca_file.parent / "absent.pem", "no file"),
        (7, "not int"),
    ]:
        with pytest.raises(ConfigurationError, match=right):
            check_cert(cert, None)
    with pytest.raises(ConfigurationError, match="load it into the SSLContext"):
        check_cert(ca_file, ssl.create_default_context())


def test_a_key_with_a_passphrase_is_refused_and_not_asked_for(
    ca: trustme.CA, tmp_path: Path
) -> None:
    leaf = ca.issue_cert("author@example.com")
    chain, plain, key = (tmp_path / name for name in ("chain", "plain", "key"))
    leaf.cert_chain_pems[0].write_to_path(chain)
    leaf.private_key_pem.write_to_path(plain)
    subprocess.run(
        ["openssl", "pkey", "-aes128", "-passout", "pass:x", "-in", plain, "-out", key],
        check=True,
    )
    with pytest.raises(ConfigurationError, match="no passphrase"):
        check_cert((chain, key), None)
