"""What a diagnosis must not tell, and what the hosts have seen of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gitlab_completions.diagnosis import Diagnosis
    from gitlab_completions.emulator import Emulator

CANARY = "canary"
"""What is part of each token, each name and the source of these tests."""


def requests_seen(emulator: Emulator) -> int:
    """Return how many requests came to the endpoints, health checks apart."""
    endpoints = (
        emulator.direct_access,
        emulator.gateway,
        emulator.instance,
        emulator.inquiries,
    )
    return sum(len(endpoint.requests) for endpoint in endpoints)


def leaks(diagnosis: Diagnosis) -> list[str]:
    """Return where a diagnosis tells what it must keep to itself."""
    told = {
        "repr": repr(diagnosis),
        "checks": "\n".join(
            f"{one!r} {one.finding} {one.next_step} {dict(one.facts)}"
            for one in diagnosis.checks
        ),
        "bundle": json.dumps(diagnosis.bundle()),
        "bundle with hosts": json.dumps(diagnosis.bundle(host_names=True)),
    }
    found = [name for name, text in told.items() if CANARY in text]
    hosts = ("127.0.0.1", "localhost", "::1")
    found += [f"bundle: {host}" for host in hosts if host in told["bundle"]]
    return found
