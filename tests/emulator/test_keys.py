"""Keys are made once, kept for their owner alone, and are the same when read again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlab_completions.emulator.keys import Keys

if TYPE_CHECKING:
    from pathlib import Path


def test_keys_that_are_made_are_the_same_afterwards(tmp_path: Path) -> None:
    Keys(tmp_path).make()
    first, second = Keys(tmp_path), Keys(tmp_path)
    assert first.signing_key() == second.signing_key()
    assert first.authority().cert_pem.bytes() == second.authority().cert_pem.bytes()
    assert first.ca_pem.read_bytes() == first.authority().cert_pem.bytes()


def test_private_keys_are_for_their_owner_alone(tmp_path: Path) -> None:
    Keys(tmp_path).make()
    private = {path.name for path in tmp_path.iterdir()} - {"ca.pem"}
    assert private == {"ca-key.pem", "signing-key.pem"}
    assert all((tmp_path / name).stat().st_mode & 0o777 == 0o600 for name in private)


def test_a_renewed_signing_key_is_another_one(tmp_path: Path) -> None:
    keys = Keys(tmp_path)
    before = keys.signing_key()
    keys.renew_signing_key()
    assert keys.signing_key() != before
