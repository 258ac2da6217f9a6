"""`rehearse` shows how it stands and the report, and its exit code tells the end."""

from __future__ import annotations

import io
import json
import re
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from gitlab_completions._records import replace
from gitlab_completions.cli import rehearse as module
from gitlab_completions.cli.rehearsal_views import report_view, standing_view
from gitlab_completions.emulator import MissingExtraError
from gitlab_completions.errors import ConfigurationError
from gitlab_completions.rehearsal import Report, Standing, read_plan, rehearse
from tests.rehearsal.parts import INCIDENT, SMALL

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from rich.console import RenderableType

    from tests.cli.running import Ended, Terminal

FEW = SMALL.replace("count = 8", "count = 6").replace(
    "least_samples = 10", "least_samples = 1"
)
HELD = FEW.replace("least_samples = 1", "least_samples = 9999")
TAKEN_BACK = INCIDENT.replace('watch_after_take_back = "2 min"', "").replace(
    "[lever]", 'watch_after_take_back = "1 s"\n[lever]'
)


@pytest.fixture
def run(cli: Terminal, tmp_path: Path) -> Callable[..., Ended]:
    def rehearse_it(text: str, *options: str) -> Ended:
        path = tmp_path / "plan.toml"
        path.write_text(text, encoding="utf-8")
        return cli("rehearse", str(path), *options)

    return rehearse_it


def shown(view: RenderableType) -> list[str]:
    file = io.StringIO()
    Console(file=file, width=80, markup=False, highlight=False).print(view)
    return file.getvalue().splitlines()


def test_a_roll_out_that_goes_through_ends_with_0(run: Callable[..., Ended]) -> None:
    ended = run("\ufeff" + FEW)  # as editors on Windows begin a file
    assert ended.code == 0
    assert "The roll-out went through at all (100 %)." in ended.out
    assert re.search(r"completions lost +0 *\n", ended.out)
    assert "0:01:00  50 %: on for" in ended.err


def test_one_that_is_held_ends_with_6(run: Callable[..., Ended]) -> None:
    ended = run(HELD, "--json")
    assert ended.code == 6
    document = ended.json()
    assert (document["outcome"], document["lost"]) == ("held", 0)


def test_one_that_is_taken_back_ends_with_7_and_writes_what_is_wished_for(
    run: Callable[..., Ended], tmp_path: Path
) -> None:
    page, events = tmp_path / "report.html", tmp_path / "events.jsonl"
    options = ("--report", str(page), "--events", str(events), "--no-color")
    ended = run(TAKEN_BACK, *options)
    assert ended.code == 7
    assert "was taken back at all (100 %)" in ended.out
    html = page.read_text(encoding="utf-8")
    assert html.startswith("<!doctype html>")
    assert "Whom the faults affected" in html
    assert "http" not in html.replace("http-equiv", "")
    lines = [json.loads(line) for line in events.read_text().splitlines()]
    actions = {line["action"] for line in lines}
    assert {"suggestion_loaded", "attempt", "circuit_tripped"} <= actions
    assert len({line["user"] for line in lines}) == 8
    assert lines == sorted(lines, key=lambda line: line["time"])
    assert "glpat" not in events.read_text()
    again = run(TAKEN_BACK, "--events", str(events))
    assert (again.code, again.out) == (2, "")
    assert "is there already; name a new file for --events" in again.err
    again = run(TAKEN_BACK, "--report", str(page))
    assert (again.code, again.out) == (2, "")
    assert "is there already; name a new file for --report" in again.err


def test_a_lost_completion_is_the_gravest_end(
    run: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch
) -> None:
    done = rehearse(read_plan(FEW))

    def lose(*_: object, **__: object) -> Report:
        return replace(done, lost=1)

    monkeypatch.setattr(module, "rehearse", lose)
    assert run(FEW).code == 1


def test_a_wait_without_end_is_no_number_in_json(run: Callable[..., Ended]) -> None:
    broken = TAKEN_BACK.replace('"gateway_errors"', '"p95"').replace('"1 %"', '"1 s"')
    broken = broken.replace('endpoint = "gateway"', 'endpoint = "instance"')
    ended = run(broken.replace("percent = ", "members = 0 # "), "--json")
    assert ended.json()["outcome"] == "taken_back"
    assert "p95: no end > 1.0 s" in ended.out
    assert '"value": null' in ended.out
    assert "Infinity" not in ended.out


def test_an_event_log_needs_its_package(
    run: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ConfigurationError(
            "EventLog needs concurrent-log-handler: pip install it"
        )

    monkeypatch.setattr(module, "EventLog", fail)
    ended = run(FEW, "--events", str(tmp_path / "events.jsonl"))
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith("error: --events needs concurrent-log-handler")


def test_an_event_log_that_cannot_be_written_has_its_exit_code(
    run: Callable[..., Ended], tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    ended = run(FEW, "--events", str(tmp_path / "file" / "events.jsonl"))
    assert ended.code == 74
    assert "events.jsonl cannot be written: " in ended.err
    assert "The roll-out went through" in ended.out


def test_a_terminal_shows_how_it_stands_in_place() -> None:
    out = io.StringIO()
    terminal = Console(file=out, width=80, force_terminal=True)
    with module._progress(terminal) as tell:
        rehearse(read_plan(FEW), tell=tell)
    assert "of 0:03:00 planned" in out.getvalue()


def test_what_is_wrong_in_a_plan_is_one_line(run: Callable[..., Ended]) -> None:
    ended = run(FEW.replace("percent = 50", "percent = 500"))
    assert (ended.code, ended.out) == (2, "")
    assert "plan.toml: line 18: steps[1].percent: takes a number from 0" in ended.err
    assert ended.err.count("\n") == 1


def test_a_plan_that_cannot_be_read_is_named(cli: Terminal, tmp_path: Path) -> None:
    ended = cli("rehearse", str(tmp_path / "none.toml"))
    assert (ended.code, ended.out) == (2, "")
    assert "none.toml cannot be read" in ended.err
    (tmp_path / "bad.toml").write_bytes(b"\xff")
    assert "is not UTF-8" in cli("rehearse", str(tmp_path / "bad.toml")).err


def test_a_missing_package_is_named(
    run: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise MissingExtraError("uvicorn")

    monkeypatch.setattr(module, "rehearse", fail)
    ended = run(FEW)
    assert ended.code == 2
    assert "the emulator needs uvicorn: pip install" in ended.err


def test_a_page_that_cannot_be_written_has_its_exit_code(
    run: Callable[..., Ended], tmp_path: Path
) -> None:
    page = str(tmp_path / "none" / "report.html")
    ended = run(HELD, "--report", page, "--json")
    assert ended.code == 74
    assert ended.json()["outcome"] == "held"
    assert "report.html cannot be written: No such file" in ended.err


def test_standing_and_report_fit_80_columns() -> None:
    standings: list[Standing] = []
    report = rehearse(read_plan(TAKEN_BACK), tell=standings.append)
    struck = next(each for each in standings if each.faults)
    for view in (standing_view(struck), report_view(report)):
        assert max(map(len, shown(view))) <= 80
    text = "\n".join(shown(standing_view(struck)))
    assert "gateway: status 503, for 40 s" in text
    assert "gateway errors" in text
