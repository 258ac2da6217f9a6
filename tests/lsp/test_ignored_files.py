"""What the ignore lists of all folders and repositories have stays here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gitlab_completions.errors import ConfigurationError
from gitlab_completions.ignoring import IgnoreList
from gitlab_completions.lsp import ignored_files
from gitlab_completions.lsp.folders import Folders
from gitlab_completions.lsp.ignored_files import IgnoredFiles
from gitlab_completions.lsp.open_files import OpenFiles

if TYPE_CHECKING:
    from pathlib import Path


class Tree:
    """Two folders of one workspace, in one of which `secret.py` is ignored."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.app, self.web = root / "app", root / "web"
        for folder in (self.app, self.web):
            folder.mkdir()
        (self.app / ".gitlabduoignore").write_text("secret.py\n/docs\n")
        self.folders = Folders([self.app.as_uri(), self.web.as_uri()])
        self.open_files = OpenFiles(self.folders, lambda uri: None)
        self.ignored = IgnoredFiles(self.folders, self.open_files)

    def repository(self) -> None:
        (self.root / ".git").mkdir()
        (self.root / ".git" / "HEAD").write_text("ref: x\n")
        (self.root / ".gitlabduoignore").write_text("*.pem\n")
        self.ignored.look_again()


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path)


def test_it_is_an_ignore_list_for_a_client(tree: Tree) -> None:
    assert isinstance(tree.ignored, IgnoreList)


def test_each_folder_has_its_own_list(tree: Tree) -> None:
    assert tree.ignored.has((tree.app / "secret.py").as_uri())
    assert tree.ignored.has((tree.app / "docs" / "a.md").as_uri())
    assert not tree.ignored.has((tree.app / "a.py").as_uri())
    assert not tree.ignored.has((tree.web / "secret.py").as_uri())


def test_a_name_is_that_of_the_files_that_are_open(tree: Tree) -> None:
    tree.open_files.opened((tree.web / "secret.py").as_uri(), None)
    assert not tree.ignored.excludes("secret.py")
    tree.open_files.opened((tree.app / "secret.py").as_uri(), None)
    assert tree.ignored.excludes("secret.py")  # of two by one name, the stricter


def test_a_name_that_is_not_open_any_more_stays_here(tree: Tree) -> None:
    assert tree.ignored.excludes("src/a.md")


def test_of_a_thousand_open_files_none_is_forgotten(tree: Tree) -> None:
    tree.repository()
    first = (tree.web / "key.pem").as_uri()
    tree.open_files.opened(first, None)
    for number in range(1000):
        tree.open_files.opened((tree.app / f"{number}.py").as_uri(), None)
    assert tree.ignored.excludes("key.pem")
    assert not tree.ignored.excludes("0.py")


def test_the_repository_around_a_folder_has_a_say(tree: Tree) -> None:
    key = (tree.web / "key.pem").as_uri()
    assert not tree.ignored.has(key)
    tree.repository()
    assert tree.ignored.has(key)
    outside = (tree.root / "key.pem").as_uri()
    assert tree.ignored.has(outside)


def test_what_is_on_no_disk_is_on_no_list(tree: Tree) -> None:
    assert not tree.ignored.has("untitled:secret.py")


def test_a_list_that_is_changed_or_made_counts_at_once(tree: Tree) -> None:
    file = (tree.web / "a.py").as_uri()
    assert not tree.ignored.has(file)
    (tree.web / ".gitlabduoignore").write_text("a.py\n")
    assert tree.ignored.has(file)
    (tree.web / ".gitlabduoignore").write_text("another.py\n")
    assert not tree.ignored.has(file)


def test_a_list_that_is_not_understood_lets_nothing_through(tree: Tree) -> None:
    (tree.web / ".gitlabduoignore").write_bytes(b"\xff")
    with pytest.raises(ConfigurationError, match="not UTF-8"):
        tree.ignored.has((tree.web / "a.py").as_uri())


def test_repositories_are_remembered_in_bounds(
    tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ignored_files, "MOST_KEPT", 2)
    for number in range(5):
        tree.ignored.has((tree.app / str(number) / "a.py").as_uri())
    assert len(tree.ignored._tops) <= 2
