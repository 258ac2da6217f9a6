"""Whether code suggestions work, from what was asked and heard: one table.

GitLab has no endpoint that tells it. One comes close, `code_suggestions/enabled`: it
refuses a token, a user and an instance by the same rules, in the same order, as the
endpoint of completions does, and neither counts nor bills anything. What it cannot tell
comes from elsewhere: whether an old instance's bare 401 is about the token or the seat
(its version is given to any good token), whether its bare 404 is about the project or
the switch (GraphQL knows), whether there is a namespace and credits (direct access, or
a completion, was told so). In the table the first row that fits decides.

A completion that came of late settles what is in doubt, and nothing else: the endpoint
of completions does not look whether a project has switched GitLab Duo off, and leaves
it to clients to keep to that.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from gitlab_completions._core.reasons import (
    AS_SAID,
    AVAILABLE,
    BY_WORD,
    NO_CREDITS,
    NO_ENDPOINT,
    NO_NAMESPACE,
    NO_SEAT,
    NO_SUCH_PROJECT,
    PROJECT_OFF,
    SWITCHED_OFF,
    TOO_OLD,
)
from gitlab_completions._records import Record
from gitlab_completions.errors import ErrorCode

if TYPE_CHECKING:
    from gitlab_completions._core.reasons import Finding

__all__ = (
    "TABLE",
    "Age",
    "Reply",
    "Row",
    "Seen",
    "age_of",
    "asks_direct_access",
    "asks_graphql",
    "asks_version",
    "decide",
)

LEAST = (16, 8)
"""The first GitLab whose completions are no experiment."""
SUPPORTED = (17, 2)
"""The first GitLab that its makers still call supported for this."""
MARKED_SINCE = (17, 7)
"""The first GitLab that surely marks refusals of its own switch and seats."""


class Reply(Enum):
    """What the endpoint said that checks a project."""

    YES = "yes"
    """The project may be used."""
    NO_PROJECT = "no_project"
    """It misses the project's name, which it says to nobody that it would refuse."""
    OFF = "off"
    """The project may not be used."""
    NOT_FOUND = "not_found"
    """There is no such project for this user; of old, also that all is switched off."""
    GONE = "gone"
    """There is no such endpoint."""
    REFUSED = "refused"
    """A refusal with a code."""
    NONE = "none"
    """No answer of GitLab's: it was not reached, or something else answered."""


class Age(Enum):
    """How old the instance is."""

    UNKNOWN = "unknown"
    TOO_OLD = "too_old"
    """Older than completions."""
    OLD = "old"
    """Not supported any more; completions may come."""
    MIDDLE = "middle"
    """Supported, and may not mark its refusals."""
    CURRENT = "current"


class Seen(Record):
    """What is known of a user and a project.

    Args:
        reply: What the endpoint said.
        code: What its refusal, or the broken exchange, means.
        word: A refusal's machine-readable word, or an empty string.
        named: A project was asked for.
        age: How old the instance is.
        token_taken: Whether another endpoint took the token; `None`: not asked.
        user_may: What GraphQL says of the user; `None`: unknown.
        project_on: The same of the project.
        project_seen: Whether GraphQL shows the project to this user.
        said: What direct access or a completion was refused for, of late.
        completed: A completion for this project came of late.
    """

    reply: Reply
    code: ErrorCode | None = None
    word: str = ""
    named: bool = True
    age: Age = Age.UNKNOWN
    token_taken: bool | None = None
    user_may: bool | None = None
    project_on: bool | None = None
    project_seen: bool | None = None
    said: ErrorCode | None = None
    completed: bool = False


class Row(Record):
    """One line of the table.

    Args:
        name: What a person calls this case.
        finding: What it comes to.
        replies: The replies it stands for; `None` fits any.
        facts: Names of `Seen`'s other fields, each with the value that it must have.
    """

    name: str
    finding: Finding
    replies: frozenset[Reply] | None = None
    facts: tuple[tuple[str, object], ...] = ()

    def fits(self, seen: Seen) -> bool:
        """Tell whether this row stands for what was seen."""
        return (self.replies is None or seen.reply in self.replies) and all(
            getattr(seen, name) == value for name, value in self.facts
        )


def _on(*replies: Reply) -> frozenset[Reply]:
    return frozenset(replies)


_WELL = _on(Reply.YES, Reply.NO_PROJECT)
_DOUBTFUL = _on(Reply.NOT_FOUND, Reply.GONE)

TABLE: tuple[Row, ...] = (
    Row(name="not GitLab's answer", finding=AS_SAID, replies=_on(Reply.NONE)),
    Row(
        name="permission in doubt, and a completion came",
        finding=AVAILABLE,
        facts=(("word", "insufficient_granular_scope"), ("completed", True)),
    ),
    *(
        Row(name=word.replace("_", " "), finding=finding, facts=(("word", word),))
        for word, finding in BY_WORD.items()
    ),
    Row(name="no seat", finding=NO_SEAT, facts=(("code", ErrorCode.NO_SEAT),)),
    Row(
        name="a good token refused: no seat, said by an old GitLab",
        finding=NO_SEAT,
        replies=_on(Reply.REFUSED),
        facts=(("code", ErrorCode.TOKEN_INVALID), ("token_taken", True)),
    ),
    Row(
        name="switched off",
        finding=SWITCHED_OFF,
        facts=(("code", ErrorCode.SWITCHED_OFF),),
    ),
    Row(name="refused otherwise", finding=AS_SAID, replies=_on(Reply.REFUSED)),
    Row(
        name="everything is refused, not the project",
        finding=AS_SAID,
        replies=_on(Reply.OFF),
        facts=(("token_taken", False),),
    ),
    Row(name="project off", finding=PROJECT_OFF, replies=_on(Reply.OFF)),
    Row(
        name="endpoint missing, and the project is off",
        finding=PROJECT_OFF,
        replies=_DOUBTFUL,
        facts=(("project_on", False),),
    ),
    Row(
        name="in doubt, and a completion came",
        finding=AVAILABLE,
        replies=_on(Reply.GONE, Reply.NOT_FOUND),
        facts=(("completed", True),),
    ),
    Row(
        name="older than completions",
        finding=TOO_OLD,
        facts=(("age", Age.TOO_OLD), ("completed", False)),
    ),
    Row(
        name="unsupported, without the endpoint",
        finding=TOO_OLD,
        replies=_on(Reply.GONE),
        facts=(("age", Age.OLD),),
    ),
    Row(
        name="in doubt, and the user may not",
        finding=SWITCHED_OFF,
        replies=_DOUBTFUL,
        facts=(("user_may", False),),
    ),
    Row(
        name="no endpoint, though the user may",
        finding=AVAILABLE,
        replies=_on(Reply.GONE),
        facts=(("user_may", True),),
    ),
    Row(name="no endpoint", finding=NO_ENDPOINT, replies=_on(Reply.GONE)),
    Row(
        name="not found, and marked if it were the switch",
        finding=NO_SUCH_PROJECT,
        replies=_on(Reply.NOT_FOUND),
        facts=(("age", Age.CURRENT), ("named", True)),
    ),
    Row(
        name="not found, though the project is there",
        finding=SWITCHED_OFF,
        replies=_on(Reply.NOT_FOUND),
        facts=(("project_seen", True),),
    ),
    Row(
        name="no such project",
        finding=NO_SUCH_PROJECT,
        replies=_on(Reply.NOT_FOUND),
        facts=(("named", True),),
    ),
    Row(
        name="a name missed by the wrong status",
        finding=AVAILABLE,
        replies=_on(Reply.NOT_FOUND),
        facts=(("user_may", True),),
    ),
    Row(
        name="a name missed by the wrong status, by a GitLab that marks its switch",
        finding=AVAILABLE,
        replies=_on(Reply.NOT_FOUND),
        facts=(("age", Age.CURRENT),),
    ),
    Row(name="not found", finding=SWITCHED_OFF, replies=_on(Reply.NOT_FOUND)),
    Row(
        name="no namespace",
        finding=NO_NAMESPACE,
        facts=(("said", ErrorCode.NAMESPACE_MISSING), ("completed", False)),
    ),
    Row(
        name="no credits",
        finding=NO_CREDITS,
        facts=(("said", ErrorCode.QUOTA), ("completed", False)),
    ),
    Row(name="well", finding=AVAILABLE),
)
"""What is seen, and what it comes to."""


def decide(seen: Seen) -> tuple[str, Finding]:
    """Return the first row that fits, by its name, and what it comes to."""
    row = next(row for row in TABLE if row.fits(seen))
    return row.name, row.finding


def age_of(version: tuple[int, int] | None) -> Age:
    """Return how old an instance of this version is."""
    if version is None:
        return Age.UNKNOWN
    if version < LEAST:
        return Age.TOO_OLD
    if version < SUPPORTED:
        return Age.OLD
    return Age.MIDDLE if version < MARKED_SINCE else Age.CURRENT


def asks_version(seen: Seen) -> bool:
    """Tell whether GitLab's version is worth a question: not to who will not answer."""
    return seen.reply is not Reply.NONE and seen.word != "invalid_token"


def asks_graphql(seen: Seen) -> bool:
    """Tell whether the endpoint's reply leaves a doubt that GraphQL may settle."""
    marked = seen.reply is Reply.NOT_FOUND and seen.age is Age.CURRENT
    return seen.reply in _DOUBTFUL and not marked and not seen.completed


def asks_direct_access(seen: Seen) -> bool:
    """Tell whether what direct access says may matter: only it knows who pays."""
    return seen.reply in _WELL and not seen.completed
