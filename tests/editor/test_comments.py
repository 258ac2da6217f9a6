"""What comments ask for; in the texts below, a bar is where the cursor is."""

from __future__ import annotations

import pytest

from gitlab_completions.editor.comments import instruction_above


def asked(marked: str, language: str | None = "python") -> str | None:
    return instruction_above(marked.replace("|", "", 1), marked.index("|"), language)


@pytest.mark.parametrize(
    ("document", "language", "instruction"),
    [
        ("# sort the names\n|", "python", "sort the names"),
        ("    # sort the names\n    |\n", "python", "sort the names"),
        ("x = 1\n# sort\n# the names\n|", "python", "sort\nthe names"),
        ("# far away\n\n# sort\n  |  \nfoo()", "python", "sort"),
        ("# sort\r\n# the names\r\n|\r\nfoo()", "python", "sort\nthe names"),
        ("# sort\r# the names\r|", "python", "sort\nthe names"),
        ("## sort\n# -----\n#\n# - names\n|", "python", "sort\n- names"),
        ("/// Sorts the names.\n//! Well.\n|", "rust", "Sorts the names.\nWell."),
        ("-- names of users\n|", "sql", "names of users"),
        (";; sort\n|", "clojure", "sort"),
        ("<!-- a table -->\n|", "html", "a table"),
        ("/* red */\n|", "css", "red"),
        ("# sort the names\n|", "Python", "sort the names"),
        ("# 排序\n|", "python", "排序"),
    ],
)
def test_a_comment_right_above_a_blank_line_is_an_instruction(
    document: str, language: str, instruction: str
) -> None:
    assert asked(document, language) == instruction


@pytest.mark.parametrize(
    ("document", "language"),
    [
        ("|", "python"),
        ("\n|", "python"),
        ("# sort\n\n|", "python"),
        ("# sort\nx|", "python"),
        ("# sort\n|x", "python"),
        ("# sort|", "python"),
        ("x = 1  # one\n|", "python"),
        ("#\n|", "python"),
        ("# ------\n|", "python"),
        ("#!/usr/bin/env python\n|", "python"),
        ("#include <a.h>\n|", "c"),
        ("# sort\n|", None),
        ("# sort\n|", "klingon"),
        ("text\n|", "plaintext"),
    ],
)
def test_anything_else_asks_for_nothing(document: str, language: str | None) -> None:
    assert asked(document, language) is None


def test_of_a_long_comment_the_nearest_lines_are_taken() -> None:
    lines = "".join(f"# line {number}\n" for number in range(100))
    instruction = asked(lines + "|")
    assert instruction is not None
    assert instruction.splitlines() == [f"line {number}" for number in range(50, 100)]


def test_of_a_long_line_the_beginning_is_taken() -> None:
    instruction = asked("# " + "x" * 100_000 + "\n|")
    assert instruction is not None
    assert len(instruction) == 1_998
