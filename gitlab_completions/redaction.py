"""What takes secrets out of the text before it leaves the machine.

`SecretRedactor` knows secrets by the rules of MongoDB's Kingfisher, which hold those of
Betterleaks, the successor of gitleaks: tokens and keys of some 480 kinds, each told by
its form, and by how random it is. Of the scanners that a Python program can call, it is
the one that is kept by a company that lives by it, needs nothing else, scans text in
memory, says where a secret stands, and lets other threads run: 100 KB take 2 ms.
It scans without a network, though it could ask a secret's owner whether it is valid.
"""

from __future__ import annotations

import re
from importlib.util import find_spec
from threading import Lock
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from gitlab_completions.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from os import PathLike

    from kingfisher_sdk import Scanner

__all__ = ("Redactor", "SecretRedactor")

MASK = "*"
MOST_TOLD = 300
"""Characters of what the library says of rules that it cannot read."""
_LIBRARY = "kingfisher_sdk"
_SHOWN = re.compile(r"[^\r\n]")
"""What a secret shows: not how its lines end, which tells a file's kind of line end."""


@runtime_checkable
class Redactor(Protocol):
    """Takes secrets out of a text.

    It is called in worker threads, in two at a time at most; at first with an empty
    text, so that it makes ready what it makes once. When it raises, or gives back a
    text of another length, nothing is sent.
    """

    def redact(self, text: str, /) -> str:
        """Return the text, each secret replaced by as many other characters."""
        ...


class SecretRedactor:
    """Puts asterisks in the place of what has the form of a secret.

    Needs `pip install 'gitlab-completions[redact]'`. Known are secrets that have a form
    of their own: tokens of services, private keys, passwords within URLs, in Base64
    too. A password like any other word is known by nobody; rules of your own may know
    yours. The rules are compiled once on a machine, which takes some ten seconds, and
    read again in less than one. An async client begins with that when it is entered,
    any client with `warm_up()`; else the first call waits for it, until its deadline.

    Args:
        rules: Files of rules of your own, in Kingfisher's YAML or TOML, beside its own.
        cache_dir: Where compiled rules are kept; by default in the user's cache folder.

    Raises:
        ConfigurationError: When the extra is not installed, or `rules` is one string.
    """

    def __init__(
        self,
        *,
        rules: Iterable[str | PathLike[str]] = (),
        cache_dir: str | PathLike[str] | None = None,
    ) -> None:
        if find_spec(_LIBRARY) is None:
            raise ConfigurationError(
                "SecretRedactor needs kingfisher-secret-scanner: "
                "pip install 'gitlab-completions[redact]'"
            )
        if isinstance(rules, str):
            raise ConfigurationError("rules must be a list of files, not a string")
        self._rules = tuple(rules)
        self._cache_dir = cache_dir
        self._lock = Lock()
        self._scanner: Scanner | None = None
        self._trouble: str | None = None

    def redact(self, text: str, /) -> str:
        """Return the text, each secret replaced by as many asterisks.

        Raises:
            ConfigurationError: When rules cannot be read; the message says which.
        """
        # A byte for a half of a character and for NUL, as the scanner takes text with
        # NULs for UTF-16; neither is part of a secret.
        data = text.replace("\0", " ").encode(errors="replace")
        spans = self._secrets(data)
        if not spans:
            return text
        pieces: list[str] = []
        kept = 0
        for start, end in _in_characters(spans, data):
            pieces += (text[kept:start], _SHOWN.sub(MASK, text[start:end]))
            kept = end
        return "".join((*pieces, text[kept:]))

    def _secrets(self, data: bytes) -> list[tuple[int, int]]:
        """Return where secrets stand, in bytes.

        Those that only tell together with others count too: the scanner does not show
        the key that belongs to a user's name unless asked, and it is the secret.
        """
        found = [finding.location for finding in self._ready().scan(data)]
        return [(place["start_offset"], place["end_offset"]) for place in found]

    def _ready(self) -> Scanner:
        with self._lock:
            if self._scanner is None and self._trouble is None:
                self._compile()
            if self._scanner is not None:
                return self._scanner
        raise ConfigurationError(
            f"the rules of secrets cannot be used: {self._trouble}",
            remedy="mend the files in rules=, and make a new SecretRedactor",
        )

    def _compile(self) -> None:
        """Read the rules, once: a wrong one may be found after ten seconds."""
        # Imported late: it is a library of 36 MB that few have.
        from kingfisher_sdk import Rules, Scanner  # noqa: PLC0415

        try:
            self._scanner = Scanner(Rules(self._rules, cache_dir=self._cache_dir))
        except (RuntimeError, TypeError, ValueError, OSError) as error:
            # It quotes the files of rules, and has seen no source yet.
            self._trouble = " ".join(str(error).split())[:MOST_TOLD]


def _in_characters(
    spans: Iterable[tuple[int, int]], data: bytes
) -> Iterator[tuple[int, int]]:
    """Give the spans in whole characters, in order and without what overlaps."""
    read, passed = 0, 0
    for start, end in sorted(spans):
        if not 0 <= start < end <= len(data):
            raise ValueError("a secret outside of the text")  # so nothing is sent
        begin, over = max(_border(data, start, -1), read), _border(data, end, 1)
        if over <= read:
            continue
        first = passed + _count(data[read:begin])
        passed = first + _count(data[begin:over])
        read = over
        yield first, passed


def _border(data: bytes, at: int, step: int) -> int:
    """Return where a character begins, in the direction of `step`."""
    while at < len(data) and data[at] & 0xC0 == 0x80:  # noqa: PLR2004 - 10xxxxxx
        at += step
    return at


def _count(data: bytes) -> int:
    return len(data.decode())
