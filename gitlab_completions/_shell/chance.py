"""All that is left to chance: the names of requests, and jitter."""

from __future__ import annotations

import os


def new_request_id() -> str:
    """Return 32 random hexadecimal digits, as GitLab's gateway itself makes them.

    A server's log and ours can be laid side by side by them.
    """
    return os.urandom(16).hex()  # `uuid` would import `platform`: 5 ms


def jitter() -> float:
    """Return a number from 0 up to 1, so that clients do not all act at once."""
    return int.from_bytes(os.urandom(6)) / 2**48  # `random` would take 2 ms to import
