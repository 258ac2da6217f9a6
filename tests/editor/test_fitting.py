"""What fits at the cursor; in the texts below, a bar is where the cursor is."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pytest
from hypothesis import assume, example, given, settings, strategies as st

from gitlab_completions.editor.brackets import unclosed, unopened
from gitlab_completions.editor.fitting import auto_closed, fitted, left_of
from gitlab_completions.editor.parts import next_word

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def at_bar(document: str) -> tuple[str, int]:
    return document.replace("|", "", 1), document.index("|")


@pytest.mark.parametrize(
    ("document", "answer", "fits"),
    [
        ("foo(|)", "a, b)", "a, b"),
        ("foo(|)", "a, b):\n    return a", "a, b"),
        ("foo(|)", "bar(x))\nbaz()", "bar(x)"),
        ("foo(|)", "bar(x)", "bar(x)"),
        ("foo(|)", "\n    a,\n    b,\n)", "\n    a,\n    b,\n"),
        ("foo(a|, y)", ", b)", ", b"),
        ("foo(a|, y)", ",\n    b", ","),
        ("foo(bar(|)", "x))", "x)"),
        ("foo(bar(|))", "x))", "x"),
        ("bar(foo|)", "(a, b)", "(a, b)"),
        ("[{|}]", '"a": 1}]', '"a": 1'),
        ("run(function () {|)", "\n    x;\n});", "\n    x;\n}"),
        ("if x {|}", "\n    y\n}\n", "\n    y\n"),
        ("if x {|}", "\n}", ""),
        ("(|)", "]", ""),
        ("x[|]", '"]"]', '"]"'),
        ("# don't (|)", "a) b", "a"),
        ("f(')', |)", "x)", "x"),
    ],
)
def test_closing_brackets_are_not_doubled(
    document: str, answer: str, fits: str
) -> None:
    assert fitted(answer, *at_bar(document)) == fits


@pytest.mark.parametrize(
    ("document", "answer", "fits"),
    [
        ('print("|")', 'hello")\nprint', "hello"),
        ('print("|")', 'say \\"hello\\"")', 'say \\"hello\\"'),
        ('print("|")', "one\ntwo", "one"),
        ("x = '|'", "it\\\\'", "it\\\\"),
        ('"a" + "|" + "b"', 'c" + d', "c"),
        ('"""|"""', 'Say "hello".\n\nMore."""\nx', 'Say "hello".\n\nMore.'),
        ("`|`", "${a}\nb` + c", "${a}\nb"),
        ('print(f"{|}")', 'name}")', "name"),
        ('f"{a:{|}} b"', 'width}} b"', "width"),
        ('"\\"{|}"', 'a}"', "a"),
        ("`a ${|} b`", "c} b`;\nd", "c"),
        ('"(see |"', 'below)"', "below)"),
        ("&'a str, (|)", "x)", "x"),
        ("foo(|'b')", "'a', ", "'a', "),
    ],
)
def test_the_string_that_the_cursor_is_in_is_not_ended_twice(
    document: str, answer: str, fits: str
) -> None:
    assert fitted(answer, *at_bar(document)) == fits


@pytest.mark.parametrize(
    ("document", "answer", "fits"),
    [
        ("x = |;", "5;", "5"),
        ("x = |;", "5 ;\n", "5"),
        ("x = |;", "foo(\n    a\n);", "foo(\n    a\n)"),
        ("x = |;\ny = 6;", "5;\ny = 6;", "5"),
        ("def f(a)|:", " -> int:\n    return 1", " -> int"),
        ("if (a |) {", "&& b) {\n    c", "&& b"),
        ("if a |{", "and b {\n    c", "and b "),
        ("  <p>|</p>", "text</p>\n</div>", "text"),
        ("x = |  # five", "5\ny = 6", "5"),
        ("x = |0", "100", "10"),
        ("x = |  # five", "5  # five\ny = 6", "5"),
        ("foo(|) + 1", "a ", "a "),
    ],
)
def test_the_rest_of_the_line_is_not_doubled(
    document: str, answer: str, fits: str
) -> None:
    assert fitted(answer, *at_bar(document)).rstrip(" ") == fits.rstrip(" ")


@pytest.mark.parametrize(
    ("document", "answer", "fits"),
    [
        ("f() {|\n}", "\n    return 1;\n}\n\ng() {", "\n    return 1;"),
        ("f() {\n    |\n}", "return 1;\n}", "return 1;"),
        ("f() {\n    |\n}", "}", ""),
        ("if a {\n    |\n} else {", "b\n}", "b"),
        ("if a {\n|\n}", "if x {\ny\n}", "if x {\ny\n}"),
        ("if a {\n    |\n}", "if x {\n        y\n    }", "if x {\n        y\n    }"),
        ("def a\n  |\nend", "x\nend\ndef b\nend", "x"),
        ("def a\n  |\nend", "if x\n    y\n  end\nend", "if x\n    y\n  end"),
        ("<div>\n  |\n</div>", "<p>a</p>\n</div>\n</body>", "<p>a</p>"),
        ("if a:\n    |\n\ndef b():\n", "pass\n\ndef b():\n    x", "pass"),
        ("|\nfoo()\nbar()", "a\nfoo()\nbar()", "a"),
        ("|\nfoo()\nbar()", "a\nfoo()\nbaz()", "a\nfoo()\nbaz()"),
        ("|\nfoo()", "foo()", ""),
        ("foo(\n    bar(a|\n)", ", b)", ", b)"),
        ("foo(a|\n)", ", b)\nc", ", b"),
        ("if (c|\n}", ") {\n    d", ") {\n    d"),
        ("foo()\n    |", "bar()\n\n", "bar()"),
        ("|   ", "x\n  ", "x"),
        ("|", " \n\t\n", ""),
        ("|\rfoo()", "a\nfoo()", "a"),
    ],
)
def test_the_lines_below_are_not_doubled(document: str, answer: str, fits: str) -> None:
    assert fitted(answer, *at_bar(document)) == fits


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_suggestion_has_the_line_ends_of_its_document(end: str) -> None:
    text = f"one{end}{end}two"
    at = 3 + len(end)
    for answer in ("a\nb", "a\r\nb", "a\rb"):
        assert fitted(answer, text, at) == f"a{end}b"


class Block(NamedTuple):
    """A kind of block: how far it is indented, how it begins and ends."""

    indent: str
    head: str
    end: str | None


BLOCKS = [
    Block("    ", "if cond{}:", None),
    Block("    ", "if (cond{}) {{", "}"),
    Block("\t", "run{}(function () {{", "});"),
    Block("  ", "items{} = [", "]"),
    Block("  ", "if cond{}", "end"),
    Block("  ", "<div>", "</div>"),
]


class Program:
    """Lines of a program without two equal statements, and what may be left out."""

    def __init__(self, data: st.DataObject) -> None:
        self._data = data
        self._block = data.draw(st.sampled_from(BLOCKS))
        self.lines: list[str] = []
        self.gaps: list[tuple[int, int, str]] = []
        self._write(0)

    def _write(self, depth: int) -> None:
        indent = self._block.indent * depth
        starts = []
        for _ in range(self._data.draw(st.integers(1, 3))):
            number = len(self.lines)
            starts.append(number)
            if depth < 3 and self._data.draw(st.booleans()):
                self.lines.append(indent + self._block.head.format(number))
                self._write(depth + 1)
                if self._block.end is not None:
                    self.lines.append(indent + self._block.end)
            else:
                self.lines.append(f"{indent}call{number}(arg, [{number}])")
        ends = [*starts[1:], len(self.lines)]
        self.gaps += [
            (start, end, indent)
            for place, start in enumerate(starts)
            for end in ends[place:]
        ]


@given(st.data())
def test_statements_that_run_on_into_the_text_below_are_cut_where_it_begins(
    data: st.DataObject,
) -> None:
    program = Program(data)
    start, end, indent = data.draw(st.sampled_from(program.gaps))
    above = "".join(f"{line}\n" for line in program.lines[:start]) + indent
    missing = "\n".join(program.lines[start:end]).removeprefix(indent)
    rest = program.lines[end:]
    repeated = rest[: data.draw(st.integers(0, len(rest)))]
    below = "".join(f"\n{line}" for line in rest)
    answer = "\n".join([missing, *repeated])
    assert fitted(answer, above + below, len(above)) == missing


LINE_ENDS = frozenset(")]};,")


def line_ends(text: str) -> Iterator[int]:
    """Yield the places that have nothing but closing signs behind them on the line."""
    for at in range(len(text)):
        if LINE_ENDS.issuperset(text[at:].partition("\n")[0]):
            yield at


def is_left_out(text: str, start: int, stop: int) -> bool:
    """Tell whether the brackets are balanced without what is between, and not amid
    an indentation; and whether it stays in the block of the line that it begins on.

    What is behind the `end` of an outer block may be told from that of the text below
    by its words only, which differ from language to language: it is cut.
    """
    missing = text[start:stop]
    amid = text[start - 1 : start].isspace() and missing[:1].isspace()
    return not (
        amid or unclosed(missing) or unopened(missing) or leaves(text, start, stop)
    )


BLOCK_ENDS = frozenset({"end", "</div>"})


def leaves(text: str, start: int, stop: int) -> bool:
    """Tell whether what is between ends a block around the line that it begins on."""
    line = text[text.rfind("\n", 0, start) + 1 : stop].partition("\n")[0]
    first, *more = text[start:stop].split("\n")
    return (first != "" and line.strip() in BLOCK_ENDS) or any(
        indent_of(each) < indent_of(line) and each.strip() in BLOCK_ENDS
        for each in more
    )


def indent_of(line: str) -> int:
    return len(line) - len(line.lstrip(" \t"))


@settings(max_examples=40)  # drawing a program is the slow part
@given(st.data())
def test_code_that_runs_on_into_the_rest_of_the_line_is_cut_where_that_begins(
    data: st.DataObject,
) -> None:
    text = "\n".join(Program(data).lines) + "\n"
    stop = data.draw(st.sampled_from([*line_ends(text)]))
    start = data.draw(st.sampled_from([*range(max(0, stop - 80), stop + 1)]))
    while not is_left_out(text, start, stop):
        start += 1
    missing = text[start:stop]
    rest = text[stop:]
    ends = [at for at, sign in enumerate(rest) if sign == "\n"]
    answer = missing + rest[: data.draw(st.sampled_from([0, *ends, len(rest)]))]
    fits = fitted(answer, text[:start] + rest, start)
    assert fits.rstrip() == missing.rstrip()


brackets = st.recursive(
    st.sampled_from(["", "a", ", "]),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(st.sampled_from(["()", "[]", "{}"]), inner).map(
            lambda each: each[0][0] + each[1] + each[0][1]
        ),
    ),
    max_leaves=12,
)


@given(brackets, st.data(), st.text("()[]{}a, \n;", max_size=20))
def test_nothing_that_is_inserted_closes_what_the_line_closes(
    line: str, data: st.DataObject, answer: str
) -> None:
    at = data.draw(st.integers(0, len(line)))
    assume(unopened(line[at:]))
    fits = fitted(answer, line, at)
    finished = fits + "".join(reversed(unclosed(fits)))
    assert not unopened(line[:at] + finished + line[at:])


odd_texts = st.lists(
    st.sampled_from(
        [*"()[]{}\"'`\\;,: \n", "\r\n", "\r", "ab", "é", "😀", "</p>", "\x0c"]
    ),
    max_size=30,
).map("".join)


@given(odd_texts, odd_texts, odd_texts)
@example("", "", "")
def test_what_fits_is_a_beginning_of_the_answer_and_says_something(
    above: str, below: str, answer: str
) -> None:
    assume(not (above.endswith("\r") and below.startswith("\n")))
    fits = fitted(answer, above + below, len(above))
    plain = answer.replace("\r\n", "\n").replace("\r", "\n")
    assert plain.startswith(fits.replace("\r\n", "\n").replace("\r", "\n"))
    assert not fits or fits.strip()


@given(odd_texts, st.text(")]}\"'`", max_size=5), odd_texts)
def test_what_fits_before_closing_signs_still_fits_when_it_is_fitted_again(
    above: str, rest: str, answer: str
) -> None:
    fits = fitted(answer, above + rest, len(above))
    last = fits.splitlines()[-1:]
    assume(not (rest and last and last[0].rstrip().endswith(rest)))  # it is cut once
    assert fitted(fits, above + rest, len(above)) == fits


@given(odd_texts, st.integers(0, 30), st.sampled_from(["\n", "\r\n", "\r"]))
def test_what_is_left_is_what_was_not_typed(text: str, typed: int, end: str) -> None:
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    suggestion = plain.replace("\n", end)
    assert left_of(suggestion, plain[:typed]) == plain[typed:].replace("\n", end)


def test_word_by_word_is_typing_along() -> None:
    suggestion = "a, b):\r\n    return (a + b)"
    typed = ""
    while typed != suggestion:
        left = left_of(suggestion, typed)
        assert left
        typed += next_word(left)
    assert left_of(suggestion, typed) == ""


@pytest.mark.parametrize(
    ("suggestion", "typed", "left"),
    [
        ("foo", "", "foo"),
        ("foo", "f", "oo"),
        ("foo", "foo", ""),
        ("foo", "fooo", None),
        ("foo", "x", None),
        ("\n    return", "\n", "    return"),
        ("\r\n    return", "\n    ", "return"),
        ("\n    return\n    x", "\r\n    return", "\n    x"),
        ("\n    return", "\n\t", None),
        ("\n    return", "\n        ", None),
    ],
)
def test_typing_along_leaves_the_rest(
    suggestion: str, typed: str, left: str | None
) -> None:
    assert left_of(suggestion, typed) == left


@pytest.mark.parametrize(
    ("typed", "document", "distances"),
    [
        ("", "foo(|)", (0,)),
        ("foo", "foo|)", (0,)),
        ("(", "foo(|)", (0, 1)),
        ("(", "foo(|", (0,)),
        ("(", "foo(|]", (0,)),
        ('print("', 'print("|")', (0, 1, 2)),
        ('print("x")', 'print("x")|)', (0,)),
        ("{\n    ", "f {\n    |\n}\n", (0, 2)),
        ("{\r\n\t", "f {\r\n\t|\r\n}\r\n", (0, 3)),
        ("{\n    ", "f {\n    |\n\n}\n", (0,)),
        ('"""', '"""|"""', (0, 3)),
        ("'", "x = '|'", (0, 1)),
        ("it's (", "it's (|)", (0, 1)),
        ("(it's)", "(it's)|)", (0,)),
        ("<div>", "<div>|</div>", (0, 6)),
        ("<div>\n  ", "<div>\n  |\n</div>", (0, 7)),
        ("<div>", "<div>|</p>", (0,)),
    ],
)
def test_what_an_editor_closes_by_itself_is_told_from_the_text_after_it(
    typed: str, document: str, distances: Sequence[int]
) -> None:
    text, at = at_bar(document)
    assert tuple(auto_closed(typed, text, at)) == distances


@pytest.mark.parametrize(
    "answer",
    [
        '"' + '\\"' * 15_000,
        "'\"`" * 10_000,
        "(" * 15_000 + ")" * 15_000,
        "{\n" * 7_500 + "}\n" * 7_500,
        "x\n" * 15_000,
        " " * 15_000 + "\n" + " " * 15_000,
        "\\" * 30_000,
        "<div>" * 6_000,
    ],
)
def test_an_answer_made_to_be_slow_is_fitted_as_any_other(answer: str) -> None:
    """What grew with the square of its length would take minutes here."""
    for document in ("foo(|)", 'x = "|"', "if a {\n    |\n}\n}", "|\nx\ny"):
        assert answer.startswith(fitted(answer, *at_bar(document)))


def test_of_an_endless_answer_a_beginning_fits() -> None:
    assert len(fitted("x" * 300_000, "", 0)) == 65_536
