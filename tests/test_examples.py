"""The examples run, and show what they say they show."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

import gitlab_completions

HOME = Path(gitlab_completions.__file__).parents[1]
EXAMPLES = Path(__file__).parents[1] / "examples"


def run(*arguments: str, **environment: str) -> str:
    clean = {k: v for k, v in os.environ.items() if not k.startswith("GITLAB_")}
    ended = subprocess.run(
        [sys.executable, "-W", "error", *arguments],
        capture_output=True,
        check=False,
        cwd=EXAMPLES,
        env={**clean, "PYTHONPATH": str(HOME), **environment},
        text=True,
        timeout=50,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert ended.stderr == ""
    return ended.stdout


def test_a_first_completion_comes_from_an_emulator() -> None:
    text, how = run("complete_once.py").splitlines()
    assert text == " height"
    route, reason, elapsed = how.split(", ")
    assert (route, reason) in {("direct", "preferred"), ("indirect", "details_absent")}
    assert float(elapsed.removesuffix(" s")) > 0


def test_the_gitlab_in_the_environment_is_asked_and_watched() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "gitlab_completions", "emulator", "--tls"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=HOME,
        text=True,
    ) as emulator:
        try:
            assert emulator.stdout is not None
            exports = [emulator.stdout.readline().strip() for _ in range(3)]
            environment = dict(
                line.removeprefix("export ").split("=", 1) for line in exports
            )
            assert run("complete_once.py", **environment).startswith(" height\n")
            watched = run(
                "watch_metrics.py", "--port", "0", "--seconds", "0.1", **environment
            )
            assert watched.startswith("metrics: http://127.0.0.1:")
            assert " completed, " in watched
        finally:
            emulator.terminate()


def test_a_generation_comes_word_by_word() -> None:
    text, how = run("generate.py").splitlines()
    assert text == " width * height * depth."
    assert how.startswith("Code Generations Agent, indirect, ")


def test_an_observer_hears_of_a_fault_and_of_the_recovery() -> None:
    said = run("watch_routing.py")
    for word in (
        "ready: next direct (preferred)",
        "fell back to indirect",
        "direct rests for",
        "degraded: next indirect (circuit_open)",
        "a probe goes direct",
        "direct has recovered",
    ):
        assert word in said
        said = said[said.index(word) :]
    assert said.rstrip().endswith("ready: next direct (preferred)")


def test_an_editor_without_asyncio_supersedes_at_each_key() -> None:
    line, counts = run("editor_without_asyncio.py").splitlines()
    assert line == "return width *[ height]"
    keys, superseded = [int(word) for word in counts.split() if word.isdigit()]
    assert 1 <= superseded < keys


def test_a_host_asks_at_each_key_and_one_request_serves_them_all() -> None:
    *lines, counts = run("keystrokes.py").splitlines()
    assert lines[0].endswith("[ return width * height * depth]  in_flight")
    assert lines[-2] == "    return width *[ height * depth]  typed_through"
    assert lines[-1] == "    return width * height[ * depth]  typed_through"
    assert counts == "18 keys, requests: 1"


def test_context_is_sent_without_secrets_and_ignored_files() -> None:
    lines = run("with_context.py").splitlines()
    assert lines == [
        "left out: 1 item",
        "completion: 100, rate=0.19))",
        "customers/names.py: the file is on the ignore list",
        f'sent of pricing.py: TOKEN = "{"*" * 26}"',
    ]


def test_a_calls_events_are_kept_with_what_came_of_it() -> None:
    lines = [ast.literal_eval(line) for line in run("keep_events.py").splitlines()]
    assert [line["action"] for line in lines] == [
        "suggestion_requested",
        "attempt",
        "suggestion_loaded",
        "suggestion_accepted",
    ]
    assert {line["user"] for line in lines} == {"17"}


def test_metrics_are_watched_while_authors_complete() -> None:
    watched = run("watch_metrics.py", "--port", "0", "--seconds", "2")
    where, counts = watched.splitlines()
    assert where.startswith("metrics: http://127.0.0.1:")
    numbers = {name: int(number) for number, name in map(str.split, counts.split(", "))}
    ended = ("completed", "failed", "superseded")  # a slow machine completes little
    assert sum(numbers[name] for name in ended) > 0
    assert numbers["completed"] == numbers["direct"] + numbers["indirect"]


ALONE = ["--rootdir=.", "--config-file=/dev/null", "-p", "no:asyncio"]


@pytest.mark.parametrize("options", [[], ALONE], ids=["here", "alone"])
def test_a_plugin_can_be_tested(options: list[str]) -> None:
    said = run("-m", "pytest", "-q", "-p", "no:cacheprovider", *options, ".")
    assert "4 passed" in said
