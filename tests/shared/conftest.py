"""A real redis-server, on a socket of its own in a directory of the test run."""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

READY = "eady to accept connections"  # capital or not, as it listens on
MOST_LINES = 200


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """The URL of a redis-server that was started for this run, and is empty."""
    program = shutil.which("redis-server")
    if program is None:
        why = "redis-server is not installed: apt-get install redis-server"
        if "EXPECT_REDIS" in os.environ:
            pytest.fail(why)
        pytest.skip(why)
    # A socket's path has room for 100 characters; those of pytest may be longer.
    with TemporaryDirectory() as home, serving(program, f"{home}/socket") as url:
        yield url


@contextmanager
def serving(program: str, socket: str) -> Iterator[str]:
    """Run a server that keeps nothing, until the context ends."""
    options = ("--port", "0", "--unixsocket", socket, "--save", "", "--daemonize", "no")
    with subprocess.Popen(
        [program, *options], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as server:
        try:
            assert server.stdout is not None
            said = ""
            for _ in range(MOST_LINES):
                said += (line := server.stdout.readline())
                if READY in line or not line:
                    break
            assert READY in said, said
            yield f"unix://{socket}"
        finally:
            server.terminate()
