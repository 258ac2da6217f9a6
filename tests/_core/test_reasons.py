"""Every reason has words and something that a person can do."""

from __future__ import annotations

import pytest

from gitlab_completions._core import reasons
from gitlab_completions._core.reasons import BY_WORD, Finding
from gitlab_completions.errors import ErrorCode, GitLabCompletionsError

ALL = [one for one in vars(reasons).values() if isinstance(one, Finding)]


@pytest.mark.parametrize("one", [*ALL, *BY_WORD.values()])
def test_a_reason_has_a_code_words_and_a_remedy(one: Finding) -> None:
    if one in (reasons.AVAILABLE, reasons.AS_SAID):
        assert (one.code, one.words) == (None, "")
        return
    error = GitLabCompletionsError(one.words, code=one.code, remedy=one.remedy)
    assert one.words
    assert error.remedy
    assert not error.retryable
    assert not one.available


@pytest.mark.parametrize(
    ("word", "code"),
    [
        ("dpop_error", ErrorCode.FORBIDDEN),
        ("restricted_language_server", ErrorCode.FORBIDDEN),
        ("account_password", ErrorCode.FORBIDDEN),
        ("insufficient_granular_scope", ErrorCode.SCOPE_MISSING),
        ("", None),
        ("invalid_token", None),
    ],
)
def test_a_word_alone_has_its_reason(word: str, code: ErrorCode | None) -> None:
    finding = BY_WORD.get(word)
    assert (finding and finding.code) == code
