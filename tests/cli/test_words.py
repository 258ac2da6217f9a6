"""Every reason has words."""

from __future__ import annotations

from gitlab_completions.cli import words
from gitlab_completions.cli.words import why
from gitlab_completions.models import RouteReason


def test_every_reason_is_explained() -> None:
    assert set(words._WHY) == set(RouteReason)
    # The instance's limit saturates a route too, and a hedge may have lost the race.
    assert "limit" in why(RouteReason.SATURATED)
    assert why(RouteReason.HEDGED).endswith("answered first")
    assert why(RouteReason.BARRED) == "direct is refused, for the time being"
