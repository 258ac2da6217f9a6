"""Observers learn what a call is by its sizes alone."""

from __future__ import annotations

import pytest

from gitlab_completions._shell.outset import call_started, file_extension, size_bytes
from gitlab_completions.events import ContextSize
from gitlab_completions.models import CompletionRequest, ContextItem, Intent


def test_a_call_is_told_by_its_sizes() -> None:
    request = CompletionRequest(
        file_name="src/secret_project.py",
        content_above_cursor="naïve = ",
        content_below_cursor="\n",
        context=(
            ContextItem(name="lib/über.rs", content="fn é() {}"),
            ContextItem(name="Makefile", content="all:", type="snippet"),
        ),
    )
    told = call_started(7, request, streams=True)
    assert (told.call_id, told.intent, told.streams) == (7, Intent.COMPLETION, True)
    assert (told.language, told.file_extension) == ("python", "py")
    assert (told.above_chars, told.above_bytes) == (8, 9)
    assert (told.below_chars, told.below_bytes) == (1, 1)
    assert told.context == (
        ContextSize(kind="file", file_extension="rs", size_bytes=10),
        ContextSize(kind="snippet", file_extension="", size_bytes=4),
    )
    assert "secret" not in repr(told)
    assert "naïve" not in repr(told)


def test_a_language_that_is_given_is_told() -> None:
    request = CompletionRequest(
        file_name="a.py", content_above_cursor="", language="cython"
    )
    assert call_started(1, request, streams=False).language == "cython"


@pytest.mark.parametrize(
    ("name", "extension"),
    [
        ("a.py", "py"),
        ("a.tar.gz", "gz"),
        ("folder.d/Makefile", ""),
        ("C:\\folder.d\\Makefile", ""),
        (".gitignore", ""),
        (".env.local", "local"),
        ("a.", ""),
        ("notes.see me later", ""),
        ("x." + "y" * 33, ""),
    ],
)
def test_a_files_extension_is_all_that_is_told_of_its_name(
    name: str, extension: str
) -> None:
    assert file_extension(name) == extension


@pytest.mark.parametrize(
    ("text", "size"), [("", 0), ("ab", 2), ("é", 2), ("\ud800", 3)]
)
def test_a_size_is_that_in_utf8(text: str, size: int) -> None:
    assert size_bytes(text) == size
