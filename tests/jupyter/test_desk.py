"""What the page asks is answered by sessions, and its outcomes reach them."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, cast

from examples.editors.jupyterlab.gitlab_completions_jupyterlab.desk import (
    MOST_TABS,
    Desk,
    Unready,
)
from examples.editors.jupyterlab.gitlab_completions_jupyterlab.messages import (
    Outcome,
    Question,
)
from examples.editors.jupyterlab.gitlab_completions_jupyterlab.notebooks import (
    Cell,
    Language,
)
from gitlab_completions.editor import Part
from gitlab_completions.errors import ConfigurationError
from gitlab_completions.testing import FakeGitLab

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import pytest

ROOT = Path("/srv/files")
ABOVE = Cell(kind="code", source="def area(width, height):\n    return width * height")


@asynccontextmanager
async def opened(
    gitlab: FakeGitLab, *, excluded: str = "", project_path: str | None = None
) -> AsyncIterator[Desk]:
    async with gitlab.client() as client:
        desk = Desk(
            client,
            ROOT,
            excluded=lambda path: path == excluded,
            project_path=project_path,
        )
        try:
            yield desk
        finally:
            await desk.aclose()


def question(
    source: str, *, tab: str = "one", turn: int = 0, explicit: bool = False
) -> Question:
    return Question(
        tab=tab,
        turn=turn,
        path="a.ipynb",
        cells=(ABOVE, Cell(kind="code", source=source)),
        index=1,
        offset=len(source),
        language=Language(),
        explicit=explicit,
    )


async def ask(
    desk: Desk | Unready, asked: Question
) -> tuple[list[str], dict[str, object]]:
    """Return the texts of an answer, and all of it."""
    answer = await desk.answer(asked)
    items = cast("list[dict[str, str]]", answer["items"])
    return [each["text"] for each in items], answer


async def test_a_cell_is_completed_with_the_cells_above_it() -> None:
    gitlab = FakeGitLab(" height\n\n# %%\nprint(area(1, 2))")
    async with opened(gitlab, project_path="group/project") as desk:
        texts, answer = await ask(desk, question("area = width *"))
    assert texts == [" height"]
    assert answer["silence"] is None
    (prompt,) = gitlab.prompts
    assert prompt.above == f"# %%\n{ABOVE.source}\n\n# %%\narea = width *"
    assert prompt.file_name == "a.py"


async def test_markdown_above_an_empty_cell_asks_for_a_generation() -> None:
    gitlab = FakeGitLab("frame.plot()")
    asked = Question(
        tab="one",
        turn=0,
        path="a.ipynb",
        cells=(
            ABOVE,
            Cell(kind="markdown", source="Plot the frame."),
            Cell(kind="code", source=""),
        ),
        index=2,
        offset=0,
        language=Language(),
        explicit=True,
    )
    async with opened(gitlab) as desk:
        texts, _ = await ask(desk, asked)
    assert texts == ["frame.plot()"]
    assert [prompt.generation for prompt in gitlab.prompts] == [True]


async def test_the_beginning_of_a_cell_alone_asks_for_no_generation() -> None:
    gitlab = FakeGitLab("print(area(1, 2))")
    async with opened(gitlab) as desk:
        await ask(desk, question("", explicit=True))
    assert [prompt.generation for prompt in gitlab.prompts] == [False]


async def test_a_suggestion_of_the_next_cell_alone_is_none() -> None:
    async with opened(FakeGitLab("\n\n# %%\nprint(1)")) as desk:
        texts, _ = await ask(desk, question("area = width"))
    assert texts == []


async def test_a_newer_question_of_a_tab_takes_the_older_ones_place() -> None:
    gitlab = FakeGitLab(" height")
    async with opened(gitlab) as desk:
        older = asyncio.create_task(ask(desk, question("area = width")))
        await asyncio.sleep(0)
        newer, _ = await ask(desk, question("area = width *"))
        assert (await older)[1]["silence"] == "superseded"
    assert newer == [" height"]


async def test_a_question_that_was_overtaken_on_its_way_takes_nobodys_place() -> None:
    gitlab = FakeGitLab(" height")
    async with opened(gitlab) as desk:
        newer = asyncio.create_task(ask(desk, question("area = width *", turn=2)))
        await asyncio.sleep(0)
        older = await ask(desk, question("area = width ", turn=1))
        assert older[1]["silence"] == "superseded"
        assert (await newer)[0] == [" height"]
    assert len(gitlab.prompts) == 1


async def test_tabs_do_not_take_each_others_place() -> None:
    async with opened(FakeGitLab(" height")) as desk:
        asked = (question(f"{each} = width *", tab=each) for each in "ab")
        answers = await asyncio.gather(*(ask(desk, each) for each in asked))
    assert [texts for texts, _ in answers] == [[" height"], [" height"]]


async def test_what_is_typed_along_a_suggestion_costs_nothing() -> None:
    gitlab = FakeGitLab(" height")
    async with opened(gitlab) as desk:
        _, answer = await ask(desk, question("area = width *"))
        desk.report(outcome(answer, "shown"))
        texts, later = await ask(desk, question("area = width * he"))
    assert texts == ["ight"]
    assert ids(later) == ids(answer)
    assert len(gitlab.prompts) == 1


async def test_outcomes_reach_the_session_of_their_tab() -> None:
    async with opened(FakeGitLab(" height * 2")) as desk:
        _, answer = await ask(desk, question("area = width *"))
        for what, part in (("shown", Part.ALL), ("accepted", Part.WORD)):
            desk.report(outcome(answer, what, part))
        rest, _ = await ask(desk, question("area = width * height"))
    assert rest == [" * 2"]


async def test_what_was_sent_away_does_not_come_back_by_itself() -> None:
    async with opened(FakeGitLab(" height")) as desk:
        _, answer = await ask(desk, question("area = width *"))
        desk.report(outcome(answer, "shown"))
        desk.report(outcome(answer, "rejected"))
        assert (await ask(desk, question("area = width *")))[0] == []
        asked = question("area = width *", explicit=True)
        assert (await ask(desk, asked))[0] == [" height"]


async def test_an_outcome_of_what_is_forgotten_is_passed_over() -> None:
    async with opened(FakeGitLab()) as desk:
        desk.report(Outcome(tab="unknown", key=("i", 1), what="shown"))
        await ask(desk, question("area = width *"))
        desk.report(Outcome(tab="one", key=("unknown", 1), what="shown"))


async def test_a_notebook_on_the_ignore_list_is_not_sent() -> None:
    gitlab = FakeGitLab(" height")
    secret = (ROOT / "a.ipynb").as_uri()
    async with opened(gitlab, excluded=secret) as desk:
        texts, answer = await ask(desk, question("area = width *"))
        bash = question("%%bash\nls -l ")
        assert (await ask(desk, bash))[1]["silence"] == "file_excluded"
    assert (texts, answer["silence"]) == ([], "file_excluded")
    assert gitlab.prompts == []


async def test_a_failure_is_told_with_what_a_person_can_do() -> None:
    gitlab = FakeGitLab()
    gitlab.gateway.fail(503)
    gitlab.instance.fail(402)
    async with opened(gitlab) as desk:
        _, answer = await ask(desk, question("area = width *"))
        assert answer["silence"] == "failed"
        problem = cast("dict[str, str]", answer["problem"])
        assert problem["code"] == "quota"
        assert problem["remedy"] in cast("str", answer["explanation"])
        status = cast("dict[str, str]", answer["status"])
        assert status["text"].startswith("GitLab Duo: ")


async def test_a_project_path_that_is_none_is_told_and_no_crash() -> None:
    async with opened(FakeGitLab(), project_path="https://x/y") as desk:
        _, answer = await ask(desk, question("area = width *"))
    assert "project_path" in cast("str", answer["explanation"])


async def test_a_document_that_was_closed_is_forgotten() -> None:
    gitlab = FakeGitLab(" height")
    async with opened(gitlab) as desk:
        await ask(desk, question("area = width *"))
        desk.closed("one", "a.ipynb")
        desk.closed("unknown", "a.ipynb")
        await ask(desk, question("area = width *"))
    assert len(gitlab.prompts) == 2


async def test_the_tab_that_was_silent_longest_is_forgotten_first() -> None:
    async with opened(FakeGitLab(" height")) as desk:
        answers = [
            (await ask(desk, question("area = width *", tab=str(each))))[1]
            for each in range(MOST_TABS + 1)
        ]
        before = len(asyncio.all_tasks())
        desk.report(outcome(answers[0], "shown", tab="0"))
        await ask(desk, question("area = width *", tab="0"))
    assert len(asyncio.all_tasks()) <= before


async def test_who_is_not_set_up_is_told_what_is_missing() -> None:
    desk = Unready(ConfigurationError("GITLAB_URL is not set"))
    await desk.warm_up()
    desk.closed("one", "a.ipynb")
    desk.report(Outcome(tab="one", key=("i", 1), what="shown"))
    texts, answer = await ask(desk, question("x = "))
    await desk.aclose()
    assert (texts, answer["silence"]) == ([], "failed")
    assert "GITLAB_URL is not set" in cast("str", answer["explanation"])
    assert cast("dict[str, object]", answer["status"])["health"] == "unavailable"


async def test_nothing_of_the_source_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(0)
    gitlab = FakeGitLab(" height")
    gitlab.gateway.fail(500)
    async with opened(gitlab) as desk:
        await ask(desk, question("password = width *"))
    assert "password" not in caplog.text


def ids(answer: dict[str, object]) -> list[object]:
    return [each["id"] for each in cast("list[dict[str, object]]", answer["items"])]


def outcome(
    answer: dict[str, object], what: str, part: Part = Part.ALL, *, tab: str = "one"
) -> Outcome:
    return Outcome(tab=tab, key=(str(ids(answer)[0]), 1), what=what, part=part)
