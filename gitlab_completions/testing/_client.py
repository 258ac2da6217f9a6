"""A client on another clock and without chance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from gitlab_completions.client import CompletionClient

if TYPE_CHECKING:
    from gitlab_completions.flags import FlagSource
    from gitlab_completions.ignoring import IgnoreList
    from gitlab_completions.policy import RoutingPolicy
    from gitlab_completions.redaction import Redactor
    from gitlab_completions.shared import DetailsStore
    from gitlab_completions.testing.fake import FakeGitLab


class FakeGitLabClient(CompletionClient):
    """A client of a `FakeGitLab`."""

    @classmethod
    def of(
        cls,
        gitlab: FakeGitLab,
        policy: RoutingPolicy,
        *,
        direct_override: str = "",
        store: DetailsStore | None = None,
        flags: FlagSource | None = None,
        redact: Redactor | None = None,
        ignore: IgnoreList | None = None,
    ) -> Self:
        """Return a client of `gitlab`, on its clock."""
        return cls._for_testing(
            gitlab.instance_url,
            gitlab.access_token,
            policy=policy,
            sender=gitlab,
            store=store,
            flags=flags,
            redact=redact,
            ignore=ignore,
            clock=gitlab.clock,
            direct_override=direct_override,
            jitter=lambda: 0.5,  # from 0 up to 1: the middle of every spread
        )
