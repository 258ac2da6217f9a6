"""What GitLab has answered, kept for whoever comes back to a place or types along.

An answer serves its own place, and each later one to which the author has typed along
it. There are a few hundred at most, so they are looked through one by one: what most of
them are asked is whether sixteen bytes are equal.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, TypeAlias

from cachetools import LRUCache

from gitlab_completions._records import Record, replace
from gitlab_completions.editor.fitting import fitted, left_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitlab_completions.editor._core.places import Anchor, Place
    from gitlab_completions.editor.policy import EditorPolicy
    from gitlab_completions.models import Completion

Key: TypeAlias = tuple[str, int, bytes, bytes]
"""A document, the characters above the cursor, and the digests of both sides."""

ENTRY_BYTES = 1024
"""Bytes that an answer takes besides texts, generously."""


class Candidate(Record):
    """One text that may be inserted where its answer was asked for.

    Args:
        id: Names the suggestion that it becomes.
        text: What of GitLab's fits where it was asked for.
        completion: The answer that it is (part of).
        option: Which of its answer's texts it is, from 1.
    """

    id: str
    text: str
    completion: Completion
    option: int

    def __repr__(self) -> str:
        return f"Candidate({self.id}, text=<{len(self.text)} characters>)"


class Answer(Record):
    """What there was to suggest at a place.

    Args:
        uri: The document.
        anchor: The place.
        candidates: The best first.
        explicit: The author asked for it, so it is all that there is to choose from.
        unfit: GitLab had something to suggest, and nothing of it fits there.
        ends_at: When it is not believed any more.
    """

    uri: str
    anchor: Anchor
    candidates: tuple[Candidate, ...] = ()
    explicit: bool = False
    unfit: bool = False
    ends_at: float = 0.0

    @property
    def texts(self) -> tuple[str, ...]:
        """The candidates' texts."""
        return tuple(one.text for one in self.candidates)

    def typed(self, place: Place) -> str | None:
        """Return what was typed along it since; `None` where it does not fit.

        That there was nothing to suggest is true of the place itself only.
        """
        return self.anchor.typed(place, self.texts or ("",))

    def left(self, one: Candidate, place: Place, typed: str) -> str:
        """Return what is left of a candidate after typing along it, maybe nothing.

        What was fitted once stays as it is while the author types along it; but an
        editor may have closed a bracket by itself meanwhile.
        """
        left = left_of(one.text, typed) or ""
        if self.anchor.site != place.site():
            return fitted(left, place.text, place.offset)
        return left if left.strip() else ""

    def moved(self, place: Place, typed: str) -> Answer:
        """Return what is left of it at a place to which the author typed along it."""
        lefts = ((one, self.left(one, place, typed)) for one in self.candidates)
        left = tuple(replace(one, text=text) for one, text in lefts if text)
        return replace(self, anchor=place.anchor(), candidates=left)


class _Kept(LRUCache[Key, Answer]):
    """A cache that can be looked at without being used."""

    def peek(self, key: Key) -> Answer:
        """Return an answer without making it the last one to go."""
        return super(LRUCache, self).__getitem__(key)


class Answers:
    """The answers that are kept; told the time.

    Args:
        policy: How many, how large, for how long.
    """

    __slots__ = ("_kept", "_policy")

    def __init__(self, policy: EditorPolicy) -> None:
        self._policy = policy
        self._kept = _cache(policy)

    def reconfigure(self, policy: EditorPolicy) -> None:
        """Go by another policy; what has no room any more goes, the oldest first."""
        kept, self._kept, self._policy = self._kept, _cache(policy), policy
        while kept:
            self.put(kept.popitem()[1])

    def keep(self, answer: Answer, now: float) -> Answer:
        """Keep an answer, and return it with its end."""
        policy = self._policy
        believed_s = policy.cache_s if answer.candidates else policy.negative_cache_s
        answer = replace(answer, ends_at=now + believed_s)
        self._drop([key for key in self._kept if self._kept.peek(key).ends_at <= now])
        self.put(answer)
        return answer

    def put(self, answer: Answer) -> None:
        """Keep an answer, or its like that is kept, as it is."""
        key = _key(answer)
        self._kept.pop(key, None)
        if _size(answer) > self._kept.maxsize:
            return
        self._kept[key] = answer
        while len(self._kept) > self._policy.cache_entries:
            self._kept.popitem()

    def fitting(self, place: Place, now: float) -> Iterator[tuple[Answer, str]]:
        """Give the answers that fit, the nearest first, and what was typed since."""
        uri, offset = place.uri, place.offset
        near = [key for key in self._kept if key[0] == uri and key[1] <= offset]
        for key in sorted(near, key=_length, reverse=True):
            answer = self._kept.peek(key)
            typed = answer.typed(place) if now < answer.ends_at else None
            if typed is not None:
                self._kept.get(key)  # it is used, so it goes last
                yield answer, typed

    def forget(self, uri: str) -> None:
        """Drop what belongs to a document."""
        self._drop([key for key in self._kept if key[0] == uri])

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def size_bytes(self) -> int:
        """What they take."""
        return int(self._kept.currsize)

    def _drop(self, keys: list[Key]) -> None:
        for key in keys:
            del self._kept[key]


def _cache(policy: EditorPolicy) -> _Kept:
    return _Kept(policy.cache_bytes, getsizeof=_size)


def _key(answer: Answer) -> Key:
    anchor = answer.anchor
    return answer.uri, anchor.length, anchor.site, anchor.above


def _length(key: Key) -> int:
    return key[1]


def _size(answer: Answer) -> int:
    """Return what an answer takes, with what GitLab said, of which little may fit."""
    said = {id(one.completion): one.completion for one in answer.candidates}
    texts = [choice.text for one in said.values() for choice in one.choices]
    return ENTRY_BYTES + sum(map(sys.getsizeof, [*answer.texts, *texts]))
