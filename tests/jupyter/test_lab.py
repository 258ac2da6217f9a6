"""A real JupyterLab in a headless Chromium: what an author types, sees and takes.

`nox -s jupyter` runs it and keeps the screenshots; elsewhere it is skipped.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, cast

import httpx
import pytest

pytest.importorskip("jupyterlab", reason="nox -s jupyter installs JupyterLab")
pytest.importorskip("gitlab_completions_jupyterlab", reason="nox -s jupyter does")
pytest.importorskip("playwright.sync_api", reason="nox -s jupyter installs playwright")

from tests.browser.chromium import chromium, program
from tests.jupyter.lab import TOKEN, Window, gitlab, jupyterlab, notebook, posted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

    from gitlab_completions.emulator import Emulator
    from tests.jupyter.lab import Lab

pytestmark = [
    pytest.mark.skipif(
        program() is None, reason="there is no Chromium here: apt install chromium"
    ),
    pytest.mark.timeout(120),
]

AREA = "def area(width, height):\n    return width * height"
VOLUME = "def volume(width, height, depth):\n    return"
TYPED = " width *"  # on one line: how a new one is indented depends on what is loaded
PLACES = "lab/extensions/gitlab-completions-jupyterlab/static/places.js"
QUESTION = {
    "tab": "t",
    "turn": 1,
    "path": "a.ipynb",
    "cells": [{"kind": "code", "source": "secret = 1"}],
    "index": 0,
    "offset": 10,
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as made:
        yield made


@pytest.fixture(scope="module")
def shots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the screenshots go: into the folder that SCREENSHOTS names."""
    named = os.environ.get("SCREENSHOTS")
    return Path(named) if named else tmp_path_factory.mktemp("shots")


@pytest.fixture(scope="module")
def running() -> Iterator[Emulator]:
    with gitlab() as emulator:
        yield emulator


@pytest.fixture
def emulator(running: Emulator) -> Iterator[Emulator]:
    """The emulator, in health again afterwards, and with no requests before."""
    endpoints = (running.gateway, running.instance, running.direct_access)
    for endpoint in endpoints:
        endpoint.requests.clear()
    yield running
    for endpoint in endpoints:
        endpoint.heal()
        endpoint.latency_s = 0


@pytest.fixture(scope="module")
def lab(running: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    environment = {
        "GITLAB_URL": running.instance_url,
        "GITLAB_TOKEN": running.access_token,
        "SSL_CERT_FILE": str(running.ca_pem),
    }
    with jupyterlab(tmp_path_factory.mktemp("lab"), **environment) as made:
        yield made


@pytest.fixture
def window(browser: Browser, lab: Lab, shots: Path) -> Iterator[Window]:
    context = browser.new_context(viewport={"width": 1000, "height": 600})
    context.set_default_timeout(20_000)
    try:
        shown = Window(context.new_page(), lab)
        yield shown
        shown.page.screenshot(path=shots / "jupyterlab-last.png")
        assert shown.said_wrong() == []
    finally:
        context.close()


def sent(emulator: Emulator) -> dict[str, str]:
    """Return the file of the last completion that was asked of the emulator."""
    last = (emulator.gateway.requests or emulator.instance.requests)[-1]
    file: dict[str, str] = json.loads(last.body)["current_file"]
    return file


def test_ghost_text_is_seen_in_a_cell_and_tab_takes_it(
    window: Window, emulator: Emulator, shots: Path
) -> None:
    cells = notebook(("markdown", "# Boxes"), ("code", AREA), ("code", VOLUME))
    window.open("boxes.ipynb", cells).enter_cell(2)
    window.page.keyboard.press("Control+End")
    window.type(TYPED)
    window.sees(" height")
    window.page.screenshot(path=shots / "jupyterlab-shown.png")
    with window.tells("accepted"):
        window.page.keyboard.press("Tab")
    window.has_code(f"{VOLUME}{TYPED} height")
    window.sees_nothing()
    window.page.screenshot(path=shots / "jupyterlab-accepted.png")
    assert window.status.inner_text() == "GitLab Duo: ready, direct"
    file = sent(emulator)
    assert file["content_above_cursor"].startswith("# %%\n# # Boxes\n" + AREA)
    assert (file["file_name"], file["language_identifier"]) == ("boxes.py", "python")


def test_what_was_never_saved_is_context_too(window: Window) -> None:
    window.open_new()
    window.enter_cell(0)
    window.type("area = width * height")
    window.page.keyboard.press("Alt+Enter")  # runs it, and inserts a cell
    window.enter_cell(1)
    window.type("volume = width *")
    window.sees(" height")
    assert "Untitled" in window.page.url


def test_the_next_word_can_be_taken_and_the_rest_stays(window: Window) -> None:
    window.open("words.ipynb", notebook(("code", AREA), ("code", "")))
    window.enter_cell(1)
    window.type("def area(")
    window.sees("width, height):")
    with window.tells("accepted", part="word"):
        window.page.keyboard.press("Alt+;")
    window.has_code("def area(width")
    window.sees(", height):")
    window.page.keyboard.press("Alt+'")
    window.has_code("def area(width, height):")


def test_what_is_typed_along_is_not_asked_for_again(
    window: Window, emulator: Emulator
) -> None:
    window.open("along.ipynb", notebook(("code", AREA), ("code", "")))
    window.enter_cell(1)
    window.type("def area(")
    window.sees("width, height):")
    asked = len(emulator.gateway.requests) + len(emulator.instance.requests)
    window.type("width, ")
    window.sees("height):")
    assert asked == len(emulator.gateway.requests) + len(emulator.instance.requests)


def test_what_was_sent_away_is_rejected(window: Window) -> None:
    window.open("away.ipynb", notebook(("code", AREA), ("code", "")))
    window.enter_cell(1)
    window.type("def area(")
    window.sees("width, height):")
    with window.tells("rejected"):
        window.page.keyboard.press("Escape")
    window.sees_nothing()


def test_tab_is_free_again_once_a_suggestion_is_typed_away(window: Window) -> None:
    window.open("tab.ipynb", notebook(("code", AREA), ("code", "")))
    window.enter_cell(1)
    window.type("def area(")
    window.sees("width, height):")
    with window.answered():
        window.type("x")
    window.sees_nothing()
    window.page.wait_for_function(
        "() => !document.querySelector('.jp-mod-inline-completer-active')"
    )


def test_an_answer_that_comes_after_the_cursor_has_moved_is_not_shown(
    window: Window, emulator: Emulator
) -> None:
    window.open("moved.ipynb", notebook(("code", AREA), ("code", "")))
    window.enter_cell(1)
    emulator.gateway.latency_s = emulator.instance.latency_s = 0.5
    with window.answered():
        window.type("def area(")
        window.page.keyboard.press("ArrowLeft")
    window.settled()
    assert window.ghost.count() == 0


def test_who_asks_in_an_empty_cell_gets_what_the_markdown_above_says(
    window: Window, emulator: Emulator
) -> None:
    cells = notebook(("code", AREA), ("markdown", "def area(width"), ("code", ""))
    window.open("asked.ipynb", cells).enter_cell(2)
    with window.answered():
        window.page.keyboard.press("Alt+\\")
    (request,) = emulator.instance.requests
    assert json.loads(request.body)["user_instruction"] == "def area(width"


def test_a_file_is_completed_in_the_editor_of_files(
    window: Window, emulator: Emulator
) -> None:
    window.open("boxes/area.py", f"{AREA}\n\n\n{VOLUME}")
    window.enter_file()
    window.page.keyboard.press("Control+End")
    window.type(TYPED)
    window.sees(" height")
    assert sent(emulator)["file_name"] == "boxes/area.py"


def test_a_large_notebook_is_sent_as_far_as_it_is_near(
    window: Window, emulator: Emulator
) -> None:
    far, near = f"far = '{'x' * 90_000}'", f"near = '{'y' * 30_000}'"
    cells = notebook(("code", far), ("code", near), ("code", AREA), ("code", ""))
    window.open("large.ipynb", cells).enter_cell(3)
    with window.page.expect_request("**/gitlab-completions/suggestions*") as asked:
        window.type("def area(")
    cells_sent = cast("list[dict[str, str]]", posted(asked.value)["cells"])
    assert [cell["source"][:4] for cell in cells_sent] == ["near", "def ", "d"]
    window.sees("width, height):")


def test_what_is_near_the_cursor_is_whole_characters_and_ends_as_before(
    window: Window,
) -> None:
    random = Random(7)
    texts = [
        "".join(random.choices("aé😀\n", k=random.randrange(60))) for _ in range(500)
    ]
    asked = [(text, random.randint(0, len(text))) for text in texts]
    asked += [(f"{text[:at]}x{text[at:]}", at + 1) for text, at in asked]
    window.page.goto(f"{window.lab.url}/login")
    near: list[dict[str, object]] = window.page.evaluate(
        "async ([url, asked]) => { const { near } = await import(url);"
        "return asked.map(([text, at]) => near(text, at, 10)); }",
        [f"{window.lab.url}/{PLACES}", asked],
    )
    below = []
    for (text, at), cut in zip(asked, near, strict=True):
        source, offset = str(cut["source"]), int(str(cut["offset"]))
        assert text[:at].endswith(source[:offset])
        assert text[at:].startswith(source[offset:])
        assert len(source) <= max(10, 15 + 10 + 1)
        below.append((len(text), source[offset:]))
    for before, after in zip(below[:500], below[500:], strict=True):
        assert before[1] == after[1] or before[0] <= 10


def test_a_large_file_is_sent_as_far_as_it_is_near(
    window: Window, emulator: Emulator
) -> None:
    window.open("large.py", "# 😀 line\n" * 150_000 + f"{AREA}\n\n\n")
    window.enter_file()
    window.page.keyboard.press("Control+End")
    window.type("def area(")
    window.sees("width, height):")
    assert f"{AREA}\n\n\nd" in sent(emulator)["content_above_cursor"]


def test_a_problem_is_said_once_and_explained_on_request(
    window: Window, emulator: Emulator, shots: Path
) -> None:
    window.open("problem.ipynb", notebook(("code", AREA), ("code", "")))
    window.enter_cell(1)
    emulator.gateway.fail(503)
    emulator.instance.fail(402)
    window.type(TYPED.strip())
    toast = window.page.locator(".Toastify__toast")
    toast.first.wait_for()
    window.settled()
    assert toast.count() == 1
    window.status.click()
    dialog = window.page.locator(".jp-Dialog-content")
    dialog.wait_for()
    window.page.screenshot(path=shots / "jupyterlab-problem.png")
    assert re.search("(?i)quota|credits", dialog.inner_text())
    assert emulator.access_token not in dialog.inner_text()
    window.page.keyboard.press("Enter")


def test_that_direct_is_not_in_use_is_no_problem_of_the_author(window: Window) -> None:
    problem = {"code": "direct_barred", "message": "direct is barred", "remedy": None}
    words = "GitLab Duo: degraded, indirect"
    told = {"health": "degraded", "text": words, "problem": problem}
    window.page.route(
        "**/gitlab-completions/status*",
        lambda route: route.fulfill(json={"status": told}),
    )
    window.open("barred.ipynb", notebook(("code", AREA)))
    window.settled()
    assert window.status.inner_text() == words
    assert window.status.get_attribute("title") == f"{words}: direct is barred"
    assert window.page.locator(".Toastify__toast").count() == 0


def test_a_notebook_that_is_closed_is_forgotten(window: Window) -> None:
    window.open("closed.ipynb", notebook(("code", AREA), ("code", "")), alone=False)
    window.enter_cell(1)
    window.type("def area(")
    window.sees("width, height):")
    with window.page.expect_request("**/gitlab-completions/closed*") as told:
        window.page.evaluate("jupyterapp.shell.currentWidget.dispose()")
    assert posted(told.value)["path"] == "closed.ipynb"


def post(lab: Lab, body: object, **headers: str) -> httpx.Response:
    url = f"{lab.url}/gitlab-completions/suggestions"
    return httpx.post(url, content=json.dumps(body), headers=headers)


def test_only_who_is_logged_in_gets_an_answer(lab: Lab) -> None:
    assert post(lab, QUESTION).status_code == 403
    status = httpx.get(f"{lab.url}/gitlab-completions/status", follow_redirects=False)
    assert status.status_code == 403


def test_a_cookie_alone_is_not_enough(lab: Lab) -> None:
    with httpx.Client() as client:
        client.get(f"{lab.url}/lab?token={TOKEN}", follow_redirects=True)
        url = f"{lab.url}/gitlab-completions/suggestions"
        refused = client.post(url, json=QUESTION)
        assert refused.status_code == 403
        xsrf = {"X-XSRFToken": client.cookies["_xsrf"]}
        assert client.post(url, json=QUESTION, headers=xsrf).status_code == 200
        foreign = {**xsrf, "Origin": "https://evil.example"}
        assert client.post(url, json=QUESTION, headers=foreign).status_code == 404


def test_what_the_page_never_says_is_refused_without_a_word_of_it(lab: Lab) -> None:
    allowed = {"Authorization": f"token {TOKEN}"}
    odd = post(lab, {**QUESTION, "offset": 99}, **allowed)
    assert (odd.status_code, "secret" in odd.text) == (400, False)
    large = post(lab, "x" * 2**20, **allowed)
    assert large.status_code == 413


def test_a_file_on_the_ignore_list_stays_here(lab: Lab, emulator: Emulator) -> None:
    (lab.files / ".gitlabduoignore").write_text("private/\n", "utf-8")
    try:
        allowed = {"Authorization": f"token {TOKEN}"}
        answer = post(lab, {**QUESTION, "path": "private/a.ipynb"}, **allowed)
    finally:
        (lab.files / ".gitlabduoignore").unlink()
    assert answer.json()["silence"] == "file_excluded"
    assert "ignore list" in answer.json()["explanation"]
    assert emulator.gateway.requests + emulator.instance.requests == []


def test_neither_tokens_nor_source_are_in_the_servers_log(
    lab: Lab, emulator: Emulator
) -> None:
    log = "".join(lab.log)
    assert "area" not in log
    assert emulator.access_token not in log


def test_a_server_that_is_not_set_up_says_what_is_missing(tmp_path: Path) -> None:
    with jupyterlab(tmp_path) as bare:
        allowed = {"Authorization": f"token {TOKEN}"}
        answer = post(bare, QUESTION, **allowed).json()
    assert "GITLAB_URL" in answer["explanation"]
    assert answer["status"]["health"] == "unavailable"
