"""Where the rest of the shell gets flags, and whether direct is rolled out."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from gitlab_completions._core.rollout import DIRECT_FLAG, Rollout, Switch, is_in_share
from gitlab_completions._shell.direct_flag import DirectFlag, GuardedSource
from gitlab_completions._shell.instance_flags import InstanceFlags
from gitlab_completions.flags import FeatureFlags
from gitlab_completions.policy import ALL

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitlab_completions._shell.background import Background
    from gitlab_completions._shell.clock import Clock
    from gitlab_completions._shell.inquiry import Inquirer
    from gitlab_completions.flags import Flag, FlagSource
    from gitlab_completions.policy import RoutingPolicy


class FlagDesk:
    """The flags of one client: the instance's, or those of the source it was given.

    Args:
        given: What the user gave; `None`: the instance is asked.
        inquirer: Asks the instance.
        clock: Tells the time.
        background: Holds the questions.
        on_news: Called when the word on direct has changed.
    """

    def __init__(
        self,
        given: FlagSource | None,
        inquirer: Inquirer,
        clock: Clock,
        background: Background,
        on_news: Callable[[], None],
    ) -> None:
        settings = given if isinstance(given, FeatureFlags) else FeatureFlags()
        own = given is None or given is settings
        self._instance = InstanceFlags(inquirer, clock, background, settings)
        self._source = self._instance if own or given is None else GuardedSource(given)
        # The instance's own word on direct is asked for behind a refusal alone; an
        # override, or another's word, before the instance is asked for anything.
        ask = self._instance.evaluate_anew if own else self._source.evaluate
        self.switch = Switch()
        self.direct = DirectFlag(
            partial(ask, DIRECT_FLAG, default=True),
            first=not own or DIRECT_FLAG in settings.overrides,
            switch=self.switch,
            clock=clock,
            background=background,
            on_news=on_news,
        )

    async def evaluate(self, name: str, *, default: bool) -> Flag:
        """Return a flag's value, or the default with the reason for it."""
        return await self._source.evaluate(name, default=default)

    def rollout(self, policy: RoutingPolicy, root: str) -> Rollout:
        """Return whether direct is rolled out to the user by a policy.

        Args:
            policy: Names the share, and maybe the actor.
            root: The instance's URL.
        """
        share = policy.direct_percentage
        if not 0 < share < ALL:
            return Rollout(in_share=share > 0, switch=self.switch)
        # Most clients have no share, and need not import how to hash a login.
        from gitlab_completions._shell.actor import actor_of_login  # noqa: PLC0415

        actor = policy.actor or actor_of_login(root)
        return Rollout(in_share=is_in_share(share, actor), switch=self.switch)

    def forget(self) -> None:
        """Forget what the instance said: it was to another access token."""
        self._instance.forget()
        self.direct.forget()
