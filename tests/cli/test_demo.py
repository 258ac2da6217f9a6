"""The demo keeps its promises, and says so when it does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlab_completions.cli import demo, scenario
from gitlab_completions.cli.scenario import Step
from gitlab_completions.models import Choice, Completion, Route, RouteReason

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    import pytest

    from tests.cli.running import Terminal


def test_the_demo_shows_both_routes_and_the_way_back(
    cli: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")  # as on a corporate network
    monkeypatch.setenv("COLUMNS", "80")
    # What it promises a person in time is no matter on a busy machine.
    monkeypatch.setattr(scenario, "IN_TIME_S", 30.0)
    ended = cli("demo", "--no-color")
    assert (ended.code, ended.err) == (0, "")
    rows = [
        (line[:22].strip(), *line[22:].split(maxsplit=4))
        for line in ended.out.splitlines()
        if scenario.request_in_file()[1] in line
    ]
    assert [row[:3] for row in rows] == [
        ("everything works", "direct", "preferred"),
        ("direct access off", "indirect", "barred"),
        ("direct access back", "direct", "preferred"),
        ("gateway hangs", "indirect", "hedged"),
        ("gateway still hangs", "indirect", "circuit_open"),
        ("gateway back", "direct", "preferred"),
    ]
    assert all(int(row[3]) > 0 for row in rows)
    assert "none failed" in ended.out
    assert max(map(len, ended.out.splitlines())) <= 80


def test_a_step_that_goes_wrong_is_named(
    cli: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    completion = Completion(
        choices=(Choice(text="self"),),
        model=None,
        route=Route.INDIRECT,
        reason=RouteReason.FELL_BACK,
        attempts=(),
        elapsed_s=2.0,
        request_id=None,
    )

    async def play(announce: Callable[[str], object]) -> AsyncGenerator[Step]:
        announce("All is well")
        yield Step(title="one", completion=completion, calls=1, good=True)
        yield Step(title="two", completion=completion, calls=1, good=False)

    monkeypatch.setattr(demo, "play", play)
    ended = cli("demo")
    assert ended.code == 1
    assert ended.err == (
        "error: not as promised: two; run it again on an idle machine, then report it\n"
    )
    assert "none failed" not in ended.out
