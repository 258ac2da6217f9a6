"""Where suggestions are wanted; in the texts below, a bar is where the cursor is."""

from __future__ import annotations

import pytest

from gitlab_completions.editor import Document, EditorPolicy, Silence, Trigger
from gitlab_completions.editor.wanted import unwanted

POLICY = EditorPolicy(least_content=0)


def reason_at(
    marked: str,
    *,
    policy: EditorPolicy = POLICY,
    trigger: Trigger = Trigger.TYPING,
    language: str | None = "python",
    excluded: bool = False,
) -> Silence | None:
    text = marked.replace("|", "", 1)
    document = Document(uri="file:///a.py", text=text, language=language)
    at = marked.index("|")
    return unwanted(document, at, policy, trigger, excluded=excluded)


@pytest.mark.parametrize(
    "document",
    [
        "|",
        "def f|",
        "def f |\nnext line",
        "foo(|)",
        'print("|")',
        "f([{|}])",
        "`|`",
        "x = [|],",
        "foo(|);",
        "if (|) {",
        "def f(|):",
        "foo(|)  \r\nnext line",
        "foo(|)\rnext line",
        "x|   ",
        "naïve|",
    ],
)
def test_after_code_and_before_closing_signs_a_suggestion_is_wanted(
    document: str,
) -> None:
    assert reason_at(document) is None


@pytest.mark.parametrize("document", ["na|me", "x = 1|0", "_|a", "naï|ve", "変|数"])
def test_within_a_word_none_is(document: str) -> None:
    assert reason_at(document) is Silence.MID_WORD


@pytest.mark.parametrize(
    "document",
    [
        "x = | + 1",
        "|name",
        "foo(|, b)",
        "foo(|);;",
        "foo(|) { }",
        "<div>|</div>",
        "|(",
        "x| # why",
        "x|" + " " * 100_000 + "y",
    ],
)
def test_before_more_than_closing_signs_none_is(document: str) -> None:
    assert reason_at(document) is Silence.TEXT_AFTER_CURSOR


def test_a_document_that_says_too_little_gets_none() -> None:
    policy = EditorPolicy(least_content=10)
    assert reason_at("123456789|", policy=policy) is Silence.TOO_SHORT
    assert reason_at("1234567890|", policy=policy) is None


@pytest.mark.parametrize("document", ["na|me", "x = | + 1", "|"])
def test_the_author_who_asks_is_answered_anywhere(document: str) -> None:
    policy = EditorPolicy(automatic=False)
    assert reason_at(document, policy=policy, trigger=Trigger.EXPLICIT) is None


def test_on_request_only_is_a_reason_of_its_own() -> None:
    policy = EditorPolicy(automatic=False)
    assert reason_at("x = |", policy=policy) is Silence.ON_REQUEST_ONLY


@pytest.mark.parametrize("trigger", list(Trigger))
def test_what_keeps_source_at_home_holds_on_request_too(trigger: Trigger) -> None:
    off = EditorPolicy(enabled=False)
    assert reason_at("x|", policy=off, trigger=trigger) is Silence.SWITCHED_OFF
    no_python = EditorPolicy(languages_off=frozenset({"Python"}), least_content=0)
    found = reason_at("x|", policy=no_python, trigger=trigger)
    assert found is Silence.LANGUAGE_OFF
    found = reason_at("x|", policy=no_python, trigger=trigger, language="ruby")
    assert found is None
    found = reason_at("x|", policy=no_python, trigger=trigger, language=None)
    assert found is None
    assert reason_at("x|", excluded=True, trigger=trigger) is Silence.FILE_EXCLUDED
