"""A notebook becomes one document around the cursor, in the cell's own language."""

from __future__ import annotations

import pytest
from hypothesis import given, settings, strategies as st

from examples.editors.jupyterlab.gitlab_completions_jupyterlab.notebooks import (
    Cell,
    Language,
    Notebook,
    Place,
    place_in_file,
)
from gitlab_completions.editor import Document

PYTHON = Language()
KINDS = st.sampled_from(["code", "markdown", "raw"])
CELLS = st.lists(st.builds(Cell, kind=KINDS, source=st.text()), min_size=1, max_size=5)


def book(
    cells: list[Cell], path: str = "a/b.ipynb", kernel: Language = PYTHON
) -> Notebook:
    return Notebook(uri="file:///b.ipynb", path=path, cells=cells, language=kernel)


def place(
    *cells: tuple[str, str], index: int, offset: int = 0, kernel: Language = PYTHON
) -> Place:
    made = [Cell(kind=kind, source=source) for kind, source in cells]
    return book(made, kernel=kernel).place(index, offset)


def above(found: Place) -> str:
    return found.document.text[: found.offset]


def below(found: Place) -> str:
    return found.document.text[found.offset :]


def test_cells_above_and_below_are_one_script() -> None:
    found = place(
        ("code", "import math"),
        ("raw", "left out"),
        ("code", "area = "),
        ("code", "print(area)"),
        index=2,
        offset=7,
    )
    assert above(found) == "# %%\nimport math\n\n# %%\narea = "
    assert below(found) == "\n\n# %%\nprint(area)"
    assert (found.document.language, found.document.file_name) == ("python", "a/b.py")


def test_markdown_is_the_comment_of_the_code_below_it() -> None:
    found = place(("markdown", "# Boxes\n\nTheir area"), ("code", ""), index=1)
    assert above(found) == "# %%\n# # Boxes\n#\n# Their area\n"


def test_markdown_after_markdown_is_one_comment() -> None:
    found = place(("markdown", "one"), ("markdown", "two"), ("code", "x"), index=2)
    assert above(found) == "# %%\n# one\n#\n# two\n"


def test_a_single_cell_is_sent_as_it_is() -> None:
    assert place(("code", "x = 1"), index=0, offset=5).document.text == "x = 1"


def test_a_cell_of_another_language_is_a_script_of_its_own() -> None:
    source = "%%bash -e\nfor f in *; do\n"
    found = place(("code", "x = 1"), ("code", source), index=1, offset=len(source))
    assert above(found) == "for f in *; do\n"
    assert (found.document.language, found.document.file_name) == (
        "shellscript",
        "a/b.sh",
    )
    assert found.document.uri != "file:///b.ipynb"


def test_a_cell_of_another_language_is_a_comment_to_the_others() -> None:
    found = place(("code", "%%bash\nls"), ("code", "x"), index=1)
    assert above(found) == "# %%\n# %%bash\n# ls\n\n# %%\n"


def test_a_magic_of_the_kernels_own_language_changes_nothing() -> None:
    found = place(("code", "%%time\nx = "), index=0, offset=11)
    assert above(found) == "%%time\nx = "
    assert found.document.language == "python"


def test_the_line_of_a_magic_is_the_kernels_own_language() -> None:
    found = place(("code", "%%bash\nls"), index=0, offset=3)
    assert found.document.language == "python"


def test_a_markdown_cell_is_markdown_with_the_code_fenced() -> None:
    found = place(("code", "x = 1"), ("markdown", "So x is "), index=1, offset=8)
    assert above(found) == "```\nx = 1\n```\n\nSo x is "
    assert found.document.file_name == "a/b.md"
    assert found.within_cell("# %%\n") == "# %%\n"


@pytest.mark.parametrize(
    ("name", "extension", "marker", "language"),
    [
        ("R", ".r", "# %%", "r"),
        ("C++17", ".cpp", "# %%", "c++17"),
        ("c++", ".cpp", "// %%", "cpp"),
        ("bash", ".sh", "# %%", "shellscript"),
        ("typescript", ".ts", "// %%", "typescript"),
    ],
)
def test_the_kernel_tells_the_language(
    name: str, extension: str, marker: str, language: str
) -> None:
    kernel = Language(name=name, extension=extension)
    found = place(("code", "1"), ("code", ""), index=1, kernel=kernel)
    assert above(found) == f"{marker}\n1\n\n{marker}\n"
    assert found.document.language == language
    assert found.document.file_name == f"a/b{extension}"


@pytest.mark.parametrize(
    ("kernel", "name"),
    [("python", "a/b.py"), ("R", "a/b.r"), ("brand-new", "a/b")],
)
def test_a_kernel_that_has_not_started_yet_has_told_its_name_alone(
    kernel: str, name: str
) -> None:
    found = place(("code", "1"), index=0, kernel=Language(name=kernel))
    assert found.document.file_name == name


@pytest.mark.parametrize(
    ("path", "name"),
    [("", "Untitled.py"), ("a.b/c", "a.b/c.py"), ("/", "/.py"), ("..", "...py")],
)
def test_an_odd_path_names_a_document_all_the_same(path: str, name: str) -> None:
    cells = [Cell(kind="code", source="x")]
    found = book(cells, path).place(0, 0)
    assert found.document.file_name == name


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("height", "height"),
        ("height\n\n# %%\nprint(1)", "height"),
        ("height  \r\n# %% [markdown]", "height"),
        ("height\n# %%", "height"),
        ("height\n# %%timeit\n", "height\n# %%timeit\n"),
        ("\n# %%\nprint(1)", ""),
    ],
)
def test_a_suggestion_ends_before_the_next_cell(text: str, kept: str) -> None:
    assert place(("code", "x"), index=0).within_cell(text) == kept


def test_a_file_is_itself() -> None:
    found = place_in_file("file:///a.py", "a.py", "x = 1", 5)
    made = Document(uri="file:///a.py", text="x = 1", file_name="a.py")
    assert found == Place(document=made, offset=5)
    assert found.within_cell("\n# %%\n") == "\n# %%\n"


@settings(max_examples=50)
@given(CELLS, st.data())
def test_the_cursor_is_where_it_was_in_its_cell(
    cells: list[Cell], data: st.DataObject
) -> None:
    index = data.draw(st.integers(0, len(cells) - 1))
    offset = data.draw(st.integers(0, len(cells[index].source)))
    found = book(cells).place(index, offset)
    source = cells[index].source
    if found.document.uri == "file:///b.ipynb":
        assert above(found).endswith(source[:offset])
        assert below(found).startswith(source[offset:])
    else:
        assert source.endswith(found.document.text)
    grown = [*cells, Cell(kind="code", source="more")]
    later = book(grown).place(index, offset)
    assert above(later) == above(found)
