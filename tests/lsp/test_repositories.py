"""Repositories are found and read without git, and without trust."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from gitlab_completions.lsp import repositories
from gitlab_completions.lsp.addresses import address_of
from gitlab_completions.lsp.projects import find_home
from gitlab_completions.lsp.repositories import configuration_of, repository_of

if TYPE_CHECKING:
    from pathlib import Path

URL = "https://gitlab.example.com"
REMOTE = '[remote "origin"]\n\turl = {}\n'
NOTHING = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": ""}


def repository(top: Path, config: str = "") -> Path:
    git = top / ".git"
    git.mkdir(parents=True)
    (git / "HEAD").write_text("ref: refs/heads/main\n")
    (git / "config").write_text(config)
    return top


def project_in(folder: Path, **environment: str) -> str | None:
    return find_home(folder, address_of(URL), {**NOTHING, **environment}).project


def values(top: Path, **environment: str) -> list[str]:
    found = repository_of(top)
    assert found is not None
    read = configuration_of(found, {**NOTHING, **environment})
    return [entry.value for entry in read]


def test_the_innermost_repository_around_a_folder_is_found(tmp_path: Path) -> None:
    outer = repository(tmp_path / "outer", REMOTE.format(f"{URL}/a/outer"))
    inner = repository(outer / "vendor" / "inner", REMOTE.format(f"{URL}/a/inner"))
    (outer / "src" / "deep").mkdir(parents=True)
    assert project_in(outer / "src" / "deep") == "a/outer"
    assert project_in(inner) == "a/inner"
    assert project_in(inner / "not" / "there" / "yet") == "a/inner"


def test_a_folder_outside_of_all_has_none(tmp_path: Path) -> None:
    assert project_in(tmp_path) is None
    (tmp_path / ".git").mkdir()  # one without a HEAD is none
    assert repository_of(tmp_path) is None
    assert find_home(tmp_path, None, NOTHING).top is None


def test_without_an_instance_the_top_is_known_alone(tmp_path: Path) -> None:
    top = repository(tmp_path / "a", REMOTE.format(f"{URL}/a/b"))
    home = find_home(top, None, NOTHING)
    assert (home.top, home.project) == (top, None)


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_worktrees_and_submodules_as_git_makes_them(tmp_path: Path) -> None:
    who = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
    script = [
        ["init", "--quiet", "lib"],
        ["-C", "lib", *who, "commit", "--quiet", "--allow-empty", "-m", "a"],
        ["init", "--quiet", "app"],
        ["-C", "app", "remote", "add", "origin", "git@gitlab.example.com:a/app.git"],
        ["-C", "app", *who, "commit", "--quiet", "--allow-empty", "-m", "a"],
        ["-C", "app", "worktree", "add", "--quiet", "../tree"],
        [
            *("-C", "app", "-c", "protocol.file.allow=always"),
            *("submodule", "--quiet", "add", f"{tmp_path}/lib", "lib"),
        ],
        ["-C", "app/lib", "remote", "set-url", "origin", f"{URL}/a/lib.git"],
    ]
    for arguments in script:
        environment = {**os.environ, **NOTHING, "GIT_CONFIG_GLOBAL": os.devnull}
        subprocess.run(
            ["git", *arguments], cwd=tmp_path, env=environment, check=True, timeout=30
        )
    assert project_in(tmp_path / "tree") == "a/app"
    assert project_in(tmp_path / "app" / "lib") == "a/lib"
    assert project_in(tmp_path / "app") == "a/app"


def test_the_users_own_rules_are_read_before_the_repositorys(tmp_path: Path) -> None:
    rule = '[url "https://gitlab.example.com/"]\n\tinsteadOf = {}:\n'
    (tmp_path / "system").write_text(rule.format("sys"))
    (tmp_path / "home" / ".config" / "git").mkdir(parents=True)
    (tmp_path / "home" / ".config" / "git" / "config").write_text(rule.format("xdg"))
    (tmp_path / "home" / ".gitconfig").write_text(rule.format("home"))
    top = repository(tmp_path / "a", REMOTE.format("sys:a/b"))
    found = repository_of(top)
    assert found is not None
    environment = {
        "GIT_CONFIG_SYSTEM": str(tmp_path / "system"),
        "HOME": str(tmp_path / "home"),
    }
    read = [entry.value for entry in configuration_of(found, environment)]
    assert read == ["sys:", "xdg:", "home:", "sys:a/b"]
    assert find_home(top, address_of(URL), environment).project == "a/b"
    bare = configuration_of(found, {"GIT_CONFIG_NOSYSTEM": "1"})
    assert [entry.value for entry in bare] == ["sys:a/b"]


def test_included_files_are_read_where_they_are_named(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "mine").write_text("[a]\nb = 2\n")
    top = repository(
        tmp_path / "a",
        "[a]\nb = 1\n[include]\npath = ~/mine\npath = ../more\npath = gone\n[a]\nb = 4",
    )
    (top / "more").write_text("[a]\nb = 3\n")
    assert values(top, HOME=str(tmp_path / "home")) == ["1", "2", "3", "4"]


def test_what_is_included_on_a_condition_is_not(tmp_path: Path) -> None:
    top = repository(tmp_path, '[includeIf "gitdir:/"]\npath = config\n[a]\nb = 1\n')
    assert values(top) == ["config", "1"]


def test_a_file_that_includes_itself_comes_to_an_end(tmp_path: Path) -> None:
    top = repository(tmp_path, "[include]\npath = config\npath = config\n[a]\nb = 1\n")
    assert 1 <= len(values(top)) <= repositories.MOST_FILES


def test_all_files_together_are_not_longer_than_one_may_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = "[a]\nb = c\n"
    top = repository(tmp_path, "[include]\npath = more\n" * 9 + line)
    (top / ".git" / "more").write_text(line * 100)
    once = len((top / ".git" / "config").read_text()) + len(line) * 100
    monkeypatch.setattr(repositories, "MOST_BYTES", once)
    assert len(values(top)) == 101


def test_of_a_long_file_whole_lines_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = REMOTE.format(f"{URL}/group/project-of-another-name")
    top = repository(tmp_path, config)
    monkeypatch.setattr(repositories, "MOST_BYTES", len(config) - 10)
    assert project_in(top) is None
    monkeypatch.setattr(repositories, "MOST_BYTES", len(config))
    assert project_in(top) == "group/project-of-another-name"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes in this file system")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    top = repository(tmp_path)
    (top / ".git" / "config").unlink()
    os.mkfifo(top / ".git" / "config")
    assert values(top) == []


def test_bytes_that_are_no_text_and_folders_are_passed_over(tmp_path: Path) -> None:
    top = repository(tmp_path / "a")
    (top / ".git" / "config").write_bytes(b"\xff\xfe\0[a]\n[b]\nc = \xff\n")
    assert values(top) == ["\ufffd"]
    other = repository(tmp_path / "b")
    (other / ".git" / "config").unlink()
    (other / ".git" / "config").mkdir()
    assert values(other) == []


@pytest.mark.parametrize(
    "pointer",
    [
        "",
        "gitdir:",
        "gitdir: /nowhere",
        "gitdir: \0",
        "elsewhere",
        "gitdir: //server/share/.git",
        "gitdir: \\\\server\\share\\.git",
        "gitdir: /\\server\\share\\.git",
        "gitdir: \\/server\\share\\.git",
    ],
)
def test_a_pointer_to_nowhere_leads_nowhere(tmp_path: Path, pointer: str) -> None:
    (tmp_path / ".git").write_text(pointer)
    assert repository_of(tmp_path) is None


@pytest.mark.parametrize("start", ["//", "\\\\", "/\\", "\\/"])
def test_a_repository_opens_no_share_of_another_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, start: str
) -> None:
    opened: list[str] = []
    really = os.open

    def watch(path: str | os.PathLike[str], flags: int) -> int:
        opened.append(os.fspath(path))
        return really(path, flags)

    monkeypatch.setattr(os, "open", watch)
    path = f"{start}server/share"
    quoted = path.replace("\\", "\\\\")
    shared = repository(tmp_path / "a", f'[include]\npath = "{quoted}/config"\n')
    assert values(shared) == []
    (shared / ".git" / "commondir").write_text(f"{path}\n")
    assert repository_of(shared) is None
    assert not any("server" in path for path in opened)


def test_not_more_folders_are_looked_into_than_any_tree_has(tmp_path: Path) -> None:
    repository(tmp_path)
    deep = tmp_path.joinpath(*["a"] * (repositories.MOST_ABOVE + 1))
    assert repository_of(deep) is None


def test_a_file_that_cannot_be_read_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    top = repository(tmp_path)

    def fail(descriptor: int, *_: object, **__: object) -> None:
        raise OSError(f"{descriptor} is gone")

    found = repository_of(top)
    assert found is not None
    monkeypatch.setattr(os, "fdopen", fail)
    assert list(configuration_of(found, NOTHING)) == []
