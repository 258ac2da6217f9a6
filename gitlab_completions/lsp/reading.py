"""Reads what a client sent: JSON of the right shape, or a refusal that names the part.

What the protocol makes optional, and what clients leave out or send as `null`, is read
as absent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias, cast

from gitlab_completions.editor import Position
from gitlab_completions.lsp.conversation import Code, RefusedError

if TYPE_CHECKING:
    from typing import Never

__all__ = (
    "Json",
    "at",
    "items",
    "mapping",
    "number",
    "position",
    "says",
    "text",
)

Json: TypeAlias = Mapping[str, object]
"""An object of JSON."""
_NOTHING: Json = {}


def mapping(value: object, name: str = "params") -> Json:
    """Return an object.

    Raises:
        RefusedError: When it is none.
    """
    if not isinstance(value, Mapping):
        _refuse(name, "an object")
    return cast("Json", value)


def at(value: object, *path: str) -> Json:
    """Return the object at the end of a path, an empty one where there is none."""
    for name in path:
        value = cast("Json", value).get(name) if isinstance(value, Mapping) else None
    return cast("Json", value) if isinstance(value, Mapping) else _NOTHING


def items(value: object, name: str) -> Sequence[object]:
    """Return a list, an empty one when there is none.

    Raises:
        RefusedError: When it is something else.
    """
    if value is None:
        return ()
    if not isinstance(value, list):
        _refuse(name, "a list")
    return cast("list[object]", value)


def text(value: object, name: str) -> str:
    """Return a string.

    Raises:
        RefusedError: When it is none.
    """
    if not isinstance(value, str):
        _refuse(name, "a string")
    return value


def number(value: object, name: str) -> int:
    """Return a whole number that is not negative.

    Raises:
        RefusedError: When it is none.
    """
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        _refuse(name, "a whole number, not below 0")
    return value


def position(value: object, name: str = "position") -> Position:
    """Return a position.

    Raises:
        RefusedError: When it is none.
    """
    place = mapping(value, name)
    return Position(
        line=number(place.get("line"), f"{name}.line"),
        character=number(place.get("character"), f"{name}.character"),
    )


def says(value: object, name: str) -> bool:
    """Tell whether an object says yes to something."""
    return at(value).get(name) is True


def _refuse(name: str, right: str) -> Never:
    raise RefusedError(Code.INVALID_PARAMS, f"{name} must be {right}")
