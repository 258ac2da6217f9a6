"""Search one target with atheris, until the time is up or something is found.

    python -m tests.fuzz.coverage_guided MODULE TARGET [libFuzzer's arguments]

libFuzzer ends the process, so each target has one of its own; `session.py` starts them.
"""

from __future__ import annotations

import importlib
import sys
import zlib
from typing import TYPE_CHECKING, Protocol, cast

from tests.fuzz.memory import allowed, peak

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from tests.fuzz.targets import Target

WATCHED = [
    *("gitlab_completions._wire", "gitlab_completions._transport.bodies"),
    *("gitlab_completions._shell.exchange", "gitlab_completions._shell.fetch"),
    *("gitlab_completions._shell.endings", "jwt", "email", "urllib", "ipaddress"),
]
"""Whose branches guide the search: ours, and whose code is given a server's words."""
WEIGHED = 8
"""One in so many inputs has its memory measured, which takes six times as long."""


class Atheris(Protocol):
    """What is used of atheris, which has no types."""

    def instrument_imports(self, include: list[str]) -> AbstractContextManager[None]:
        """Count the branches of the modules that are imported meanwhile."""
        ...

    def Setup(  # noqa: N802 - its name
        self, argv: list[str], one_input: Callable[[bytes], None]
    ) -> list[str]:
        """Read libFuzzer's arguments."""
        ...

    def Fuzz(self) -> None:  # noqa: N802 - its name
        """Search; does not return."""
        ...


def main() -> None:
    """Search the target that the command line names."""
    module, name, *arguments = sys.argv[1:]
    atheris = cast("Atheris", importlib.import_module("atheris"))
    with atheris.instrument_imports(include=[*WATCHED, module]):
        importlib.import_module("jwt")  # the library waits for the first grant
        importlib.import_module("email.utils")
        targets = cast("tuple[Target, ...]", importlib.import_module(module).TARGETS)
    (target,) = (target for target in targets if target.name == name)

    def one_input(data: bytes) -> None:
        if zlib.crc32(data) % WEIGHED:
            target.try_out(data)
            return
        taken = peak(target.try_out, data)
        assert taken <= allowed(len(data)), f"{taken} bytes of memory"

    atheris.Setup([sys.argv[0], *arguments], one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
