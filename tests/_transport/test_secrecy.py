"""What HTTP cannot carry is found before it is quoted; what tells secrets is hushed."""

from __future__ import annotations

import logging

import pytest

from gitlab_completions._transport.secrecy import can_carry, hush_hpack, hush_socks


@pytest.mark.parametrize("value", ["", "Bearer glpat-1", "a b~!", "x" * 5000])
def test_printable_ascii_can_be_carried(value: str) -> None:
    assert can_carry({"Authorization": value, "X-Other": "1"})


@pytest.mark.parametrize("value", ["a\n", "a\r\nb", "é", "a\0", " a", "a ", "a\tb"])
def test_nothing_else_can(value: str) -> None:
    assert not can_carry({"X-Other": "1", "Authorization": value})


@pytest.mark.parametrize(
    "name", ["", " ", "a b", "a:", ":authority", "a\r\nb", "a\0", "é", "a\ud800", "(a)"]
)
def test_a_name_that_is_no_token_cannot_be_carried(name: str) -> None:
    assert can_carry({"X-Other": "1"})
    assert not can_carry({"X-Other": "1", name: "1"})


def test_no_headers_can_be_carried() -> None:
    assert can_carry({})


@pytest.mark.parametrize("name", ["hpack.hpack", "hpack.table"])
def test_hpack_shows_no_headers(name: str, caplog: pytest.LogCaptureFixture) -> None:
    hush_hpack()
    hush_hpack()
    with caplog.at_level(logging.DEBUG):
        logging.getLogger(name).debug("Adding %s", ("authorization", "canary"))
        logging.getLogger(name).warning("Trouble")
    assert caplog.messages == ["Trouble"]


@pytest.mark.parametrize("name", ["httpcore.socks", "httpcore2.socks"])
def test_no_proxys_password_is_shown(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    hush_socks()
    hush_socks()
    with caplog.at_level(logging.DEBUG):
        logging.getLogger(name).debug("started auth=%r", (b"user", b"canary"))
        logging.getLogger(name).warning("Trouble")
    assert caplog.messages == ["Trouble"]
