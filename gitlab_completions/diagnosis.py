"""What a look at everything between here and a completion found, for people to read.

`CompletionClient.diagnose` makes one. A diagnosis holds no token, no source, no user's
and no project's name by construction: findings are sentences of this library, and facts
are numbers, versions and words of closed sets. What names a machine (hosts, addresses,
who issued a certificate) is in facts of its own, and left out of a bundle unless its
user wants it there.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from gitlab_completions._records import Record

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

__all__ = ("CHECKS", "MACHINES", "Check", "Diagnosis", "Grade")

CHECKS: tuple[str, ...] = (
    "configuration",
    "dns",
    "proxy",
    "tls",
    "clock",
    "token",
    "version",
    "availability",
    "direct_access",
    "gateway",
    "indirect",
    "direct",
    "latency",
    "rate_limit",
)
"""The names of all checks, in the order in which a diagnosis has them."""
MACHINES: frozenset[str] = frozenset(
    {
        "addresses",
        "certificate_issuer",
        "gateway_host",
        "gateway_proxy",
        "instance_host",
        "instance_proxy",
    }
)
"""The facts that name machines, and whose they are."""
PUBLIC_HOSTS = frozenset({"gitlab.com", "cloud.gitlab.com"})
"""Hosts that tell of nobody: the instance and the gateway that GitLab runs for all."""
HIDDEN = "<hidden>"
_SCHEMA = 1


class Grade(StrEnum):
    """How a check came out."""

    OK = "ok"
    WARNING = "warning"
    """Completions come, though worse than they could, or not for long."""
    PROBLEM = "problem"
    """No completions come, or none may, until somebody does something."""
    SKIPPED = "skipped"
    """It could not be looked at, or need not be; the finding says why."""


class Check(Record):
    """One thing that was looked at.

    Args:
        name: One of `CHECKS`.
        grade: How it came out.
        finding: What was found, in a sentence.
        next_step: What a person can do; `None` when there is nothing to be done.
        facts: The same for programs: numbers, words and lists of them. Seconds end in
            `_s`; those in `MACHINES` name hosts.
    """

    name: str
    grade: Grade
    finding: str
    next_step: str | None
    facts: Mapping[str, object]

    def __repr__(self) -> str:
        return f"Check({self.name}: {self.grade}, facts=<{len(self.facts)}>)"


class Diagnosis(Record):
    """What all checks found.

    What only follows from an earlier problem is skipped, so that the first problem is
    the cause.

    Args:
        checks: All of `CHECKS`, in that order.
        requests: HTTP requests that it took: twelve at most.
        at: When it began, with its time zone.
    """

    checks: tuple[Check, ...]
    requests: int
    at: datetime

    @property
    def problem(self) -> Check | None:
        """The first problem, `None` when there is none."""
        return self._first(Grade.PROBLEM)

    @property
    def cause(self) -> Check | None:
        """What to look at first: the first problem, else the first warning."""
        return self.problem or self._first(Grade.WARNING)

    @property
    def grade(self) -> Grade:
        """The worst grade of all: `OK`, `WARNING` or `PROBLEM`."""
        return Grade.OK if self.cause is None else self.cause.grade

    def check(self, name: str) -> Check:
        """Return a check by its name.

        Raises:
            KeyError: When there is none of that name.
        """
        for each in self.checks:
            if each.name == name:
                return each
        raise KeyError(name)

    def bundle(self, *, host_names: bool = False) -> dict[str, object]:
        """Return all of it as plain JSON, for a bug report.

        Args:
            host_names: Whether hosts, addresses and issuers of certificates may be
                named in it; otherwise only GitLab's own, such as `gitlab.com`, are.
        """
        cause = self.cause
        return {
            "schema": _SCHEMA,
            "at": self.at.isoformat(),
            "grade": self.grade.value,
            "cause": None if cause is None else cause.name,
            "requests": self.requests,
            "checks": [_document(one, host_names=host_names) for one in self.checks],
        }

    def __repr__(self) -> str:
        return (
            f"Diagnosis({self.grade}, checks=<{len(self.checks)}>, "
            f"requests={self.requests})"
        )

    def _first(self, grade: Grade) -> Check | None:
        return next((one for one in self.checks if one.grade is grade), None)


def _document(check: Check, *, host_names: bool) -> dict[str, object]:
    return {
        "name": check.name,
        "grade": check.grade.value,
        "finding": check.finding,
        "next_step": check.next_step,
        "facts": {
            name: value if host_names else _redacted(name, value)
            for name, value in check.facts.items()
        },
    }


def _redacted(name: str, value: object) -> object:
    if name not in MACHINES or value is None:
        return value
    return value if isinstance(value, str) and value in PUBLIC_HOSTS else HIDDEN
