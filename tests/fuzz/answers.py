"""An answer as one run of bytes, so that a fuzzer can change any part of it.

    200
    content-type: application/json

    {"choices": []}

What is found is saved in this form too, and can be read.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

SAMPLES = Path(__file__).parent.parent / "_wire" / "samples"
STATUSES = range(100, 600)


class Answer(NamedTuple):
    """What arrived: status, header pairs, body."""

    status_code: int
    headers: dict[str, str]
    body: bytes


def pack(answer: Answer) -> bytes:
    """Write an answer down."""
    pairs = [f"{name}: {value}\n" for name, value in answer.headers.items()]
    head = f"{answer.status_code}\n{''.join(pairs)}\n"
    return head.encode("latin-1", "replace") + answer.body


def unpack(data: bytes) -> Answer:
    """Read what was written down, and something from any other bytes."""
    head, _, body = data.partition(b"\n\n")
    status, *lines = head.decode("latin-1").split("\n")
    pairs = (line.partition(":") for line in lines)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    return Answer(_status(status), headers, body)


def _status(text: str) -> int:
    digits = text[:3]
    code = int(digits) if digits.isascii() and digits.isdigit() else 200
    return code if code in STATUSES else 200


def recorded(*endpoints: str) -> list[Answer]:
    """Return the recorded answers of some endpoints."""
    return [
        _load(path)
        for endpoint in endpoints
        for path in sorted((SAMPLES / endpoint).glob("*.headers.json"))
    ]


def _load(head: Path) -> Answer:
    stem = head.name.removesuffix(".headers.json")
    (body,) = (path for path in head.parent.glob(f"{stem}.*") if path != head)
    status = int(stem.rpartition(".")[2])
    return Answer(status, json.loads(head.read_text()), body.read_bytes())
