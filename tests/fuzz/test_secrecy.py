"""Nothing that a server says gets into a message, a repr, or what a traceback shows.

An old gateway's refusal echoes the author's source, and a grant holds a token.
"""

from __future__ import annotations

import json
import traceback
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings, strategies as st

from gitlab_completions._records import Record, fields
from gitlab_completions.models import Route
from tests.fuzz.answers import Answer, recorded
from tests.fuzz.invariants import chain
from tests.fuzz.targets import ending_of, fetched_of
from tests.fuzz.vocabulary import KEYS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CANARY = "s3cret"
SHOWN = {
    "engine",
    "name",
    "model_provider",
    "model_name",
    "provider",
    "feature_setting",
    "identifier",
    "x-gitlab-version",
    "base_url",
}
"""What may be shown, once it is checked: a model's names, a version, an address."""
LEARNED: dict[str, Callable[[Answer], Record]] = {
    "direct_access": fetched_of,
    "gateway_v2": lambda answer: ending_of(Route.DIRECT, answer),
    "instance": lambda answer: ending_of(Route.INDIRECT, answer),
}


def planted(value: object, key: str = "") -> object:
    """Put the canary at the end of every string that may not be shown."""
    match value:
        case dict():
            return {
                (name if name in KEYS or name[:2] in {"X-", "x-"} else name + CANARY): (
                    planted(one, name.lower())
                )
                for name, one in value.items()
            }
        case list():
            return [planted(one) for one in value]
        case str() if key not in SHOWN:
            return value + CANARY
        case _:
            return value


def with_canaries(answer: Answer) -> Answer:
    """Plant canaries in a recorded answer, be it JSON or not."""
    try:
        body = json.dumps(planted(json.loads(answer.body))).encode()
    except ValueError:
        body = answer.body + CANARY.encode()
    return answer._replace(body=body)


def shown(value: object) -> Iterator[str]:
    """Give every text that a person or a log may see of what was learned."""
    yield repr(value)
    if isinstance(value, BaseException):
        yield str(value)
        yield repr(vars(value))
        yield "".join(traceback.format_exception(value))
        for link in chain(value):
            yield repr(link.args)
    if isinstance(value, Record):
        for part in fields(value).values():
            if isinstance(part, Record | BaseException):
                yield from shown(part)


SAMPLES = [
    (endpoint, with_canaries(answer))
    for endpoint in LEARNED
    for answer in recorded(endpoint)
]


@settings(max_examples=200)
@given(
    st.sampled_from(SAMPLES),
    st.none() | st.integers(0, 2000),
    st.none() | st.sampled_from((200, 201, 400, 401, 403, 422, 429, 500, 511)),
)
def test_no_word_of_a_body_is_shown(
    sample: tuple[str, Answer], cut_at: int | None, status: int | None
) -> None:
    endpoint, answer = sample
    changed = answer._replace(
        body=answer.body[:cut_at], status_code=status or answer.status_code
    )
    for text in shown(LEARNED[endpoint](changed)):
        assert CANARY not in text


@pytest.mark.parametrize("endpoint", LEARNED)
def test_the_canaries_are_where_they_would_be_seen(endpoint: str) -> None:
    bodies = [answer.body for name, answer in SAMPLES if name == endpoint]
    assert all(body.count(CANARY.encode()) for body in bodies)
