"""Reads the GraphQL that clients of completions write: one query, fields, variables.

A small strict reader, so that a fake in memory needs no package for it, and answers in
the words of graphql-ruby, which none for Python does. Fragments, directives, mutations
and several operations are refused, not misread.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

__all__ = ("QueryError", "Selection", "read_query")

_TOKEN: Final = re.compile(
    r"""(?P<skip>[\s,\ufeff]+|\#[^\n\r]*)
    |(?P<text>"(?:[^"\\\n\r]|\\.)*")
    |(?P<number>-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)
    |(?P<word>[_A-Za-z]\w*)
    |(?P<mark>\.\.\.|[!$():=@\[\]{|}])""",
    re.VERBOSE | re.ASCII,
)
_LITERALS: Final[Mapping[str, object]] = {"true": True, "false": False, "null": None}
_DEEPEST: Final = 20


class QueryError(Exception):
    """The query cannot be read or run; the message is what GitLab would tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """A field that was asked for.

    Attributes:
        name: The field's name.
        key: What it is called in the answer: its alias or its name.
        arguments: Their values, with variables filled in.
        selections: What is asked for within it.
    """

    name: str
    key: str
    arguments: Mapping[str, object] = field(default_factory=dict[str, object])
    selections: tuple["Selection", ...] = ()


def read_query(text: str, variables: Mapping[str, object]) -> tuple[Selection, ...]:
    """Read a query, and fill in its variables.

    Raises:
        QueryError: If it is none, or needs a variable that is not given.
    """
    return _Reader(_tokens(text), variables).query()


def _tokens(text: str) -> list[str]:
    """Cut a query into its tokens.

    Raises:
        QueryError: If something is none.
    """
    tokens: list[str] = []
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise QueryError(f'Parse error on "{text[at]}"')
        if found.lastgroup != "skip":
            tokens.append(found.group())
        at = found.end()
    return tokens


class _Reader:
    """Reads tokens from left to right."""

    def __init__(self, tokens: list[str], variables: Mapping[str, object]) -> None:
        self._tokens = tokens
        self._at = 0
        self._given = variables
        self._variables: dict[str, object] = {}

    def query(self) -> tuple[Selection, ...]:
        """Read the whole document."""
        if self._peek() == "query":
            self._take()
            if self._peek() not in {"(", "{"}:
                self._word()
            if self._peek() == "(":
                self._definitions()
        selections = self._selections(0)
        if self._peek():
            raise self._unexpected()
        return selections

    def _peek(self) -> str:
        """Return the next token, "" at the end."""
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _take(self) -> str:
        """Step over the next token, and return it."""
        token = self._peek()
        self._at += 1
        return token

    def _expect(self, mark: str) -> None:
        """Step over `mark`."""
        if self._peek() != mark:
            raise self._unexpected()
        self._take()

    def _word(self) -> str:
        """Step over a name, and return it."""
        if not self._peek().isidentifier():
            raise self._unexpected()
        return self._take()

    def _unexpected(self) -> QueryError:
        """Return the error of a token that is out of place."""
        token = self._peek()
        return QueryError(
            f'Parse error on "{token}"' if token else "Unexpected end of document"
        )

    def _definitions(self) -> None:
        """Read the variables' types, and take what was given or stands there."""
        self._expect("(")
        while self._peek() != ")":
            self._expect("$")
            name = self._word()
            self._expect(":")
            required = self._type()
            if self._peek() == "=":
                self._take()
                self._variables[name] = self._value(0)
            elif required and self._given.get(name) is None:
                raise QueryError(f"Variable ${name} was provided invalid value")
            else:
                self._variables[name] = None
            if name in self._given:
                self._variables[name] = self._given[name]
        self._expect(")")

    def _type(self) -> bool:
        """Step over a type; say whether a value is required."""
        if self._peek() == "[":
            self._take()
            self._type()
            self._expect("]")
        else:
            self._word()
        required = self._peek() == "!"
        if required:
            self._take()
        return required

    def _selections(self, depth: int) -> tuple[Selection, ...]:
        """Read fields in braces."""
        if depth > _DEEPEST:
            raise QueryError("Query has depth of more than 20")
        self._expect("{")
        found: list[Selection] = []
        while self._peek() != "}" or not found:
            found.append(self._selection(depth))
        self._expect("}")
        return tuple(found)

    def _selection(self, depth: int) -> Selection:
        """Read a field, with all that hangs on it."""
        key = name = self._word()
        if self._peek() == ":":
            self._take()
            name = self._word()
        arguments: dict[str, object] = {}
        if self._peek() == "(":
            self._take()
            while self._peek() != ")" or not arguments:
                argument = self._word()
                self._expect(":")
                arguments[argument] = self._value(0)
            self._expect(")")
        inner = self._selections(depth + 1) if self._peek() == "{" else ()
        return Selection(name=name, key=key, arguments=arguments, selections=inner)

    def _value(self, depth: int) -> object:
        """Read a value; of objects there is no need."""
        token = self._peek()
        if token == "[" and depth < _DEEPEST:
            self._take()
            items: list[object] = []
            while self._peek() != "]":
                items.append(self._value(depth + 1))
            self._take()
            return items
        if token == "$":
            self._take()
            return self._variable(self._word())
        if token in _LITERALS:
            return _LITERALS[self._take()]
        if token.isidentifier():
            return self._take()  # a word of an enumeration
        try:
            value: object = json.loads(token)
        except ValueError as error:
            raise self._unexpected() from error
        self._take()
        return value

    def _variable(self, name: str) -> object:
        """Return the value of a variable."""
        if name not in self._variables:
            told = f"Variable ${name} is used by anonymous query but not declared"
            raise QueryError(told)
        return self._variables[name]
