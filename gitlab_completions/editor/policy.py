"""Every knob of the keystroke logic: its unit, its default, and the default's source.

*Measured* is the replay of the three synthetic authors (`gitlab-completions replay`),
which the constants were chosen on. Peers are named where they gave the first value.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import cast

from gitlab_completions._checks import check_count, check_seconds, check_switch
from gitlab_completions.errors import ConfigurationError

__all__ = ("EditorPolicy",)

_MEBIBYTE = 1024 * 1024
_TRIGGERS = frozenset("([{.=")


@dataclass(frozen=True, slots=True, kw_only=True)
class EditorPolicy:
    """How soon, how often and where an `EditorSession` suggests.

    Args:
        enabled: Off, nothing is suggested, not even on request.
        automatic: Off, suggestions come on explicit request only.
        least_wait_s: Seconds of the shortest debounce that is none at all: of an
            author who pauses after each key. 0.025: Cody's, too short to be felt.
            Measured: 0.1 has such an author wait 35 ms more, and saves nothing.
        most_wait_s: Seconds of the longest debounce, the instance's budget aside.
            0.25: the reference client's fixed one. Measured: 0.15 costs a sixth more
            requests for each suggestion that is taken, and saves 5 ms of 185; 0.4
            saves one in fifteen, and one in ten suggestions comes 35 ms later.
        in_flight_wait_s: Seconds that a keystroke waits for an answer under way that
            may still fit, before it sends a request of its own. 0.2: Copilot's.
            Measured: 0.05 costs 3 % more requests, 0.3 saves 2 %; it costs no time.
        trigger_characters: After these nothing is waited for: what comes next is open.
            Measured: with blanks, commas, quotes and operators too, suggestions come
            25 ms sooner, and a tenth more requests are sent for each that is taken.
        candidates: Choices asked for on explicit request. 4: the reference client's.
        cache_entries: Answers that are kept. 250: Cody's.
        cache_bytes: Bytes of answers that are kept. 1 MiB: the reference client's.
        cache_s: Seconds that an answer is kept. 300: Tabby's.
        negative_cache_s: Seconds that "nothing to suggest here" is believed.
            10: context changes, and an author who comes back wants another look.
        indirect_per_minute: Requests that typing sends to the instance in any minute.
            50: GitLab allows a user 60, in all windows, and explicit ones come on top.
        least_content: Characters of a document below which nothing is suggested by
            itself. 10: the reference client's.
        languages_off: Identifiers of languages in which nothing is suggested.

    Raises:
        ConfigurationError: When a value is not of the kind that is said here.
    """

    enabled: bool = True
    automatic: bool = True
    least_wait_s: float = 0.025
    most_wait_s: float = 0.25
    in_flight_wait_s: float = 0.2
    trigger_characters: frozenset[str] = _TRIGGERS
    candidates: int = 4
    cache_entries: int = 250
    cache_bytes: int = _MEBIBYTE
    cache_s: float = 300.0
    negative_cache_s: float = 10.0
    indirect_per_minute: int = 50
    least_content: int = 10
    languages_off: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        check_switch("enabled", self.enabled)
        check_switch("automatic", self.automatic)
        for name in (
            "least_wait_s",
            "most_wait_s",
            "in_flight_wait_s",
            "cache_s",
            "negative_cache_s",
        ):
            check_seconds(name, getattr(self, name))
        for name in ("candidates", "cache_entries", "cache_bytes"):
            check_count(name, getattr(self, name))
        check_count("indirect_per_minute", self.indirect_per_minute)
        check_count("least_content", self.least_content, least=0)
        if self.least_wait_s > self.most_wait_s:
            raise ConfigurationError("least_wait_s must not exceed most_wait_s")
        _check_strings("trigger_characters", self.trigger_characters)
        _check_strings("languages_off", self.languages_off)


def _check_strings(name: str, values: object) -> None:
    """Refuse a string where a set of strings is meant, and what is no string in it."""
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise ConfigurationError(f"{name} must be a set of strings")
    if not all(isinstance(each, str) for each in cast("Iterable[object]", values)):
        raise ConfigurationError(f"{name} must be a set of strings")
