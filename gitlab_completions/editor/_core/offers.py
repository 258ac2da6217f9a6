"""What is offered of the answers that are known, and under which names.

What is left of a suggestion that was offered keeps its name while the author types
along it. Once nothing more can happen under a name, because the suggestion was taken or
rejected, what comes back has another one. What was rejected at a place is not offered
there again, until the author asks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachetools import LRUCache

from gitlab_completions._records import replace
from gitlab_completions.editor._core.answers import Answers
from gitlab_completions.editor._core.commands import Offer
from gitlab_completions.editor._core.places import digest
from gitlab_completions.editor.models import Source, Suggestion

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gitlab_completions.editor._core.answers import Answer, Candidate
    from gitlab_completions.editor._core.keystrokes import Keystroke
    from gitlab_completions.editor._core.places import Place
    from gitlab_completions.editor._core.stories import Stories
    from gitlab_completions.editor.policy import EditorPolicy

MOST_DOCUMENTS = 64
"""Documents whose latest suggestion is at hand."""
MOST_NAMES = 512
"""Suggestions of which it is known where they were offered, and rejected."""


class Offers:
    """What one session has to offer; told the time.

    Args:
        policy: What is kept.
        stories: What became of suggestions.
        make_id: Gives names that nobody has had.
    """

    def __init__(
        self, policy: EditorPolicy, stories: Stories, make_id: Callable[[], str]
    ) -> None:
        self.answers = Answers(policy)
        self._stories = stories
        self._make_id = make_id
        self._offered: LRUCache[str, Answer] = LRUCache(MOST_DOCUMENTS)
        self._spots: LRUCache[str, bytes] = LRUCache(MOST_NAMES)
        self._rejected: LRUCache[bytes, bool] = LRUCache(MOST_NAMES)

    def at_hand(
        self, keystroke: Keystroke, now: float
    ) -> Iterator[tuple[Answer, str, Source]]:
        """Give what is known already and fits, the likeliest first."""
        place = keystroke.place
        offered = self._offered.get(place.uri)
        if offered is not None and now < offered.ends_at:
            typed = offered.typed(place)
            if typed is not None:
                yield offered, typed, Source.TYPED_THROUGH
        for answer, typed in self.answers.fitting(place, now):
            if answer != offered:
                yield answer, typed, Source.CACHE

    def offer(
        self,
        answer: Answer,
        typed: str,
        keystroke: Keystroke,
        source: Source,
    ) -> Offer | None:
        """Return what of an answer can be suggested here; `None` when nothing can."""
        place = keystroke.place
        texts = self._texts(answer, typed, keystroke)
        if not texts:
            return None
        answer = self._named(answer, texts, source)
        items: list[Suggestion] = []
        for one in answer.candidates:
            if one.option in texts:
                items.append(_suggestion(one, texts[one.option], source))
                self._spots[one.id] = _spot(place, texts[one.option])
        offered = tuple(one for one in answer.candidates if one.option in texts)
        answer = replace(answer, candidates=offered)
        if answer.anchor.site != place.site():
            answer = answer.moved(place, typed)  # fitted anew, and for the last time
        self._offered[place.uri] = answer
        return Offer(items=tuple(items))

    def gathered(self, answer: Answer, keystroke: Keystroke, now: float) -> Answer:
        """Return an explicit answer for this place with what else is at hand.

        Nothing twice; what is on the screen stays where it is, before what came.
        """
        place = keystroke.place
        candidates: dict[str, Candidate] = {}
        for other, typed, _ in self.at_hand(keystroke, now):
            for one in other.moved(place, typed).candidates:
                if not self._stories.has_ended(one.id):
                    candidates.setdefault(one.text, one)
        for one in answer.candidates:
            candidates.setdefault(one.text, one)
        numbered = enumerate(candidates.values(), start=1)
        all_ = tuple(replace(one, option=option) for option, one in numbered)
        answer = replace(answer, candidates=all_)
        if all_:
            self._stories.join(tuple(one.id for one in all_))
            self.answers.put(answer)
        return answer

    def _texts(
        self, answer: Answer, typed: str, keystroke: Keystroke
    ) -> dict[int, str]:
        """Return what can be inserted, by option; nothing twice."""
        place, texts = keystroke.place, dict[int, str]()
        for one in answer.candidates:
            text = answer.left(one, place, typed)
            if not text or text in texts.values():
                continue
            if keystroke.explicit or _spot(place, text) not in self._rejected:
                texts[one.option] = text
        return texts

    def _named(self, answer: Answer, texts: dict[int, str], source: Source) -> Answer:
        """Return the answer under ids by which something can still happen."""
        first = next(one for one in answer.candidates if one.option in texts)
        if not self._stories.has_ended(first.id):
            if source is Source.CACHE:
                self._stories.from_cache(first.id)
            return answer
        candidates = tuple(
            replace(one, id=self._make_id()) for one in answer.candidates
        )
        ids = tuple(one.id for one in candidates)
        self._stories.again(ids, answer.uri, like=first.id)
        answer = replace(answer, candidates=candidates)
        self.answers.put(answer)
        return answer

    def reject(self, suggestion_id: str) -> None:
        """Offer a suggestion no more where it was offered last."""
        spot = self._spots.get(suggestion_id)
        if spot is not None:
            self._rejected[spot] = True

    def forget(self, uri: str) -> None:
        """Drop what belongs to a document."""
        self.answers.forget(uri)
        self._offered.pop(uri, None)


def _suggestion(one: Candidate, text: str, source: Source) -> Suggestion:
    return Suggestion(
        id=one.id,
        text=text,
        source=source,
        completion=one.completion,
        option=one.option,
    )


def _spot(place: Place, text: str) -> bytes:
    """Return what tells a text at a place from others, and elsewhere."""
    return place.site() + place.above_digest(place.offset) + digest(text)
