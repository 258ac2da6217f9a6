from __future__ import annotations

import pytest

from gitlab_completions import (
    AllRoutesFailedError,
    Completion,
    Model,
    RequestRejectedError,
    Route,
    RouteReason,
)
from gitlab_completions.editor import Silence, Source, Suggestion, Suggestions


def answer(model: Model | None = None) -> Completion:
    return Completion(
        choices=(),
        model=model,
        route=Route.DIRECT,
        reason=RouteReason.PREFERRED,
        attempts=(),
        elapsed_s=0.34,
        request_id=None,
    )


@pytest.mark.parametrize("silence", list(Silence))
def test_each_silence_is_explained_in_one_line(silence: Silence) -> None:
    explanation = Suggestions(silence=silence).explanation
    assert explanation
    assert "\n" not in explanation
    assert not explanation.endswith(".")


def test_no_two_silences_are_explained_alike() -> None:
    said = {Suggestions(silence=silence).explanation for silence in Silence}
    assert len(said) == len(Silence)


def test_a_failure_says_what_happened_and_what_to_do() -> None:
    problem = AllRoutesFailedError("no route answered", attempts=(), remedy="wait")
    found = Suggestions(silence=Silence.FAILED, problem=problem)
    assert found.explanation == "no route answered; wait"


def test_a_file_that_the_ignore_list_names_says_so() -> None:
    problem = RequestRejectedError("the ignore list names it")
    found = Suggestions(silence=Silence.FILE_EXCLUDED, problem=problem).explanation
    assert found.startswith("nothing of this file may be sent: the ignore list names")


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (Source.NETWORK, "asked GitLab"),
        (Source.IN_FLIGHT, "earlier keystroke"),
        (Source.CACHE, "kept"),
        (Source.TYPED_THROUGH, "what is left"),
    ],
)
def test_a_suggestion_says_where_it_came_from(source: Source, words: str) -> None:
    found = Suggestions(items=(Suggestion(id="1", text="x", source=source),))
    assert words in found.explanation


def test_a_suggestion_tells_its_route_its_model_and_its_time() -> None:
    model = Model(engine="fireworks_ai", name="codestral-2508")
    one = Suggestion(
        id="1", text="secret", source=Source.NETWORK, completion=answer(model)
    )
    two = Suggestion(id="2", text="secret", source=Source.NETWORK, option=2)
    assert Suggestions(items=(one, two)).explanation == (
        "asked GitLab for it; the direct route answered with codestral-2508 in 0.3 s; "
        "2 candidates"
    )


def test_a_model_that_no_server_named_is_not_spoken_of() -> None:
    for model in (None, Model(engine="", name="")):
        one = Suggestion(
            id="1", text="x", source=Source.CACHE, completion=answer(model)
        )
        said = Suggestions(items=(one,)).explanation
        assert "the direct route answered in 0.3 s" in said


def test_before_anything_was_asked_for_that_is_said() -> None:
    assert Suggestions().explanation == "nothing has been asked for yet"


def test_no_explanation_and_no_repr_holds_source() -> None:
    one = Suggestion(id="1", text="secret", source=Source.NETWORK)
    found = Suggestions(items=(one,))
    assert "secret" not in repr(found) + found.explanation
