"""Frozen, slotted, keyword-only records at a tenth of a dataclass's import cost.

`dataclass` compiles six functions for each class; forty events, commands and endings
together took longer to import than an HTTP library. Here a class compiles one function,
its constructor, and shares the rest. Type checkers see a frozen dataclass. What users
construct or `dataclasses.replace` stays a dataclass.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Never, TypeVar, cast, dataclass_transform

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ("Record", "fields", "replace")

RecordT = TypeVar("RecordT", bound="Record")


@dataclass_transform(frozen_default=True, kw_only_default=True)
class _RecordType(type):
    """Makes the annotations of a class its slots and its constructor's arguments."""

    names: tuple[str, ...]

    def __new__(
        cls, name: str, bases: tuple[type, ...], namespace: dict[str, object]
    ) -> _RecordType:
        if any(getattr(base, "names", ()) for base in bases):
            raise TypeError(f"{name}: a record with fields cannot be inherited from")
        annotations = cast("dict[str, object]", namespace.get("__annotations__", {}))
        names = tuple(annotations)
        defaults = {each: namespace.pop(each) for each in names if each in namespace}
        namespace["__slots__"] = names
        made = super().__new__(cls, name, bases, namespace)
        type.__setattr__(made, "names", names)
        if names:
            type.__setattr__(made, "__init__", _constructor(made, names, defaults))
        return made


def _constructor(
    made: type, names: tuple[str, ...], defaults: dict[str, object]
) -> object:
    """Compile a constructor that fills the slots past the frozen `__setattr__`."""
    scope: dict[str, object] = {f"default_{each}": defaults[each] for each in defaults}
    scope |= {f"set_{each}": getattr(made, each).__set__ for each in names}
    arguments = ", ".join(
        f"{each}=default_{each}" if each in defaults else each for each in names
    )
    body = "; ".join(f"set_{each}(self, {each})" for each in names)
    exec(f"def __init__(self, *, {arguments}): {body}", scope)
    constructor = scope["__init__"]
    assert callable(constructor)
    return constructor


class Record(metaclass=_RecordType):
    """A value: equal when its fields are, and never changed."""

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Record) or type(other) is not type(self):
            return NotImplemented
        return fields(self) == fields(other)

    def __hash__(self) -> int:
        return hash((type(self), *fields(self).values()))

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={value!r}" for name, value in fields(self).items())
        return f"{type(self).__name__}({shown})"

    def __setattr__(self, name: str, value: object) -> Never:
        raise AttributeError(f"{type(self).__name__} is frozen: {name} stays as it is")

    def __delattr__(self, name: str) -> Never:
        raise AttributeError(f"{type(self).__name__} is frozen: {name} stays")

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), fields(self))


def fields(record: Record) -> dict[str, object]:
    """Return a record's fields by name."""
    return {name: getattr(record, name) for name in type(record).names}


def _rebuild(kind: Callable[..., Record], values: dict[str, object]) -> Record:
    return kind(**values)


def replace(record: RecordT, **changes: object) -> RecordT:
    """Return a copy of a record with some fields changed."""
    kind: Callable[..., RecordT] = type(record)
    return kind(**{**fields(record), **changes})
