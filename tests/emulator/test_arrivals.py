"""What arrived is kept whole, but for what proves who sent it."""

from __future__ import annotations

import pytest

from gitlab_completions.emulator.answers import Request
from gitlab_completions.emulator.arrivals import seen_of

REQUEST = Request(
    method="POST",
    path="/v2/completions",
    headers={"authorization": "Bearer secret", "x-a": "1"},
    body=b'{"a":1}',
)


def test_credentials_are_kept_as_a_digest() -> None:
    seen = seen_of(REQUEST)
    assert seen.headers["x-a"] == "1"
    assert seen.headers["authorization"].startswith("sha256:")
    assert "secret" not in repr(seen)


def test_a_digest_tells_one_token_from_another() -> None:
    def digest(token: str) -> str:
        request = Request(method="GET", path="/", headers={"private-token": token})
        return seen_of(request).headers["private-token"]

    assert digest("one") == digest("one") != digest("two")


def test_a_body_is_told_and_read() -> None:
    seen = seen_of(REQUEST)
    assert (seen.body, seen.body_size) == (b'{"a":1}', 7)
    assert seen.json() == {"a": 1}


def test_a_body_that_is_no_json_is_not_read_as_some() -> None:
    with pytest.raises(ValueError, match="Expecting value"):
        seen_of(Request(method="GET", path="/")).json()
