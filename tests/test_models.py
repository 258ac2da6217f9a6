from __future__ import annotations

import dataclasses
import inspect
from typing import TYPE_CHECKING

import pytest

from gitlab_completions import models
from gitlab_completions.details import ConnectionDetails, ModelDetails
from gitlab_completions.errors import (
    ConfigurationError,
    RequestRejectedError,
    RouteServerError,
)
from gitlab_completions.models import (
    Attempt,
    Choice,
    Completion,
    CompletionRequest,
    ContextItem,
    GenerationType,
    Intent,
    Model,
    Route,
    RouteReason,
)

if TYPE_CHECKING:
    from collections.abc import Callable


def make(**fields: object) -> CompletionRequest:
    construct: Callable[..., CompletionRequest] = CompletionRequest
    given = {"file_name": "a.py", "content_above_cursor": "s3cret", **fields}
    return construct(**given)


def test_a_request_needs_a_name_and_a_text() -> None:
    request = CompletionRequest(file_name="a.py", content_above_cursor="")
    assert request.content_below_cursor == ""
    assert request.intent is Intent.COMPLETION
    assert request.context == ()


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"file_name": ""}, "file_name must not be empty: it tells the language"),
        ({"file_name": " \n"}, "file_name must not be empty: it tells the language"),
        ({"file_name": None}, "file_name must be a string, not NoneType"),
        ({"file_name": b"a.py"}, "file_name must be a string, not bytes"),
        (
            {"content_above_cursor": b"s3cret"},
            "content_above_cursor must be a string, not bytes",
        ),
        (
            {"content_below_cursor": None},
            "content_below_cursor must be a string, not NoneType",
        ),
        ({"language": 7}, "language must be a string, not int"),
        ({"project_path": 7}, "project_path must be a string, not int"),
        (
            {"project_path": "s3cret" * 50},
            "project_path has 300 characters; at most 255 are allowed",
        ),
        ({"context": []}, "context must be a tuple of ContextItem, not list"),
        ({"context": ("s3cret",)}, "context must be a tuple of ContextItem, not str"),
        (
            {"intent": "completion"},
            "intent must be Intent.COMPLETION or .GENERATION, not str",
        ),
        (
            {"user_instruction": "s3cret"},
            "user_instruction is for generations only: set intent to GENERATION",
        ),
        (
            {"generation_type": GenerationType.COMMENT},
            "generation_type is for generations only: set intent to GENERATION",
        ),
        (
            {"intent": Intent.GENERATION, "generation_type": "comment"},
            "generation_type must be a GenerationType, not str",
        ),
        (
            {"intent": Intent.GENERATION, "user_instruction": "x" * 600_001},
            "user_instruction has 600001 characters; at most 600000 are allowed",
        ),
        (
            {"intent": Intent.GENERATION, "user_instruction": b"s3cret"},
            "user_instruction must be a string, not bytes",
        ),
        ({"choices_count": 0}, "choices_count must be at least 1, not 0"),
        ({"choices_count": True}, "choices_count must be a whole number, not bool"),
        ({"choices_count": 1.5}, "choices_count must be a whole number, not float"),
    ],
)
def test_a_wrong_field_is_named(fields: dict[str, object], message: str) -> None:
    with pytest.raises(RequestRejectedError) as caught:
        make(**fields)
    assert caught.value.message == message
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (
            {"name": " "},
            "a context item's name must not be empty: it says where the text is from",
        ),
        (
            {"content": ""},
            "a context item's content must not be empty: leave the item out",
        ),
        ({"content": None}, "a context item's content must be a string, not NoneType"),
        ({"type": "s3cret"}, 'a context item\'s type must be "file" or "snippet"'),
    ],
)
def test_a_wrong_context_item_is_refused(
    fields: dict[str, object], message: str
) -> None:
    construct: Callable[..., ContextItem] = ContextItem
    with pytest.raises(RequestRejectedError) as caught:
        construct(**{"name": "n", "content": "c", **fields})
    assert caught.value.message == message


def test_a_generation_takes_its_fields() -> None:
    request = make(
        intent=Intent.GENERATION,
        user_instruction="sort",
        generation_type=GenerationType.SMALL_FILE,
        choices_count=4,
    )
    assert request.user_instruction == "sort"


def test_at_cursor_splits_the_text() -> None:
    request = CompletionRequest.at_cursor(
        "a😀b", 3, file_name="a.py", unit="utf-16", project_path="group/project"
    )
    assert request.content_above_cursor == "a😀"
    assert request.content_below_cursor == "b"
    assert request.project_path == "group/project"


def test_at_cursor_makes_a_subclass() -> None:
    class Mine(CompletionRequest):
        pass

    assert isinstance(Mine.at_cursor("ab", 1, file_name="a.py"), Mine)


def test_at_cursor_refuses_what_a_request_refuses() -> None:
    with pytest.raises(RequestRejectedError, match="outside the text"):
        CompletionRequest.at_cursor("ab", 3, file_name="a.py")
    with pytest.raises(RequestRejectedError, match="file_name"):
        CompletionRequest.at_cursor("ab", 1, file_name="")


def completion(*texts: str) -> Completion:
    return Completion(
        choices=tuple(Choice(text=text) for text in texts),
        model=Model(engine="e", name="n"),
        route=Route.DIRECT,
        reason=RouteReason.PREFERRED,
        attempts=(),
        elapsed_s=0.3,
        request_id=None,
    )


def test_the_text_of_a_completion_is_the_first_choices() -> None:
    assert completion("a", "b").text == "a"
    assert completion().text == ""


def test_a_repr_shows_sizes() -> None:
    item = ContextItem(name="s3cret.py", content="s3cret")
    request = make(content_below_cursor="s3cret", context=(item,))
    assert repr(request) == (
        "CompletionRequest(intent='completion', language=None, "
        "above=<6 characters>, below=<6 characters>, context=<1 items>)"
    )
    assert repr(item) == (
        "ContextItem(type='file', name=<9 characters>, content=<6 characters>)"
    )
    assert "s3cret" not in repr(completion("s3cret"))


def test_records_are_frozen_and_comparable() -> None:
    assert make() == make()
    assert hash(make()) == hash(make())
    request = make()
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(request, "language", "ruby")  # noqa: B010 - mypy knows it is frozen
    assert dataclasses.replace(request, language="ruby").language == "ruby"


def test_an_attempt_keeps_its_error() -> None:
    error = RouteServerError("m", route=Route.DIRECT, status_code=500)
    attempt = Attempt(route=Route.DIRECT, started_s=0, elapsed_s=1, error=error)
    assert attempt.error is error
    assert not attempt.superseded


def test_all_names_are_there_and_documented() -> None:
    for name in models.__all__:
        member = getattr(models, name)
        if inspect.isclass(member):
            assert member.__doc__


def test_connection_details_show_no_secret() -> None:
    details = ConnectionDetails(
        base_url="https://gateway",
        token="s3cret",
        headers={"Authorization": "Bearer s3cret"},
        lifetime_s=3600,
        model_details=ModelDetails(provider="p", name="n"),
    )
    assert "s3cret" not in repr(details)


def test_a_wrong_configuration_is_another_error() -> None:
    assert not issubclass(RequestRejectedError, ConfigurationError)


@pytest.mark.parametrize(
    "path",
    [
        "https://gitlab.com/g/p",
        "git@gitlab.com:g/p.git",
        "/g/p",
        "g/p/",
        "g /p",
        "g\\p",
    ],
)
def test_a_project_path_is_no_url(path: str) -> None:
    with pytest.raises(RequestRejectedError, match="group/project"):
        CompletionRequest(file_name="a.py", content_above_cursor="", project_path=path)
