"""Exceptions without the frames that they came through, whose locals hold secrets.

A traceback keeps the local variables of every frame alive, and tools that print
crashes show them: a constructor's token, an encoder's source, an HTTP library's
headers. What helps a person is kept: type, words and chain, and where a foreign
exception was raised. The frames above our border, the caller's own, stay.
"""

from __future__ import annotations

import functools
import inspect
import sys
import traceback
from typing import TYPE_CHECKING, ParamSpec, TypeVar, cast

from gitlab_completions.errors import GitLabCompletionsError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

Error = TypeVar("Error", bound=BaseException)
P = ParamSpec("P")
T = TypeVar("T")


def without_frames(error: Error, spared: BaseException | None = None) -> Error:
    """Take the frames from an exception and from all that led to it after `spared`."""
    for link in chain(error, spared):
        link.__traceback__ = None
    return error


def chain(
    error: BaseException, spared: BaseException | None = None
) -> Iterator[BaseException]:
    """Give the exception, its causes and contexts, and a group's members."""
    seen = {id(spared)}
    waiting: list[BaseException | None] = [error]
    while waiting:
        link = waiting.pop(0)
        if link is None or id(link) in seen:
            continue
        seen.add(id(link))
        yield link
        if isinstance(link, BaseExceptionGroup):
            group = cast("BaseExceptionGroup[BaseException]", link)
            waiting += group.exceptions
        waiting += [link.__cause__, link.__context__]


def frameless(function: Callable[P, T]) -> Callable[P, T]:
    """Let exceptions leave a function, plain or async, without the frames below.

    Not even the arguments are left: they are let go before the exception leaves.
    """
    if inspect.iscoroutinefunction(function):
        return cast("Callable[P, T]", _frameless_coroutine(function))

    @functools.wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        handled = sys.exception()
        try:
            return function(*args, **kwargs)
        except BaseException as error:
            del args, kwargs
            told = _told(error, handled)
        try:
            raise told
        finally:
            # Else it would hold itself, and the caller's frames with it.
            del told, handled

    return call


def frameless_init(kind: type[T]) -> type[T]:
    """Make the constructor of a class frameless that a decorator has written."""
    name = "__init__"
    setattr(kind, name, frameless(getattr(kind, name)))
    return kind


def _frameless_coroutine(
    function: Callable[P, Awaitable[T]],
) -> Callable[P, Awaitable[T]]:
    @functools.wraps(function)
    async def call(*args: P.args, **kwargs: P.kwargs) -> T:
        handled = sys.exception()
        try:
            return await function(*args, **kwargs)
        except BaseException as error:
            del args, kwargs
            told = _told(error, handled)
        try:
            raise told
        finally:
            del told, handled

    return call


def _told(error: Error, handled: BaseException | None) -> Error:
    """Take the frames; of an exception that is not ours, note where it was raised.

    What the caller is just handling, if anything, is its own, and keeps its frames.
    """
    if isinstance(error, Exception) and not isinstance(error, GitLabCompletionsError):
        note_place(error)
    return without_frames(error, handled)


def note_place(error: BaseException) -> None:
    """Note where an exception was raised, since its frames are about to go."""
    frames = traceback.extract_tb(error.__traceback__)
    if not frames:
        return
    last = frames[-1]
    note = f"raised at {last.filename}:{last.lineno} in {last.name}"
    if note not in getattr(error, "__notes__", ()):
        error.add_note(note)
