"""Measure how soon the language server suggests, and what memory it takes by then.

Fresh servers in turn with bare interpreters that wait for input, each spoken to on its
pipes as an editor does: `initialize`, a document, a first suggestion asked for by hand.
Completions come from the benchmarks' server, over TLS. Memory is what the process has
of the system (RSS), which Linux tells.

    python -m tests.benchmarks.lsp_start [--quick] [--rounds N] [--seed N] [--png FILE]
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, NamedTuple, cast

from tests.benchmarks.call_worker import ROOT
from tests.benchmarks.pictures import bars, picture
from tests.benchmarks.rounds import (
    Series,
    Wish,
    interleave,
    machine,
    number_of,
    print_row,
    read_wish,
    say_origin,
)
from tests.benchmarks.server import served

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tests.benchmarks.server import Served

ROUNDS = 11
START_LIMIT_MS = 1000.0
MEMORY_LIMIT_MB = 40.0
SERVER, BARE = "language server", "bare interpreter"
COMMANDS = {
    SERVER: (sys.executable, "-m", "gitlab_completions", "lsp"),
    BARE: (sys.executable, "-c", "input()"),
}
URI, TEXT = "file:///calc.py", "def add(a, b):\n    "


class Taken(NamedTuple):
    """What one process took until its first suggestion."""

    start_ms: float
    cpu_ms: float
    rss_mb: float


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and report."""
    wish = read_wish(__doc__, arguments, rounds=ROUNDS, quick_rounds=1)
    say_origin("ms and MB until the first suggestion", wish, "httpx")
    found = measure(wish)
    report(found)
    if wish.png is not None:
        draw(found, wish)


def measure(wish: Wish) -> dict[str, Series]:
    """Return what the server took, round by round; memory over a bare interpreter's."""
    with served(keep_alive_s=3600.0) as target, compiled() as environment:
        subjects = {
            SERVER: partial(first_suggestion, target, environment),
            BARE: partial(nothing, environment),
        }
        if not wish.quick:
            subjects[SERVER]()  # compiles what is imported, as an installation does
        taken = interleave(subjects, wish)
    server, bare = taken[SERVER], taken[BARE]
    memory = Series.of(one.rss_mb for one in server)
    return {
        "start_ms": Series.of(one.start_ms for one in server),
        "cpu_ms": Series.of(one.cpu_ms for one in server),
        "memory_mb": memory.minus(Series.of(one.rss_mb for one in bare)),
    }


@contextmanager
def compiled() -> Iterator[dict[str, str]]:
    """Give an environment in which modules are compiled once."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name != "PYTHONDONTWRITEBYTECODE"
    }
    with tempfile.TemporaryDirectory() as folder:
        yield {**kept, "PYTHONPYCACHEPREFIX": folder, "PYTHONPATH": str(ROOT)}


def first_suggestion(target: Served, environment: Mapping[str, str]) -> Taken:
    """Start a server and have it suggest something."""
    began = perf_counter()
    with subprocess.Popen(
        COMMANDS[SERVER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=dict(environment),
    ) as process:
        editor = Editor(process)
        editor.ask("initialize", begun(target))
        editor.say("initialized", {})
        named = {"uri": URI, "languageId": "python", "version": 1, "text": TEXT}
        editor.say("textDocument/didOpen", {"textDocument": named})
        suggested = editor.ask("textDocument/inlineCompletion", ASKED)
        ended = perf_counter()
        if not suggested.get("items"):
            raise SystemExit("nothing was suggested: there is nothing to measure")
        taken = Taken((ended - began) * 1000, cpu_ms(process.pid), rss_mb(process.pid))
        editor.ask("shutdown", None)
        editor.say("exit", None)
    return taken


def nothing(environment: Mapping[str, str]) -> Taken:
    """Start an interpreter that waits for input."""
    with subprocess.Popen(
        COMMANDS[BARE], stdin=subprocess.PIPE, env=dict(environment)
    ) as process:
        assert process.stdin is not None
        while Path(f"/proc/{process.pid}/wchan").exists() and not waits(process.pid):
            pass
        taken = Taken(0.0, cpu_ms(process.pid), rss_mb(process.pid))
        process.stdin.write(b"\n")
    return taken


def waits(pid: int) -> bool:
    """Tell whether a process sleeps: then it has done what it had to do."""
    state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2]
    return state.split()[0] == "S"


def begun(target: Served) -> dict[str, object]:
    """Return what an editor begins with."""
    settings = {
        "instanceUrl": target.instance_url,
        "token": "glpat-benchmark",
        "ca": str(target.ca_pem),
        "keyring": False,
    }
    capabilities: dict[str, object] = {"textDocument": {"inlineCompletion": {}}}
    return {"capabilities": capabilities, "initializationOptions": settings}


ASKED: dict[str, object] = {
    "textDocument": {"uri": URI},
    "position": {"line": 1, "character": 4},
    "context": {"triggerKind": 1},
}


class Editor:
    """Speaks to a server on its pipes.

    Args:
        process: The server.
    """

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._to, self._from = process.stdin, process.stdout
        self._asked = 0

    def say(self, method: str, params: object) -> None:
        """Tell it something."""
        self._send({"method": method, "params": params})

    def ask(self, method: str, params: object) -> dict[str, object]:
        """Ask it something; return its result."""
        self._asked += 1
        self._send({"id": self._asked, "method": method, "params": params})
        while True:
            told = self._hear()
            if told.get("id") == self._asked:
                return cast("dict[str, object]", told.get("result") or {})

    def _send(self, message: dict[str, object]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._to.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        self._to.flush()

    def _hear(self) -> dict[str, object]:
        length = int(self._from.readline().partition(b":")[2])
        self._from.readline()
        return cast("dict[str, object]", json.loads(self._from.read(length)))


def rss_mb(pid: int) -> float:
    """Return the megabytes that a process has of the system."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise SystemExit("this system does not tell how much memory a process has")


def cpu_ms(pid: int) -> float:
    """Return the milliseconds of CPU that a process has taken."""
    stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2]
    user, system = stat.split()[11:13]
    return 1000 * (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def report(found: dict[str, Series]) -> None:
    """Print what it takes."""
    print_row("what", "median", "min", "max", "limit")
    limits = {"start_ms": START_LIMIT_MS, "memory_mb": MEMORY_LIMIT_MB}
    for name, one in found.items():
        limit = limits.get(name)
        print_row(name, *one.cells(), "" if limit is None else f"{limit:.0f}")


def draw(found: dict[str, Series], wish: Wish) -> None:
    """Draw what it takes, beside the limits."""
    if wish.png is None:
        return
    start, memory = found["start_ms"], found["memory_mb"]
    with picture(
        wish,
        title=f"The language server suggests after {start.median:.0f} ms and takes "
        f"{memory.median:.0f} MB",
        caption="fresh processes, completions over TLS on loopback; bar: median of "
        f"{number_of(wish.rounds, 'round')}, line: least and greatest\n"
        f"{machine('httpx')}",
        panels=2,
        size=(13.0, 3.5),
    ) as axes:
        shown = ((start, START_LIMIT_MS, "ms from its start to the first suggestion"),)
        over = (memory, MEMORY_LIMIT_MB, "MB over a bare interpreter")
        for one, (series, limit, label) in zip(axes, (*shown, over), strict=True):
            bars(one, {SERVER: series})
            one.axvline(limit, color="black", ls=":", lw=1.2)
            one.set_xlabel(f"{label} (less is better; dotted: limit)")


if __name__ == "__main__":
    main()
