"""What a user adds to lines hides nothing, and fits GitLab's schema."""

from __future__ import annotations

import pytest

from gitlab_completions import ConfigurationError
from gitlab_completions.event_log._labels import (
    check_fields,
    check_labels,
    check_tracking_id,
)


def test_labels_are_free_and_may_be_what_gitlab_calls_a_host() -> None:
    check_labels({"user": "17", "gitlab_host_name": "gitlab.example.com"})


def test_what_an_editor_knows_has_gitlabs_types() -> None:
    check_fields({"accepted_option": 1, "suggestion_source": "cache", "user": "17"})


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"time": "now"}, "label time would hide"),
        ({"user": 17}, "label user must be a string, not int"),
        ({"accepted_option": 0}, "accepted_option is not as GitLab's schema"),
        ({"gitlab_instance_version": "1" * 33}, "as GitLab's schema"),
    ],
)
def test_what_does_not_fit_is_refused(fields: dict[str, object], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        check_fields(fields)


def test_a_clients_label_hides_nothing_that_its_events_tell() -> None:
    with pytest.raises(ConfigurationError, match="label language would hide"):
        check_labels({"language": "go"})


def test_an_error_does_not_show_what_was_given() -> None:
    with pytest.raises(ConfigurationError) as caught:
        check_fields({"gitlab_global_user_id": "secret" * 20})
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("given", ["", "a b", "x" * 65, 7, None, "a\n"])
def test_an_id_is_letters_digits_and_dashes(given: object) -> None:
    with pytest.raises(ConfigurationError, match="1 to 64 letters"):
        check_tracking_id(given)
