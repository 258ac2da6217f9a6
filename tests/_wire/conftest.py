from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple, Protocol

import pytest

SAMPLES = Path(__file__).parent / "samples"


class Sample(NamedTuple):
    status_code: int
    headers: dict[str, str]
    body: bytes


class LoadSample(Protocol):
    def __call__(self, name: str) -> Sample: ...


@pytest.fixture(scope="session")
def sample() -> LoadSample:
    """Load an answer by `endpoint/case`, as GitLab or its gateway gives it."""

    def load(name: str) -> Sample:
        folder = SAMPLES / Path(name).parent
        case = Path(name).name
        (body,) = (
            path
            for path in folder.glob(f"{case}.*.*")
            if not path.name.endswith(".headers.json")
        )
        stem = body.name.rpartition(".")[0]
        headers = json.loads((folder / f"{stem}.headers.json").read_text())
        return Sample(int(stem.rpartition(".")[2]), headers, body.read_bytes())

    return load
