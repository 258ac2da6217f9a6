"""Other open files are context: the last used first, within bounds."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from gitlab_completions.lsp import open_files
from gitlab_completions.lsp.folders import Folders
from gitlab_completions.lsp.open_files import OpenFile, OpenFiles, context_of

APP, WEB = "file:///w/app", "file:///w/web"
TEXT = "x = 1\n"


class Desk:
    """Open documents, as an editor has them."""

    def __init__(self, *uris: str) -> None:
        self.texts = dict.fromkeys(uris, TEXT)
        self.files = OpenFiles(Folders([APP, WEB]), self.texts.get)
        for uri in uris:
            self.files.opened(uri, "python")

    def beside(self, uri: str) -> list[str]:
        return [file.name for file in self.files.beside(uri)]


def test_the_last_used_come_first_and_the_file_itself_is_left_out() -> None:
    desk = Desk(f"{APP}/a.py", f"{APP}/b.py", f"{APP}/c.py")
    assert desk.beside(f"{APP}/c.py") == ["b.py", "a.py"]
    desk.files.used(f"{APP}/a.py")
    assert desk.beside(f"{APP}/c.py") == ["a.py", "b.py"]


def test_files_of_other_folders_are_left_out() -> None:
    desk = Desk(f"{APP}/a.py", f"{WEB}/b.js", "file:///elsewhere/c.py", "untitled:U")
    assert desk.beside(f"{APP}/z.py") == ["a.py"]
    assert desk.beside("file:///elsewhere/d.py") == []
    assert desk.beside("untitled:V") == []


def test_closed_and_blank_ones_are_left_out() -> None:
    desk = Desk(f"{APP}/a.py", f"{APP}/b.py", f"{APP}/c.py")
    desk.files.closed(f"{APP}/a.py")
    desk.files.closed(f"{APP}/never.py")
    desk.texts[f"{APP}/b.py"] = " \n"
    del desk.texts[f"{APP}/c.py"]
    assert desk.beside(f"{APP}/z.py") == []


def test_names_are_relative_to_the_folder_and_lead_back_to_the_files() -> None:
    desk = Desk(f"{APP}/src/a.py", f"{WEB}/src/a.py", f"{WEB}/b.js")
    assert desk.beside(f"{APP}/z.py") == ["src/a.py"]
    assert desk.files.named("src/a.py") == (f"{APP}/src/a.py", f"{WEB}/src/a.py")
    assert desk.files.named("nobody") == ()


def test_the_least_recently_used_goes_out_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(open_files, "MOST_BYTES", 2 * len(TEXT))
    monkeypatch.setattr(open_files, "LEAST_BYTES", 1)
    desk = Desk(*(f"{APP}/{name}.py" for name in "abcd"))
    desk.files.used(f"{APP}/a.py")
    items = context_of(desk.files.beside(f"{APP}/z.py"))
    assert [item.name for item in items] == ["a.py", "d.py"]


def test_files_of_languages_that_are_off_are_left_out() -> None:
    desk = Desk(f"{APP}/a.py", f"{APP}/.env")
    desk.files.opened(f"{APP}/.env", "dotenv")
    found = desk.files.beside(f"{APP}/z.py", languages_off=frozenset({"dotenv"}))
    assert [file.name for file in found] == ["a.py"]


def test_what_is_used_after_it_was_closed_stays_closed() -> None:
    desk = Desk(f"{APP}/a.py")
    desk.files.closed(f"{APP}/a.py")
    desk.files.used(f"{APP}/a.py")
    assert desk.beside(f"{APP}/z.py") == []


def test_a_long_file_gives_its_first_lines() -> None:
    text = "é" * 39 + "\n"  # 79 bytes a line
    long = OpenFile(uri="", name="long.py", text=text * 1000)
    short = OpenFile(uri="", name="short.py", text=TEXT)
    first, second = context_of([long, short])
    assert (first.type, second.type) == ("snippet", "file")
    assert first.content == text * (open_files.MOST_OF_ONE // 79)
    assert second.content == TEXT


def test_one_long_line_is_cut_between_characters() -> None:
    (item,) = context_of([OpenFile(uri="", name="a", text="é" * 100_000)])
    assert item.content == "é" * (open_files.MOST_OF_ONE // 2)


def test_what_is_blank_at_its_beginning_says_nothing() -> None:
    blank = OpenFile(uri="", name="a", text="\n" * 50_000 + "x")
    assert context_of([blank]) == ()


def test_files_without_room_are_left_out() -> None:
    files = [OpenFile(uri="", name=str(n), text="x" * 15_999 + "\n") for n in range(9)]
    left = iter(files)
    items = context_of(left)
    assert [len(item.content) for item in items] == [16_000, 16_000, 8_000]
    assert len(list(left)) == 5  # one was taken and not begun
    assert items[0].type == "file"


@given(texts=st.lists(st.text(max_size=30), max_size=8), most=st.integers(1, 40))
def test_context_never_has_more_than_its_bytes(texts: list[str], most: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(open_files, "MOST_BYTES", most)
        patch.setattr(open_files, "MOST_OF_ONE", 10)
        patch.setattr(open_files, "LEAST_BYTES", 1)
        files = [OpenFile(uri="", name="a", text=text) for text in texts]
        items = context_of(files)
    sizes = [len(item.content.encode(errors="surrogatepass")) for item in items]
    assert sum(sizes) <= most
    assert all(size <= 10 for size in sizes)
    assert all(any(t.startswith(i.content) for t in texts) for i in items)


def test_no_text_is_shown() -> None:
    assert "canary" not in repr(OpenFile(uri="canary", name="canary", text="canary"))
