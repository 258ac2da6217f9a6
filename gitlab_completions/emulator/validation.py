"""Checks of JSON values that report problems the way pydantic 2 does.

The AI Gateway of 2024-07 shows its clients pydantic's error list, each item with an
`input` that echoes what was sent; the one of 2026-08 hides all of it. Only the checks
that the completion body needs are here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, cast

from gitlab_completions.emulator.answers import as_object

__all__ = (
    "Check",
    "Location",
    "Problem",
    "array",
    "boolean",
    "check_object",
    "one_of",
    "optional",
    "text",
    "whole_number",
)

_BOOLEAN_WORDS: Final = frozenset(
    {"0", "off", "f", "false", "n", "no", "1", "on", "t", "true", "y", "yes"}
)

Location = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One item of pydantic's error list.

    Attributes:
        type: Pydantic's name for the kind of error.
        loc: Keys and positions that lead to the value, from `body` on.
        msg: Pydantic's words.
        input: The value itself; this is what echoes a user's source.
        ctx: Numbers and names that are also in `msg`.
    """

    type: str
    loc: Location
    msg: str
    input: object
    ctx: Mapping[str, object] | None = None

    def document(self) -> dict[str, object]:
        """Return the item as the gateway of 2024-07 writes it."""
        item: dict[str, object] = {
            "type": self.type,
            "loc": list(self.loc),
            "msg": self.msg,
            "input": self.input,
        }
        return item if self.ctx is None else {**item, "ctx": dict(self.ctx)}


Check = Callable[[object, Location], list[Problem]]


def check_object(
    value: object,
    loc: Location,
    *,
    required: Mapping[str, Check],
    allowed: Mapping[str, Check],
) -> list[Problem]:
    """Check a JSON object: `required` keys must be there, unknown ones are ignored."""
    fields = as_object(value)
    if fields is None:
        return [_wrong_type("model_attributes_type", loc, value)]
    problems = [
        Problem(type="missing", loc=(*loc, name), msg="Field required", input=value)
        for name in required
        if name not in fields
    ]
    for name, check in {**required, **allowed}.items():
        if name in fields:
            problems += check(fields[name], (*loc, name))
    return problems


def text(longest: int, *, stripped: bool = False) -> Check:
    """Accept a string of at most `longest` characters without lone surrogates.

    With `stripped`, blanks around it do not count.
    """

    def check(value: object, loc: Location) -> list[Problem]:
        if not isinstance(value, str):
            return [_wrong_type("string_type", loc, value)]
        if _has_surrogate(value):
            return [_wrong_type("string_unicode", loc, value)]
        if len(value.strip() if stripped else value) <= longest:
            return []
        return [
            Problem(
                type="string_too_long",
                loc=loc,
                msg=f"String should have at most {longest} characters",
                input=value,
                ctx={"max_length": longest},
            )
        ]

    return check


def whole_number(value: object, loc: Location) -> list[Problem]:
    """Accept what pydantic takes for an integer: `2`, `"2"`, `2.0` and `true`."""
    if isinstance(value, int):
        return []
    if isinstance(value, float):
        return [] if value.is_integer() else [_wrong_type("int_from_float", loc, value)]
    if isinstance(value, str):
        digits = value.strip().removeprefix("-")
        good = digits.isascii() and digits.isdigit()
        return [] if good else [_wrong_type("int_parsing", loc, value)]
    return [_wrong_type("int_type", loc, value)]


def boolean(value: object, loc: Location) -> list[Problem]:
    """Accept what pydantic takes for a boolean."""
    if isinstance(value, bool) or (isinstance(value, int | float) and value in {0, 1}):
        return []
    if isinstance(value, str) and value.lower() in _BOOLEAN_WORDS:
        return []
    return [_wrong_type("bool_parsing", loc, value)]


def optional(check: Check) -> Check:
    """Accept null and whatever `check` accepts."""
    return lambda value, loc: [] if value is None else check(value, loc)


def one_of(*names: str) -> Check:
    """Accept null and the strings `names`."""
    quoted = [f"'{name}'" for name in names]
    expected = f"{', '.join(quoted[:-1])} or {quoted[-1]}"

    def check(value: object, loc: Location) -> list[Problem]:
        if value is None or value in names:
            return []
        return [
            Problem(
                type="enum",
                loc=loc,
                msg=f"Input should be {expected}",
                input=value,
                ctx={"expected": expected},
            )
        ]

    return check


def array(
    longest: int, *, required: Mapping[str, Check], allowed: Mapping[str, Check]
) -> Check:
    """Accept an array of at most `longest` objects.

    Keys in `required` must be in each of them; other keys than these and the `allowed`
    ones are ignored.
    """

    def check(value: object, loc: Location) -> list[Problem]:
        if not isinstance(value, list):
            return [_wrong_type("list_type", loc, value)]
        items = cast("list[object]", value)
        if len(items) > longest:
            return [_too_long(items, loc, longest)]
        return [
            problem
            for number, item in enumerate(items)
            for problem in check_object(
                item, (*loc, number), required=required, allowed=allowed
            )
        ]

    return check


def _too_long(items: list[object], loc: Location, longest: int) -> Problem:
    """Return the problem of an array with too many items."""
    return Problem(
        type="too_long",
        loc=loc,
        msg=f"List should have at most {longest} items after validation, "
        f"not {len(items)}",
        input=items,
        ctx={"field_type": "List", "max_length": longest, "actual_length": len(items)},
    )


_MESSAGES: Final = {
    "model_attributes_type": "Input should be a valid dictionary or object to extract "
    "fields from",
    "string_type": "Input should be a valid string",
    "string_unicode": "Input should be a valid string, unable to parse raw data as a "
    "unicode string",
    "int_from_float": "Input should be a valid integer, got a number with a fractional "
    "part",
    "int_parsing": "Input should be a valid integer, unable to parse string as an "
    "integer",
    "int_type": "Input should be a valid integer",
    "bool_parsing": "Input should be a valid boolean, unable to interpret input",
    "list_type": "Input should be a valid list",
}


def _wrong_type(kind: str, loc: Location, value: object) -> Problem:
    """Return a problem whose message depends on its type only."""
    return Problem(type=kind, loc=loc, msg=_MESSAGES[kind], input=value)


def _has_surrogate(value: str) -> bool:
    """Say whether `value` holds half of a surrogate pair."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return True
    return False
