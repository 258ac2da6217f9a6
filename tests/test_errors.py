from __future__ import annotations

import copy
import pickle
from typing import TYPE_CHECKING

import pytest

from gitlab_completions import errors
from gitlab_completions._error_codes import REMEDIES, RETRYABLE
from gitlab_completions.errors import (
    AllRoutesFailedError,
    ClientClosedError,
    ConfigurationError,
    DeadlineExceededError,
    DirectAccessBarredError,
    DirectAccessError,
    ErrorCode,
    GitLabCompletionsError,
    Origin,
    RequestRejectedError,
    RouteError,
    RouteServerError,
    RouteStatusError,
)
from gitlab_completions.models import Attempt, Route

if TYPE_CHECKING:
    from collections.abc import Callable


def classes() -> list[type[GitLabCompletionsError]]:
    found = [getattr(errors, name) for name in errors.__all__]
    return [
        kind
        for kind in found
        if isinstance(kind, type) and issubclass(kind, GitLabCompletionsError)
    ]


def make(kind: type[GitLabCompletionsError]) -> GitLabCompletionsError:
    """Make an error with every attribute of its own filled."""
    fields: dict[str, object] = {
        "code": ErrorCode.QUOTA,
        "remedy": "do something",
        "retry_after_s": 7.5,
    }
    if issubclass(kind, RouteError):
        fields |= {"route": Route.DIRECT, "elapsed_s": 0.25}
    if issubclass(kind, RouteStatusError):
        fields |= {"status_code": 418, "request_id": "id", "origin": Origin.EDGE}
    if issubclass(kind, DirectAccessError):
        fields |= {"status_code": 403}
    if issubclass(kind, AllRoutesFailedError):
        error = RouteServerError("inner", route=Route.DIRECT, status_code=500)
        attempt = Attempt(route=Route.DIRECT, started_s=0, elapsed_s=1, error=error)
        refusal = DirectAccessBarredError("barred", status_code=403)
        fields |= {"attempts": (attempt,), "direct_refusal": refusal}
    construct: Callable[..., GitLabCompletionsError] = kind
    return construct("it went wrong", **fields)


def state(error: GitLabCompletionsError) -> dict[str, str]:
    return {name: repr(value) for name, value in vars(error).items()}


@pytest.mark.parametrize("kind", classes())
def test_every_error_pickles_and_copies_whole(
    kind: type[GitLabCompletionsError],
) -> None:
    error = make(kind)
    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(again) is kind
        assert str(again) == str(error)
        assert again.args == error.args == ("it went wrong",)
        assert state(again) == state(error)
        assert again.retryable == error.retryable


def test_what_an_error_holds_pickles_with_it() -> None:
    error = pickle.loads(pickle.dumps(make(DeadlineExceededError)))
    assert isinstance(error, DeadlineExceededError)
    (attempt,) = error.attempts
    assert isinstance(attempt.error, RouteServerError)
    assert attempt.error.status_code == 500
    assert isinstance(error.direct_refusal, DirectAccessBarredError)


@pytest.mark.parametrize("kind", classes())
def test_every_error_is_one_line_with_a_remedy(
    kind: type[GitLabCompletionsError],
) -> None:
    error = make(kind)
    assert str(error) == "it went wrong; do something"
    assert error.message == "it went wrong"
    assert "\n" not in str(error)
    assert kind.__doc__


@pytest.mark.parametrize("kind", classes())
def test_every_class_has_a_code_and_its_remedy(
    kind: type[GitLabCompletionsError],
) -> None:
    fields: dict[str, object] = {}
    if issubclass(kind, RouteError):
        fields["route"] = Route.DIRECT
    if issubclass(kind, RouteStatusError):
        fields["status_code"] = 500
    construct: Callable[..., GitLabCompletionsError] = kind
    error = construct("it went wrong", **fields)
    assert error.code is kind.default_code
    assert error.remedy == REMEDIES.get(error.code)
    assert error.retry_after_s is None


def test_a_wrong_configuration_is_mended_as_its_message_says() -> None:
    assert ConfigurationError("deadline_s must be positive").remedy is None


@pytest.mark.parametrize("code", sorted(set(ErrorCode) - {ErrorCode.CONFIGURATION}))
def test_every_other_code_has_a_remedy_of_one_line(code: ErrorCode) -> None:
    remedy = REMEDIES[code]
    assert remedy.strip() == remedy != ""
    assert "\n" not in remedy
    assert not remedy.endswith(".")
    assert code.value == code.name.lower()


def test_only_what_passes_by_itself_is_retryable() -> None:
    assert set(ErrorCode) > RETRYABLE
    assert GitLabCompletionsError("m", code=ErrorCode.TIMEOUT).retryable
    assert not GitLabCompletionsError("m", code=ErrorCode.QUOTA).retryable
    assert ErrorCode.TOKEN_INVALID not in RETRYABLE


def test_errors_are_what_programs_expect() -> None:
    assert issubclass(ConfigurationError, ValueError)
    assert issubclass(RequestRejectedError, ValueError)
    assert issubclass(DeadlineExceededError, TimeoutError)
    assert issubclass(DeadlineExceededError, AllRoutesFailedError)
    assert not issubclass(ClientClosedError, RouteError)
    with pytest.raises(TimeoutError, match="too late"):
        raise DeadlineExceededError("too late")


def test_a_copy_keeps_no_frame_alive() -> None:
    error = RouteServerError("m", route=Route.DIRECT, status_code=500)
    with pytest.raises(RouteServerError):
        raise error from OSError("s3cret")
    kept = copy.copy(error)
    assert (kept.__traceback__, kept.__cause__, kept.__context__) == (None,) * 3
    assert vars(kept) == vars(error)


def test_the_tree_in_the_docstring_is_the_tree() -> None:
    for kind in classes():
        assert kind.__name__ in (errors.__doc__ or "")
    assert list(errors.__all__) == sorted(errors.__all__)
