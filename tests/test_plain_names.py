"""Only names are told, and no text that somebody else wrote."""

from __future__ import annotations

import pytest

from gitlab_completions._plain_names import plain_name


@pytest.mark.parametrize(
    "text",
    [
        "codestral_2508_fireworks",
        "fireworks_ai",
        "claude-3.5@2024",
        "a/b:c",
        "c++",
        "c#",
    ],
)
def test_a_name_is_let_through(text: str) -> None:
    assert plain_name(text) == text


@pytest.mark.parametrize(
    "text",
    [None, "", "def f(x):", "two words", "ünser", "x" * 65, "a\nb", "(", "\ud800"],
)
def test_what_may_be_somebodys_text_is_not(text: str | None) -> None:
    assert plain_name(text) is None


@pytest.mark.parametrize(
    "token",
    [
        "glpat-abc",
        "gloas-0123",
        "glft-x",
        "Zx9wQ2mN4bV6cX8zL1kJ",
        "0f" * 32,
        "m-" + "a" * 20,
    ],
)
def test_a_token_that_a_server_echoes_is_no_name(token: str) -> None:
    assert plain_name(token) is None


def test_a_name_is_as_long_as_whoever_takes_it_allows() -> None:
    assert plain_name("python", 6) == "python"
    assert plain_name("python", 5) is None
