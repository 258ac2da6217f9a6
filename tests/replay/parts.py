"""Scripts by hand."""

from __future__ import annotations

from gitlab_completions.replay.script import Script, Stroke

HEAD = "import os\n\n\n"
TAIL = "\n\ndef last():\n    pass\n"


def typed(text: str, at: int = len(HEAD), *, gap_s: float = 0.2) -> list[Stroke]:
    """Return the strokes that type a text, a character each."""
    return [
        Stroke(gap_s=gap_s, offset=at + number, inserted=character)
        for number, character in enumerate(text)
    ]


def script(
    *strokes: Stroke,
    text: str = HEAD + TAIL,
    reading_s: float = 0.4,
    seed: int = 0,
) -> Script:
    """Return a script of its strokes."""
    return Script(
        name="by hand", text=text, strokes=strokes, reading_s=reading_s, seed=seed
    )
