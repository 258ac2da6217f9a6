from __future__ import annotations

from gitlab_completions._wire.bodies import context_items, current_file
from gitlab_completions._wire.limits import Fitted
from gitlab_completions.models import ContextItem


def fitted(language: str | None) -> Fitted:
    return Fitted(
        file_name="a.py",
        above="a",
        below="",
        language=language,
        project_path=None,
        context=(),
        crlf=False,
    )


def test_an_unknown_language_is_left_out() -> None:
    file = {
        "file_name": "a.py",
        "content_above_cursor": "a",
        "content_below_cursor": "",
    }
    assert current_file(fitted(None)) == file
    assert current_file(fitted("python")) == file | {"language_identifier": "python"}


def test_context() -> None:
    item = ContextItem(name="n", content="c", type="snippet")
    assert context_items([item]) == [{"type": "snippet", "name": "n", "content": "c"}]
