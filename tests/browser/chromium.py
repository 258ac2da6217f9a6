"""Finds a Chromium, and opens pages in it that may ask nobody for anything."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def program() -> str | None:
    """Return the path of a Chromium: CHROMIUM names one, else it is looked for."""
    named = os.environ.get("CHROMIUM")
    return named or next(filter(None, map(shutil.which, NAMES)), None)


@contextmanager
def chromium() -> Iterator[Browser]:
    # Chromium's own sandbox does not start in most containers, nor for root; the only
    # pages that it is given here are ours.
    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=program(), args=["--no-sandbox"]
        )
        try:
            yield browser
        finally:
            browser.close()


class Window:
    """A page that is looked at: what it logged, and what it asked for."""

    def __init__(self, page: Page, path: Path) -> None:
        self.page = page
        self.said: list[str] = []
        self.asked: list[str] = []
        page.on("console", lambda message: self.said.append(message.text))
        page.on("pageerror", lambda error: self.said.append(str(error)))
        page.on("dialog", self._dialog)
        page.on("request", lambda request: self.asked.append(request.url))
        page.goto(path.as_uri())
        self.drawn("both/both")

    def _dialog(self, dialog: object) -> None:
        self.said.append(f"a dialog: {dialog}")

    def drawn(self, setting: str) -> None:
        """Wait until the charts show a setting of the filters."""
        self.page.wait_for_selector(f'html[data-drawn^="{setting}/"]', state="attached")

    def choose(self, name: str, value: str) -> None:
        """Click what a person would: the words of the choice."""
        choice = f'input[name="{name}"][value="{value}"]'
        self.page.locator(f"label:has({choice})").click()

    def number(self, name: str) -> str:
        words: str = self.page.locator(f'[data-number="{name}"]').first.inner_text()
        return words

    def bars(self, chart: str) -> int:
        """Return how many marks a chart has."""
        found: int = self.page.evaluate(
            "(id) => document.querySelectorAll(`#${id} svg path`).length",
            f"chart-{chart}",
        )
        return found


@contextmanager
def window(
    browser: Browser, path: Path, *, width: int = 1280, scheme: str = "light"
) -> Iterator[Window]:
    """Open a page in a window of that width, on a machine that prefers that scheme."""
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme="dark" if scheme == "dark" else "light",
        offline=True,
    )
    try:
        yield Window(context.new_page(), path)
    finally:
        context.close()
