"""The kit costs its user nothing that the library does not need itself."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import gitlab_completions.testing

HEAVY = ("pytest", "starlette", "uvicorn", "cryptography", "jwt", "httpx")
PROGRAM = f"""
import sys
import gitlab_completions.testing
print([name for name in {HEAVY!r} if name in sys.modules])
"""


def test_importing_it_imports_nothing_heavy() -> None:
    home = Path(gitlab_completions.testing.__file__).parents[2]
    program = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        capture_output=True,
        check=True,
        cwd=home,
        text=True,
    )
    assert program.stdout.strip() == "[]"


def test_every_public_name_is_there() -> None:
    for name in gitlab_completions.testing.__all__:
        assert hasattr(gitlab_completions.testing, name)
