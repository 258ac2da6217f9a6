"""Bodies for mocks are what the library reads."""

from __future__ import annotations

import json

import pytest

from gitlab_completions._wire.direct_access import decode_grant
from gitlab_completions.testing import completion_json, grant_json


@pytest.mark.parametrize("lifetime_s", [3600, 90])
def test_a_grant_is_read_with_its_lifetime(lifetime_s: int) -> None:
    body = json.dumps(grant_json("https://ai.example.com", lifetime_s=lifetime_s))
    grant = decode_grant(
        {"content-type": "application/json"},
        body.encode(),
        instance_root="https://gitlab.example.com",
        allow_plain_http=False,
        user_agent="test",
    )
    assert grant.details.base_url == "https://ai.example.com"
    assert grant.details.lifetime_s == lifetime_s
    assert grant.details.model_details is not None
    assert grant.gitlab_version == "19.3.0"


def test_a_completion_has_a_choice_for_each_text() -> None:
    document = completion_json("one", "two")
    assert json.loads(json.dumps(document)) == document
    choices = document["choices"]
    assert isinstance(choices, list)
    assert [choice["text"] for choice in choices] == ["one", "two"]


def test_no_text_is_a_completion_without_choices() -> None:
    assert completion_json()["choices"] == []
