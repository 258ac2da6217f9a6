"""The report's page in a real headless Chromium, at two widths, by light and dark.

`nox -s browser` runs it and keeps the screenshots; elsewhere it is skipped.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("playwright.sync_api", reason="nox -s browser installs playwright")

from gitlab_completions.report import summarize, write_page
from tests.browser.chromium import Window, chromium, program, window
from tests.report.logs import EVIL, call, hostile, rollout, row, write

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

pytestmark = pytest.mark.skipif(
    program() is None, reason="there is no Chromium here: apt install chromium"
)

NUMBERS = (
    *("calls", "answered", "direct-p50", "direct-p95", "direct-p99"),
    *("indirect-p50", "indirect-p95", "superseded", "fallbacks"),
    *("saving-p50", "errors-0", "errors-1"),
)


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
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page about a roll-out of 20 000 calls."""
    folder = tmp_path_factory.mktemp("page")
    log = write(folder / "events.jsonl", rollout(20_000))
    write_page(summarize([log]), folder / "report.html")
    return folder / "report.html"


def is_quiet(shown: Window, path: Path) -> None:
    assert shown.said == []
    assert shown.asked == [path.as_uri()]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 400])
def test_it_is_drawn_at_any_width_and_by_light_and_dark(
    browser: Browser, page: Path, shots: Path, width: int, scheme: str
) -> None:
    with window(browser, page, width=width, scheme=scheme) as shown:
        wide = shown.page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width
        assert shown.page.locator(".chart svg").count() == 5
        assert shown.page.locator("html").get_attribute("data-drawn") == (
            f"both/both/{scheme}"
        )
        shown.page.screenshot(
            path=shots / f"report-{scheme}-{width}.png", full_page=True
        )
        is_quiet(shown, page)


def test_both_filters_change_numbers_charts_and_table(
    browser: Browser, page: Path, shots: Path
) -> None:
    with window(browser, page) as shown:
        seen = {"both/both": [shown.number(name) for name in NUMBERS]}
        rows = shown.page.locator("tr[data-shown]:visible")
        assert rows.count() == 6
        outline = shown.page.locator("#chart-latency svg").inner_html()
        for route, context in (
            *(("direct", "both"), ("direct", "with"), ("indirect", "with")),
            *(("indirect", "without"), ("both", "without")),
        ):
            shown.choose("route", route)
            shown.choose("context", context)
            shown.drawn(f"{route}/{context}")
            seen[f"{route}/{context}"] = [shown.number(name) for name in NUMBERS]
            assert shown.page.locator("#chart-latency svg").inner_html() != outline
            told = shown.page.locator("#shown").inner_text()
            assert f"Shown: {shown.number('calls')} of 20,000 calls" in told
            if route != "both":
                assert rows.count() == (2 if context == "both" else 1)
                name = f"report-filtered-{route}-{context}.png"
                shown.page.screenshot(path=shots / name, full_page=True)
        assert len({tuple(numbers) for numbers in seen.values()}) == len(seen)
        for index, name in enumerate(NUMBERS):
            assert len({numbers[index] for numbers in seen.values()}) > 1, name
        is_quiet(shown, page)


def test_a_chart_without_points_says_so_and_comes_back(
    browser: Browser, page: Path
) -> None:
    with window(browser, page) as shown:
        shown.choose("route", "direct")
        shown.drawn("direct/both")
        assert shown.page.locator("#nothing-detours").is_visible()
        assert not shown.page.locator("#chart-detours").is_visible()
        shown.choose("route", "both")
        shown.drawn("both/both")
        assert shown.page.locator("#chart-detours svg").is_visible()
        is_quiet(shown, page)


def test_the_keyboard_is_enough(browser: Browser, page: Path) -> None:
    with window(browser, page) as shown:
        keys = shown.page.keyboard
        keys.press("Tab")
        keys.press("ArrowRight")
        shown.drawn("direct/both")
        keys.press("Tab")
        keys.press("ArrowRight")
        shown.drawn("direct/with")
        keys.press("Tab")
        keys.press("ArrowRight")
        keys.press("ArrowRight")
        shown.page.wait_for_selector('html[data-drawn="direct/with/dark"]')
        is_quiet(shown, page)


def test_the_switch_wins_over_what_the_machine_prefers(
    browser: Browser, page: Path
) -> None:
    back = "getComputedStyle(document.body).backgroundColor"
    with window(browser, page, scheme="dark") as shown:
        dark = shown.page.evaluate(back)
        shown.choose("theme", "light")
        shown.page.wait_for_selector('html[data-drawn="both/both/light"]')
        assert shown.page.evaluate(back) != dark
        shown.choose("theme", "system")
        shown.page.wait_for_selector('html[data-drawn="both/both/dark"]')
        assert shown.page.evaluate(back) == dark
        is_quiet(shown, page)


def test_it_is_readable_without_colour(
    browser: Browser, page: Path, shots: Path
) -> None:
    """Take a picture as of somebody who sees no colour, to be looked at."""
    with window(browser, page) as shown:
        shown.page.add_style_tag(content="html { filter: grayscale(1); }")
        shown.page.screenshot(path=shots / "report-grey-1280.png", full_page=True)
        for chart in ("latency", "times", "errors"):
            dashed = f"#chart-{chart} svg path[stroke-dasharray]:visible"
            assert shown.page.locator(dashed).count() > 0
        is_quiet(shown, page)


def test_words_of_a_log_run_nothing(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    log = write(tmp_path / "log", hostile())
    write_page(summarize([log]), path, title=EVIL)
    with window(browser, path) as shown:
        assert shown.page.locator("h1").inner_text() == EVIL
        assert shown.page.locator("img").count() == 0
        assert shown.page.locator("script").count() == 3
        shown.page.locator("#chart-errors svg path").first.hover(force=True)
        for route, context in (("direct", "with"), ("indirect", "with")):
            shown.choose("route", route)
            shown.choose("context", context)
            shown.drawn(f"{route}/{context}")
        is_quiet(shown, path)


def test_long_names_leave_room_for_the_bars_on_a_phone(
    browser: Browser, shots: Path, tmp_path: Path
) -> None:
    path = tmp_path / "report.html"
    write_page(summarize([write(tmp_path / "log", hostile())]), path)
    with window(browser, path, width=320) as shown:
        shown.page.screenshot(path=shots / "report-names-320.png", full_page=True)
        bars = shown.page.locator("#chart-detours svg .mark-rect").first.bounding_box()
        assert bars is not None
        assert bars["width"] > 200
        chart = shown.page.locator("#chart-latency").bounding_box()
        label = shown.page.locator("#chart-latency .mark-text").last.bounding_box()
        assert chart is not None
        assert label is not None
        assert label["x"] + label["width"] <= chart["x"] + chart["width"]
        is_quiet(shown, path)


def test_it_is_printed_on_white_and_within_the_paper(
    browser: Browser, page: Path, shots: Path
) -> None:
    with window(browser, page, scheme="dark") as shown:
        shown.page.pdf(path=shots / "report-dark.pdf", format="A4")
        shown.page.emulate_media(media="print", color_scheme="dark")
        back = "getComputedStyle(document.body).backgroundColor"
        assert shown.page.evaluate(back) == "rgb(255, 255, 255)"
        shown.page.add_style_tag(content="body { width: 700px; }")  # A4, about
        for chart in shown.page.locator(".chart").all():
            drawn, room = chart.locator("svg").bounding_box(), chart.bounding_box()
            assert drawn is not None
            assert room is not None
            assert drawn["width"] <= room["width"]
        is_quiet(shown, page)


@pytest.mark.parametrize(
    "rows", [[], [row("hedged")], call(1)[2:]], ids=["empty", "no calls", "one line"]
)
def test_odd_logs_make_sound_pages(
    browser: Browser, tmp_path: Path, rows: list[dict[str, object]]
) -> None:
    path = tmp_path / "report.html"
    log = write(tmp_path / "log", [json.dumps(each) for each in rows])
    write_page(summarize([log]), path)
    with window(browser, path) as shown:
        assert shown.page.locator(".notice:visible").count() > 0
        for route in ("direct", "indirect", "both"):
            shown.choose("route", route)
            shown.drawn(f"{route}/both")
        is_quiet(shown, path)
