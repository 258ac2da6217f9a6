"""One command starts all that is there, and says what is not."""

from __future__ import annotations

import argparse
import os
import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

import gitlab_completions
from examples import watch_metrics
from examples.dashboard import panels, start
from examples.dashboard.prometheus import Prometheus, address
from tests.dashboard.conftest import ROOT, need_prometheus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HOME = Path(gitlab_completions.__file__).parents[1]
MOST_TRIES = 300
PAUSE_S = 0.1
LAST = "Ctrl-C ends it all."


@contextmanager
def started(**environment: str) -> Iterator[str]:
    """Start all on free ports; gives what was said, and ends it as a person does."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("GITLAB_")}
    with subprocess.Popen(
        [
            *(sys.executable, "-W", "error", "-m", "examples.dashboard.start"),
            *("--metrics-port", "0", "--prometheus-port", "0"),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
        env={**clean, "PYTHONPATH": str(HOME), **environment},
        text=True,
    ) as program:
        try:
            assert program.stdout is not None
            said = ""
            while LAST not in said and (line := program.stdout.readline()):
                said += line
            yield said
        finally:
            program.send_signal(signal.SIGINT)
            _, complaints = program.communicate()
    assert (program.returncode, complaints) == (0, "")


@contextmanager
def restored() -> Iterator[None]:
    """Have the signals mean afterwards what they meant before."""
    names = ("SIGTERM", "SIGHUP")
    numbers = [getattr(signal, one) for one in names if hasattr(signal, one)]
    before = [(number, signal.getsignal(number)) for number in numbers]
    try:
        yield
    finally:
        for number, meaning in before:
            signal.signal(number, meaning)


def until(something: Callable[[], bool]) -> None:
    """Wait for what another process will do."""
    for _ in range(MOST_TRIES):
        if something():
            return
        time.sleep(PAUSE_S)
    raise AssertionError("it has not come")


def test_without_prometheus_there_are_metrics_until_it_is_ended(tmp_path: Path) -> None:
    accepted = {"Accept": "application/openmetrics-text; version=1.0.0"}
    with httpx.Client(trust_env=False, headers=accepted) as http:
        with started(PATH=os.fspath(tmp_path)) as said:
            assert "no Prometheus: apt install prometheus" in said
            found = re.search(r"metrics: (\S+)", said)
            assert found is not None
            until(lambda: "# {" in http.get(found[1]).text)  # an exemplar
        with pytest.raises(httpx.ConnectError):  # nothing of it is left
            http.get(found[1])


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_it_ends_all_with_the_terminal_too(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = getattr(signal, name, None)
    if number is None:
        pytest.skip("there is no such signal here")
    ended: list[str] = []

    def begin(wish: argparse.Namespace, stack: ExitStack) -> None:
        stack.callback(ended.append, "a program")
        os.kill(os.getpid(), number)

    monkeypatch.setattr(start, "start", begin)
    monkeypatch.setattr(sys, "argv", ["start"])
    with restored():
        start.main()
    assert ended == ["a program"]


def test_a_port_that_is_taken_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with (
            pytest.raises(SystemExit, match=f"port {port}: "),
            watch_metrics.telemetry_on(port),
        ):
            pass


def test_prometheus_asks_for_the_metrics_and_keeps_the_exemplars(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    need_prometheus()
    config = (start.HERE / "prometheus.yml").read_text("utf-8")
    often = config.replace("scrape_interval: 5s", "scrape_interval: 1s")
    (tmp_path / "prometheus.yml").write_text(often, "utf-8")
    monkeypatch.setattr(start, "HERE", tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(HOME))
    monkeypatch.delenv("GITLAB_URL", raising=False)
    monkeypatch.chdir(ROOT)
    wish = argparse.Namespace(metrics_port=0, prometheus_port=0)
    with ExitStack() as stack:
        start.start(wish, stack)
        found = re.search(r"Prometheus: (\S+)", capsys.readouterr().out)
        assert found is not None
        prometheus = Prometheus(found[1])
        now = time.time()
        calls = "gitlab_completions_call_duration_seconds_bucket"
        until(lambda: bool(prometheus.exemplars(calls, now - 60, now + 60)))
        links = prometheus.exemplars(calls, now - 60, now + 60)
        prometheus.close()
    assert all(re.fullmatch(r"[0-9a-f]{32}", one.trace_id) for one in links)
    assert all(0 < one.value < 10 for one in links)


LISTENS = 'level=info component=web msg="Listening on" address=127.0.0.1:9090\n'
READY = 'level=info msg="Server is ready to receive web requests."\n'


@pytest.mark.parametrize("told", [(LISTENS, READY), (READY, LISTENS)])
def test_prometheus_tells_in_either_order_that_it_is_there(told: list[str]) -> None:
    assert address(told) == "127.0.0.1:9090"


def test_a_prometheus_that_ends_at_once_has_said_why() -> None:
    with pytest.raises(OSError, match="address already in use"):
        address([READY, 'level=error err="bind: address already in use"\n'])


def test_grafana_is_told_of_the_dashboard(tmp_path: Path) -> None:
    told = start.grafana_environment(tmp_path, 3000, "http://127.0.0.1:9090")
    asked = {
        name
        for file in (panels.DASHBOARD.parent / "provisioning").rglob("*.yaml")
        for name in re.findall(r": \$(\w+)", file.read_text("utf-8"))
    }
    assert asked == {"PROMETHEUS_URL", "DASHBOARD_FOLDER"} <= told.keys()
    assert told["GF_SERVER_HTTP_ADDR"] == "127.0.0.1"


@pytest.mark.parametrize("name", ["grafana", "grafana-server"])
def test_grafana_is_found_by_either_name(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", os.fspath(tmp_path))
    assert start.grafana_command() is None
    (tmp_path / name).touch(mode=0o755)
    command = start.grafana_command()
    assert command is not None
    assert command[0] == name


def test_a_missing_package_is_told_with_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delitem(sys.modules, start.METRICS, raising=False)
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.prometheus", None)
    needed = r"opentelemetry\.exporter\.prometheus: pip install '\.\[emulator,otel\]'"
    with pytest.raises(SystemExit, match=needed), start.metrics(0):
        pass
