"""Every reason has words."""

from __future__ import annotations

from gitlab_completions.cli import words
from gitlab_completions.cli.words import why
from gitlab_completions.models import RouteReason


def test_every_reason_is_explained() -> None:
    assert set(words._WHY) == set(RouteReason)
    assert why(RouteReason.BARRED) == "direct is refused, for the time being"
