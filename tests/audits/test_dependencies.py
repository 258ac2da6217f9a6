from __future__ import annotations

import json
import os
import sys
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

import pytest
from packaging.requirements import Requirement

from tests.audits.dependencies import main, shipped

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Tool = tuple[str, ...]
Say = dict[str, object]
BAD = {"id": "PYSEC-2026-1", "fix_versions": ["9.9"], "aliases": []}


@pytest.fixture
def pip_audit(tmp_path: Path) -> Callable[[object, object], Tool]:
    """Give a tool that answers as pip-audit does: for PyPI, and for OSV."""

    def make(pypi: object, osv: object) -> Tool:
        said = {"pypi": pypi, "osv": osv}
        script = tmp_path / "pip_audit.py"
        script.write_text(
            "import json, pathlib, sys\n"
            f"said = json.loads({json.dumps(said)!r})\n"
            "service = next(a[2:] for a in sys.argv if a.startswith('-s'))\n"
            "listed = next(a[2:] for a in sys.argv if a.startswith('-r'))\n"
            "pins = [p.split('==') for p in pathlib.Path(listed).read_text().split()]\n"
            "what = said[service]\n"
            "if what is None:\n"
            "    raise ConnectionError('Failed to resolve')\n"
            "all = [{'name': n, 'version': v} | what.get(n, what['*'])\n"
            "       for n, v in pins]\n"
            "print(json.dumps({'dependencies': all, 'fixes': []}))\n"
            "sys.exit(any(one.get('vulns') for one in all))\n"
        )
        return (sys.executable, str(script))

    return make


SOUND: Say = {"vulns": []}
SKIPPED: Say = {"skip_reason": "not found on PyPI"}
VULNERABLE: Say = {"vulns": [BAD]}


def test_what_is_shipped_is_what_the_package_needs_and_what_that_needs() -> None:
    found = shipped(Requirement("httpx"))
    assert {"httpcore", "h11", "idna", "anyio", "certifi"} <= found.keys()
    assert {"httpx", "h2", "pytest", "rich"}.isdisjoint(found)
    assert found["h11"] == version("h11")


def test_extras_bring_more() -> None:
    assert "cryptography" not in shipped(Requirement("pyjwt"))
    assert {"cryptography", "cffi"} <= shipped(Requirement("PyJWT[crypto]")).keys()


@pytest.mark.skipif(
    "EXPECT_INSTALLED" not in os.environ, reason="for nox: it tests what users install"
)
def test_this_package_is_audited_with_its_extras() -> None:
    found = shipped(Requirement("gitlab-completions[cli,emulator]"))
    assert {"httpx", "h11", "pyjwt", "cachetools", "tenacity"} <= found.keys()
    assert {"click", "rich", "starlette", "cryptography"} <= found.keys()
    assert "pytest" not in found


def test_a_package_that_is_not_installed_is_not_sound() -> None:
    with pytest.raises(PackageNotFoundError):
        main("no-such-package")


@pytest.mark.parametrize(
    ("pypi", "osv"),
    [
        ({"*": SOUND, "h11": VULNERABLE}, None),
        ({"*": SKIPPED}, {"*": SOUND, "h11": VULNERABLE}),
        (None, {"*": SOUND, "h11": VULNERABLE}),
        ({"*": SKIPPED, "h11": VULNERABLE}, None),
    ],
)
def test_a_vulnerable_dependency_fails(
    pip_audit: Callable[[object, object], Tool],
    capsys: pytest.CaptureFixture[str],
    pypi: object,
    osv: object,
) -> None:
    assert main("httpx", pip_audit(pypi, osv)) == 1
    said = capsys.readouterr().out
    assert "VULNERABLE: h11 " in said
    assert "PYSEC-2026-1, mended in 9.9" in said
    assert "no known" not in said


@pytest.mark.parametrize(
    ("pypi", "osv"), [(None, None), ({"*": SKIPPED}, None), (None, {"*": SKIPPED})]
)
def test_no_answer_is_said_and_does_not_fail(
    pip_audit: Callable[[object, object], Tool],
    capsys: pytest.CaptureFixture[str],
    pypi: object,
    osv: object,
) -> None:
    assert main("httpx", pip_audit(pypi, osv)) == 0
    said = capsys.readouterr().out
    assert said.startswith("NOT AUDITED: ")
    assert "h11" in said
    assert "no known" not in said


def test_what_one_service_skips_the_other_is_asked(
    pip_audit: Callable[[object, object], Tool], capsys: pytest.CaptureFixture[str]
) -> None:
    tool = pip_audit({"*": SOUND, "h11": SKIPPED}, {"*": VULNERABLE, "h11": SOUND})
    assert main("httpx", tool) == 0
    assert "no known vulnerabilities" in capsys.readouterr().out


def test_a_tool_that_is_not_there_is_no_answer(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main("httpx", (sys.executable, "-m", "no_such_tool")) == 0
    assert capsys.readouterr().out.startswith("NOT AUDITED: ")
