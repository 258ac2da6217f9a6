"""What the table is made of: GitLab's releases, and what an author asks of each.

A column is data: what is switched on an instance that is well, and what is asked for.
Of what follows from that nothing is written down here: see expectation.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from gitlab_completions import CompletionRequest, ContextItem, ErrorCode, Intent
from gitlab_completions.emulator import PROFILES, Quota

if TYPE_CHECKING:
    from gitlab_completions.emulator import Emulator, Profile
    from gitlab_completions.testing import FakeGitLab

TEXT: Final = "return a + b  # π😀"
PROJECT: Final = "team/app"
ITEMS: Final = (
    ContextItem(name="one.py", content="ONE = 1"),
    ContextItem(name="two.py", content="TWO = 2", type="snippet"),
)

DIRECT_FLAG: Final = "code_suggestions_direct_completions"
CLOUD_FLAG: Final = "code_suggestions_direct_access_cloud_connected"
V4_FLAG: Final = "code_completion_v4_endpoint"


class Column(StrEnum):
    """What is asked for, or what is wrong meanwhile."""

    COMPLETION = "completion"
    STREAMED = "streamed"
    GENERATION = "generation"
    """Streamed, as editors ask for it."""
    CONTEXT = "context"
    FLAG_OFF = "flag off"
    """Every flag that direct access or v4 hangs on in this release."""
    QUOTA = "quota used up"
    NO_NAMESPACE = "no namespace"
    NAMED = "no namespace, project named"
    ADMIN_OFF = "admin switch off"
    """The connection method that an admin chooses: indirect."""
    OPERATOR_OFF = "feature switched off"
    V2_GONE = "v2 gone"
    """The gateway of GitLab 21, which comes before the instance is upgraded."""

    @property
    def project_path(self) -> str | None:
        """The project that is named."""
        return PROJECT if self is Column.NAMED else None

    @property
    def streams(self) -> bool:
        """Whether the text is asked for as it comes."""
        return self in {Column.STREAMED, Column.GENERATION}

    @property
    def code(self) -> ErrorCode | None:
        """What a person is told when no route can answer."""
        return _CODES.get(self)


_CODES: Final = {
    Column.QUOTA: ErrorCode.QUOTA,
    Column.NO_NAMESPACE: ErrorCode.NAMESPACE_MISSING,
    Column.OPERATOR_OFF: ErrorCode.SWITCHED_OFF,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One cell of the table."""

    profile: Profile
    column: Column

    def __str__(self) -> str:
        return f"{self.profile.name} / {self.column}"

    def request(self) -> CompletionRequest:
        """Return what is asked for."""
        generates = self.column is Column.GENERATION
        return CompletionRequest(
            file_name="add.py",
            content_above_cursor="def add(a, b):\n    ",
            content_below_cursor="\n",
            project_path=self.column.project_path,
            intent=Intent.GENERATION if generates else Intent.COMPLETION,
            context=ITEMS if self.column is Column.CONTEXT else (),
        )

    def strike(self, gitlab: FakeGitLab | Emulator) -> None:
        """Bring about what is wrong."""
        settings = gitlab.settings
        match self.column:
            case Column.FLAG_OFF:
                for flag in (DIRECT_FLAG, CLOUD_FLAG, V4_FLAG):
                    gitlab.flags.disable(flag)
            case Column.QUOTA:
                settings.quota = Quota.EXCEEDED
            case Column.NO_NAMESPACE | Column.NAMED:
                settings.missing_default_duo_group = True
            case Column.ADMIN_OFF:
                settings.direct_enabled = False
            case Column.OPERATOR_OFF:
                settings.code_suggestions_enabled = False
            case Column.V2_GONE:
                settings.v2_gone = True
            case _:
                pass


CELLS: Final = tuple(
    Cell(profile=profile, column=column)
    for profile in PROFILES.values()
    for column in Column
)
