"""A fixed-window counter that is told the time."""

from dataclasses import dataclass, field

__all__ = ("FixedWindow",)


@dataclass(slots=True)
class FixedWindow:
    """At most `limit` hits per key in `period_s` seconds; a limit of 0 admits all.

    A window opens with a key's first hit. GitLab counts the same way: the counter is a
    Redis key that expires one period after it was made.
    """

    limit: int
    period_s: float = 60.0
    _windows: dict[str, tuple[float, int]] = field(
        default_factory=dict[str, tuple[float, int]]
    )

    def admit(self, key: str, now_unix: float) -> bool:
        """Count a hit at `now_unix` seconds; say whether it is within the limit."""
        opened, hits = self._windows.get(key, (now_unix, 0))
        if now_unix >= opened + self.period_s:
            opened, hits = now_unix, 0
        self._windows[key] = (opened, hits + 1)
        return self.limit == 0 or hits < self.limit

    def clear(self) -> None:
        """Forget every hit."""
        self._windows.clear()
