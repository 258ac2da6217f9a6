"""Room for the sockets of a rehearsal on loopback, both ends of which are its own."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from gitlab_completions.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Generator

__all__ = ("room_for",)

_OF_AN_AUTHOR = 12
"""Both ends of some connections to two hosts; nine were seen of fast typists."""
_OTHERS = 128


@contextmanager
def room_for(authors: int) -> Generator[None]:
    """Let this process open as many files as its authors need, while inside.

    Many systems allow it 1024 unless it asks: 150 authors' worth. Past them connections
    fail, and completions are lost that no GitLab would have lost.

    Raises:
        ConfigurationError: When the system does not allow so many.
    """
    if sys.platform == "win32":  # which has no such limit
        yield
        return
    import resource  # noqa: PLC0415 - not there on Windows

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = _OTHERS + _OF_AN_AUTHOR * authors
    if soft == resource.RLIM_INFINITY or soft >= needed:
        yield
        return
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))
    except (OSError, ValueError):
        raise ConfigurationError(
            f"{authors} authors on loopback need {needed} open files, and this system "
            f"allows {hard}; rehearse with fewer, or in virtual time"
        ) from None
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
