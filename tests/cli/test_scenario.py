"""The demo's place in a real file is there, and says the same to everyone."""

from __future__ import annotations

from gitlab_completions.cli.scenario import FILE, TYPED, request_in_file
from gitlab_completions.emulator.model import Prompt, continue_line, post_process


def test_the_model_continues_the_line_as_its_author_did() -> None:
    request, expected = request_in_file()
    assert request.file_name == FILE
    assert request.content_above_cursor.endswith(TYPED)
    assert request.content_below_cursor.startswith("\n")
    raw = continue_line(
        Prompt(above=request.content_above_cursor, below=request.content_below_cursor)
    )
    assert post_process(raw, request.content_below_cursor) == expected != ""
