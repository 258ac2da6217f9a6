"""An issuer is read from any certificate, and from anything else: nobody's name."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from hypothesis import given, strategies as st

from gitlab_completions._transport.certificates import MOST_CHARACTERS, issuer_of

LABEL = NameOID.COMMON_NAME
ORGANISATION = NameOID.ORGANIZATION_NAME


def issued_by(**names: str) -> bytes:
    """Return a certificate whose issuer is called so."""
    kinds = {"name": LABEL, "organisation": ORGANISATION}
    issuer = x509.Name(
        [x509.NameAttribute(kinds[kind], name) for kind, name in names.items()]
    )
    key = ec.generate_private_key(ec.SECP256R1())
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([]))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2027, 1, 1, tzinfo=UTC))
        .sign(key, SHA256())
        .public_bytes(Encoding.DER)
    )


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        ({"name": "Corp Root", "organisation": "Corp"}, "Corp Root"),
        ({"name": "R11", "organisation": "Let's Encrypt"}, "R11 (Let's Encrypt)"),
        ({"name": "Gateway CA"}, "Gateway CA"),
        ({"organisation": "Größe & Co"}, "Größe & Co"),
        ({}, ""),
    ],
)
def test_an_issuer_has_a_name_and_an_organisation(
    names: dict[str, str], shown: str
) -> None:
    assert issuer_of(issued_by(**names)) == shown


def test_a_name_steers_no_terminal() -> None:
    assert issuer_of(issued_by(name="a\x1b[31m\nb\u202ec")) == "a[31mbc"


def test_a_name_of_any_length_is_cut() -> None:
    certificate = issued_by(organisation="x" * MOST_CHARACTERS)
    longer = certificate.replace(b"x" * MOST_CHARACTERS, b"y" * MOST_CHARACTERS)
    assert issuer_of(longer) == "y" * MOST_CHARACTERS


def test_real_ones_are_read() -> None:
    authority = trustme.CA(organization_name="trustme", organization_unit_name="t")
    leaf = authority.issue_cert("localhost").cert_chain_pems[0].bytes().decode()
    assert issuer_of(ssl.PEM_cert_to_DER_cert(leaf)) == "trustme"


def test_a_name_may_be_in_another_encoding() -> None:
    was = issued_by(name="abcd")
    place = was.index(b"\x0c\x04abcd")
    text = "ab".encode("utf-16-be")
    assert issuer_of(was[:place] + b"\x1e\x04" + text + was[place + 6 :]) == "ab"


WHOLE = issued_by(name="Corp Root", organisation="Corp")


@pytest.mark.parametrize("length", range(0, len(WHOLE), 7))
def test_a_piece_of_one_is_nobodys(length: int) -> None:
    assert issuer_of(WHOLE[:length]) == ""


@given(st.binary(max_size=200))
def test_anything_is_read(data: bytes) -> None:
    issuer_of(data)
    issuer_of(b"\x30\x82" + data)
    issuer_of(WHOLE[:40] + data)


def test_what_stands_in_a_names_place_is_none() -> None:
    body = bytes.fromhex("30 0b 30 09 02 01 01 30 00 02 02 01 01")
    assert issuer_of(body) == ""


@pytest.mark.parametrize("fields", ["", "02 01 01", "02 01 01 30 00"])
def test_one_that_ends_before_its_issuer_is_nobodys(fields: str) -> None:
    signed = bytes.fromhex(fields)
    body = b"\x30" + bytes([len(signed)]) + signed
    assert issuer_of(b"\x30" + bytes([len(body)]) + body) == ""


def test_a_length_of_lengths_is_none() -> None:
    assert issuer_of(b"\x30\x85\x01\x01\x01\x01\x01") == ""
    assert issuer_of(b"\x30\x80") == ""
