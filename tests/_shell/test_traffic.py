"""The bytes of an attempt are counted, also of one that ends in its midst."""

from __future__ import annotations

from gitlab_completions._shell.traffic import Traffic


def test_it_begins_with_nothing() -> None:
    traffic = Traffic()
    assert (traffic.sent, traffic.received) == (0, 0)
