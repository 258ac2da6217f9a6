"""What is left to chance keeps to its range."""

from __future__ import annotations

import re

from gitlab_completions._shell.chance import jitter, new_request_id


def test_request_ids_are_32_hexadecimal_digits_and_differ() -> None:
    ids = {new_request_id() for _ in range(100)}
    assert len(ids) == 100
    assert all(re.fullmatch("[0-9a-f]{32}", each) for each in ids)


def test_jitter_is_from_0_up_to_1() -> None:
    drawn = [jitter() for _ in range(1000)]
    assert 0 <= min(drawn) < 0.1
    assert 0.9 < max(drawn) < 1
