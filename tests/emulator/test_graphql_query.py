"""Queries are read whatever their blanks, and what is not understood is refused."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from gitlab_completions.emulator.graphql_query import (
    QueryError,
    Selection,
    read_query,
)

VERSION = Selection(name="version", key="version")
METADATA = Selection(name="metadata", key="metadata", selections=(VERSION,))


@pytest.mark.parametrize(
    "text",
    [
        "{metadata{version}}",
        "query{metadata{version}}",
        "query Named { metadata { version } }",
        "\ufeff# a comment\n query\n{\tmetadata,{ version, } # more\n}",
        "query Q($n: [String!]! = []) { metadata { version } }",
        "query ($n: Int, $m: [[Int!]]) { metadata { version } }",
    ],
)
def test_blanks_names_and_comments_do_not_matter(text: str) -> None:
    assert read_query(text, {}) == (METADATA,)


def test_fields_have_aliases_arguments_and_an_order() -> None:
    text = '{ b: x(i: -1, f: 1.5e2, t: "a\\n", e: RED, n: null, l: [true, []]) a }'
    first, second = read_query(text, {})
    assert (first.name, first.key, second.key) == ("x", "b", "a")
    assert first.arguments == {
        "i": -1,
        "f": 150.0,
        "t": "a\n",
        "e": "RED",
        "n": None,
        "l": [True, []],
    }


def test_variables_are_filled_in() -> None:
    text = "query($n: [String!]!, $m: Int = 7, $o: Int) { x(n: $n, m: $m, o: [$o]) }"
    (read,) = read_query(text, {"n": ["a"]})
    assert read.arguments == {"n": ["a"], "m": 7, "o": [None]}
    (read,) = read_query(text, {"n": [], "m": 8, "o": 9})
    assert read.arguments == {"n": [], "m": 8, "o": [9]}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "Unexpected end"),
        ("{", "Unexpected end"),
        ("{}", 'Parse error on "}"'),
        ("{a", "Unexpected end"),
        ("{a()}", "Parse error"),
        ("{a(b:)}", "Parse error"),
        ("{a(b:{c:1})}", "Parse error"),
        ("{a}}", "Parse error"),
        ("{a} {b}", "Parse error"),
        ("{...F}", "Parse error"),
        ("{a @skip(if: true)}", "Parse error"),
        ("mutation{a}", "Parse error"),
        ("query($a Int){a}", "Parse error"),
        ("{ü}", "Parse error"),
        ('{a(b:"c)}', "Parse error"),
        ("{a(b:$c)}", "not declared"),
        ("query($c: Int!){a(b:$c)}", "invalid value"),
        ("{" + "a{" * 30, "depth"),
        ("{a(b:" + "[" * 30 + ")}", "Parse error"),
    ],
)
def test_anything_else_is_refused(text: str, told: str) -> None:
    with pytest.raises(QueryError, match=told):
        read_query(text, {})


@given(st.text(alphabet='{}()[]!$:=@."#a1 \n', max_size=40))
def test_whatever_comes_it_is_read_or_refused(text: str) -> None:
    try:
        assert read_query(text, {})
    except QueryError as error:
        assert str(error)  # noqa: PT017
