"""The page: one small file that asks for nothing and lets no log's words run."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest

from gitlab_completions.report import (
    Summary,
    page as page_module,
    summarize,
    write_page,
)
from gitlab_completions.report.page import COLUMNS, make_page
from tests.report.logs import EVIL, call, hostile, write

if TYPE_CHECKING:
    from pathlib import Path

URL = re.compile(
    r"(?:src|href|action|srcset|data|poster)\s*=|url\(|@import", re.IGNORECASE
)


class Reader(HTMLParser):
    """Takes a page apart."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.scripts: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self._inside = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._inside = tag

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside == "script":
            self.scripts.append(data)
        elif self._inside != "style":
            self.words.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture(scope="module")
def rendered(summary: Summary) -> str:
    """A page without Vega, which takes seconds to bundle: one test is enough for it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(page_module, "_libraries", lambda: "var vegaEmbed;")
        return make_page(summary, title="Our roll-out")


@pytest.fixture
def _without_charts(_without_libraries: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out the charts too, where nothing is asked of them: a second."""
    monkeypatch.setattr(page_module, "make_charts", lambda *_: {})


@pytest.fixture
def _without_libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_module, "_libraries", lambda: "var vegaEmbed;")


def test_a_whole_page_is_one_file_under_two_megabytes(
    summary: Summary, tmp_path: Path
) -> None:
    write_page(summary, tmp_path / "report.html")
    content = (tmp_path / "report.html").read_bytes()
    assert 500_000 < len(content) < 2_000_000
    reader = Reader(content.decode())
    assert len(reader.scripts) == 3
    _holds_to_its_policy(reader)


def _holds_to_its_policy(reader: Reader) -> None:
    """Check that the policy names just the scripts that are there, and forbids more."""
    (policy,) = [
        str(meta["content"])
        for meta in reader.all("meta")
        if meta.get("http-equiv") == "Content-Security-Policy"
    ]
    named = re.findall(r"'sha256-([^']+)'", policy)
    hashes = [
        base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        for text in reader.scripts[1:]
    ]
    assert named == hashes
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe-eval" not in policy
    assert not re.search(r"script-src[^;]*unsafe", policy)


def test_nothing_of_it_names_another_file(rendered: str) -> None:
    assert URL.search(rendered.replace('content="default-src', "")) is None
    assert "http:" not in rendered


def test_the_numbers_are_there_without_a_script(
    summary: Summary, rendered: str
) -> None:
    reader = Reader(rendered)
    words = " ".join(reader.words)
    for number in ("calls", "direct-p50", "indirect-p99", "saving-p50", "fallbacks"):
        assert summary.everything.numbers[number] in words
    assert "Our roll-out" in words
    assert summary.span in words
    assert [one.get("scope") for one in reader.all("th")].count("col") == len(COLUMNS)


def test_every_number_is_in_every_view(rendered: str) -> None:
    reader = Reader(rendered)
    data = json.loads(reader.scripts[0])
    wanted = {
        attributes["data-number"]
        for attributes in reader.all("span")
        if "data-number" in attributes
    }
    assert len(data["views"]) == 9
    for view in data["views"].values():
        assert wanted <= set(view["numbers"])


def test_the_filters_are_radio_buttons_with_names(rendered: str) -> None:
    reader = Reader(rendered)
    radios = [(one["name"], one["value"]) for one in reader.all("input")]
    assert radios == [
        *(("route", each) for each in ("both", "direct", "indirect")),
        *(("context", each) for each in ("both", "with", "without")),
        *(("theme", each) for each in ("system", "light", "dark")),
    ]
    assert len(reader.all("legend")) == 3
    assert len(reader.all("label")) == len(radios)


@pytest.mark.usefixtures("_without_libraries")
def test_words_of_a_log_are_text_wherever_they_stand(
    rendered: str, tmp_path: Path
) -> None:
    folder = tmp_path / "x"
    folder.mkdir()
    log = write(folder / "<b>log", hostile())
    expected = Reader(rendered)
    reader = Reader(make_page(summarize([log]), title=EVIL))
    _holds_to_its_policy(reader)
    assert {tag for tag, _ in reader.tags} == {tag for tag, _ in expected.tags}
    for tag in ("script", "img", "b"):
        assert len(reader.all(tag)) == len(expected.all(tag))
    assert all(not name.startswith("on") for _, found in reader.tags for name in found)
    assert EVIL in "".join(reader.words)
    assert "<" not in reader.scripts[0]


@pytest.mark.usefixtures("_without_charts")
def test_a_log_of_the_most_that_is_counted_stays_small(tmp_path: Path) -> None:
    rows = [
        json.dumps(each)
        for number in range(1500)
        for each in call(
            number,
            at_s=40.0 * number,
            route="indirect" if number % 2 else "direct",
            context=number % 3 == 0,
            reason=f"{number % 40:02} {'reason' * 20}",
            token_issuer=f"{number % 5} {'issuer' * 20}",
            elapsed_s=0.001 * 1.008**number,
        )
    ]
    text = make_page(summarize([write(tmp_path / "log", rows)]), title="t")
    assert len(text.encode()) < 1_000_000  # and 0.9 MB of Vega


@pytest.mark.usefixtures("_without_charts")
def test_a_title_of_bytes_that_are_no_text_is_written(tmp_path: Path) -> None:
    path = tmp_path / "page"
    write_page(summarize([write(tmp_path / "log", [])]), path, title="a\udcff")
    assert "<title>a?</title>" in path.read_text(encoding="utf-8")


@pytest.mark.usefixtures("_without_charts")
def test_a_page_about_nothing_says_so(tmp_path: Path) -> None:
    text = make_page(summarize([write(tmp_path / "log", [])]), title="t")
    assert "There is nothing in this log: it has no lines." in text
