"""What a client asks of a store: bytes by key, one clock, and one who may ask."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeAlias, runtime_checkable

from gitlab_completions._records import Record

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    Release: TypeAlias = Callable[[], Awaitable[None]]
else:
    Release = object

__all__ = ("DetailsStore", "Reading", "Release")


class Reading(Record):
    """What a store holds, at a moment of the clock that all who share it have.

    Args:
        entries: The entries, in the order of the keys; `None` where there is none.
        now: Seconds of that clock when they were read.
        clock: The clock's name; what was dated by one of another name is not believed.
    """

    entries: tuple[bytes | None, ...]
    now: float
    clock: str

    def __repr__(self) -> str:
        sizes = [None if each is None else len(each) for each in self.entries]
        return f"Reading(bytes={sizes}, now={self.now}, clock={self.clock!r})"


@runtime_checkable
class DetailsStore(Protocol):
    """Keeps small entries for several processes; knows nothing of what they say.

    What a method raises is taken for a store that is not there: the client goes on
    alone. It is not called on the way of a completion, but beside it; a client waits
    for it 1 s at most.
    """

    async def read(self, keys: Sequence[str], /) -> Reading:
        """Return the entries of the keys, each 64 hexadecimal digits."""
        ...

    async def write(self, key: str, entry: bytes, /, *, keep_s: float) -> None:
        """Put an entry in place of the one before; it may be dropped after `keep_s`."""
        ...

    async def claim(self, key: str, /, *, lease_s: float) -> Release | None:
        """Claim to be the one who asks GitLab now, and return what ends the claim.

        Args:
            key: What it is about.
            lease_s: Seconds after which the claim may be taken for abandoned, by a
                store that does not notice when a process ends.

        Returns:
            `None` while another one has the claim.
        """
        ...
