"""JSON in and out: it enters as `object` and is narrowed by these few functions.

orjson makes and reads the bodies of completions once a sender has imported it. What it
refuses and `json` takes (half a character, a byte order mark, `NaN`) goes to `json`.
What both take is the same to who asks here: an integer over 64 bits is a float to
orjson, and no number to `as_number`.
"""

from __future__ import annotations

import json
import re
import sys
from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = (
    "as_list",
    "as_number",
    "as_object",
    "as_text",
    "as_word",
    "encode",
    "encode_body",
    "parse",
    "parse_object",
)

MAX_INTEGER_DIGITS = 300
"""Digits; longer integers become floats, as Python refuses to read 4301 digits."""

MAX_NUMBER = 10**18

MAX_VALUES = 4096
"""Values of a body. A completion has 20, a grant 60, and a refusal that lists a request
with a hundred pieces of context 500.

Python makes 31 MB of objects of 1 MiB of `[{"a":{}},{"a":{}},...`. A short value and
its key take up to 210 bytes, so those of a body take 840 KiB at most. Long texts take
up to eight times what was sent: four bytes a character, while text is copied out.
"""
MAX_FAST = 1 << 16
"""Bytes that orjson may read. It sets twelve times as much aside before it looks; of a
completion nobody feels that, and longer bodies are no completions.
"""
_SEPARATORS = b",[{"
"""One of them stands before every value but the first."""
_TOO_MANY = rb'(?s:(?:[^"\[{,]*+(?:"(?:[^"\\]++|\\.)*+"?+[^"\[{,]*+)*+[\[{,]){%d})' % (
    MAX_VALUES + 1
)
"""That many separators outside of strings.

Whatever else is wrong with a body, this sees what is a string as the parser does, up to
where the parser gives up. It never goes back (`++`), or half a megabyte of escapes
would fill fifty of its own memory.
"""


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits) <= MAX_INTEGER_DIGITS else float(digits)


_DECODER = json.JSONDecoder(parse_int=_integer)
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def parse(body: bytes) -> object:
    """Return the JSON value that a body holds.

    Raises:
        ValueError: When it is not UTF-8, not JSON, nested too deep to read, or in more
            parts than any answer has.
    """
    if _has_too_many_values(body):
        raise ValueError("too many values")
    orjson = _orjson() if len(body) <= MAX_FAST else None
    if orjson is not None:
        try:
            return orjson.loads(body)
        except ValueError:
            pass
    try:
        value: object = _DECODER.decode(body.decode("utf-8-sig"))
    except RecursionError:
        raise ValueError("nested too deep") from None
    return value


def parse_object(body: bytes) -> Mapping[str, object] | None:
    """Return the JSON object that a body holds, or `None` when it holds none.

    What the parser raised is let go here: it has the whole body in it.
    """
    try:
        return as_object(parse(body))
    except ValueError:
        return None


def _has_too_many_values(body: bytes) -> bool:
    """Tell whether it would take far more memory to parse a body than to hold it.

    The first two questions spare what is asked all day the third, which takes longer
    than parsing: fewer bytes cannot hold so many values, and code in a string rarely
    has so many brackets.
    """
    return (
        len(body) > MAX_VALUES
        and sum(map(body.count, _SEPARATORS)) > MAX_VALUES
        and re.match(_TOO_MANY, body) is not None
    )


def encode(value: object) -> str:
    """Return the value as compact JSON; characters stay as they are."""
    return _ENCODER.encode(value)


def encode_body(value: object) -> bytes:
    """Return the value as compact JSON in UTF-8; numbers in it are integers."""
    orjson = _orjson()
    if orjson is not None:
        try:
            return orjson.dumps(value)
        except TypeError:
            pass
    return encode(value).encode()


class _Orjson(Protocol):
    def dumps(self, value: object, /) -> bytes: ...

    def loads(self, body: bytes, /) -> object: ...


def _orjson() -> _Orjson | None:
    """Return orjson if it has been imported: a sender does so off the event loop."""
    if "orjson" not in sys.modules:
        return None
    try:
        import orjson  # noqa: PLC0415 - waits for a thread that is still at it
    except ImportError:
        return None
    found: _Orjson = orjson
    return found


def as_object(value: object) -> Mapping[str, object] | None:
    """Return the value when it is a JSON object."""
    return cast("dict[str, object]", value) if isinstance(value, dict) else None


def as_list(value: object) -> Sequence[object] | None:
    """Return the value when it is a JSON array."""
    return cast("list[object]", value) if isinstance(value, list) else None


def as_text(value: object) -> str | None:
    """Return the value when it is a string."""
    return value if isinstance(value, str) else None


def as_word(value: object, *, most: int) -> str:
    """Return a string that can be shown in a line; an empty one for anything else.

    Args:
        value: What a server sent.
        most: Characters that it may have.
    """
    text = as_text(value) or ""
    if len(text) > most:
        return ""
    word = text.strip()
    return word if word.isprintable() else ""


def as_number(value: object) -> float | None:
    """Return the value when it is a number that a time can be made of."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if abs(value) < MAX_NUMBER else None
