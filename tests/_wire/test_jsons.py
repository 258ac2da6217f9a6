from __future__ import annotations

import json
import math
import re
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings, strategies as st

from gitlab_completions._wire import jsons
from gitlab_completions._wire.jsons import (
    MAX_VALUES,
    as_list,
    as_number,
    as_object,
    as_text,
    as_word,
    encode,
    encode_body,
    parse,
    parse_object,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@pytest.fixture(params=["orjson", "json"], autouse=True, scope="module")
def by(request: pytest.FixtureRequest) -> Iterator[str]:
    """Run each test with orjson where it is installed, and without it."""
    name: str = request.param
    module = pytest.importorskip(name)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "orjson", module if name == "orjson" else None)
        yield name


def test_orjson_is_used_where_it_has_been_imported(
    by: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (jsons._orjson() is not None) is (by == "orjson")
    monkeypatch.delitem(sys.modules, "orjson")
    assert jsons._orjson() is None
    assert encode_body({}) == b"{}"
    assert parse(b"{}") == {}
    assert "orjson" not in sys.modules


@given(values)
def test_bodies_are_the_same_whoever_makes_them(value: object) -> None:
    assert encode_body(value) == encode(value).encode()


def test_what_orjson_refuses_is_made_and_read_by_json() -> None:
    huge = 2**70
    assert encode_body([huge]) == b"[%d]" % huge
    assert parse(b"[NaN]") != parse(b"[0]")
    assert parse(b'"\\ud800"') == "\ud800"
    with pytest.raises(TypeError):
        encode_body(object())


@pytest.mark.parametrize("digits", [1, 19, 20, 21, 300, 301, 400])
def test_integers_of_any_length_are_the_same_to_who_asks(digits: int) -> None:
    number = parse(b"9" * digits)
    assert as_number(number) == (float("9" * digits) if digits < 19 else None)


@given(values)
def test_what_is_encoded_parses_to_the_same(value: object) -> None:
    text = encode(value)
    assert json.loads(text) == value
    assert parse(text.encode()) == value


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"\xff", b"[" * 4000, b"[" * 200_000, b'{"a":' * 3000, b"nul", b"1 2"],
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


FULL = b'{"a":0},' * (MAX_VALUES // 2 - 1)


def test_a_body_may_be_full_of_values() -> None:
    assert parse(b"[%b{}]" % FULL) is not None


@pytest.mark.parametrize(
    "body",
    [
        b"[%b{},0]" % FULL,
        b"[%b" % (FULL * 2),
        b"[" + b"{}," * 100_000 + b"{}]",
        b'{"a":"\\"","b":[' + b'"\\\\",' * 5000 + b"0]}",
        b"[" * 3000 + b"0," * 3000,
    ],
)
def test_a_body_with_too_many_values_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match="too many values"):
        parse(body)


@pytest.mark.parametrize("text", ["[{,", '"[', '\\"[{,\\\\', "\n,", "é[\x00"])
def test_brackets_in_a_text_are_no_values(text: str) -> None:
    value = {"text": text * MAX_VALUES, "more": [1, 2]}
    assert parse(json.dumps(value).encode()) == value
    assert parse(encode(value).encode()) == value


_TOKENS = re.compile(r'"(?:[^"\\]|\\.)*"|[\[{,]', re.DOTALL)


@settings(max_examples=40)
@given(
    st.lists(
        st.text('[{,"\\a:}] ', max_size=9).map(encode) | values.map(encode),
        min_size=1,
        max_size=3,
    ),
    st.sampled_from((1, 500, 2047, 4095, 4096)),
)
def test_values_are_counted_outside_of_texts(parts: list[str], times: int) -> None:
    body = f"[{','.join(parts * times)}]"
    separators = sum(token in "[{," for token in _TOKENS.findall(body))
    assert (parse_object(b'{"a":%b}' % body.encode()) is None) is (
        separators + 1 > MAX_VALUES
    )


def test_words_are_short_and_in_one_line() -> None:
    assert as_word(" codestral-2508 ", most=50) == "codestral-2508"
    for odd in (None, 7, "", "x" * 51, "a\nb", "a\x1b[31m", "\ud800", "\u202e", "\0"):
        assert as_word(odd, most=50) == ""


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
