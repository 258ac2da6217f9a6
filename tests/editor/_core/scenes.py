"""A desk, its places and answers, for the tests of the core; told the time."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

from gitlab_completions import Attempt, Choice, Completion, Model, Route, RouteReason
from gitlab_completions.editor import EditorPolicy, Silence, Source, Trigger
from gitlab_completions.editor._core.answers import Answer, Candidate
from gitlab_completions.editor._core.desk import Desk
from gitlab_completions.editor._core.keystrokes import Keystroke
from gitlab_completions.editor._core.places import Place

if TYPE_CHECKING:
    from gitlab_completions.editor._core.commands import Offer

URI = "file:///project/code.py"
HERE = "total = pri|\n"
ALONG = "total = price|\n"


def place(marked: str, uri: str = URI) -> Place:
    """Return a place in a text whose cursor is a `|`."""
    above, _, below = marked.partition("|")
    return Place(uri, above + below, len(above))


def key(
    marked: str,
    *,
    trigger: Trigger = Trigger.TYPING,
    unwanted: Silence | None = None,
    uri: str = URI,
    generates: bool = False,
) -> Keystroke:
    return Keystroke(
        place=place(marked, uri),
        trigger=trigger,
        unwanted=unwanted,
        generates=generates,
        language="python",
    )


def desk(policy: EditorPolicy | None = None) -> Desk:
    """Return a desk whose names are `s1`, `s2`, and so on."""
    numbers = count(1)
    return Desk(policy or EditorPolicy(), lambda: f"s{next(numbers)}")


def completion(*texts: str, route: Route = Route.DIRECT) -> Completion:
    return Completion(
        choices=tuple(Choice(text=text, index=at) for at, text in enumerate(texts)),
        model=Model(engine="vertex-ai", name="codestral"),
        route=route,
        reason=RouteReason.PREFERRED,
        attempts=(Attempt(route=route, started_s=0.0, elapsed_s=0.2, status_code=200),),
        elapsed_s=0.2,
        request_id=None,
    )


def answer(marked: str, *texts: str, explicit: bool = False, uri: str = URI) -> Answer:
    candidates = tuple(
        Candidate(id=f"{text}#{at}", text=text, completion=completion(text), option=at)
        for at, text in enumerate(texts, start=1)
    )
    return Answer(
        uri=uri,
        anchor=place(marked, uri).anchor(),
        candidates=candidates,
        explicit=explicit,
    )


def asked(one: Desk, keystroke: Keystroke, now: float = 0.0) -> int:
    one.note(keystroke, now)
    return one.send(keystroke, now, 0.0).call.number


def answered(
    one: Desk, marked: str, *texts: str, trigger: Trigger = Trigger.TYPING
) -> Answer:
    number = asked(one, key(marked, trigger=trigger))
    answer = one.answered(number, completion(*texts), 0.0)
    assert answer is not None
    return answer


def offered(
    one: Desk,
    marked: str,
    *,
    trigger: Trigger = Trigger.TYPING,
    source: Source | None = None,
) -> Offer | None:
    """Return what is offered of what is at hand."""
    keystroke = key(marked, trigger=trigger)
    for answer, typed, found in one.offers.at_hand(keystroke, 1.0):
        if source is None or found is source:
            return one.offers.offer(answer, typed, keystroke, found)
    return None


def texts(offer: Offer | None) -> list[str]:
    return [] if offer is None else [item.text for item in offer.items]
