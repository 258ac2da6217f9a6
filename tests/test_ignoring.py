"""A project's ignore list, in the syntax of `.gitignore`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, cast

import pytest

from gitlab_completions import ignoring
from gitlab_completions.errors import ConfigurationError
from gitlab_completions.ignoring import IgnoreList, ProjectIgnoreList

if TYPE_CHECKING:
    from pathlib import Path

PATTERNS = """\
# what stays here
*.pem
/build
secrets/
!public.pem
docs/**/draft.md
"""


def listed(root: Path, text: str = PATTERNS) -> ProjectIgnoreList:
    (root / ".gitlabduoignore").write_bytes(text.encode())
    return ProjectIgnoreList(root)


@pytest.mark.parametrize(
    ("path", "excluded"),
    [
        ("app.py", False),
        ("key.pem", True),
        ("src/deep/key.pem", True),
        ("public.pem", False),
        ("build/out.py", True),
        ("src/build/out.py", False),
        ("src/secrets/a.py", True),
        ("secrets", False),
        ("docs/a/b/draft.md", True),
        ("./key.pem", True),
        ("src/../build/out.py", True),
        ("../key.pem", True),
        ("src\\secrets\\a.py", True),
        ("C:\\Users\\me\\key.pem", True),
        ("C:\\Users\\me\\build\\a.py", False),
        ("file:///elsewhere/key.pem", True),
        ("file:///c%3A/work/my%20secrets/a.py", False),
        ("file:///c%3A/work/secrets/a.py", True),
        ("/elsewhere/build/a.py", False),
        ("untitled:Untitled-1", False),
        ("/", False),
    ],
)
def test_the_syntax_of_gitignore(tmp_path: Path, path: str, excluded: bool) -> None:
    assert listed(tmp_path).excludes(path) is excluded


@pytest.mark.parametrize(
    ("patterns", "path", "excluded"),
    [
        (["secrets", "!*.md"], "secrets/a.md", True),
        (["secrets/", "!*.md"], "src/secrets/b/a.md", True),
        (["secrets/", "!*.md"], "a.md", False),
        (["/secrets/ ", "!secrets/a.md"], "secrets/a.md", True),
        (["vendor", "!vendor/ours"], "vendor/ours/a.py", True),
        (["secrets/**", "!secrets/**/*.md"], "secrets/b/a.md", True),
        (["secrets/*", "!secrets/*.md"], "secrets/a.md", False),
        (["secrets/**", "!secrets/a.md"], "secrets/a.md", False),
        (["*", "!*/", "!*.py"], "src/deep/a.py", False),
        (["*", "!*/", "!*.py"], "src/deep/a.txt", True),
        (["/*", "!/src/"], "src/a.py", False),
        (["/*", "!/src/"], "other/src/a.py", True),
        (["a/b", "!b"], "a/b/c.py", False),
        (["/", "!/", "# !", ""], "a/b.py", False),
    ],
)
def test_a_file_is_not_taken_back_out_of_a_folder_as_with_git(
    tmp_path: Path, patterns: list[str], path: str, excluded: bool
) -> None:
    assert ProjectIgnoreList(tmp_path, patterns=patterns).excludes(path) is excluded


def test_absolute_paths_and_uris_are_taken_from_the_root_on(tmp_path: Path) -> None:
    root = tmp_path / "my project"
    root.mkdir()
    ignored = listed(root)
    for path in (
        str(root / "build" / "a.py"),
        (root / "build" / "a.py").as_uri(),
        f"file://localhost{root}/build/a.py",
        (root / "build" / "a.py").as_uri().replace("file://", "file:"),
    ):
        assert ignored.excludes(path)
    assert not ignored.excludes(str(root / "src" / "build" / "a.py"))
    # A folder whose name only begins like the root's is another one.
    assert not ignored.excludes(f"{root}2/build/a.py")


def test_a_root_on_windows_is_known_by_its_letters_of_either_case() -> None:
    ignored = ProjectIgnoreList("/unused", patterns=["/build"])
    ignored._roots = {ignoring._plain("C:\\Work\\App\\")}
    assert ignored.excludes("c:\\work\\app\\build\\a.py")
    assert ignored.excludes("file:///c%3A/work/app/build/a.py")
    assert not ignored.excludes("D:\\work\\app\\build\\a.py")


@pytest.mark.parametrize("folds", [True, False])
def test_case_counts_where_it_does_for_git(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folds: bool
) -> None:
    monkeypatch.setattr(ignoring, "_FOLDS", folds)
    root = tmp_path / "App"
    root.mkdir()
    ignored = listed(root, "/Build\n*.pem\n!Public.pem\n")
    for path in ("build/a.py", "Key.PEM", str(tmp_path / "APP" / "BUILD" / "a.py")):
        assert ignored.excludes(path) is folds
    assert ignored.excludes("public.pem") is not folds
    assert ignored.excludes("Build/a.py")
    assert not ignored.excludes("Public.pem")


def test_a_root_on_a_share_is_known_by_path_and_uri() -> None:
    ignored = ProjectIgnoreList("/unused", patterns=["/build"])
    ignored._roots = {ignoring._plain("\\\\server\\share\\my app")}
    assert ignored.excludes("\\\\server\\share\\my app\\build\\a.py")
    assert ignored.excludes("file://server/share/my%20app/build/a.py")
    assert not ignored.excludes("file://server/share/build/a.py")


def test_a_root_stays_where_it_is_when_the_program_goes_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed(tmp_path)
    monkeypatch.chdir(tmp_path)
    ignored = ProjectIgnoreList(".")
    monkeypatch.chdir("/")
    assert ignored.excludes("key.pem")
    assert ignored.excludes(str(tmp_path / "build" / "a.py"))


def test_a_root_may_be_reached_by_a_link(tmp_path: Path) -> None:
    real = tmp_path / "real"
    real.mkdir()
    link = tmp_path / "link"
    link.symlink_to(real)
    (real / ".gitlabduoignore").write_text("/build\n")
    ignored = ProjectIgnoreList(link)
    assert ignored.excludes(str(link / "build"))
    assert ignored.excludes(str(real / "build"))


def test_the_file_is_read_again_when_it_changes(tmp_path: Path) -> None:
    ignored = ProjectIgnoreList(tmp_path)
    assert not ignored.excludes("a.py")
    file = tmp_path / ".gitlabduoignore"
    file.write_text("a.py\n")
    assert ignored.excludes("a.py")
    file.write_text("b.py\n")
    os.utime(file, ns=(0, 1))  # a clock may be coarser than this test is fast
    assert not ignored.excludes("a.py")
    assert ignored.excludes("b.py")
    file.unlink()
    assert not ignored.excludes("b.py")


def test_an_unchanged_file_is_not_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ignored = listed(tmp_path)
    assert ignored.excludes("key.pem")
    monkeypatch.setattr(ignoring, "_compiled", None)
    assert ignored.excludes("key.pem")


def test_the_file_cannot_take_back_what_the_program_excludes(tmp_path: Path) -> None:
    (tmp_path / "list").write_text("!*.env\n*.key\n")
    ignored = ProjectIgnoreList(tmp_path, file_name="list", patterns=["*.env"])
    assert ignored.excludes("a.env")
    assert ignored.excludes("a.key")


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_file_from_windows_is_understood(tmp_path: Path, end: str) -> None:
    ignored = listed(tmp_path, f"\ufeff*.pem{end}/build{end}")
    assert ignored.excludes("key.pem")
    assert ignored.excludes("build/a.py")


def test_a_list_that_is_not_understood_lets_nothing_through(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="line 2 is no pattern"):
        listed(tmp_path, "*.pem\n!\n").excludes("a.py")
    (tmp_path / ".gitlabduoignore").write_bytes("*.pem".encode("utf-16"))
    with pytest.raises(ConfigurationError, match="not UTF-8"):
        ProjectIgnoreList(tmp_path).excludes("a.py")
    (tmp_path / ".gitlabduoignore").unlink()
    (tmp_path / ".gitlabduoignore").mkdir()
    with pytest.raises(ConfigurationError, match="gitlabduoignore is no plain file"):
        ProjectIgnoreList(tmp_path).excludes("a.py")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes in this file system")
@pytest.mark.parametrize("target", ["/dev/zero", "pipe"])
def test_a_list_that_never_ends_is_not_waited_for(tmp_path: Path, target: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / ".gitlabduoignore").symlink_to(target)
    with pytest.raises(ConfigurationError, match="no plain file"):
        ProjectIgnoreList(tmp_path).excludes("a.py")


def test_a_list_that_is_too_long_lets_nothing_through(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ignoring, "MOST_BYTES", 6)
    assert not listed(tmp_path, "*.pem\n").excludes("a.py")
    with pytest.raises(ConfigurationError, match="more than 6 bytes"):
        listed(tmp_path, "*.pem\n\n").excludes("a.py")


def test_what_is_no_pattern_is_refused_at_once(tmp_path: Path) -> None:
    for patterns in (["a", "!"], ["[z-a]"], [cast("str", 5)]):
        with pytest.raises(ConfigurationError, match=r"patterns: line \d is no"):
            ProjectIgnoreList(tmp_path, patterns=patterns)
    with pytest.raises(ConfigurationError, match="not a string"):
        ProjectIgnoreList(tmp_path, patterns="*.pem")


def test_without_the_extra_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ignoring, "find_spec", lambda name: None)
    with pytest.raises(ConfigurationError, match=r"gitlab-completions\[ignore\]"):
        ProjectIgnoreList(tmp_path)


def test_it_is_an_ignore_list(tmp_path: Path) -> None:
    assert isinstance(ProjectIgnoreList(tmp_path), IgnoreList)


@pytest.mark.parametrize("pattern", ["*a*a*a*b", "**/a/**/b/**/c/**/d", "!x/*a*a*a*"])
def test_a_pattern_that_takes_for_ever_is_refused(tmp_path: Path, pattern: str) -> None:
    with pytest.raises(ConfigurationError, match=r"line 2 has more than 3 \*"):
        listed(tmp_path, f"*.pem\n{pattern}\n").excludes("a" * 255)


def test_a_pattern_may_have_a_few_stars_in_each_part(tmp_path: Path) -> None:
    ignore = listed(tmp_path, "**/test_*_*.min/*.gen.*\n")
    assert ignore.excludes("src/test_a_b.min/x.gen.py")
