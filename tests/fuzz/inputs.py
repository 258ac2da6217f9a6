"""What Hypothesis tries: bytes, JSON as no encoder would write it, damaged samples."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, cast

from hypothesis import strategies as st

from tests.fuzz.vocabulary import KEYS, ODD

if TYPE_CHECKING:
    from tests.fuzz.targets import Target

ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "latin-1", "utf-7")


def json_texts() -> st.SearchStrategy[str]:
    """Write JSON with keys that come twice, and values in any place."""
    numbers = st.integers().map(str) | st.floats().map(json.dumps)
    strings = st.text(max_size=20).map(json.dumps)
    leaves = st.sampled_from(ODD) | numbers | strings
    return st.recursive(leaves, _containers, max_leaves=12)


def _containers(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    keys = st.sampled_from([json.dumps(key) for key in KEYS])
    pairs = st.tuples(keys, inner).map(":".join)
    arrays = st.lists(inner, max_size=4).map(lambda parts: f"[{','.join(parts)}]")
    objects = st.lists(pairs, max_size=6).map(lambda parts: f"{{{', '.join(parts)}}}")
    return arrays | objects


def json_bodies() -> st.SearchStrategy[bytes]:
    """Encode such JSON, most often as it should be."""
    encodings = st.just("utf-8") | st.sampled_from(ENCODINGS)
    return st.builds(_encoded, json_texts(), encodings)


def _encoded(text: str, encoding: str) -> bytes:
    errors = "surrogatepass" if encoding.startswith("utf") else "replace"
    return text.encode(encoding, errors)


JSON_BODIES = json_bodies()  # made once: making a strategy takes longer than drawing


@st.composite
def damaged(draw: st.DrawFn, seeds: list[bytes]) -> bytes:
    """Change a sample in one to three ways."""
    data = seeds[draw(st.integers(0, len(seeds) - 1))]
    for _ in range(draw(st.integers(1, 3))):
        change = draw(CHANGES)
        data = change(draw, data, seeds)
    return data


def _spliced(draw: st.DrawFn, data: bytes, seeds: list[bytes]) -> bytes:
    """Put a part of another sample, or arbitrary bytes, in place of a part."""
    at = draw(st.integers(-1, len(seeds) - 1))
    other = seeds[at] if at >= 0 else draw(st.binary(max_size=12))
    start, end = _span(draw, data)
    first, last = _span(draw, other)
    return data[:start] + other[first:last] + data[end:]


def _cut(draw: st.DrawFn, data: bytes, seeds: list[bytes]) -> bytes:
    return data[: draw(st.integers(0, len(data)))]


def _flipped(draw: st.DrawFn, data: bytes, seeds: list[bytes]) -> bytes:
    if not data:
        return data
    at, bit = draw(st.integers(0, len(data) - 1)), draw(st.integers(0, 7))
    return data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :]


def _retyped(draw: st.DrawFn, data: bytes, seeds: list[bytes]) -> bytes:
    """Give one field of the JSON in the sample a value of another type."""
    head, mark, body = data.rpartition(b"\n\n")
    found = _fields(body)
    if not found:
        return data
    key, value = found[draw(st.integers(0, len(found) - 1))]
    old = f"{json.dumps(key)}:{json.dumps(value, separators=(',', ':'))}".encode()
    new = json.dumps(key).encode() + b":" + draw(JSON_BODIES)
    return head + mark + body.replace(old, new, 1)


def _doubled(draw: st.DrawFn, data: bytes, seeds: list[bytes]) -> bytes:
    """Say a key of the JSON in the sample twice, with another value."""
    key = json.dumps(KEYS[draw(st.integers(0, len(KEYS) - 1))]).encode()
    pair = key + b":" + draw(JSON_BODIES)
    places = [at for at in range(len(data)) if data[at : at + 1] in {b"{", b"}"}]
    if not places:
        return data
    at = places[draw(st.integers(0, len(places) - 1))]
    opens = data[at : at + 1] == b"{"
    return (
        data[:at]
        + (b"{" + pair + b"," if opens else b"," + pair + b"}")
        + data[at + 1 :]
    )


def _span(draw: st.DrawFn, data: bytes) -> tuple[int, int]:
    start = draw(st.integers(0, len(data)))
    return start, min(len(data), start + draw(st.integers(0, 40)))


def _fields(body: bytes) -> list[tuple[str, object]]:
    """Return each field of a JSON object, those of inner objects too."""
    try:
        value: object = json.loads(body)
    except (ValueError, RecursionError):
        return []
    found: list[tuple[str, object]] = []
    left = [value]
    while left:
        match left.pop():
            case dict() as inner:
                pairs = cast("dict[str, object]", inner)
                found.extend(pairs.items())
                left.extend(pairs.values())
            case list() as items:
                left.extend(cast("list[object]", items))
            case _:
                pass
    return found


CHANGES = st.sampled_from((_spliced, _cut, _flipped, _retyped, _doubled))


@cache
def inputs_of(target: Target) -> st.SearchStrategy[bytes]:
    """Return all that is tried on a target."""
    bodies = JSON_BODIES.map(target.frame)
    return st.binary(max_size=400) | bodies | damaged(target.seeds())
