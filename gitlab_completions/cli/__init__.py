"""The command line: `complete`, `status`, `doctor`, `rehearse`, `report` and others.

Exit codes:

    0    done: a completion was printed, completions can be had, the demo went well
    1    no: no suggestion here; the doctor found a problem; the demo went wrong;
         a rehearsal lost completions; a replay showed a stale suggestion; an editor
         left its server without a word
    2    wrong use: an option, the file, the position, the environment, a package
    3    GitLab takes no request like this one
    4    no route gives completions
    5    the deadline passed first
    6    a rehearsed roll-out was held
    7    a rehearsed roll-out was taken back
    70   a defect of this program
    74   what it says cannot be written
    130  interrupted
    141  who read what it says has left

Nothing here is imported by the library, and click and rich, which the `cli` extra
brings, are first imported by `main`.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ("main",)

WRONG_USE, INTERRUPTED = 2, 130
EXTRA = ("click", "rich")
_SERVER = (["lsp"], ["lsp", "--stdio"])
"""How editors start the language server: it needs no click, nor the memory that click
takes. The rest of its options are for people, see `lsp.py`."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return its exit code.

    Args:
        arguments: What stands after the program's name; by default `sys.argv` has it.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given in _SERVER:
        from gitlab_completions.lsp import serve  # noqa: PLC0415

        try:
            return serve()
        except KeyboardInterrupt:
            return INTERRUPTED
    try:
        from gitlab_completions.cli.app import run  # noqa: PLC0415

        return run(given)
    except ImportError as error:
        package = (error.name or "").partition(".")[0]
        if package not in EXTRA:
            raise
        sys.stderr.write(
            f"error: the command line needs {package}: "
            "pip install 'gitlab-completions[cli]'\n"
        )
        return WRONG_USE
