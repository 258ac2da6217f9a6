from __future__ import annotations

import ast
from pathlib import Path

import pytest

import gitlab_completions._wire as wire

FOLDER = Path(str(wire.__file__)).parent
MODULES = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem != "__init__")
EVER = {
    *("__future__", "dataclasses", "functools", "ipaddress", "json", "re", "typing"),
    "urllib",
}
ALSO = {
    "entries": {"hashlib", "hmac"},  # slow to import too, with what seals entries
    "jsons": {"sys"},  # to tell whether orjson has been imported
    "stream_bodies": {"codecs"},  # which Python has imported before anyone asks
}
LATE = {
    "calendar",
    "email",
    "idna",
    "jwt",
    "orjson",
    "unicodedata",
}  # slow to import, and needed by few calls
OURS = {"_records", "_secrets", "_wire", "details", "errors", "models"}


def imports(node: ast.AST) -> set[str]:
    """Return what is imported below the node, types left out."""
    found: set[str] = set()
    for child in ast.iter_child_nodes(node):
        match child:
            case ast.If(test=ast.Name(id="TYPE_CHECKING")) | ast.FunctionDef():
                continue
            case ast.Import(names=names):
                found |= {name.name.partition(".")[0] for name in names}
            case ast.ImportFrom(module=str(module)) if module.startswith("gitlab_"):
                found.add("our " + module.split(".")[1])
            case ast.ImportFrom(module=str(module)):
                found.add(module.partition(".")[0])
            case _:
                found |= imports(child)
    return found


@pytest.mark.parametrize("name", MODULES)
def test_a_module_imports_no_io_no_clock_and_nothing_slow(name: str) -> None:
    tree = ast.parse((FOLDER / f"{name}.py").read_text())
    allowed = EVER | ALSO.get(name, set())
    assert imports(tree) <= allowed | {f"our {module}" for module in OURS}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            assert imports(node) <= LATE
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in {"open", "print", "input"}


def test_each_module_has_its_tests() -> None:
    tests = {path.stem for path in Path(__file__).parent.glob("test_*.py")}
    assert {f"test_{name}" for name in MODULES} <= tests
