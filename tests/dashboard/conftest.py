"""A short day's metrics, and a real Prometheus that has them."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

ROOT = Path(__file__).parents[2]
# The examples are no part of what is installed, and no test shall import the package
# from the checkout: so not the whole of it is made importable.
EXAMPLES = ModuleType("examples")
EXAMPLES.__path__ = [str(ROOT / "examples")]
sys.modules.setdefault("examples", EXAMPLES)

from examples.dashboard import day, panels, prometheus as own  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator

PLAN = day.Plan(
    authors=4,
    minutes=9,
    steps=((1, 100),),
    refused=(0.5, 1.5),
    incident=(5, 4, 6.5),  # first silent, so that calls are hedged
    breaks=0.06,
)
START = 1_790_000_000.0
END = START + PLAN.minutes * day.MINUTE_S


@pytest.fixture(scope="session")
def short_day() -> str:
    """OpenMetrics text of a day in which all happens soon."""
    return day.play(PLAN, START)


@pytest.fixture(scope="session")
def dashboard() -> panels.Dashboard:
    return panels.read()


@pytest.fixture(scope="session")
def prometheus(
    short_day: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[own.Prometheus]:
    """A Prometheus that knows the short day."""
    need_prometheus()
    folder = tmp_path_factory.mktemp("prometheus")
    text, data = folder / "day.txt", folder / "data"
    text.write_text(short_day, "utf-8")
    own.keep(text, data)
    config = folder / "prometheus.yml"
    config.write_text("{}\n", "utf-8")
    with own.serving(data, config) as serving:
        yield serving


def need_prometheus() -> None:
    if own.program("prometheus") is None or own.program("promtool") is None:
        pytest.skip("prometheus is not installed: apt-get install prometheus")
