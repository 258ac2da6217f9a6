"""What of an answer fits at the cursor, and what is left of it when the author types.

A suggestion is an insertion and changes nothing else, but models go on to write what
is there already: the bracket that the editor has closed by itself, the rest of the
line, the lines below. So an answer ends where that begins:

- at the quote that ends the string which the cursor is in;
- at the first closing bracket that the text after the cursor has for it. Which one that
  is, is counted on the cursor's line, where it can be told in any language;
- before the rest of the line, when the answer's line ends with it;
- before the line that the text below begins with, when the answer leaves the cursor's
  block there, or repeats the text below to its own end.

A block that the answer opens itself is never cut. What is cut too much costs a few
characters of typing; what is cut too little breaks the author's code.
"""

from __future__ import annotations

import re
from itertools import islice, takewhile
from typing import TYPE_CHECKING

from gitlab_completions.editor.brackets import (
    CLOSERS,
    PAIRS,
    QUOTES,
    follow,
    lone_quotes,
    marks,
    unclosed,
    unopened,
)
from gitlab_completions.editor.positions import line_end, line_start, nearest_line_end

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ("auto_closed", "fitted", "left_of")

_REACH = 4_096
"""Characters of a line that are looked at on each side of the cursor: no author's line
is longer, but a minified file has lines of a megabyte."""
_LONGEST = 65_536
"""Characters of an answer that are looked at and kept; the longest generations have
50 000. It bounds what a server can make an editor wait: measured, 0.1 s."""
_MOST_LINES = 100
"""Lines of the text below that an answer is compared with."""
_BLANKS = " \t"
_LINE_END = re.compile(r"\r\n?|\n")
_FILLED_LINE = re.compile(r"(?:^|(?<=\r))[^\S\r\n]*+\S[^\r\n]*", re.MULTILINE)
_OPEN_TAG = re.compile(r"<([A-Za-z][\w:.-]*)[^<>]*>\s*\Z")
_BETWEEN = re.compile(r"[ \t]*(?:(?:\r\n?|\n)[ \t]*)?")
_WORD = re.compile(r"\w")
_STATEMENT_ENDS = frozenset({";", ","})


def fitted(answer: str, text: str, at: int) -> str:
    """Return what of an answer fits at the cursor; an empty string when nothing does.

    Args:
        answer: What a model goes on with at the cursor.
        text: The document's text.
        at: The cursor's offset in code points.

    Returns:
        A beginning of the answer, with the document's line ends.
    """
    end = line_end(text, at)
    above = text[max(line_start(text, at), at - _REACH) : at]
    tail = text[at : min(end, at + _REACH)]
    answer = _LINE_END.sub("\n", answer[:_LONGEST])
    below = _filled_lines(text, end, min(_MOST_LINES, answer.count("\n") + 1))
    fits = _before_lines(answer, above, below)
    if tail.strip():
        fits = _before_tail(fits, above, tail)
    else:
        fits = _before_block_end(fits, above, below).rstrip()
    if not fits.strip():
        return ""
    return fits.replace("\n", nearest_line_end(text, at))


def left_of(suggestion: str, typed: str) -> str | None:
    """Return what is left of a suggestion after typing along it.

    Args:
        suggestion: What was to be inserted where the typing began.
        typed: All that stands there now, up to the cursor.

    Returns:
        The rest, empty when all of it is typed; `None` when it is not what was typed.
    """
    if suggestion.startswith(typed):
        return suggestion[len(typed) :]
    whole, begun = (_LINE_END.sub("\n", each) for each in (suggestion, typed))
    if not whole.startswith(begun):
        return None
    return whole[len(begun) :].replace("\n", nearest_line_end(suggestion, 0))


def auto_closed(typed: str, text: str, at: int) -> tuple[int, ...]:
    """Return how many characters an editor may have put after the cursor by itself.

    An author who types `foo(` finds `foo(|)`, and a new line in braces has the closing
    one on a line of its own below. So what was after the cursor before the typing now
    begins at one of these distances from it, and what is left of a suggestion must be
    `fitted` again where that is not 0.

    Args:
        typed: What was typed.
        text: The document's text.
        at: The cursor's offset, behind what was typed.

    Returns:
        The distances that are possible: 0, then others in growing order.
    """
    distances = [0]
    end = at
    for closer in _closers_of(typed):
        between = _BETWEEN.match(text, end) if closer not in QUOTES else None
        start = between.end() if between is not None else end
        if not text.startswith(closer, start):
            break
        end = start + len(closer)
        distances.append(end - at)
    return tuple(distances)


def _closers_of(typed: str) -> list[str]:
    """Return what would close what was typed, the innermost first."""
    tag = _OPEN_TAG.search(typed, max(0, len(typed) - _REACH))
    if tag is not None:
        return [f"</{tag.group(1)}>"]
    closers = unclosed(typed)[::-1]
    if typed.endswith(('"""', "'''", "```")):
        closers[:1] = [typed[-3:]]
    return closers


def _before_tail(answer: str, above: str, tail: str) -> str:
    """Return the answer up to where it repeats the rest of the cursor's line."""
    quote = _open_quote(above, tail)
    if quote:
        fits = _within_string(answer, quote)
        inner = tail[: _string_end(tail, quote)]  # `{|}` in a string that has code
        opened = above.rpartition(quote)[2]
        return fits[: _end_in_brackets(fits, opened, unopened(inner))]
    closers = unopened(tail)
    fits = answer[: _end_in_brackets(answer, above, closers)]
    if fits == answer:
        fits = _before_rest(answer, tail.strip())
    if _WORD.search(tail):
        return fits.partition("\n")[0]
    last = fits.rpartition("\n")[2]
    return fits.rstrip(_BLANKS) if last.strip() else fits


def _open_quote(above: str, tail: str) -> str:
    """Return the quote that ends the string which the cursor is in, if it is in one."""
    closing = lone_quotes(tail)
    for quote in reversed(lone_quotes(above)):
        triple = quote * 3
        if triple in above and triple in tail:
            return triple
        if quote in closing:
            return quote
    return ""


def _within_string(answer: str, quote: str) -> str:
    fits = answer[: _string_end(answer, quote)]
    return fits if len(quote) > 1 or quote == "`" else fits.partition("\n")[0]


def _string_end(text: str, quote: str) -> int:
    """Return where a string ends that the text begins in."""
    end = re.search(rf"(?<!\\)(?:\\\\)*+{quote}", text)
    return len(text) if end is None else end.end() - len(quote)


def _end_in_brackets(answer: str, above: str, closers: Sequence[str]) -> int:
    """Return where the answer closes what the text after the cursor closes.

    Args:
        answer: What a model goes on with.
        above: The cursor's line up to the cursor.
        closers: The closing brackets after the cursor that belong to openers before it.
    """
    outer: list[str] = []
    own: list[str] = []
    for place, mark in marks(above + answer):
        inside = own if place >= len(above) else outer
        if mark in PAIRS:
            inside.append(PAIRS[mark])
        elif inside and inside[-1] == mark:
            inside.pop()
        elif mark in CLOSERS and place >= len(above) and closers:
            paired = _paired(outer, closers)
            if (
                not own
                and outer[-1:] == [mark]
                and _paired(outer[:-1], closers) >= paired
            ):
                outer.pop()
            elif paired or mark in closers:
                return place - len(above)
    return len(answer)


def _paired(waiting: Sequence[str], closers: Sequence[str]) -> int:
    """Count the closers after the cursor that open brackets before it wait for."""
    pairs = zip(reversed(waiting), closers, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _before_rest(answer: str, rest: str) -> str:
    """Return the answer up to the rest of the cursor's line, if it has got that too."""
    if rest[0] in CLOSERS:
        return answer  # its own: the brackets are counted
    first, line, _ = answer.partition("\n")
    if rest in _STATEMENT_ENDS and line:
        first = answer.rstrip()
    return first.rstrip()[: -len(rest)] if first.rstrip().endswith(rest) else answer


def _filled_lines(text: str, start: int, most: int) -> list[str]:
    """Return the first lines below that are not blank."""
    found = islice(_FILLED_LINE.finditer(text, start), most)
    return [line.group().rstrip() for line in found]


def _before_lines(answer: str, above: str, below: Sequence[str]) -> str:
    """Return the answer up to where it repeats the lines below the cursor's."""
    if not below:
        return answer
    next_indent, indent = _indent(below[0]), _indent(above)
    lines = list(_FILLED_LINE.finditer(answer))
    filled = [line.group().rstrip() for line in lines]
    waiting: list[str] = []
    for index, line in enumerate(filled):
        on_cursor_line = lines[index].start() == 0
        own = line.lstrip()[0] in waiting[-1:]
        if not own and _same(line, below[0], above if on_cursor_line else ""):
            further = filled[index + 1 : index + _MOST_LINES]
            if next_indent < indent or _agree(further, below[1:]):
                return answer[: lines[index].start()].rstrip()
        follow(waiting, line)
    return answer


def _before_block_end(answer: str, above: str, below: Sequence[str]) -> str:
    """Return the answer up to where it closes what the next line closes.

    A closing bracket that stands as far to the right as the cursor's line belongs to
    that line: an editor put it there, or the author.
    """
    if not below or _indent(below[0]) != _indent(above):
        return answer
    if below[0][_indent(above)] not in CLOSERS:
        return answer
    return answer[: _end_in_brackets(answer, above, unopened(below[0]))]


def _same(line: str, other: str, above: str) -> bool:
    """Tell whether a line of an answer is one of the text below.

    Args:
        line: The answer's line.
        other: The line below.
        above: What stands before the cursor, for the line that begins there: if it is
            an indentation only, the model may have meant another one.
    """
    if above and not above.strip():
        return line.strip() == other.strip()
    whole = above + line
    return whole == other or _close_the_same(whole, other)


def _close_the_same(line: str, other: str) -> bool:
    """Tell whether two lines begin with the same closing bracket at the same column."""
    column = _indent(line)
    first = line[column : column + 1]
    return first in CLOSERS and line[: column + 1] == other[: column + 1]


def _agree(lines: Sequence[str], others: Sequence[str]) -> bool:
    """Tell whether lines are the same as long as there are any on both sides."""
    return all(one == other for one, other in zip(lines, others, strict=False))


def _indent(line: str) -> int:
    """Count the blanks that a line begins with."""
    return len(line) - len(line.lstrip(_BLANKS))
