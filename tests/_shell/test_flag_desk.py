"""Who is asked for flags, and whether direct is rolled out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gitlab_completions._core.rollout import DIRECT_FLAG, is_in_share
from gitlab_completions._shell.access_token import TokenDesk
from gitlab_completions._shell.actor import actor_of_login
from gitlab_completions._shell.background import Background
from gitlab_completions._shell.flag_desk import FlagDesk
from gitlab_completions._shell.inquiry import Inquirer
from gitlab_completions._shell.spare import SpareConnections
from gitlab_completions.flags import FeatureFlags, Flag, FlagReason
from gitlab_completions.policy import RoutingPolicy
from gitlab_completions.testing import VirtualClock
from tests._shell.parts import AGENT, ROOT, HeldSender

if TYPE_CHECKING:
    from gitlab_completions.flags import FlagSource


class Source:
    """A source that says no to everything."""

    async def evaluate(self, name: str, /, *, default: bool) -> Flag:
        del default
        return Flag(name=name, enabled=False, reason="test")


def made(given: FlagSource | None) -> tuple[FlagDesk, HeldSender]:
    sender = HeldSender()
    desk = TokenDesk("glpat-1", lambda: None)
    inquirer = Inquirer(sender, desk, SpareConnections(), ROOT, AGENT)
    clock = VirtualClock()
    return FlagDesk(given, inquirer, clock, Background(), lambda: None), sender


@pytest.mark.parametrize("given", [None, FeatureFlags()], ids=["none", "settings"])
async def test_the_instance_is_asked_by_default(given: FlagSource | None) -> None:
    desk, sender = made(given)
    await desk.direct.first_word()
    assert sender.exchanges == [], "not for direct, before a call"
    flag = await desk.evaluate("a", default=False)
    assert flag.reason == FlagReason.UNREACHABLE
    assert [exchange.wire.purpose for exchange in sender.exchanges] == ["inquiry"]


async def test_a_users_source_is_asked_instead_and_for_direct_first() -> None:
    desk, sender = made(Source())
    assert (await desk.evaluate("a", default=True)).reason == "test"
    await desk.direct.first_word()
    assert not desk.switch.on
    desk.forget()
    assert not desk.switch.on, "it is no word of the instance's"
    assert sender.exchanges == []


async def test_an_override_is_a_first_word_on_direct() -> None:
    desk, sender = made(FeatureFlags(overrides={DIRECT_FLAG: False}))
    await desk.direct.first_word()
    assert not desk.switch.on
    assert sender.exchanges == []


@pytest.mark.parametrize(
    ("percentage", "actor", "reaches"),
    [
        (100, None, True),
        (0, None, False),
        (25, "User:2", True),
        (25, "User:5", False),
        (50, None, is_in_share(50, actor_of_login(ROOT))),
    ],
)
async def test_the_share_is_of_actors(
    percentage: float, actor: str | None, *, reaches: bool
) -> None:
    desk, _ = made(None)
    policy = RoutingPolicy(direct_percentage=percentage, actor=actor)
    rollout = desk.rollout(policy, ROOT)
    assert rollout.reaches is reaches
    desk.switch.on = False
    assert not rollout.reaches
