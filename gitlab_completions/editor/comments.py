"""What a comment right above a blank line asks for: the instruction of a generation.

Comments of one line only, by a small table of languages: there an author writes what
the next lines are to do. A language that is not in it asks for nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlab_completions.editor.positions import line_end, line_start

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ("instruction_above",)

_MOST_LINES = 50
"""Lines of a comment, from the nearest up: a page. GitLab takes 600 000 characters."""
_LONGEST = 2_000
"""Characters of a comment's line: prose, not a key or a picture in text."""
_HASH, _SLASHES, _DASHES = ("#", ""), ("//", ""), ("--", "")
_STARS, _TAGS = ("/*", "*/"), ("<!--", "-->")
_OF_LANGUAGES = {
    _HASH: "python ruby perl elixir shellscript shell sh bash zsh fish yaml toml r "
    "julia makefile dockerfile terraform hcl powershell nim crystal coffeescript",
    _SLASHES: "c cpp csharp objective-c objective-cpp java javascript javascriptreact "
    "typescript typescriptreact go rust swift kotlin scala dart php groovy zig d "
    "fsharp solidity jsonc less scss proto proto3 v verilog systemverilog glsl cuda",
    _DASHES: "sql lua haskell ada elm vhdl plsql",
    (";", ""): "clojure lisp commonlisp scheme racket elisp emacs-lisp",
    ("%", ""): "latex tex matlab erlang prolog",
    ('"', ""): "vim viml",
    _STARS: "css",
    _TAGS: "html xml markdown vue svelte",
}
_COMMENTS = {
    language: comment
    for comment, languages in _OF_LANGUAGES.items()
    for language in languages.split()
}


def instruction_above(text: str, at: int, language: str | None) -> str | None:
    """Return what the comment right above the cursor's blank line says.

    Args:
        text: The document's text.
        at: The cursor's offset in code points.
        language: The editor's identifier of the language.

    Returns:
        The comment's text, a line for each of its lines; `None` when the cursor's line
        is not blank, or no comment that says something is right above it.
    """
    comment = _COMMENTS.get((language or "").casefold())
    start = line_start(text, at)
    if comment is None or text[start : line_end(text, at)].strip():
        return None
    lines = [line for line in _comment_lines(text, start, *comment) if line]
    return "\n".join(reversed(lines)) or None


def _comment_lines(text: str, below: int, opens: str, closes: str) -> Iterator[str]:
    """Yield what the lines of a comment say, from the one above `below` upwards."""
    for _ in range(_MOST_LINES):
        if not below:
            return
        end = below - (2 if text[below - 2 : below] == "\r\n" else 1)
        below = line_start(text, end)
        line = text[below : min(end, below + _LONGEST)].strip()
        if not line.startswith(opens) or line.startswith("#!"):
            return
        said = line.removeprefix(opens).removesuffix(closes)
        said = said.lstrip(f"{opens[-1]}!").strip()  # `///`, `//!`, `##`, `;;`
        yield said if any(map(str.isalnum, said)) else ""
