"""What holds of all that a client learns from a server, whatever the server sends."""

from __future__ import annotations

import math
import pickle
from collections.abc import Mapping
from enum import Enum

from gitlab_completions._records import Record, fields
from gitlab_completions.details import ConnectionDetails
from gitlab_completions.errors import GitLabCompletionsError
from gitlab_completions.models import Choice

LARGEST = 2**53
"""The last whole number that every JSON reader of an editor takes as it is."""
LONGEST = 16_384 + len("Bearer ")
"""Characters of a word that is not a suggestion: a token is the longest."""
LONGEST_LINE = 300
"""Characters of a message, whose words are ours."""


def check_learned(value: object) -> None:
    """Assert that a value can be shown, stored, sent on and put into a file."""
    match value:
        case None | bool() | Enum():
            pass
        case Choice():
            check_inserted(value.text)
            assert value.index >= 0
            check_learned((value.index, value.finish_reason))
        case ConnectionDetails():
            check_details(value)
            check_learned(tuple(fields(value).values()))
        case Record():
            check_learned(tuple(fields(value).values()))
        case BaseException():
            check_error(value)
        case Mapping() | tuple():
            check_parts(value)
        case str():
            assert len(value) <= LONGEST
            assert value.isprintable(), ascii(value)
        case float():
            assert math.isfinite(value)
        case int():
            assert abs(value) <= LARGEST
        case _:
            raise AssertionError(f"nothing is known of {type(value).__name__}")


def check_parts(value: Mapping[object, object] | tuple[object, ...]) -> None:
    """Assert the same of what is in it."""
    parts = value if isinstance(value, tuple) else (*value.keys(), *value.values())
    for part in parts:
        check_learned(part)


def check_inserted(text: str) -> None:
    """Assert that an editor can insert the text."""
    text.encode()
    assert "\0" not in text
    assert text.strip()


def check_details(details: ConnectionDetails) -> None:
    """Assert that requests can be made of the details."""
    assert details.base_url.startswith("https://")
    assert not details.base_url.endswith("/")
    assert details.lifetime_s > 0
    shown = f"ConnectionDetails(base_url={details.base_url!r}, token=<secret>)"
    assert repr(details) == shown
    assert all(
        f"{name}{value}".isascii() and value == value.strip()
        for name, value in details.headers.items()
    )


def check_error(error: BaseException) -> None:
    """Assert that an error tells nothing of the server's, and travels."""
    for link in chain(error):
        assert all(isinstance(part, str) for part in link.args), type(link)
        line = str(link)
        assert line.isascii()
        assert line.isprintable()
        assert len(line) < LONGEST_LINE
    check_learned({n: v for n, v in vars(error).items() if n != "__notes__"})
    if isinstance(error, GitLabCompletionsError):
        again = pickle.loads(pickle.dumps(error))
        assert (type(again), again.args) == (type(error), error.args)
        assert vars(again) == vars(error)


def chain(error: BaseException) -> list[BaseException]:
    """Return the error and what it came from, which a traceback shows."""
    links, link = [], error.__cause__ or error.__context__
    while link is not None:
        links.append(link)
        link = link.__cause__ or link.__context__
    return [error, *links]
