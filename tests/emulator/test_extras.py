"""A missing extra is named, with the command that brings it."""

from __future__ import annotations

import pytest

from gitlab_completions.emulator.extras import MissingExtraError, require


def test_what_is_there_is_fine() -> None:
    require("json", "email.message")


def test_what_is_missing_is_named() -> None:
    with pytest.raises(MissingExtraError, match="emulator needs no_such_package") as no:
        require("json", "no_such_package")
    assert isinstance(no.value, ImportError)
    assert no.value.name == "no_such_package"
    assert "pip install 'gitlab-completions[emulator]'" in str(no.value)
