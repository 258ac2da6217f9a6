"""The profile runs, in its quick mode; what it shows is for people to judge."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.benchmarks import profile_calls
from tests.benchmarks.profile_calls import (
    PARTS,
    REST,
    Cost,
    by_part,
    part_of,
    shares_of,
)

if TYPE_CHECKING:
    from pathlib import Path

CHECKOUT = "/home/me/gitlab_completions"
VENV = f"{CHECKOUT}/.nox/bench/lib/python3.11/site-packages"


def test_calls_are_profiled_by_part_and_by_function(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    pytest.importorskip("pyinstrument")
    page = tmp_path / "profile.html"
    profile_calls.main(["--quick", "--rounds", "2", "--html", str(page)])
    captured = capsys.readouterr()
    head, *rows = [line.split("\t") for line in captured.out.splitlines()]
    assert all(len(row) == len(head) == 7 for row in rows)
    assert {row[1] for row in rows if row[0] == "part"} <= {*PARTS, REST}
    functions = [row for row in rows if row[0] == "function"]
    assert len(functions) == profile_calls.MOST_FUNCTIONS
    # Each round counts eight calls, and as many are sampled.
    calls = 2 * 2 * profile_calls.QUICK_CALLS
    assert re.search(rf"started={calls}, finished={calls}", captured.err)
    assert "gitlab_completions" in page.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("path", "part"),
    [
        ("/x/gitlab_completions/_core/router.py:9 run", "gitlab_completions/_core"),
        ("C:\\x\\gitlab_completions\\client.py:9 complete", "gitlab_completions"),
        ("/site-packages/h11/_connection.py:9 send", "h11"),
        (f"{VENV}/httpcore/_async/http11.py:9 send", "httpcore"),
        (f"{VENV}/certifi/core.py:9 where", REST),
        (f"{VENV}/gitlab_completions/client.py:9 complete", "gitlab_completions"),
        (
            f"{CHECKOUT}/gitlab_completions/_wire/jsons.py:9 read",
            "gitlab_completions/_wire",
        ),
        (f"{CHECKOUT}/tests/benchmarks/callers.py:9 call", REST),
        ("/usr/lib/python3.11/asyncio/events.py:9 _run", "asyncio"),
        ("~:0 <built-in method len>", REST),
    ],
)
def test_a_function_belongs_to_a_part(path: str, part: str) -> None:
    assert part_of(path) == part


def test_the_dearest_part_comes_first() -> None:
    found = {"/h11/a.py:1 a": Cost(1, 2.0), "/httpx/b.py:1 b": Cost(1, 3.0)}
    found["/h11/c.py:1 c"] = Cost(2, 2.0)
    assert by_part(found) == {"h11": Cost(3, 4.0), "httpx": Cost(1, 3.0)}
    assert list(by_part(found)) == ["h11", "httpx"]


def test_parts_are_drawn_by_their_medians_and_not_by_the_first_round() -> None:
    rounds = [
        {"h11": Cost(1, 6.0), "httpx": Cost(1, 4.0)},
        {"h11": Cost(1, 2.0), "httpx": Cost(1, 8.0)},
        {"h11": Cost(1, 1.0), "httpx": Cost(1, 9.0)},
    ]
    shares = shares_of(rounds)
    assert list(shares) == ["httpx", "h11"]
    assert [one.median for one in shares.values()] == [0.8, 0.2]


def test_without_the_sampler_there_is_still_a_table(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(profile_calls, "find_spec", lambda name: None)
    profile_calls.main(["--quick", "--rounds", "1"])
    captured = capsys.readouterr()
    assert len(captured.out.splitlines()) > profile_calls.MOST_FUNCTIONS
    assert "NO TREE: pyinstrument" in captured.err
