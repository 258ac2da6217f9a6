"""What each outcome means, written out by hand from the design, for every status.

A cell names the row that decides: a table's line would be missed, moved or changed only
if some cell, or the order of the names, no longer fitted.
"""

from __future__ import annotations

import copy
import inspect
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple, TypeAlias, TypeVar

import pytest

from gitlab_completions._core.verdicts import (
    DIRECT_ACCESS,
    GATEWAY,
    GATEWAY_V4,
    GATEWAYS,
    INSTANCE,
    AccessVerdict,
    AttemptVerdict,
    Body,
    Effect,
    Observation,
    OnDetails,
    Row,
    Scope,
    Standing,
    decide,
)
from gitlab_completions.details import Endpoint

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Verdict: TypeAlias = AccessVerdict | AttemptVerdict
Rows: TypeAlias = tuple[Row[Verdict], ...]
RecordT = TypeVar("RecordT")

BODIES = (Body.GOOD, Body.BLANK, Body.JSON, Body.OTHER, Body.NONE)
WORDS = (
    "",
    "no_model",
    "bad_grant",
    "clock",
    "token_creation_failed",
    "USAGE_QUOTA_NOT_ENTITLED",
    "unauthorized_code_suggestions",
    "missing_default_duo_group",
    "pool",
    "token_source",
    "some_other_word",
)

UNAVAILABLE = AccessVerdict(standing=Standing.UNAVAILABLE)
FAILURE = AttemptVerdict(circuit=Effect.FAILURE, passing=True)
RATE_LIMIT = AttemptVerdict(circuit=Effect.REST, passing=True)
NOT_SENT = AttemptVerdict(passing=True)
NO_MATTER = AttemptVerdict()
ENDPOINT_REFUSED = AttemptVerdict(details=OnDetails.REFUSE_ENDPOINT)


class Word(NamedTuple):
    """What a refusal's word changes in a grid, and in which of its columns or line."""

    instead: Mapping[str, str]
    bodies: tuple[Body, ...] = BODIES
    only: int | None = None


class Expected(NamedTuple):
    """One table as the design has it.

    The verdicts are in the table's order, under the letters that name their rows in the
    grid. A line of the grid is a status, and the deciding row for each of `BODIES`.
    """

    verdicts: Mapping[str, tuple[str, Verdict]]
    grid: str
    words: Mapping[str, Word]


ACCESS = Expected(
    {
        "wait": (
            "rate limit",
            AccessVerdict(standing=Standing.UNAVAILABLE, again_s=60, most_s=300),
        ),
        "edge": ("refusal not by GitLab", UNAVAILABLE),
        "mint": (
            "instance refused by the gateway",
            AccessVerdict(standing=Standing.BARRED, again_s=300),
        ),
        "tokn": (
            "token refused",
            AccessVerdict(standing=Standing.BARRED, again_s=300, suspect_token=True),
        ),
        "quot": (
            "quota used up",
            AccessVerdict(standing=Standing.BARRED, again_s=300),
        ),
        "bar": (
            "switched off or refused",
            AccessVerdict(standing=Standing.BARRED, again_s=1800, spread=0.1),
        ),
        "proj": (
            "refused for this project",
            AccessVerdict(
                standing=Standing.BARRED,
                again_s=1800,
                spread=0.1,
                scope=Scope.PROJECT,
            ),
        ),
        "modl": (
            "no model in the grant",
            AccessVerdict(standing=Standing.BARRED, again_s=1800, scope=Scope.PROJECT),
        ),
        "bad": (
            "grant that cannot be used",
            AccessVerdict(standing=Standing.BARRED, again_s=1800, scope=Scope.PROJECT),
        ),
        "clok": (
            "grant without a lifetime",
            AccessVerdict(standing=Standing.BARRED, again_s=300, scope=Scope.PROJECT),
        ),
        "else": ("anything else", UNAVAILABLE),
    },
    """
         GOOD  BLANK JSON  OTHER NONE
    200  else  else  else  else  else
    201  else  else  else  else  else
    204  else  else  else  else  else
    206  else  else  else  else  else
    301  else  else  else  else  else
    307  else  else  else  else  else
    308  else  else  else  else  else
    399  else  else  else  else  else
    400  bar   bar   bar   edge  bar
    401  tokn  tokn  tokn  edge  tokn
    402  quot  quot  quot  edge  quot
    403  bar   bar   bar   edge  bar
    404  bar   bar   bar   edge  bar
    405  else  else  else  edge  else
    408  else  else  else  edge  else
    409  else  else  else  edge  else
    413  else  else  else  edge  else
    422  proj  proj  proj  edge  proj
    429  wait  wait  wait  wait  wait
    499  else  else  else  edge  else
    500  else  else  else  else  else
    502  else  else  else  else  else
    503  else  else  else  else  else
    504  else  else  else  else  else
    520  else  else  else  else  else
    599  else  else  else  else  else
    None else  else  else  else  else
    """,
    {
        "no_model": Word({"else": "modl"}),
        "bad_grant": Word({"else": "bad"}),
        "clock": Word({"else": "clok"}),
        "token_creation_failed": Word({"tokn": "mint"}),
    },
)

GATE = Expected(
    {
        "good": (
            "completion, or nothing to suggest",
            AttemptVerdict(
                answers=True, circuit=Effect.SUCCESS, details=OnDetails.ACCEPT
            ),
        ),
        "wait": ("rate limit", RATE_LIMIT),
        "edge": ("refusal not by the gateway", FAILURE),
        "tokn": ("token refused", AttemptVerdict(details=OnDetails.RENEW)),
        "quot": ("quota used up", AttemptVerdict(details=OnDetails.BAR, bar_s=300)),
        "doub": (
            "entitlement in doubt",
            AttemptVerdict(details=OnDetails.BAR, bar_s=300),
        ),
        "not": ("not allowed", AttemptVerdict(details=OnDetails.BAR, bar_s=1800)),
        "gone": ("endpoint gone", ENDPOINT_REFUSED),
        "body": ("body refused", AttemptVerdict(details=OnDetails.DRIFT)),
        "pool": ("no free connection", NOT_SENT),
        "fail": ("anything else", FAILURE),
    },
    """
         GOOD  BLANK JSON  OTHER NONE
    200  good  good  fail  fail  fail
    201  fail  fail  fail  fail  fail
    204  fail  fail  fail  fail  fail
    206  fail  fail  fail  fail  fail
    301  fail  fail  fail  fail  fail
    307  fail  fail  fail  fail  fail
    308  fail  fail  fail  fail  fail
    399  fail  fail  fail  fail  fail
    400  body  body  body  edge  body
    401  tokn  tokn  tokn  edge  tokn
    402  quot  quot  quot  edge  quot
    403  not   not   not   edge  not
    404  gone  gone  gone  edge  gone
    405  gone  gone  gone  edge  gone
    408  fail  fail  fail  edge  fail
    409  fail  fail  fail  edge  fail
    413  body  body  body  edge  body
    422  body  body  body  edge  body
    429  wait  wait  wait  wait  wait
    499  fail  fail  fail  edge  fail
    500  fail  fail  fail  fail  fail
    502  fail  fail  fail  fail  fail
    503  fail  fail  fail  fail  fail
    504  fail  fail  fail  fail  fail
    520  fail  fail  fail  fail  fail
    599  fail  fail  fail  fail  fail
    None fail  fail  fail  fail  fail
    """,
    {
        "USAGE_QUOTA_NOT_ENTITLED": Word({"not": "doub"}),
        "pool": Word({"fail": "pool"}, (Body.NONE,)),
    },
)

GATE_V4 = Expected(
    {"user": ("users not taken", ENDPOINT_REFUSED), **GATE.verdicts},
    GATE.grid,
    {
        **GATE.words,
        "unauthorized_code_suggestions": Word({"not": "user"}, (Body.JSON,)),
    },
)

INST = Expected(
    {
        "good": (
            "completion, or nothing to suggest",
            AttemptVerdict(answers=True, circuit=Effect.SUCCESS),
        ),
        "wait": ("rate limit", RATE_LIMIT),
        "edge": ("refusal not by GitLab", FAILURE),
        "spac": ("no default namespace", NO_MATTER),
        "end": ("request refused", AttemptVerdict(final=True)),
        "not": ("not allowed", NO_MATTER),
        "serv": ("server trouble", FAILURE),
        "odd": ("no completion", FAILURE),
        "pool": ("no free connection", NOT_SENT),
        "sour": ("no access token", NOT_SENT),
        "none": ("no answer", FAILURE),
        "else": ("anything else", NO_MATTER),
    },
    """
         GOOD  BLANK JSON  OTHER NONE
    200  good  good  odd   odd   odd
    201  else  else  else  else  none
    204  else  else  else  else  none
    206  else  else  else  else  none
    301  else  else  else  else  none
    307  else  else  else  else  none
    308  else  else  else  else  none
    399  else  else  else  else  none
    400  end   end   end   edge  end
    401  not   not   not   edge  not
    402  not   not   not   edge  not
    403  not   not   not   edge  not
    404  not   not   not   edge  not
    405  else  else  else  edge  none
    408  else  else  else  edge  none
    409  else  else  else  edge  none
    413  end   end   end   edge  end
    422  end   end   end   edge  end
    429  wait  wait  wait  wait  wait
    499  else  else  else  edge  none
    500  serv  serv  serv  serv  serv
    502  serv  serv  serv  serv  serv
    503  serv  serv  serv  serv  serv
    504  serv  serv  serv  serv  serv
    520  serv  serv  serv  serv  serv
    599  serv  serv  serv  serv  serv
    None else  else  else  else  none
    """,
    {
        "missing_default_duo_group": Word({"end": "spac"}, only=422),
        "pool": Word({"none": "pool"}, (Body.NONE,)),
        "token_source": Word({"none": "sour", "else": "sour"}),
    },
)


def cells(grid: str) -> Iterator[tuple[int | None, Body, str]]:
    for line in grid.splitlines():
        status, *letters = line.split() or ["GOOD"]
        if status == "GOOD":
            continue
        code = None if status == "None" else int(status)
        for body, name in zip(BODIES, letters, strict=True):
            yield code, body, name


def expected_cells(expected: Expected) -> dict[Observation, str]:
    """Write the grid out for every word."""
    wanted = {}
    for word in WORDS:
        special = expected.words.get(word, Word({}))
        for status, body, letters in cells(expected.grid):
            here = body in special.bodies and special.only in {None, status}
            instead = special.instead.get(letters, letters)
            wanted[Observation(status=status, body=body, word=word)] = (
                instead if here else letters
            )
    return wanted


def plain(row: Row[AccessVerdict] | Row[AttemptVerdict]) -> Row[Verdict]:
    return Row(
        name=row.name,
        verdict=row.verdict,
        statuses=row.statuses,
        bodies=row.bodies,
        word=row.word,
    )


TABLES: dict[str, tuple[Rows, Expected]] = {
    "direct access": (tuple(map(plain, DIRECT_ACCESS)), ACCESS),
    "gateway": (tuple(map(plain, GATEWAY)), GATE),
    "gateway v4": (tuple(map(plain, GATEWAY_V4)), GATE_V4),
    "instance": (tuple(map(plain, INSTANCE)), INST),
}
CELLS = {name: expected_cells(expected) for name, (_, expected) in TABLES.items()}


def differs(table: Rows, name: str) -> str | None:
    """Return the first difference of a table from the design, or `None`."""
    expected = TABLES[name][1]
    order = [row_name for row_name, _ in expected.verdicts.values()]
    if [row.name for row in table] != order:
        return "the names of the rows, or their order"
    for seen, letters in CELLS[name].items():
        row = next((row for row in table if row.fits(seen)), None)
        if row is None or (row.name, row.verdict) != expected.verdicts[letters]:
            return f"{seen} should be {letters!r}"
    return None


@pytest.mark.parametrize("name", TABLES)
def test_every_outcome_has_the_verdict_of_the_design(name: str) -> None:
    assert differs(TABLES[name][0], name) is None


def test_each_endpoint_has_its_table() -> None:
    assert GATEWAYS == {Endpoint.V2: GATEWAY, Endpoint.V4: GATEWAY_V4}
    assert set(GATEWAYS) == set(Endpoint)


def changed(value: object) -> list[object]:
    """Return other values for a field of a verdict."""
    if isinstance(value, Enum):
        return [other for other in type(value) if other is not value]
    if isinstance(value, bool):
        return [not value]
    return [7.0] if value is None else [None, float(str(value)) + 1]


def passes(rows: Rows, status: int, body: Body) -> bool:
    """Tell whether none of these rows stands for that, whatever the word."""
    seen = Observation(status=status, body=body)
    return not any(row.word is None and row.fits(seen) for row in rows)


def replaced(record: RecordT, field: str, value: object) -> RecordT:
    """Return a copy of a frozen record with another value in one field."""
    changed_one = copy.copy(record)
    object.__setattr__(changed_one, field, value)
    return changed_one


def mutants(before: Rows, row: Row[Verdict]) -> Iterator[Row[Verdict]]:
    """Change one field of a row, or of its verdict, in every way that matters."""
    yield replaced(row, "name", row.name + "!")
    for field in inspect.get_annotations(type(row.verdict)):
        for value in changed(getattr(row.verdict, field)):
            yield replaced(row, "verdict", replaced(row.verdict, field, value))
    every_status = frozenset(status for status, *_ in cells(GATE.grid) if status)
    statuses = every_status.intersection(row.statuses or every_status)
    for other in every_status:
        if passes(before, other, Body.JSON):
            yield replaced(row, "statuses", statuses ^ {other})
    if row.statuses is not None:
        yield replaced(row, "statuses", None)
    bodies = frozenset(row.bodies or Body)
    for body in Body:
        if any(passes(before, status, body) for status in statuses):
            yield replaced(row, "bodies", bodies ^ {body})
    if row.bodies is not None:
        yield replaced(row, "bodies", None)
    for word in {*WORDS, None} - {row.word}:
        yield replaced(row, "word", word)


ROWS = [(name, at) for name in TABLES for at in range(len(TABLES[name][0]))]


@pytest.mark.parametrize(("name", "at"), ROWS)
def test_every_field_of_every_row_matters(name: str, at: int) -> None:
    table = TABLES[name][0]
    unnoticed = [
        mutant
        for mutant in mutants(table[:at], table[at])
        if differs((*table[:at], mutant, *table[at + 1 :]), name) is None
    ]
    assert unnoticed == []


@pytest.mark.parametrize(("name", "at"), ROWS)
def test_every_row_is_needed_where_it_is(name: str, at: int) -> None:
    table = TABLES[name][0]
    without = (*table[:at], *table[at + 1 :])
    assert differs(without, name)
    assert differs((*without, table[at]), name) or at == len(without)


def test_the_first_row_that_fits_decides() -> None:
    table = (
        Row(name="a", verdict=1, word="x"),
        Row(name="b", verdict=2, word="x"),
        Row(name="c", verdict=3),
    )
    seen = [Observation(status=200, body=Body.GOOD, word=word) for word in ("x", "")]
    assert [decide(table, each) for each in seen] == [1, 3]
