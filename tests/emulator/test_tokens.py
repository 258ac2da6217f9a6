"""Tokens are signed and checked as the gateway does, to the second."""

from __future__ import annotations

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from gitlab_completions.emulator.keys import new_signing_key
from gitlab_completions.emulator.tokens import (
    AUDIENCE,
    Hs256Authority,
    Rs256Authority,
    TokenAuthority,
    TokenRefusedError,
    tampered,
)

EXP = 1_800_000_000
CLAIMS = {"aud": AUDIENCE, "exp": EXP, "nbf": EXP - 3600, "sub": "u"}


@pytest.fixture(params=[Rs256Authority, Hs256Authority])
def authority(request: pytest.FixtureRequest) -> TokenAuthority:
    made: TokenAuthority = request.param()
    return made


def good(authority: TokenAuthority, token: str, now_unix: float) -> bool:
    try:
        authority.verify(token, audience=AUDIENCE, now_unix=now_unix)
    except TokenRefusedError:
        return False
    return True


@pytest.mark.parametrize(
    ("now_unix", "expected"),
    [
        (EXP - 3600.1, False),
        (EXP - 3600.0, True),
        (EXP + 0.0, True),
        (EXP + 0.59, True),
        (EXP + 1.13, False),
    ],
)
def test_a_token_is_good_to_the_end_of_its_last_second(
    authority: TokenAuthority, now_unix: float, *, expected: bool
) -> None:
    assert good(authority, authority.mint(CLAIMS), now_unix) is expected


def test_claims_come_back(authority: TokenAuthority) -> None:
    token = authority.mint(CLAIMS)
    assert authority.verify(token, audience=AUDIENCE, now_unix=EXP) == CLAIMS


@pytest.mark.parametrize(
    "claims",
    [
        {**CLAIMS, "aud": "other"},
        {**CLAIMS, "exp": "soon"},
        {"aud": AUDIENCE},
        {"exp": EXP},
    ],
)
def test_other_claims_are_refused(
    authority: TokenAuthority, claims: dict[str, object]
) -> None:
    assert not good(authority, authority.mint(claims), EXP)


def test_changed_and_foreign_tokens_are_refused(authority: TokenAuthority) -> None:
    token = authority.mint(CLAIMS)
    foreign = Hs256Authority(b"x" * 32).mint(CLAIMS)
    assert not good(authority, tampered(token), EXP)
    assert not good(authority, tampered(tampered(token)) + "x", EXP)
    assert not good(authority, foreign, EXP)
    assert not good(authority, "garbage", EXP)
    assert not good(authority, "", EXP)


def test_the_header_has_no_key_id() -> None:
    header = jwt.get_unverified_header(Rs256Authority().mint(CLAIMS))
    assert header == {"alg": "RS256", "typ": "JWT"}


def test_a_secret_can_be_shared() -> None:
    secret = b"s" * 32
    assert good(Hs256Authority(secret), Hs256Authority(secret).mint(CLAIMS), EXP)


def test_authorities_with_the_same_key_check_what_the_other_signed() -> None:
    pem = new_signing_key()
    token = Rs256Authority(pem).mint(CLAIMS)
    assert good(Rs256Authority(pem), token, EXP)
    assert not good(Rs256Authority(), token, EXP)


def test_a_key_of_another_kind_is_refused() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with pytest.raises(ValueError, match="RSA"):
        Rs256Authority(pem)
