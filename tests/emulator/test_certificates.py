"""Certificates are made for loopback and removed again."""

from __future__ import annotations

import ssl

from gitlab_completions.emulator.certificates import Certificates


def test_the_authority_is_a_file_until_it_is_closed() -> None:
    certificates = Certificates()
    assert certificates.ca_pem.is_file()
    context = certificates.client_context()
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert len(context.get_ca_certs()) == 1
    certificates.close()
    assert not certificates.ca_pem.exists()


def test_the_strangers_certificate_is_another() -> None:
    certificates = Certificates()
    try:
        assert certificates.untrusted_context is not certificates.server_context
    finally:
        certificates.close()
