from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gitlab_completions.report import Summary, summarize
from tests.report.logs import rollout, write

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def summary(tmp_path_factory: pytest.TempPathFactory) -> Summary:
    """A roll-out of 1000 calls."""
    path: Path = tmp_path_factory.mktemp("report") / "events.jsonl"
    return summarize([write(path, rollout(1000))])
