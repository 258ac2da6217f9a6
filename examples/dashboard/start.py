"""Starts all that is to be had: metrics, a Prometheus that asks for them, a Grafana.

    python -m examples.dashboard.start

The metrics are those of examples/watch_metrics.py: an emulator's, or with GITLAB_URL
and GITLAB_TOKEN set those of that GitLab. Prometheus and Grafana are started where
they are installed, on loopback, with their data in a folder that is gone afterwards;
what is missing is said. Ctrl-C ends all of it, and so does the terminal's end.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import threading
from contextlib import ExitStack, contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Final

from examples.dashboard.panels import DASHBOARD
from examples.dashboard.prometheus import program, serving

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ("main",)

HERE: Final = DASHBOARD.parent
METRICS: Final = "examples.watch_metrics"
NEEDED: Final = "'.[emulator,otel]' opentelemetry-exporter-prometheus"
IN_CONFIG: Final = "127.0.0.1:9464"
"""Where prometheus.yml has the metrics."""
GRAFANA_HOMES: Final = ("/usr/share/grafana", "/opt/homebrew/opt/grafana/share/grafana")
"""Where its packages put what it shows; elsewhere it is started in its own folder."""


@contextmanager
def running(
    *command: str,
    environment: Mapping[str, str] | None = None,
    stdout: int = subprocess.DEVNULL,
) -> Iterator[subprocess.Popen[str]]:
    """Run a program until the context ends."""
    with subprocess.Popen(
        command,
        env=os.environ | dict(environment or {}),
        stdout=stdout,
        text=True,
        start_new_session=True,  # Ctrl-C is for us, who tell it
    ) as started:
        try:
            yield started
        finally:
            started.send_signal(signal.SIGINT)
            started.communicate()


@contextmanager
def metrics(port: int) -> Iterator[str]:
    """Serve metrics; gives where, as host and port.

    Raises:
        SystemExit: If a package is missing, or it does not start and has said why.
    """
    try:
        import_module(METRICS)
    except ModuleNotFoundError as error:
        needed = f"metrics need {error.name}: pip install {NEEDED}"
        raise SystemExit(needed) from None
    command = (sys.executable, "-m", METRICS, "--port", str(port))
    with running(*command, stdout=subprocess.PIPE) as started:
        said = started.stdout.readline() if started.stdout else ""
        if "http://" not in said:
            raise SystemExit(1)
        print(said.strip())
        yield said.split("//")[1].split("/")[0]


def grafana_environment(folder: Path, port: int, prometheus_url: str) -> dict[str, str]:
    """Return how a Grafana is told of its dashboard, to be seen by whoever is here.

    Args:
        folder: Where it may keep what it wants to.
        port: Where it listens.
        prometheus_url: Whom it asks.
    """
    return {
        "PROMETHEUS_URL": prometheus_url,
        "DASHBOARD_FOLDER": str(HERE),
        "GF_PATHS_DATA": str(folder),
        "GF_PATHS_LOGS": str(folder),
        "GF_PATHS_PROVISIONING": str(HERE / "provisioning"),
        "GF_SERVER_HTTP_ADDR": "127.0.0.1",
        "GF_SERVER_HTTP_PORT": str(port),
        "GF_AUTH_ANONYMOUS_ENABLED": "true",
        "GF_AUTH_ANONYMOUS_ORG_ROLE": "Editor",
        "GF_ANALYTICS_REPORTING_ENABLED": "false",
        "GF_ANALYTICS_CHECK_FOR_UPDATES": "false",
        "GF_LOG_MODE": "file",
    }


def grafana_command() -> list[str] | None:
    """Return how it is started; `None` where it is not installed."""
    home = next((one for one in GRAFANA_HOMES if Path(one).exists()), None)
    options = [] if home is None else ["--homepath", home]
    if program("grafana"):
        return ["grafana", "server", *options]
    return ["grafana-server", *options] if program("grafana-server") else None


def start(wish: argparse.Namespace, stack: ExitStack) -> None:
    """Start one after the other, and say what there is and what is not."""
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    target = stack.enter_context(metrics(wish.metrics_port))
    if not program("prometheus"):
        print(
            "no Prometheus: apt install prometheus, or https://prometheus.io/download"
        )
        return
    config = folder / "prometheus.yml"
    text = (HERE / "prometheus.yml").read_text("utf-8")
    config.write_text(text.replace(IN_CONFIG, target), "utf-8")
    prometheus = stack.enter_context(
        serving(folder / "data", config, port=wish.prometheus_port)
    )
    print(f"Prometheus: {prometheus.url}", flush=True)
    command = grafana_command()
    if command is None:
        print("no Grafana: https://grafana.com/grafana/download; matplotlib draws it:")
        print(f"  python -m examples.dashboard.draw --url {prometheus.url} --minutes 5")
        return
    environment = grafana_environment(
        folder / "grafana", wish.grafana_port, prometheus.url
    )
    stack.enter_context(running(*command, environment=environment))
    print(f"Grafana: http://127.0.0.1:{wish.grafana_port}/d/gitlab-completions")


def main() -> None:
    """Start everything, and end it with Ctrl-C."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--metrics-port", type=int, default=9464)
    parser.add_argument("--prometheus-port", type=int, default=9090)
    parser.add_argument("--grafana-port", type=int, default=3000)
    wish = parser.parse_args()
    for ends in (signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)):
        signal.signal(ends, signal.default_int_handler)
    with ExitStack() as stack, suppress(KeyboardInterrupt):
        try:
            start(wish, stack)
        except OSError as error:  # such as a port that is taken
            raise SystemExit(str(error)) from None
        print("Ctrl-C ends it all.", flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
