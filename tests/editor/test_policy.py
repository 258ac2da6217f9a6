"""What a policy of the keystroke logic refuses, and what its message says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gitlab_completions import ConfigurationError
from gitlab_completions.editor import EditorPolicy

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize(
    ("name", "value", "right"),
    [
        ("enabled", "off", "True or False"),
        ("automatic", None, "True or False"),
        ("most_wait_s", 0.0, "a positive number of seconds"),
        ("candidates", 0, "at least 1"),
        ("least_content", -1, "at least 0"),
        ("least_wait_s", 0.5, "must not exceed most_wait_s"),
        ("trigger_characters", ".=", "a set of strings"),
        ("trigger_characters", 7, "a set of strings"),
        ("languages_off", {7}, "a set of strings"),
    ],
)
def test_a_wrong_value_is_refused_with_what_is_right(
    name: str, value: object, right: str
) -> None:
    make: Callable[..., EditorPolicy] = EditorPolicy
    with pytest.raises(ConfigurationError, match=right) as refused:
        make(**{name: value})
    assert name in str(refused.value)
