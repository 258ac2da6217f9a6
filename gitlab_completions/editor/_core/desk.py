"""What a session knows, and what it concludes: events in, decisions out.

What of it is offered `offers` says.
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

from gitlab_completions.editor._core.answers import Answer, Candidate
from gitlab_completions.editor._core.calls import Call, Calls
from gitlab_completions.editor._core.commands import Send
from gitlab_completions.editor._core.minute import Minute
from gitlab_completions.editor._core.offers import Offers
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
    Suggestion,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gitlab_completions.editor._core.keystrokes import Keystroke
    from gitlab_completions.editor._core.places import Place
    from gitlab_completions.editor.models import Suggestion
    from gitlab_completions.editor.policy import EditorPolicy
    from gitlab_completions.errors import GitLabCompletionsError
    from gitlab_completions.models import Completion

AWAY_S = 60.0
"""Seconds after which an author comes back, and connections may have closed: the
client's own advice for `warm_up`."""


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
        self.offers = Offers(policy, self.stories, make_id)
        self._make_id = make_id
        self._numbers = count(1)
        self._rhythm = Rhythm()
        self._latest: Place | None = None
        self._heard_at = 0.0
        self.moved_at = 0.0
        self.was_away = True

    def reconfigure(self, policy: EditorPolicy) -> None:
        """Go by another policy from now on."""
        self.policy = policy
        self.offers.answers.reconfigure(policy)

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
        return self.offers.answers.keep(answer, now)

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

    # What the editor reports.

    def shown(self, suggestion: Suggestion) -> None:
        """Take in that a suggestion is on the screen."""
        self.stories.shown(suggestion.id)

    def accepted(self, suggestion: Suggestion, part: Part) -> None:
        """Take in that the author took (a part of) a suggestion."""
        parts = {Part.WORD: suggestion.word, Part.LINE: suggestion.line}
        whole = parts.get(part, suggestion.text) == suggestion.text
        self.stories.accepted(suggestion.id, suggestion.option, whole=whole)

    def rejected(self, suggestion: Suggestion) -> None:
        """Take in that a suggestion is not wanted; it is not offered there again."""
        self.stories.rejected(suggestion.id)
        self.offers.reject(suggestion.id)

    def closed(self, uri: str) -> tuple[int, ...]:
        """Forget a document; return its calls, which are given up."""
        calls = self.calls.of(uri)
        self.give_up(calls)
        self.offers.forget(uri)
        self.stories.left(uri)
        if self._latest is not None and self._latest.uri == uri:
            self._latest = None
        return calls

    def close(self) -> None:
        """Forget everything; the session is over."""
        self.give_up(self.calls.all())
        self.stories.end()
        self.offers = Offers(self.policy, self.stories, self._make_id)
        self._latest = None
