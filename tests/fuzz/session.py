"""Search every target with a coverage-guided fuzzer, and save what is found.

    python -m tests.fuzz.session [--seconds 60] [--target NAME] [--folder FOLDER]

Each search begins with the recorded samples, and with what earlier ones left in the
folder. A line is printed for each: how many inputs were run, and how many branches and
combinations of branches they reached. On any finding the exit code is 1, and the input
that reproduces it is saved and shown:

    python -m tests.fuzz.coverage_guided tests.fuzz.targets TARGET FILE
"""

from __future__ import annotations

import argparse
import importlib
import json
import re
import subprocess
import sys
from hashlib import sha1
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, cast

from tests.fuzz.vocabulary import HEADERS, KEYS, ODD

if TYPE_CHECKING:
    from tests.fuzz.targets import Target

FOLDER = Path(".nox", "fuzz")
LONGEST_INPUT = 16_384
"""Bytes of an input: four times the values that a body may hold, and quick to run."""
SLOWEST_S = 30
"""Seconds after which an input counts as a hang: a mebibyte takes a tenth of one."""
START_S = 120
"""Seconds beyond its own that a search may take to start and to end."""
SHOWN = 120
"""Bytes of an input that are printed; the file has them all."""
_FIGURES = re.compile(rb"^#(\d+)\s+\S+ +cov: (\d+) ft: (\d+) corp: (\d+)", re.MULTILINE)
_ERROR = re.compile(
    rb"(?:Python exception: ===\s+|^==\d+== *ERROR: )(.+)", re.MULTILINE
)
LONGEST_WORD = 64
"""Bytes of a word in libFuzzer's dictionary."""


class Searched(NamedTuple):
    """What a search of one target did, and the inputs that it found, if any."""

    name: str
    executions: int
    branches: int
    features: int
    corpus: int
    findings: list[Path]
    told: str

    @property
    def row(self) -> str:
        """Show the figures in a line."""
        figures = (self.executions, self.branches, self.features, self.corpus)
        shown = "".join(f"{figure:>12,}" for figure in figures)
        return f"{self.name:<28}{shown}{self.told and '  FOUND'}"


HEAD = f"{'target':<28}{'executions':>12}{'branches':>12}{'features':>12}{'corpus':>12}"


def dictionary() -> str:
    """Return the words that libFuzzer puts into inputs: keys, odd values, headers."""
    words = [f"{json.dumps(key)}:" for key in KEYS] + [*ODD, *HEADERS]
    encoded = [word.encode("utf-8", "surrogatepass") for word in words]
    short = [word for word in encoded if len(word) <= LONGEST_WORD]
    escaped = ["".join(f"\\x{byte:02x}" for byte in word) for word in short]
    return "".join(f'"{word}"\n' for word in escaped)


def search(module: str, target: Target, seconds: int, folder: Path) -> Searched:
    """Search a target in a process of its own.

    Args:
        module: Where the target is listed.
        target: What is searched.
        seconds: How long, without the start.
        folder: Where its corpus and its findings are kept.
    """
    corpus, findings = folder / "corpus", folder / "findings"
    for place in (corpus, findings):
        place.mkdir(parents=True, exist_ok=True)
    for seed in target.seeds():
        (corpus / sha1(seed, usedforsecurity=False).hexdigest()).write_bytes(seed)
    for found in findings.iterdir():
        found.rename(corpus / found.name)  # tried first, until it is mended
    (folder / "words").write_text(dictionary())
    arguments = {
        "dict": folder / "words",
        "max_total_time": seconds,
        "max_len": LONGEST_INPUT,
        "timeout": SLOWEST_S,
        "artifact_prefix": f"{findings}/",
    }
    command = [sys.executable, "-m", "tests.fuzz.coverage_guided", module, target.name]
    command += [f"-{name}={value}" for name, value in arguments.items()]
    done = subprocess.run(
        [*command, str(corpus)],
        check=False,
        capture_output=True,
        timeout=seconds + START_S,
    )
    return _searched(target.name, done, sorted(findings.iterdir()))


def _searched(
    name: str, done: subprocess.CompletedProcess[bytes], found: list[Path]
) -> Searched:
    printed = done.stdout + done.stderr
    figures = _FIGURES.findall(printed) or [(b"0", b"0", b"0", b"0")]
    executions, branches, features, corpus = (int(figure) for figure in figures[-1])
    told = ""
    if done.returncode or found:
        errors = _ERROR.findall(printed) or printed.splitlines()[-1:] or [b"?"]
        told = errors[0].decode(errors="replace")
    return Searched(name, executions, branches, features, corpus, found, told)


def shortened(data: bytes) -> str:
    """Show bytes as a literal, the middle of long ones left out."""
    if len(data) <= SHOWN:
        return repr(data)
    half = SHOWN // 2
    return f"{data[:half]!r} + <{len(data) - 2 * half} bytes> + {data[-half:]!r}"


def report(searched: list[Searched]) -> None:
    """Print what was done in all, and what was found."""
    total = sum(one.executions for one in searched)
    print(f"{'in all':<28}{total:>12,}")
    for one in searched:
        if one.told:
            print(f"\n{one.name}: {one.told}")
        for path in one.findings:
            print(f"  {path}\n  {shortened(path.read_bytes())}")


def read_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.session")
    parser.add_argument("--seconds", type=int, default=60, help="in all")
    parser.add_argument("--targets", default="tests.fuzz.targets", metavar="MODULE")
    parser.add_argument("--target", help="search this one alone")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="what is kept")
    return parser.parse_args()


def main() -> int:
    """Search every target, and return the exit code."""
    options = read_arguments()
    targets = cast(
        "tuple[Target, ...]", importlib.import_module(options.targets).TARGETS
    )
    targets = tuple(t for t in targets if options.target in {None, t.name})
    if not targets:
        sys.exit(f"there is no target {options.target!r}")
    each_s = max(1, options.seconds // len(targets))
    print(f"{len(targets)} targets, {each_s} s each\n{HEAD}", flush=True)
    searched = []
    for target in targets:
        folder = options.folder / target.name.replace(" ", "-")
        searched.append(search(options.targets, target, each_s, folder))
        print(searched[-1].row, flush=True)
    report(searched)
    return 1 if any(one.told for one in searched) else 0


if __name__ == "__main__":
    sys.exit(main())
