"""What a session knows, and what it concludes: events in, decisions out."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

from cachetools import LRUCache

from gitlab_completions._records import Record, replace
from gitlab_completions.editor._core.answers import Answer, Answers, Candidate
from gitlab_completions.editor._core.calls import Call, Calls
from gitlab_completions.editor._core.commands import Offer, Send
from gitlab_completions.editor._core.minute import Minute
from gitlab_completions.editor._core.places import digest
from gitlab_completions.editor._core.rhythm import Rhythm
from gitlab_completions.editor._core.stories import Stories
from gitlab_completions.editor._core.telling import (
    answer_fields,
    problem_fields,
    request_fields,
)
from gitlab_completions.editor.fitting import fitted
from gitlab_completions.editor.models import (
    Part,
    Silence,
    Source,
    Suggestion,
    Trigger,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gitlab_completions.editor._core.places import Place
    from gitlab_completions.editor.policy import EditorPolicy
    from gitlab_completions.errors import GitLabCompletionsError
    from gitlab_completions.models import Completion

AWAY_S = 60.0
"""Seconds after which an author comes back, and connections may have closed: the
client's own advice for `warm_up`."""
MOST_DOCUMENTS = 64
"""Documents whose latest suggestion is at hand."""
MOST_NAMES = 512
"""Suggestions of which it is known where they were offered, and rejected."""


class Keystroke(Record):
    """One request for suggestions.

    Args:
        place: Where.
        trigger: Why.
        unwanted: Why nothing is wanted there; `None` when something is.
        generates: A comment asks for code, which is no completion.
        language: The document's.
    """

    place: Place
    trigger: Trigger
    unwanted: Silence | None = None
    generates: bool = False
    language: str | None = None

    @property
    def explicit(self) -> bool:
        """Whether the author asked."""
        return self.trigger is Trigger.EXPLICIT


class Desk:
    """One session's state; told the time.

    Args:
        policy: How soon, how often and where something is suggested.
        make_id: Gives names that nobody has had.
    """

    def __init__(self, policy: EditorPolicy, make_id: Callable[[], str]) -> None:
        self.policy = policy
        self.minute = Minute()
        self.calls = Calls()
        self.stories = Stories()
        self.answers = Answers(policy)
        self._make_id = make_id
        self._numbers = count(1)
        self._rhythm = Rhythm()
        self._latest: Place | None = None
        self._heard_at = 0.0
        self.moved_at = 0.0
        self.was_away = True
        self._offered: LRUCache[str, Answer] = LRUCache(MOST_DOCUMENTS)
        self._spots: LRUCache[str, bytes] = LRUCache(MOST_NAMES)
        self._rejected: LRUCache[bytes, bool] = LRUCache(MOST_NAMES)

    def reconfigure(self, policy: EditorPolicy) -> None:
        """Go by another policy from now on."""
        self.policy = policy
        self.answers.reconfigure(policy)

    # A keystroke.

    def note(self, keystroke: Keystroke, now: float) -> tuple[int, ...]:
        """Take in where the author is; return the calls that are given up for it."""
        place, latest = keystroke.place, self._latest
        self.was_away = latest is None or now - self._heard_at >= AWAY_S
        self._heard_at = now
        elsewhere = latest is None or latest.uri != place.uri
        edited = elsewhere or (latest is not None and latest.text != place.text)
        if edited and not keystroke.explicit:
            self._rhythm.note(now)
        if not place.is_same(latest):
            self.moved_at = now
        self._latest = place
        diverged = self.calls.diverged(place)
        self.give_up(diverged)
        return diverged

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

    def send_at(self, keystroke: Keystroke, moved_at: float, now: float) -> float:
        """Return when a request may be sent, as things stand now.

        Args:
            keystroke: It.
            moved_at: When the author came to its place.
            now: When it is.
        """
        if keystroke.explicit:
            return now
        policy = self.policy
        extra_s = self.minute.extra_wait_s(policy.indirect_per_minute, now)
        is_open = self._is_open(keystroke.place)
        wait_s = 0.0 if is_open else self._rhythm.wait_s(policy)
        return moved_at + wait_s + extra_s

    def may_send(self, keystroke: Keystroke, now: float) -> bool:
        """Tell whether the instance may be asked now."""
        limit = self.policy.indirect_per_minute
        return keystroke.explicit or self.minute.allows(limit, now)

    def send(self, keystroke: Keystroke, now: float, waited_s: float) -> Send:
        """Begin a call for a keystroke."""
        place = keystroke.place
        call = Call(
            number=next(self._numbers),
            id=self._make_id(),
            place=place,
            explicit=keystroke.explicit,
        )
        over = self.calls.add(call)
        self.give_up(over)
        if not keystroke.explicit:
            self.minute.spend(now)
        fields = request_fields(
            place, keystroke.language, waited_s, explicit=keystroke.explicit
        )
        self.stories.asked(call.id, place.uri, fields)
        several = keystroke.explicit and not keystroke.generates
        choices = self.policy.candidates if several else None
        return Send(call=call, choices=choices, gives_up=over)

    def _is_open(self, place: Place) -> bool:
        """Tell whether what comes next is open, so that nothing is waited for."""
        line = place.line
        return not line.strip() or line[-1] in self.policy.trigger_characters

    # A call.

    def give_up(self, numbers: tuple[int, ...]) -> None:
        """Take note that calls end without an answer."""
        for number in numbers:
            call = self.calls.end(number)
            if call is not None:
                self.stories.not_loaded(call.id, "suggestion_cancelled", {})

    def answered(
        self, number: int, completion: Completion, now: float
    ) -> Answer | None:
        """Take in what a call brought; `None` when it was given up before."""
        call = self.calls.end(number)
        if call is None:
            return None
        candidates = tuple(self._candidates(call, completion))
        fields = answer_fields(completion)
        if candidates:
            self.stories.loaded(tuple(one.id for one in candidates), fields)
        else:
            self.stories.not_loaded(call.id, "suggestion_not_provided", fields)
        answer = Answer(
            uri=call.uri,
            anchor=call.anchor,
            candidates=candidates,
            explicit=call.explicit,
            unfit=not candidates
            and any(one.text.strip() for one in completion.choices),
        )
        return self.answers.keep(answer, now)

    def failed(self, number: int, problem: GitLabCompletionsError) -> None:
        """Take in that a call brought nothing."""
        call = self.calls.end(number)
        if call is not None:
            fields = problem_fields(problem)
            self.stories.not_loaded(call.id, "suggestion_error", fields)

    def _candidates(self, call: Call, completion: Completion) -> Iterator[Candidate]:
        text, offset = call.place.text, call.place.offset
        fits = (fitted(one.text, text, offset) for one in completion.choices)
        filled = dict.fromkeys(filter(None, fits))
        for option, text in enumerate(filled, start=1):
            name = call.id if option == 1 else self._make_id()
            yield Candidate(id=name, text=text, completion=completion, option=option)

    # An offer.

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
                if not self.stories.has_ended(one.id):
                    candidates.setdefault(one.text, one)
        for one in answer.candidates:
            candidates.setdefault(one.text, one)
        numbered = enumerate(candidates.values(), start=1)
        all_ = tuple(replace(one, option=option) for option, one in numbered)
        answer = replace(answer, candidates=all_)
        if all_:
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
        if not self.stories.has_ended(first.id):
            if source is Source.CACHE:
                self.stories.from_cache(first.id)
            return answer
        candidates = tuple(
            replace(one, id=self._make_id()) for one in answer.candidates
        )
        ids = tuple(one.id for one in candidates)
        self.stories.again(ids, answer.uri, like=first.id)
        answer = replace(answer, candidates=candidates)
        self.answers.put(answer)
        return answer

    # What the editor reports.

    def shown(self, suggestion: Suggestion) -> None:
        """Take in that a suggestion is on the screen."""
        self.stories.shown(suggestion.id)

    def accepted(self, suggestion: Suggestion, part: Part) -> None:
        """Take in that the author took (a part of) a suggestion."""
        whole = part is Part.ALL
        self.stories.accepted(suggestion.id, suggestion.option, whole=whole)

    def rejected(self, suggestion: Suggestion) -> None:
        """Take in that a suggestion is not wanted; it is not offered there again."""
        self.stories.rejected(suggestion.id)
        spot = self._spots.get(suggestion.id)
        if spot is not None:
            self._rejected[spot] = True

    def closed(self, uri: str) -> tuple[int, ...]:
        """Forget a document; return its calls, which are given up."""
        calls = self.calls.of(uri)
        self.give_up(calls)
        self.answers.forget(uri)
        self._offered.pop(uri, None)
        self.stories.left(uri)
        if self._latest is not None and self._latest.uri == uri:
            self._latest = None
        return calls

    def close(self) -> None:
        """Forget everything; the session is over."""
        self.give_up(self.calls.all())
        self.stories.end()
        self.answers = Answers(self.policy)
        self._offered.clear()
        self._latest = None


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
