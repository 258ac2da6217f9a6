from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from gitlab_completions._wire import languages
from gitlab_completions._wire.languages import infer_language


@pytest.mark.parametrize(
    ("file_name", "language"),
    [
        ("main.py", "python"),
        ("src/dir/A.PY", "python"),
        ("C:\\x\\a.go", "go"),
        ("é.rb", "ruby"),
        ("a.ts", "typescript"),
        ("a.tsx", "typescriptreact"),
        ("a.jsx", "javascriptreact"),
        ("a.d.ts", "typescript"),
        ("index.html.erb", "erb"),
        ("a.h", "cpp"),
        ("a.C", "c"),
        ("a.cs", "csharp"),
        ("a.sh", "shellscript"),
        ("a.vue", "vue"),
        ("a.tf", "terraform"),
        (".gitlab-ci.yml", "yaml"),
        ("Makefile", "makefile"),
        ("src/Makefile", "makefile"),
        ("Makefile.am", "makefile"),
        ("Dockerfile", "dockerfile"),
        ("Dockerfile.dev", "dockerfile"),
        ("prod.Dockerfile", "dockerfile"),
        ("Makefile.py", "python"),
        (".gitignore", "ignore"),
        (".env", "dotenv"),
        (".env.local", "dotenv"),
        (".bashrc", "shellscript"),
        ("Rakefile", "ruby"),
        ("Jenkinsfile", "groovy"),
        ("CMakeLists.txt", "cmake"),
        ("notes.txt", "plaintext"),
        ("go.mod", "go.mod"),
        ("tsconfig.json", "jsonc"),
        ("  main.py  ", "python"),
        ("folder/", "plaintext"),
        ("noext", "plaintext"),
        (".unknownrc", "plaintext"),
        ("ends.", "plaintext"),
        ("py", "plaintext"),
        (".py", "plaintext"),
        ("", "plaintext"),
        ("a.unknownext", None),
        ("a.py.bak", None),
        ("archive.tar.gz", None),
    ],
)
def test_the_name_tells_the_language(file_name: str, language: str | None) -> None:
    assert infer_language(file_name) == language


def test_no_extension_and_no_name_stands_for_two_languages() -> None:
    for table in (languages._EXTENSIONS, languages._NAMES):
        marks = [mark for line in table.values() for mark in line.split()]
        assert len(marks) == len(set(marks))
        assert marks == [mark.lower() for mark in marks]


@given(st.text())
def test_no_name_breaks_it(file_name: str) -> None:
    infer_language(file_name)
