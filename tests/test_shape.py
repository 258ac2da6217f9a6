"""What the package shows: its names, its docstrings, and what an import costs."""

from __future__ import annotations

import importlib
import inspect
import os
import pkgutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import gitlab_completions

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

OPTIONAL = {"click", "cryptography", "h11", "rich", "starlette", "trustme", "uvicorn"}
"""What extras bring; a module that needs one is looked at where it is installed."""
NOT_IMPORTED = (
    *("jwt", "tenacity", "httpx", "httpx2", "starlette", "click", "rich", "pytest"),
    *("openfeature", "opentelemetry", "concurrent_log_handler", "keyring"),
    "gitlab_completions._doctor",
    "gitlab_completions.diagnosis",
    "gitlab_completions.event_log",
    "gitlab_completions.lsp",
    "gitlab_completions.replay",
    "gitlab_completions.testing",
    "gitlab_completions.emulator",
)


@pytest.mark.skipif(
    "EXPECT_INSTALLED" not in os.environ, reason="for nox: it tests what users install"
)
def test_it_is_the_installed_package_that_is_tested() -> None:
    assert "site-packages" in Path(gitlab_completions.__file__).parts


def names() -> Iterator[str]:
    """Give the name of each public module; the command's are nobody's to import."""
    package = gitlab_completions
    yield package.__name__
    for info in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        own = info.name.rpartition(".")[2]
        if own != "cli" and not own.startswith("_"):
            yield info.name


def order(name: str) -> tuple[int, str]:
    """Sort as ruff does: constants, classes, then the rest."""
    return (0 if name.isupper() else 1 if name[0].isupper() else 2), name


def module(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name in OPTIONAL:
            pytest.skip(f"{error.name} is not installed")
        raise


def public_names(one: ModuleType) -> set[str]:
    """Return what a module defines, or a package shows, without an underscore."""
    return {
        name
        for name, value in vars(one).items()
        if not name.startswith("_")
        and not inspect.ismodule(value)
        and getattr(value, "__module__", None) == one.__name__
    }


def members(owner: type) -> Iterator[tuple[str, object]]:
    for name, value in vars(owner).items():
        if not name.startswith("_"):
            yield name, getattr(value, "__func__", value)


PUBLIC = sorted(names())


@pytest.mark.parametrize("name", PUBLIC)
def test_a_public_module_lists_its_names_in_order(name: str) -> None:
    one = module(name)
    listed = one.__all__
    assert isinstance(listed, tuple)
    assert list(listed) == sorted(listed, key=order)
    assert all(hasattr(one, each) for each in listed)
    assert public_names(one) - set(listed) == set()


def test_the_package_shows_what_users_need_and_nothing_else() -> None:
    assert gitlab_completions.__all__ == (
        "AllRoutesFailedError",
        "Attempt",
        "Availability",
        "Choice",
        "CircuitPolicy",
        "ClientClosedError",
        "Completion",
        "CompletionClient",
        "CompletionRequest",
        "CompletionStream",
        "ConfigurationError",
        "ContextItem",
        "DeadlineExceededError",
        "DetailsPolicy",
        "DirectMode",
        "ErrorCode",
        "GenerationType",
        "GitLabCompletionsError",
        "Health",
        "HedgePolicy",
        "HttpxSender",
        "Intent",
        "Model",
        "Observer",
        "RequestRejectedError",
        "Route",
        "RouteReason",
        "RoutingPolicy",
        "RoutingStatus",
        "StreamBrokenError",
        "SyncCompletionClient",
        "SyncCompletionStream",
        "TokenSource",
        "__version__",
    )


@pytest.mark.parametrize("name", PUBLIC)
def test_everything_public_has_a_docstring(name: str) -> None:
    one = module(name)
    assert one.__doc__
    for each in one.__all__:
        value = getattr(one, each)
        if not (inspect.isclass(value) or inspect.isfunction(value)):
            continue
        assert value.__doc__, f"{name}.{each}"
        if not inspect.isclass(value) or value.__module__ != name:
            continue
        for member, inner in members(value):
            if inspect.isfunction(inner) or isinstance(inner, property):
                assert inspect.getdoc(getattr(value, member)), f"{each}.{member}"


@pytest.mark.parametrize("name", ["gitlab_completions", "gitlab_completions.editor"])
def test_importing_it_imports_nothing_heavy(name: str) -> None:
    unwanted = {*NOT_IMPORTED, "gitlab_completions.editor", "cachetools"}
    if name == "gitlab_completions.editor":  # whose caches are cachetools'
        unwanted -= {name, "cachetools"}
    script = (
        f"import sys, {name}\n"
        f"print([name for name in {sorted(unwanted)!r} if name in sys.modules])"
    )
    printed = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, check=True, text=True
    ).stdout
    assert printed.strip() == "[]"


def test_the_package_tells_type_checkers_that_it_is_typed() -> None:
    assert (Path(gitlab_completions.__file__).parent / "py.typed").is_file()
