"""Documents are found in the folders that are open."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gitlab_completions.lsp import folders
from gitlab_completions.lsp.folders import Folders, path_of

posix = pytest.mark.skipif(os.name == "nt", reason="paths of POSIX")


@posix
@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("file:///home/me/a.py", "/home/me/a.py"),
        ("file:/home/me/a.py", "/home/me/a.py"),
        ("FILE://localhost/home/me/a.py", "/home/me/a.py"),
        ("file:///home/me/caf%C3%A9%20%23.py", "/home/me/café #.py"),
        ("file:///home/me/../you/./a.py", "/home/you/a.py"),
        ("file:///home/me/caf%E9.py", "/home/me/caf\udce9.py"),
        ("file:///c%3A/work/a.py", "/c:/work/a.py"),
        ("file://server/share/a.py", "//server/share/a.py"),
    ],
)
def test_a_file_uri_names_a_path(uri: str, path: str) -> None:
    assert path_of(uri) == Path(path)


@pytest.mark.parametrize(
    "uri",
    ["", "untitled:Untitled-1", "vscode-vfs://github/a.py", "file:a", "file:///%00"],
)
def test_other_uris_name_none(uri: str) -> None:
    assert path_of(uri) is None


def test_a_drive_is_a_drive_on_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    class Windows:
        name = "nt"
        path = os.path

    monkeypatch.setattr(folders, "os", Windows)
    assert path_of("file:///c%3A/work/a.py") == Path("c:/work/a.py")


@posix
def test_the_innermost_folder_has_a_document() -> None:
    opened = Folders(["file:///w/app", "file:///w/app/vendor/lib", "file:///w/web"])
    place = opened.place_of("file:///w/app/vendor/lib/src/a.c")
    assert (place.folder, place.name) == (Path("/w/app/vendor/lib"), "src/a.c")
    assert opened.place_of("file:///w/app/a.py").name == "a.py"
    assert opened.place_of("file:///w/website/a.py").folder is None


@posix
@pytest.mark.parametrize(
    ("uri", "name"),
    [
        ("file:///secret/customer/a.py", "a.py"),
        ("untitled:Untitled-1", "Untitled-1"),
        ("untitled:/tmp/x.py?a#b", "x.py"),
        ("vscode-notebook-cell:/w/n.ipynb#c1", "n.ipynb"),
        ("file:///", "untitled"),
        ("file:///w/%20", "untitled"),
        ("file:///w", "w"),
        ("", "untitled"),
        ("odd:/", "untitled"),
    ],
)
def test_outside_of_folders_only_the_last_part_is_told(uri: str, name: str) -> None:
    assert Folders(["file:///w"]).place_of(uri).name == name


@posix
def test_folders_come_and_go() -> None:
    opened = Folders(["file:///w", "untitled:none"])
    assert opened.paths == (Path("/w"),)
    assert opened.place_of("file:///x/a.py").folder is None
    opened.add("file:///x")
    assert opened.place_of("file:///x/a.py").folder == Path("/x")
    opened.remove("file:///x")
    opened.remove("file:///never")
    assert opened.place_of("file:///x/a.py").folder is None


def test_places_are_kept_in_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "MOST_KEPT", 3)
    opened = Folders()
    for number in range(10):
        opened.place_of(f"file:///w/{number}.py")
    assert len(opened._places) <= 3


def test_a_place_shows_no_path() -> None:
    assert "customer" not in repr(Folders().place_of("file:///customer/a.py"))
