from __future__ import annotations

import logging

import pytest

from tests.loopback.scene import ACCESS_TOKEN, SOURCE
from tests.loopback.witness import Witness

JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"


@pytest.mark.parametrize("secret", [ACCESS_TOKEN, SOURCE, JWT, JWT.split(".")[1]])
@pytest.mark.parametrize("level", [logging.DEBUG, logging.ERROR])
def test_a_secret_in_a_log_record_is_a_leak(secret: str, level: int) -> None:
    fresh = Witness()
    record = logging.LogRecord("x.y", level, "", 0, "said %s", (secret,), None)
    fresh.handle(record)
    assert len(fresh.leaks) == 2  # in the message, and in the arguments
    assert fresh.heard == {"x.y"}


def test_a_secret_in_the_cause_of_an_error_is_a_leak() -> None:
    fresh = Witness()
    error = ValueError("harmless")
    error.__cause__ = RuntimeError(JWT)
    fresh.look_at(error)
    assert fresh.leaks


def test_harmless_words_are_no_leak() -> None:
    fresh = Witness()
    fresh.look_at({"route": "direct"})
    fresh.handle(logging.LogRecord("x", logging.INFO, "", 0, "sent", (), None))
    assert fresh.leaks == []
