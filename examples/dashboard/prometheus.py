"""A Prometheus of one's own for a while, and what it answers.

The program is Debian's `prometheus`, which comes with `promtool`, or that of
https://prometheus.io/download. It listens on loopback alone.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections import deque
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Thread
from typing import TYPE_CHECKING, TypeAlias, cast

import httpx

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

__all__ = (
    "Exemplar",
    "Prometheus",
    "Series",
    "address",
    "keep",
    "program",
    "serving",
)

_LISTENS = re.compile(r'msg="Listening on" address=(\S+)')
_READY = "Server is ready"
_LAST_LINES = 3
"""Of what it says, those that tell why it has given up."""

_Result: TypeAlias = "list[dict[str, object]]"


@dataclass(frozen=True, slots=True)
class Series:
    """Values over time; the times in Unix seconds."""

    labels: Mapping[str, str]
    times: tuple[float, ...]
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Exemplar:
    """One measured call, and its trace; the time in Unix seconds."""

    labels: Mapping[str, str]
    trace_id: str
    time: float
    value: float


class Prometheus:
    """Asks a Prometheus.

    Args:
        url: Where it is.
    """

    def __init__(self, url: str) -> None:
        self.url: str = url
        self._http = httpx.Client(base_url=url, trust_env=False)

    def ask(self, query: str, at: float) -> list[Series]:
        """Return what a query comes to at a time.

        Raises:
            ValueError: If Prometheus does not understand it.
        """
        document = self._get("query", query=query, time=at)
        result = cast("_Result", cast("dict[str, object]", document)["result"])
        return [_series(one, [cast("list[object]", one["value"])]) for one in result]

    def ask_range(
        self, query: str, start: float, end: float, step_s: float
    ) -> list[Series]:
        """Return what a query comes to over time.

        Raises:
            ValueError: If Prometheus does not understand it.
        """
        document = self._get(
            "query_range", query=query, start=start, end=end, step=step_s
        )
        result = cast("_Result", cast("dict[str, object]", document)["result"])
        return [
            _series(one, cast("list[list[object]]", one["values"])) for one in result
        ]

    def exemplars(self, query: str, start: float, end: float) -> list[Exemplar]:
        """Return the single calls that a query's series have kept.

        Raises:
            ValueError: If Prometheus does not understand the query.
        """
        document = self._get("query_exemplars", query=query, start=start, end=end)
        return [
            Exemplar(
                labels=cast("dict[str, str]", one["seriesLabels"]),
                trace_id=str(cast("dict[str, str]", kept["labels"])["trace_id"]),
                time=float(str(kept["timestamp"])),
                value=float(str(kept["value"])),
            )
            for one in cast("_Result", document)
            for kept in cast("_Result", one["exemplars"])
        ]

    def version(self) -> str:
        """Return its version."""
        document = cast("dict[str, object]", self._get("status/buildinfo"))
        return str(document["version"])

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def _get(self, what: str, **parameters: str | float) -> object:
        answer = self._http.get(f"/api/v1/{what}", params=parameters).json()
        if answer["status"] != "success":
            raise ValueError(f"{answer['error']}: {parameters.get('query')}")
        return answer["data"]


def program(name: str = "prometheus") -> str | None:
    """Return where a program is; `None` when it is not installed."""
    return shutil.which(name)


def keep(metrics: Path, data: Path) -> None:
    """Put metrics with times into a folder that a Prometheus then serves.

    Args:
        metrics: OpenMetrics text, every sample with its time.
        data: The folder.

    Raises:
        FileNotFoundError: If `promtool` is not installed.
        subprocess.CalledProcessError: If it does not understand the text.
    """
    command = ("promtool", "tsdb", "create-blocks-from", "openmetrics", "--quiet")
    subprocess.run([*command, metrics, data], check=True, capture_output=True)


@contextmanager
def serving(data: Path, config: Path, *, port: int = 0) -> Iterator[Prometheus]:
    """Run a Prometheus until the context ends.

    Args:
        data: The folder of its data.
        config: Its prometheus.yml.
        port: Where on 127.0.0.1 it listens; 0 for any free port.

    Raises:
        FileNotFoundError: If it is not installed.
        OSError: If it does not start; with what it said last.
    """
    command = [
        "prometheus",
        f"--config.file={config}",
        f"--storage.tsdb.path={data}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--enable-feature=exemplar-storage",
    ]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as running:
        try:
            asked = Prometheus(f"http://{address(running.stderr or ())}")
            # It goes on telling, and would wait for one who listens.
            Thread(target=deque, args=(running.stderr, 0), daemon=True).start()
            yield asked
            asked.close()
        finally:
            running.terminate()
            running.wait()


def address(told: Iterable[str]) -> str:
    """Return where it listens, once it is ready; it may tell either first.

    Raises:
        OSError: If it ends before; with what it said last.
    """
    where, is_ready = "", False
    said: deque[str] = deque(maxlen=_LAST_LINES)
    for line in told:
        said.append(line)
        if found := _LISTENS.search(line):
            where = found[1]
        is_ready = is_ready or _READY in line
        if where and is_ready:
            return where
    raise OSError(f"prometheus has not started: {''.join(said).strip()}")


def _series(one: dict[str, object], pairs: list[list[object]]) -> Series:
    times, values = zip(*pairs, strict=True)
    return Series(
        labels=cast("dict[str, str]", one["metric"]),
        times=tuple(float(str(time)) for time in times),
        values=tuple(float(str(value)) for value in values),
    )
