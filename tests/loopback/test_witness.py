from __future__ import annotations

import logging

import pytest

from gitlab_completions.errors import RouteTimeoutError
from gitlab_completions.events import DetailsRefreshed
from gitlab_completions.models import Route
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


def fail(told: bool) -> None:
    secret = [str(JWT)]
    if told:
        raise RouteTimeoutError(secret[0], route=Route.DIRECT)
    raise LookupError(len(secret))


@pytest.mark.parametrize("told", [True, False])
def test_a_secret_in_a_frame_or_in_a_pickle_is_a_leak(told: bool) -> None:
    fresh = Witness()
    with pytest.raises((LookupError, RouteTimeoutError)) as caught:
        fail(told)
    fresh.look_at(caught.value.with_traceback(None))
    assert bool(fresh.leaks) is told
    with pytest.raises((LookupError, RouteTimeoutError)) as again:
        fail(told)
    before = len(fresh.leaks)
    fresh.look_at(again.value)
    assert any("secret = " in leak for leak in fresh.leaks[before:])


def test_a_secret_in_an_event_is_a_leak() -> None:
    fresh = Witness()
    fresh.note(DetailsRefreshed(project_path=JWT, lifetime_s=1.0, dropped_headers=0))
    assert len(fresh.leaks) >= 2


def test_harmless_words_are_no_leak() -> None:
    fresh = Witness()
    fresh.look_at({"route": "direct"})
    fresh.handle(logging.LogRecord("x", logging.INFO, "", 0, "sent", (), None))
    assert fresh.leaks == []
