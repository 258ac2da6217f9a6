"""The set-ups that a doctor is asked about: each is well but for one thing."""

from __future__ import annotations

import socket
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from gitlab_completions._transport import probes
from gitlab_completions.emulator import PROFILES, Credential, Quota
from tests.doctor.relay import Nobody, Relay
from tests.doctor.scene import ACCESS_TOKEN, NAME, PROJECT, Setup

if TYPE_CHECKING:
    import pytest

    from gitlab_completions.emulator import Emulator

HOUR_S: Final = 3600.0
TOO_OLD: Final = replace(PROFILES["17.0"], name="16.7", version="16.7.9-ee")
"""Before completions came out of their experiment, and long before direct access."""
TOO_MANY: Final = {"message": {"error": "This endpoint has been requested too often."}}


def _clocks_ahead(emulator: Emulator) -> None:
    """Set the world's clocks ahead: ours is slow."""
    emulator.settings.instance_clock_offset_s = HOUR_S
    emulator.settings.gateway_clock_offset_s = HOUR_S


def _portal(emulator: Emulator) -> None:
    for endpoint in (emulator.direct_access, emulator.instance, emulator.inquiries):
        endpoint.html()


def _used_up(emulator: Emulator) -> None:
    """Have the user's other windows used up the minute's completions."""
    emulator.instance.fail(
        429,
        json=TOO_MANY,
        headers={"retry-after": "60", "x-gitlab-error-origin": "monolith"},
    )


def _grants_used_up(emulator: Emulator) -> None:
    """Have the user's other windows used up the minute's grants."""
    emulator.direct_access.fail(429, json=TOO_MANY, headers={"retry-after": "60"})


def _used_up_everywhere(emulator: Emulator) -> None:
    _used_up(emulator)
    _grants_used_up(emulator)


def _no_ipv6(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a name with an address of IPv6 that nothing can be reached at."""
    resolve = socket.getaddrinfo

    def resolved(
        host: str | bytes | None, port: str | int | None, *more: int, **named: int
    ) -> list[object]:
        found: list[object] = list(resolve(host, port, *more, **named))
        if host not in {NAME, NAME.encode()} or named.get("flags"):
            return found
        v4 = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))
        v6 = (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("::1", port, 0, 0))
        return [v6, v4]

    monkeypatch.setattr(socket, "getaddrinfo", resolved)
    # Where this machine itself has no IPv6 nobody would miss it.
    monkeypatch.setattr(probes, "NO_FAMILY", frozenset())


SETUPS: Final = (
    Setup(
        name="wrong token",
        check="token",
        says=("token",),
        token=lambda _: "glpat-canary-nobody",
    ),
    Setup(
        name="expired token",
        check="token",
        says=("expired",),
        token=lambda tokens: tokens.expired,
    ),
    Setup(
        name="revoked token",
        check="token",
        says=("revoked",),
        token=lambda tokens: tokens.revoked,
    ),
    Setup(
        name="scope missing",
        check="token",
        says=("scope",),
        token=lambda tokens: tokens.wrong_scope,
    ),
    Setup(
        name="proxy wrong",
        check="proxy",
        says=("proxy", "HTTPS_PROXY"),
        relay=lambda _: Nobody(),
    ),
    Setup(
        name="CA missing",
        check="tls",
        says=("certificate", "trust|authority"),
        trusts=False,
    ),
    Setup(
        name="clock off by an hour",
        check="clock",
        says=("this machine's clock", "1 h|hour|60 min"),
        strike=_clocks_ahead,
    ),
    Setup(
        name="GitLab too old",
        check="version",
        says=("16.7",),
        profile=TOO_OLD,
    ),
    Setup(
        name="direct off",
        check="direct_access",
        says=("direct", "off", "administrator"),
        strike=lambda emulator: emulator.settings.update({"direct_enabled": False}),
    ),
    Setup(
        name="gateway blocked",
        check="gateway",
        says=("gateway", "firewall|proxy|reach|connect"),
        strike=lambda emulator: emulator.gateway.refuse(),
    ),
    Setup(
        name="Duo off",
        check="availability",
        says=("off",),
        strike=lambda emulator: emulator.settings.update(
            {"code_suggestions_enabled": False}
        ),
    ),
    Setup(
        name="Duo off for the project",
        check="availability",
        says=("project", "off"),
        strike=lambda emulator: emulator.settings.update(
            {"projects_without_duo": [PROJECT]}
        ),
        forbidden=True,
    ),
    Setup(
        name="no seat",
        check="availability",
        says=("this user",),
        strike=lambda emulator: emulator.settings.update({"has_seat": False}),
    ),
    Setup(
        name="no namespace",
        check="availability",
        says=("namespace|group",),
        strike=lambda emulator: emulator.settings.update(
            {"missing_default_duo_group": True}
        ),
        project_path=None,
    ),
    Setup(
        name="quota used up",
        check="availability",
        says=("credits|quota",),
        strike=lambda emulator: emulator.settings.update({"quota": Quota.EXCEEDED}),
    ),
    Setup(
        name="HTML portal",
        check="proxy",
        says=("portal|page|HTML",),
        strike=_portal,
    ),
    Setup(
        name="IPv6 broken",
        check="dns",
        says=("IPv6",),
        suffer=_no_ipv6,
        by_name=True,
    ),
    Setup(
        name="rate-limited",
        check="rate_limit",
        says=("limit",),
        strike=_used_up,
    ),
    # What else people meet.
    Setup(
        name="GitLab down",
        check="dns",
        says=("GitLab", "connected"),
        strike=lambda emulator: emulator.instance.refuse(),
    ),
    Setup(
        name="proxy wants a password",
        check="proxy",
        says=("proxy", "password|credentials", "HTTPS_PROXY"),
        relay=lambda _: Relay(knows="basic canary"),
    ),
    Setup(
        name="proxy forbids the gateway",
        check="gateway",
        says=("gateway", "proxy"),
        relay=lambda emulator: Relay(forbids=[emulator.gateway_front.port]),
    ),
    Setup(
        name="proxy forbids GitLab",
        check="proxy",
        says=("proxy", "HTTPS_PROXY"),
        relay=lambda emulator: Relay(forbids=[emulator.instance_front.port]),
    ),
    Setup(
        name="gateway not trusted",
        check="gateway",
        says=("certificate", "GitLab was"),
        strike=lambda emulator: emulator.gateway.untrusted(),
    ),
    Setup(
        name="rate-limited everywhere",
        check="rate_limit",
        says=("limit",),
        strike=_used_up_everywhere,
    ),
    Setup(
        name="grants rate-limited",
        check="rate_limit",
        says=("direct access",),
        strike=_grants_used_up,
    ),
    Setup(
        name="incident",
        check="direct_access",
        says=("incident",),
        strike=lambda emulator: emulator.flags.enable(
            "incident_fail_over_completion_provider"
        ),
    ),
    Setup(
        name="model pinned",
        check="direct_access",
        says=("model",),
        profile=PROFILES["18.2"],
        strike=lambda emulator: emulator.settings.update({"pinned_model": "x"}),
    ),
    Setup(
        name="no paid namespace",
        check="direct_access",
        says=("paid",),
        profile=PROFILES["19.3-gitlab.com"],
        strike=lambda emulator: emulator.settings.update({"has_paid_namespace": False}),
    ),
    Setup(
        name="gateway without v2",
        check="direct",
        says=("gateway", "endpoint"),
        profile=PROFILES["19.0"],
        strike=lambda emulator: emulator.settings.update({"v2_gone": True}),
    ),
    Setup(
        name="gateway refuses its token",
        check="direct",
        says=("token", "GitLab"),
        strike=lambda emulator: emulator.direct_access.tampered_token(),
    ),
    Setup(
        name="token ends soon",
        check="token",
        says=("expires in 2 days",),
        strike=lambda emulator: emulator.set_credential(
            ACCESS_TOKEN, Credential(good_for_s=3 * 86_400.0)
        ),
    ),
    Setup(
        name="job token",
        check="token",
        says=("know",),
        token=lambda tokens: tokens.job,
    ),
    Setup(
        name="project token",
        check="availability",
        says=("this user",),
        token=lambda tokens: tokens.project_bot,
    ),
    Setup(
        name="project hidden",
        check="availability",
        says=("project",),
        strike=lambda emulator: emulator.settings.update(
            {"hidden_projects": [PROJECT]}
        ),
    ),
    Setup(
        name="GitLab's clock off",
        check="clock",
        says=("GitLab's clock",),
        strike=lambda emulator: emulator.settings.update(
            {"instance_clock_offset_s": -HOUR_S}
        ),
    ),
    Setup(
        name="gateway's clock off",
        check="clock",
        says=("gateway's clock",),
        strike=lambda emulator: emulator.settings.update(
            {"gateway_clock_offset_s": HOUR_S}
        ),
    ),
)
