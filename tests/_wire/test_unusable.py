from __future__ import annotations

from gitlab_completions._wire.unusable import (
    GrantRefusedError,
    NotACompletionError,
    NotAGrantError,
    StreamCutError,
    WebPageError,
)


def test_each_says_its_reason() -> None:
    for error in (
        NotACompletionError("no choices"),
        WebPageError(),
        StreamCutError("no stream_end"),
        NotAGrantError("no token"),
        GrantRefusedError("clock"),
    ):
        assert str(error) == error.reason
