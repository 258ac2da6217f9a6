"""From a keystroke to a suggestion: ours beside the reference client's, replayed.

Three synthetic authors type in virtual time at an emulated GitLab with GitLab's
latencies, with our keystroke logic and with the reference client's of 2025 and of 2026,
which differ in what becomes of cancelled requests (see `replay.reference`). Ratios are
ours over the reference client's of the same round. A round is a seed: it makes the
authors, their mistakes and pauses, and the servers' latencies. TSV on stdout; what was
to be shown on stderr.

    python -m tests.benchmarks.keystrokes [--quick] [--rounds N] [--seed N] [--png FILE]
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gitlab_completions.replay import AUTHORS, replay, write
from tests.benchmarks.pictures import bars, picture
from tests.benchmarks.rounds import (
    Series,
    machine,
    number_of,
    print_row,
    read_wish,
    say,
    say_origin,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitlab_completions.replay import Comparison, Figures
    from gitlab_completions.replay.performance import ReferenceYear
    from tests.benchmarks.rounds import Wish

ROUNDS = 5
STROKES, QUICK_STROKES = 2000, 120
YEARS: tuple[ReferenceYear, ...] = (2025, 2026)
FIGURES = ("p50_ms", "p90_ms", "requests_per_accepted", "accepted_percent", "a_minute")
NOTHING = 0.0
"""Of what nothing was shown or taken: a quick run's may be too short."""


class Row(NamedTuple):
    """One author with one client, round by round.

    Args:
        author: Who types.
        client: Whose keystroke logic it is.
        figures: What it did, a round each.
        beside: The comparisons that it is the reference of; none of ours.
    """

    author: str
    client: str
    figures: list[Figures]
    beside: list[Comparison]


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and report."""
    wish = read_wish(__doc__, arguments, rounds=ROUNDS)
    say_origin("virtual ms, requests, and ratios ours over the reference's", wish)
    rows = measure(wish)
    report(rows)
    if not wish.quick:
        comment(rows)
    if wish.png is not None:
        draw(rows, wish)


def measure(wish: Wish) -> list[Row]:
    """Play every round's authors, with every client."""
    strokes = QUICK_STROKES if wish.quick else STROKES
    clients = ("ours", *map(_reference, YEARS))
    rows = {
        (author, client): Row(author, client, [], [])
        for author in (*AUTHORS, "all")
        for client in clients
    }
    for seed in range(wish.seed, wish.seed + wish.rounds):
        authors = {name: write(name, seed=seed, strokes=strokes) for name in AUTHORS}
        for year in YEARS:
            for one in replay(authors, reference=year):
                row = rows[one.author, _reference(year)]
                row.figures.append(one.reference)
                row.beside.append(one)
                if year == YEARS[0]:  # ours is the same beside either
                    rows[one.author, "ours"].figures.append(one.ours)
    return list(rows.values())


def _reference(year: ReferenceYear) -> str:
    return f"reference, {year}"


def series(row: Row, name: str) -> Series:
    """Return a figure of a row's, round by round."""
    return Series.of(_figure(each, name) for each in row.figures)


def ratios(row: Row, name: str) -> Series:
    """Return what ours is of a reference client's, round by round."""
    aims = [aim for each in row.beside for aim in each.aims if aim.name == name]
    return Series.of(NOTHING if aim.value is None else aim.value for aim in aims)


def _figure(figures: Figures, name: str) -> float:
    values = {
        "p50_ms": (figures.p50_s, 1000),
        "p90_ms": (figures.p90_s, 1000),
        "requests_per_accepted": (figures.requests_per_accepted, 1),
        "accepted_percent": (figures.accepted_share, 100),
        "a_minute": (figures.requests_a_minute, 1),
    }
    value, factor = values[name]
    return NOTHING if value is None else factor * value


def report(rows: list[Row]) -> None:
    """Print a row for each author and client: median, least, greatest."""
    names = (*FIGURES, "p50_ratio", "requests_ratio")
    columns = [f"{name}{part}" for name in names for part in ("", "_min", "_max")]
    print_row("author", "client", *columns, "stale")
    for row in rows:
        cells = [cell for name in FIGURES for cell in series(row, name).cells()]
        for name in ("p50", "requests"):
            cells += ratios(row, name).cells(2) if row.beside else ("", "", "")
        stale = sum(each.stale for each in row.figures)
        print_row(row.author, row.client, *cells, stale)


def comment(rows: list[Row]) -> None:
    """Say what was to be shown, of all authors together."""
    aims = {aim.name: aim.at_most for aim in rows[-1].beside[0].aims}
    for row in rows:
        if row.author != "all" or not row.beside:
            continue
        for name in ("p50", "requests"):
            ratio = ratios(row, name).median
            met = "met" if ratio <= aims[name] else "MISSED"
            say(f"{name}: {ratio:.2f} of the {row.client}, aim {aims[name]:g}: {met}")


def draw(rows: list[Row], wish: Wish) -> None:
    """Draw waits and requests of each author and client."""
    everybody = next(row for row in rows if row.author == "all" and row.beside)
    wait, sent = ratios(everybody, "p50").median, ratios(everybody, "requests").median
    with picture(
        wish,
        title=f"Suggestions come in {wait:.0%} of the reference client's time, for "
        f"{sent:.0%} of its requests ({everybody.client})",
        caption="From a keystroke to the screen, of suggestions that had to be waited "
        "for, and requests for each that was taken; in virtual time at GitLab's "
        f"latencies; bar: median of {number_of(wish.rounds, 'seed')}, line: least and "
        f"greatest\n{machine()}",
        panels=2,
        size=(14.0, 7.0),
    ) as (left, right):
        named = {f"{row.author}: {row.client}": row for row in rows}
        waits = {name: series(row, "p50_ms") for name, row in named.items()}
        bars(left, waits, digits=0)
        left.set_xlabel("median ms from keystroke to screen (less is better)")
        costs = {name: series(row, FIGURES[2]) for name, row in named.items()}
        bars(right, costs, digits=1)
        right.set_xlabel("requests for each suggestion taken (less is better)")


if __name__ == "__main__":
    main()
