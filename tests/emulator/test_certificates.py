"""Certificates are made for loopback and removed again."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

from gitlab_completions.emulator.certificates import Certificates
from gitlab_completions.emulator.keys import Keys

if TYPE_CHECKING:
    from pathlib import Path


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


def test_a_kept_authority_issues_for_whoever_starts_again(tmp_path: Path) -> None:
    first = Certificates(Keys(tmp_path))
    first.close()
    second = Certificates(Keys(tmp_path))
    second.close()
    assert first.ca_pem == second.ca_pem
    assert second.ca_pem.is_file()
