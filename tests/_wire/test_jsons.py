from __future__ import annotations

import json
import math

import pytest
from hypothesis import given, strategies as st

from gitlab_completions._wire.jsons import (
    as_list,
    as_number,
    as_object,
    as_text,
    encode,
    parse,
    parse_object,
)

values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(values)
def test_what_is_encoded_parses_to_the_same(value: object) -> None:
    text = encode(value)
    assert json.loads(text) == value
    assert parse(text.encode()) == value


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"\xff", b"[" * 200_000, b'{"a":' * 200_000, b"nul", b"1 2"],
)
def test_what_is_no_json_is_a_value_error(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse(body)
    assert parse_object(body) is None


def test_odd_numbers_are_tolerated() -> None:
    huge = b"1" * 5000
    assert parse(b"[NaN,Infinity,-Infinity," + huge + b",1e999]") is not None
    assert parse(huge) == math.inf
    assert parse(b"7") == 7


def test_a_byte_order_mark_is_tolerated() -> None:
    assert parse(b"\xef\xbb\xbf{}") == {}


@given(st.binary())
def test_no_body_breaks_parse_object(body: bytes) -> None:
    parse_object(body)


def test_values_are_narrowed() -> None:
    assert as_object({"a": 1}) == {"a": 1}
    assert as_object([]) is None
    assert as_list([1]) == [1]
    assert as_list("a") is None
    assert as_text("a") == "a"
    assert as_text(1) is None
    assert as_number(1.5) == 1.5
    for odd in (True, "1", None, math.nan, math.inf, 10**400, -(10**400)):
        assert as_number(odd) is None
