"""The model goes on as the text went on, and the gateway trims what it says."""

from __future__ import annotations

import time

import pytest

from gitlab_completions.emulator.model import (
    Prompt,
    continue_line,
    pieces_of,
    post_process,
)


@pytest.mark.parametrize(
    ("above", "said"),
    [
        ("total = 1\nprint(total)\ntot", "al = 1"),
        ("for x in xs:\n    use(x)\nfor x in ", "xs:"),
        ("a = 1\nb = 2\na = 1\n", "b = 2"),
        ("def is_even(n):\n    ", ""),
        ("", ""),
        ("x", ""),
        ("   \n   ", ""),
        ("aaaa", "a"),
    ],
)
def test_a_line_goes_on_as_it_did_before(above: str, said: str) -> None:
    assert continue_line(Prompt(above=above)) == said


def test_the_longest_match_wins() -> None:
    above = "x = load(1)\ny = load(2)\ny = load("
    assert continue_line(Prompt(above=above)) == "2)"


def test_the_context_and_what_is_below_are_searched_too() -> None:
    above = "result = compute_"
    context = ("def compute_area(r):\n    pass\n",)
    assert continue_line(Prompt(above=above, context=context)) == "area(r):"
    below = "\ncompute_volume()\n"
    assert continue_line(Prompt(above=above, below=below)) == "volume()"


@pytest.mark.parametrize(
    "above",
    [
        "a" * 100_000,
        "ab" * 50_000,
        "".join(f"value_{n} = function_{n % 97}(argument_{n})\n" for n in range(2500)),
    ],
)
def test_a_large_file_is_quick(above: str) -> None:
    prompt = Prompt(above=above[-100_000:], below=above, context=(above,) * 2)
    took_s = min(_took_s(prompt) for _ in range(3))
    assert took_s < 0.02


def _took_s(prompt: Prompt) -> float:
    started = time.perf_counter()
    continue_line(prompt)
    return time.perf_counter() - started


@pytest.mark.parametrize(
    ("below", "said", "kept"),
    [
        ("", "    return 1\n", "    return 1"),
        ("\n", "    return x + 1\n\n\ndef g():\n    pass\n", "    return x + 1"),
        ("\n", "x + 1", "x + 1"),
        ("\n", " x + 1   ", " x + 1"),
        (")\n", "'hi')", "'hi'"),
        ("y = 2\n", "y = 2\n", ""),
        ("", "```python\ny = 2\n```", "```python\ny = 2\n```"),
        ("", "**5**", "**5**"),
        ("\n}\n", "return 1;\n}", "return 1;"),
        ("", "y = 2\nz = ", "y = 2\nz = "),
        ("", "\n    return", "\n    return"),
        ("", "", ""),
        ("", "   ", ""),
        ("", "***", "***"),
        ("", '"é中" 😀', '"é中" 😀'),
    ],
)
def test_words_are_trimmed_as_recorded(below: str, said: str, kept: str) -> None:
    assert post_process(said, below) == kept


@pytest.mark.parametrize("text", ["", "a", " a  b\n", "é 中\n\n  "])
def test_pieces_make_up_the_text(text: str) -> None:
    assert b"".join(pieces_of(text)).decode() == text
    assert all(pieces_of(text))
