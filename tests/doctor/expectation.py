"""What a doctor must say of a GitLab that is well but for its release.

Derived from the profile's facts, as the versions' table derives a call's way from them:
a release that is not supported any more, and one that does not grant direct access, are
warned of, since completions come; what needs a grant is then left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gitlab_completions.diagnosis import CHECKS, Grade
from tests.versions.expectation import _refusal_of_direct_access
from tests.versions.facts import Cell, Column

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitlab_completions.emulator import Profile

SUPPORTED: Final = (17, 2)
"""The first release that GitLab's documentation calls supported for completions."""
NEED_A_GRANT: Final = ("gateway", "direct")


def expect(profile: Profile) -> Mapping[str, Grade]:
    """Return how each check must come out."""
    grades = dict.fromkeys(CHECKS, Grade.OK)
    if profile.release < SUPPORTED:
        grades["version"] = Grade.WARNING
    cell = Cell(profile=profile, column=Column.COMPLETION)
    if _refusal_of_direct_access(cell) is not None:
        grades["direct_access"] = Grade.WARNING
        grades |= dict.fromkeys(NEED_A_GRANT, Grade.SKIPPED)
    return grades
