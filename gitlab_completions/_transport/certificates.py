"""Who issued a certificate, read from its bytes.

Python tells it only of certificates that it trusts, and who issued the others is what a
person needs to know. So the issuer is looked for here, in as much of X.509 (RFC 5280,
section 4.1) and of its encoding (DER, X.690) as stands before it. Bytes and words are
those of whoever answered: nothing of it is believed, and what is not as it should be is
nobody's name.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_CHARACTERS = 64
"""Of each part of a name, as X.509 allows it (RFC 5280, appendix A)."""
_SEQUENCE = 0x30
_VERSION = 0xA0
_COMMON_NAME = bytes.fromhex("550403")
_ORGANISATION = bytes.fromhex("55040a")
_BMP_STRING = 0x1E
_LONG = 0x80
_MOST_LENGTH_BYTES = 3


def issuer_of(certificate: bytes) -> str:
    """Return an issuer's name and organisation; empty when they cannot be read."""
    try:
        parts = dict(_names(_issuer(certificate)))
    except (ValueError, IndexError):
        return ""
    name, organisation = parts.get(_COMMON_NAME, ""), parts.get(_ORGANISATION, "")
    if not name or not organisation or organisation in name:
        return name or organisation
    return f"{name} ({organisation})"


def _issuer(certificate: bytes) -> bytes:
    """Return the issuer's relative names: version, number and algorithm are before."""
    (_, whole), *_ = _elements(certificate)
    (_, signed), *_ = _elements(whole)
    fields = list(islice(_elements(signed), 4))
    has_version = fields[0][0] == _VERSION
    kind, issuer = fields[3 if has_version else 2]
    if kind != _SEQUENCE:
        raise ValueError("no name")
    return issuer


def _names(issuer: bytes) -> Iterator[tuple[bytes, str]]:
    for _, names in _elements(issuer):
        for _, pair in _elements(names):
            (_, key), (kind, value), *_ = _elements(pair)
            encoding = "utf-16-be" if kind == _BMP_STRING else "utf-8"
            yield key, _shown(value.decode(encoding, "replace"))


def _shown(text: str) -> str:
    """Return words that a terminal may be shown."""
    return "".join(mark for mark in text[:MOST_CHARACTERS] if mark.isprintable())


def _elements(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Give the elements of an encoding: each one's kind, and what it holds."""
    at = 0
    while at < len(data):
        kind, length = data[at], data[at + 1]
        at += 2
        if length >= _LONG:
            count = length - _LONG
            if count not in range(1, _MOST_LENGTH_BYTES + 1):
                raise ValueError("no length")
            length = int.from_bytes(data[at : at + count])
            at += count
        if at + length > len(data):
            raise ValueError("cut short")
        yield kind, data[at : at + length]
        at += length
