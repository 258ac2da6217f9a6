"""A client on another clock and without chance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self, Unpack

from gitlab_completions.client import CompletionClient

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitlab_completions.client import ClientOptions
    from gitlab_completions.models import AccessToken
    from gitlab_completions.testing.fake import FakeGitLab


class FakeGitLabClient(CompletionClient):
    """A client of a `FakeGitLab`."""

    @classmethod
    def of(
        cls,
        gitlab: FakeGitLab,
        *,
        access_token: AccessToken,
        jitter: Callable[[], float],
        direct_override: str,
        **options: Unpack[ClientOptions],
    ) -> Self:
        """Return a client of `gitlab`, on its clock."""
        options.setdefault("sender", gitlab)
        return cls._for_testing(
            gitlab.instance_url,
            access_token,
            clock=gitlab.clock,
            wall=gitlab.wall,
            direct_override=direct_override,
            jitter=jitter,
            **options,
        )
