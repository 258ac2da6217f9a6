"""Run a benchmark, and keep its table in a file beside showing it.

python -m tests.benchmarks.kept FILE MODULE [its options]
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str]) -> int:
    """Run it, and return how it ended."""
    file, *module = arguments
    with (
        Path(file).open("w", encoding="utf-8") as kept,
        subprocess.Popen(
            [sys.executable, "-m", *module],
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        ) as process,
    ):
        assert process.stdout is not None
        for row in process.stdout:
            print(row, end="", flush=True)
            kept.write(row)
    return process.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
