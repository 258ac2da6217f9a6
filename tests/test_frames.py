"""Exceptions leave without the frames that they came through."""

from __future__ import annotations

import gc
import traceback
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from gitlab_completions._frames import chain, frameless, note_place, without_frames
from gitlab_completions.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

CANARY = "canary-6120"


def fail(kind: type[BaseException] = LookupError) -> None:
    held = str(CANARY)
    try:
        int(held)
    except ValueError as error:
        raise kind("no luck") from error


@frameless
def plain(secret: str, *, kind: type[BaseException] = LookupError) -> str:
    """Return the secret, or raise."""
    if not secret.startswith("fine"):
        fail(kind)
    return secret


@frameless
async def later(secret: str, *, kind: type[BaseException] = LookupError) -> str:
    if not secret.startswith("fine"):
        fail(kind)
    return secret


async def call(function: Callable[..., str | Awaitable[str]], **more: object) -> str:
    answer = function(str(CANARY), **more)
    return answer if isinstance(answer, str) else await answer


def shown(error: BaseException) -> str:
    told = traceback.TracebackException.from_exception(error, capture_locals=True)
    return "".join(told.format())


@pytest.mark.parametrize("function", [plain, later])
@pytest.mark.parametrize("kind", [LookupError, KeyboardInterrupt, ConfigurationError])
async def test_no_frame_below_is_left(
    function: Callable[..., str | Awaitable[str]], kind: type[BaseException]
) -> None:
    with pytest.raises(kind) as caught:
        await call(function, kind=kind)
    error = caught.value
    assert isinstance(error.__cause__, ValueError)
    error.__cause__.args = ()  # it quotes what it could not read, as this one does
    assert CANARY not in shown(error)
    assert "in fail" not in "".join(traceback.format_tb(error.__traceback__))
    assert error.__cause__.__traceback__ is None


@pytest.mark.parametrize("function", [plain, later])
async def test_a_foreign_exception_says_where_it_was_raised(
    function: Callable[..., str | Awaitable[str]],
) -> None:
    with pytest.raises(LookupError) as caught:
        await call(function)
    (note,) = caught.value.__notes__
    assert note.startswith(f"raised at {__file__}:")
    assert note.endswith(" in fail")
    with pytest.raises(ConfigurationError) as ours:
        await call(function, kind=ConfigurationError)
    assert not hasattr(ours.value, "__notes__")


@pytest.mark.parametrize("function", [plain, later])
async def test_an_argument_too_many_shows_no_other(
    function: Callable[..., str | Awaitable[str]],
) -> None:
    with pytest.raises(TypeError, match="unexpected keyword") as caught:
        await call(function, kinf=1)
    assert CANARY not in shown(caught.value)


@pytest.mark.parametrize("function", [plain, later])
async def test_what_the_caller_is_handling_keeps_its_frames(
    function: Callable[..., str | Awaitable[str]],
) -> None:
    try:
        next(iter(()))
    except StopIteration as handled:
        with pytest.raises(ConfigurationError) as caught:
            await call(function, kind=ConfigurationError)
        (frame,) = traceback.extract_tb(handled.__traceback__)
        assert frame.filename == __file__
    assert "in fail" not in "".join(traceback.format_tb(caught.value.__traceback__))


async def test_what_is_returned_and_what_is_said_of_a_function_stay() -> None:
    assert plain("fine") == await later("fine") == "fine"
    assert plain.__doc__ == "Return the secret, or raise."


class LuckError(Exception):
    pass


def test_an_exception_does_not_hold_itself() -> None:
    gc.collect()
    gc.disable()
    try:
        for _ in range(20):
            with suppress(LuckError):
                plain("secret", kind=LuckError)
        assert not [one for one in gc.get_objects() if isinstance(one, LuckError)]
    finally:
        gc.enable()


def test_the_chain_is_walked_once_whatever_its_shape() -> None:
    inner, outer = ValueError("inner"), ValueError("outer")
    outer.__context__, inner.__cause__ = inner, outer
    group = ExceptionGroup("both", [outer, TypeError("else")])
    assert [str(link.args[0]) for link in chain(group)] == [
        "both",
        "outer",
        "else",
        "inner",
    ]
    assert without_frames(group) is group


def test_a_place_is_noted_once_and_only_where_there_is_one() -> None:
    never_raised = ValueError()
    note_place(never_raised)
    assert not hasattr(never_raised, "__notes__")
    for _ in range(2):
        try:
            raise never_raised
        except ValueError as error:
            note_place(error)
            without_frames(error)
    assert len(never_raised.__notes__) == 1
