"""The session finds what is wrong with a target, says so, and fails."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

from tests.fuzz import session
from tests.fuzz.targets import TARGETS

if TYPE_CHECKING:
    from pathlib import Path


def run(folder: Path, *arguments: str) -> tuple[int, str]:
    """Run the session as nox does, and return its exit code and what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzz.session", "--folder", folder, *arguments],
        check=False,
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stdout


@pytest.mark.timeout(300)
@pytest.mark.skipif(
    find_spec("atheris") is None, reason="atheris is not installed: nox -s fuzz"
)
def test_planted_bugs_are_found_and_kept(tmp_path: Path) -> None:
    planted = ("--targets", "tests.fuzz.planted")
    code, printed = run(tmp_path, *planted, "--seconds", "6")
    assert code == 1, printed
    assert "crash: LookupError: planted" in printed
    assert "b'bug" in printed
    assert "hoard: AssertionError: " in printed
    assert "b'm" in printed
    assert "sound:" not in printed
    (found,) = (tmp_path / "crash" / "findings").iterdir()
    assert found.read_bytes().startswith(b"bug")

    # What was found is tried first from then on.
    code, printed = run(tmp_path, *planted, "--target", "crash", "--seconds", "1")
    assert code == 1, printed
    assert found.exists()


PRINTED = b"""INFO: Seed: 7
#2\tINITED cov: 10 ft: 12 corp: 2/9b exec/s: 0 rss: 50Mb
#90210\tDONE   cov: 81 ft: 320 corp: 77/9Kb lim: 512 exec/s: 9021 rss: 61Mb
"""


RAISED = (
    b"\n === Uncaught Python exception: ===\n%b\nTraceback (most recent call last):\n"
)


def test_figures_are_read_of_what_the_fuzzer_prints() -> None:
    done = subprocess.CompletedProcess([], 0, b"", PRINTED)
    searched = session._searched("jsons.parse", done, [])
    assert searched[1:] == (90_210, 81, 320, 77, [], "")
    assert "FOUND" not in searched.row


@pytest.mark.parametrize(
    ("printed", "told"),
    [
        (PRINTED + RAISED % b"LookupError: planted", "LookupError: planted"),
        (PRINTED + RAISED % b"zlib.error: Error -3", "zlib.error: Error -3"),
        (b"==7== ERROR: libFuzzer: timeout after 31 seconds\n", "libFuzzer: timeout"),
        (b"No module named atheris", "No module named atheris"),
        (b"", "?"),
    ],
)
def test_whatever_ends_a_search_early_is_told(printed: bytes, told: str) -> None:
    done = subprocess.CompletedProcess([], 77, b"", printed)
    searched = session._searched("jsons.parse", done, [])
    assert searched.told.startswith(told)
    assert searched.row.endswith("FOUND")


def test_an_input_is_shown_in_a_line() -> None:
    assert session.shortened(b"a\0") == "b'a\\x00'"
    assert session.shortened(b"a" * 5000).count("a") == session.SHOWN
    assert "<4880 bytes>" in session.shortened(b"a" * 5000)


def test_targets_have_names_of_their_own() -> None:
    assert len({target.name for target in TARGETS}) == len(TARGETS)
