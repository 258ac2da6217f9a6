"""What was asked and heard comes to whether code suggestions work, and to a remedy."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, strategies as st

from gitlab_completions._core.availability import (
    TABLE,
    Age,
    Reply,
    Seen,
    age_of,
    asks_direct_access,
    asks_graphql,
    asks_version,
    decide,
)
from gitlab_completions._records import Record, replace
from gitlab_completions.errors import ErrorCode as Code

REFUSED = Seen(reply=Reply.REFUSED)
NOT_FOUND = Seen(reply=Reply.NOT_FOUND, code=Code.NOT_FOUND)
GONE = Seen(reply=Reply.GONE, code=Code.NOT_FOUND)
YES = Seen(reply=Reply.YES)


def seen(base: Seen, **changes: object) -> Seen:
    return replace(base, **changes)


CASES: list[tuple[Seen, str, Code | None]] = [
    (YES, "well", None),
    (Seen(reply=Reply.NO_PROJECT, code=Code.REQUEST, named=False), "well", None),
    (seen(YES, age=Age.OLD), "well", None),
    (seen(YES, age=Age.TOO_OLD), "older than completions", Code.GITLAB_TOO_OLD),
    (seen(YES, age=Age.TOO_OLD, completed=True), "well", None),
    (seen(YES, said=Code.NAMESPACE_MISSING), "no namespace", Code.NAMESPACE_MISSING),
    (seen(YES, said=Code.QUOTA), "no credits", Code.QUOTA),
    (seen(YES, said=Code.QUOTA, completed=True), "well", None),
    (Seen(reply=Reply.OFF), "project off", Code.PROJECT_DISABLED),
    (Seen(reply=Reply.OFF, completed=True), "project off", Code.PROJECT_DISABLED),
    (
        Seen(reply=Reply.OFF, token_taken=False),
        "everything is refused, not the project",
        None,
    ),
    (seen(REFUSED, word="dpop_error"), "dpop error", Code.FORBIDDEN),
    (
        seen(REFUSED, word="restricted_language_server"),
        "restricted language server",
        Code.FORBIDDEN,
    ),
    (seen(REFUSED, word="account_blocked"), "account blocked", Code.FORBIDDEN),
    (seen(REFUSED, word="account_terms"), "account terms", Code.FORBIDDEN),
    (
        seen(REFUSED, word="insufficient_granular_scope"),
        "insufficient granular scope",
        Code.SCOPE_MISSING,
    ),
    (
        seen(REFUSED, word="insufficient_granular_scope", completed=True),
        "permission in doubt, and a completion came",
        None,
    ),
    (seen(REFUSED, code=Code.NO_SEAT), "no seat", Code.NO_SEAT),
    (
        seen(REFUSED, code=Code.TOKEN_INVALID, token_taken=True),
        "a good token refused: no seat, said by an old GitLab",
        Code.NO_SEAT,
    ),
    (seen(REFUSED, code=Code.TOKEN_INVALID), "refused otherwise", None),
    (seen(REFUSED, code=Code.SWITCHED_OFF), "switched off", Code.SWITCHED_OFF),
    (seen(REFUSED, code=Code.SCOPE_MISSING), "refused otherwise", None),
    (
        seen(GONE, project_on=False),
        "endpoint missing, and the project is off",
        Code.PROJECT_DISABLED,
    ),
    (seen(GONE, completed=True), "in doubt, and a completion came", None),
    (seen(GONE, age=Age.TOO_OLD), "older than completions", Code.GITLAB_TOO_OLD),
    (
        seen(GONE, age=Age.OLD),
        "unsupported, without the endpoint",
        Code.GITLAB_TOO_OLD,
    ),
    (seen(GONE, user_may=False), "in doubt, and the user may not", Code.SWITCHED_OFF),
    (seen(GONE, user_may=True), "no endpoint, though the user may", None),
    (GONE, "no endpoint", Code.NOT_FOUND),
    (
        seen(NOT_FOUND, age=Age.CURRENT),
        "not found, and marked if it were the switch",
        Code.NOT_FOUND,
    ),
    (
        seen(NOT_FOUND, project_seen=True),
        "not found, though the project is there",
        Code.SWITCHED_OFF,
    ),
    (seen(NOT_FOUND, user_may=True), "no such project", Code.NOT_FOUND),
    (NOT_FOUND, "no such project", Code.NOT_FOUND),
    (
        seen(NOT_FOUND, user_may=False),
        "in doubt, and the user may not",
        Code.SWITCHED_OFF,
    ),
    (seen(NOT_FOUND, completed=True), "in doubt, and a completion came", None),
    (
        seen(NOT_FOUND, named=False, user_may=True),
        "a name missed by the wrong status",
        None,
    ),
    (
        seen(NOT_FOUND, named=False, age=Age.CURRENT),
        "a name missed by the wrong status, by a GitLab that marks its switch",
        None,
    ),
    (seen(NOT_FOUND, named=False), "not found", Code.SWITCHED_OFF),
    (Seen(reply=Reply.NONE, code=Code.OFFLINE), "not GitLab's answer", None),
]


@pytest.mark.parametrize(("case", "name", "code"), CASES)
def test_a_case_comes_to_its_row(case: Seen, name: str, code: Code | None) -> None:
    row, finding = decide(case)
    assert (row, finding.code) == (name, code)
    if code is not None:
        assert finding.words
        assert not finding.available


def test_every_row_is_some_case() -> None:
    reached = {decide(case)[0] for case, _, _ in CASES}
    accounts = {row.name for row in TABLE if row.name.startswith("account ")}
    assert {row.name for row in TABLE} - reached <= accounts


def test_an_unknown_project_is_never_called_switched_off() -> None:
    for age, user_may in itertools.product(Age, (None, True)):
        _, finding = decide(seen(NOT_FOUND, age=age, user_may=user_may))
        assert "off" not in finding.words
        assert finding.code is not Code.PROJECT_DISABLED


def test_null_is_not_no() -> None:
    """GraphQL shows no user to a token whose scope is `ai_features`."""
    assert decide(seen(YES, user_may=None, project_on=None))[1].available
    assert decide(seen(YES, user_may=False))[1].available  # completions' rules decide


ANYTHING = st.builds(
    Seen,
    reply=st.sampled_from(Reply),
    code=st.none() | st.sampled_from(Code),
    word=st.sampled_from(["", "dpop_error", "account_blocked", "invalid_token"]),
    named=st.booleans(),
    age=st.sampled_from(Age),
    token_taken=st.none() | st.booleans(),
    user_may=st.none() | st.booleans(),
    project_on=st.none() | st.booleans(),
    project_seen=st.none() | st.booleans(),
    said=st.sampled_from([None, Code.QUOTA, Code.NAMESPACE_MISSING]),
    completed=st.booleans(),
)


@given(ANYTHING)
def test_whatever_is_seen_comes_to_something(one: Seen) -> None:
    _, finding = decide(one)
    assert isinstance(finding, Record)
    assert not (finding.available and finding.code)
    if one.reply is Reply.NONE:
        assert not finding.available
    if one.reply is Reply.OFF and one.token_taken is not False and not one.word:
        assert not finding.available


@given(ANYTHING)
def test_at_most_one_more_question_is_asked_beside_the_version(one: Seen) -> None:
    assert not (asks_graphql(one) and asks_direct_access(one))
    if one.reply is Reply.NONE:
        assert not asks_version(one)


@pytest.mark.parametrize(
    ("version", "age"),
    [
        (None, Age.UNKNOWN),
        ((15, 11), Age.TOO_OLD),
        ((16, 7), Age.TOO_OLD),
        ((16, 8), Age.OLD),
        ((17, 1), Age.OLD),
        ((17, 2), Age.MIDDLE),
        ((17, 6), Age.MIDDLE),
        ((17, 7), Age.CURRENT),
        ((19, 5), Age.CURRENT),
    ],
)
def test_how_old_an_instance_is(version: tuple[int, int] | None, age: Age) -> None:
    assert age_of(version) is age


@pytest.mark.parametrize(
    ("one", "version", "graphql", "direct"),
    [
        (YES, True, False, True),
        (seen(YES, completed=True), True, False, False),
        (GONE, True, True, False),
        (seen(GONE, completed=True), True, False, False),
        (NOT_FOUND, True, True, False),
        (seen(NOT_FOUND, age=Age.CURRENT), True, False, False),
        (REFUSED, True, False, False),
        (seen(REFUSED, word="invalid_token"), False, False, False),
        (Seen(reply=Reply.NONE), False, False, False),
    ],
)
def test_what_is_asked_next(
    one: Seen, version: bool, graphql: bool, direct: bool
) -> None:
    assert asks_version(one) is version
    assert asks_graphql(one) is graphql
    assert asks_direct_access(one) is direct
