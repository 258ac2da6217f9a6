"""What of a client is examined when it is diagnosed: looked at, and not changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlab_completions._records import Record

if TYPE_CHECKING:
    from gitlab_completions._core.rollout import Rollout
    from gitlab_completions._shell.access_token import TokenDesk
    from gitlab_completions._shell.background import Background
    from gitlab_completions._shell.setup import Setup
    from gitlab_completions._shell.spare import SpareConnections
    from gitlab_completions.status import RoutingStatus


class Patient(Record):
    """A client, to who examines it.

    Args:
        setup: What it is made of, with the policy that it goes by now.
        desk: Has the access token.
        spare: Knows when there is a connection for what is no call.
        background: Holds tasks.
        rollout: Whether direct is rolled out to the user.
        status: How its routing stands.
    """

    setup: Setup
    desk: TokenDesk
    spare: SpareConnections
    background: Background
    rollout: Rollout
    status: RoutingStatus

    def __repr__(self) -> str:
        return f"Patient({self.setup!r})"
