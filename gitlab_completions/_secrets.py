"""Values that do not show themselves: a token, and the headers that carry it.

Tools that print a crash's local variables (rich, cgitb, pytest, crash reporters) call
`repr`, and look into strings, mappings of the standard library and their subclasses.
So these are none of them. What is inside is asked for by name, where it is needed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Never

__all__ = ("HostHeaders", "Secret")


class Secret:
    """A string that is shown only to who asks for it."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the string."""
        return self._value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash((Secret, self._value))

    def __repr__(self) -> str:
        return "<secret>"

    def __reduce__(self) -> Never:
        raise TypeError("a secret is not pickled or copied: reveal it where it is used")


class HostHeaders(Mapping[str, str]):
    """Header pairs for one host alone, the token that it gave or takes among them.

    A `WireRequest` to anywhere else cannot be made with them, whoever tries: a wrapped
    sender that changes the URL, or details put together from two grants.

    Args:
        root: The URL that every request with these headers starts with.
        pairs: Names and values.
    """

    __slots__ = ("_pairs", "_root")

    def __init__(self, root: str, pairs: Mapping[str, str]) -> None:
        self._root = root
        self._pairs = dict(pairs)

    def allow(self, url: str) -> bool:
        """Tell whether they may go to the URL: it is the root, and a path after it."""
        return url.startswith(f"{self._root}/")

    def __getitem__(self, name: str) -> str:
        return self._pairs[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._pairs)

    def __len__(self) -> int:
        return len(self._pairs)

    def __or__(self, more: Mapping[str, str]) -> HostHeaders:
        """Return them with more pairs, for the same host."""
        return HostHeaders(self._root, {**self._pairs, **more})

    def __repr__(self) -> str:
        return f"<{len(self._pairs)} headers for {self._root}>"

    def __reduce__(self) -> Never:
        raise TypeError("headers with a token are not pickled or copied")
