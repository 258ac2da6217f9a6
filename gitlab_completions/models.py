"""What a user holds: the request, the completion, and how it came about.

Values only, below everything else in the package. Records are frozen and
keyword-only, and a `repr` shows sizes, never the author's source.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import (
    TYPE_CHECKING,
    Literal,
    Protocol,
    Self,
    TypeAlias,
    TypedDict,
    Unpack,
)

from gitlab_completions._checks import (
    check_filled,
    check_text,
    check_type,
    reject,
    split_at,
)
from gitlab_completions._frames import frameless, frameless_init
from gitlab_completions._records import Record

if TYPE_CHECKING:
    from gitlab_completions.errors import RouteError

__all__ = (
    "AccessToken",
    "Attempt",
    "Choice",
    "Completion",
    "CompletionRequest",
    "ContextItem",
    "GenerationType",
    "Intent",
    "Model",
    "OffsetUnit",
    "RequestFields",
    "Route",
    "RouteReason",
    "TokenHeader",
    "TokenSource",
)

MAX_PROJECT_PATH = 255
"""Characters. The gateway refuses more, and a cut path names another project."""
_NO_PATH = re.compile(r"[:@\\]|^/|/$|\S\s+\S")
MAX_INSTRUCTION = 600_000
"""Characters: GitLab's limit of `user_instruction`."""

OffsetUnit = Literal["utf-8", "utf-16", "utf-32"]


class Route(StrEnum):
    """The two ways to a completion."""

    DIRECT = "direct"
    """Straight to GitLab's AI Gateway, with the token of the connection details."""
    INDIRECT = "indirect"
    """Through the user's GitLab instance."""


class RouteReason(StrEnum):
    """Why a completion came by the route it came by."""

    PREFERRED = "preferred"
    """Direct, the first choice, was usable and answered."""
    FELL_BACK = "fell_back"
    """The other route failed in this call."""
    HEDGED = "hedged"
    """Started beside the other route, and answered first."""
    CIRCUIT_OPEN = "circuit_open"
    """The other route has failed, or kept callers waiting, too often of late."""
    SLOWER = "slower"
    """Direct is the slower route now, by what both delivered."""
    DETAILS_ABSENT = "details_absent"
    """There are no connection details yet."""
    DETAILS_EXPIRED = "details_expired"
    """The connection details had run out and new ones are on their way."""
    BARRED = "barred"
    """Direct was refused, for the user, the project or the token, until a time."""
    POLICY = "policy"
    """The client's policy, or `GITLAB_COMPLETIONS_DIRECT`, allows this route only."""
    ROLLOUT = "rollout"
    """Direct is not switched on for this user: a share of users, or a flag, decides."""
    GENERATION = "generation"
    """Generations go through the instance only."""
    SATURATED = "saturated"
    """The other route had no room.

    Too many exchanges were in flight, or the instance's limit for this minute is used
    up.
    """
    LAST_TRY = "last_try"
    """The instance failed, so direct got a try against its circuit or wait."""


class Intent(StrEnum):
    """What kind of code is asked for."""

    COMPLETION = "completion"
    GENERATION = "generation"


class GenerationType(StrEnum):
    """What a generation starts from."""

    COMMENT = "comment"
    EMPTY_FUNCTION = "empty_function"
    SMALL_FILE = "small_file"


class TokenHeader(StrEnum):
    """The header that carries an access token to GitLab."""

    AUTHORIZATION = "Authorization"
    """`Authorization: Bearer`: for personal, project, group and OAuth tokens."""
    PRIVATE_TOKEN = "PRIVATE-TOKEN"
    """Takes all of these but OAuth tokens; for what cannot pass on the other one, such
    as a proxy with credentials of its own."""
    JOB_TOKEN = "JOB-TOKEN"
    """Takes the token of a CI/CD job, where an endpoint takes one at all."""


class TokenSource(Protocol):
    """Where the access token comes from, asked before each request to GitLab.

    `get` may be a plain or an async method; a plain one runs in a worker thread,
    so it may block, for at most 2 s. It must give the current token each time. A source
    whose tokens do not go into `Authorization` has an attribute `header`, a
    `TokenHeader`, as those of `gitlab_completions.tokens` have.
    """

    def get(self) -> str | Awaitable[str]:
        """Return the access token that is valid now."""
        ...

    def reject(self, token: str, /) -> None:
        """Take note that GitLab answered 401 to this token.

        Told once, however many calls learn of it at the same time; `get` is asked next.
        """
        ...


AccessToken: TypeAlias = (
    str | Callable[[], str] | Callable[[], Awaitable[str]] | TokenSource
)


@frameless_init
@dataclass(frozen=True, slots=True, kw_only=True)
class ContextItem:
    """A piece of another file that helps the model.

    Args:
        name: What it is called, usually a path; not blank.
        content: Its text; not blank.
        type: A whole `"file"`, or a `"snippet"` of one.
    """

    name: str
    content: str = field(repr=False)
    type: Literal["file", "snippet"] = "file"

    def __post_init__(self) -> None:
        check_filled(
            "a context item's name", self.name, "it says where the text is from"
        )
        check_filled("a context item's content", self.content, "leave the item out")
        if self.type not in {"file", "snippet"}:
            reject('a context item\'s type must be "file" or "snippet"')

    def __repr__(self) -> str:
        return (
            f"ContextItem(type={self.type!r}, name=<{len(self.name)} characters>, "
            f"content=<{len(self.content)} characters>)"
        )


class RequestFields(TypedDict, total=False):
    """The fields of a request that `CompletionRequest.at_cursor` passes on."""

    language: str | None
    project_path: str | None
    intent: Intent
    context: tuple[ContextItem, ...]
    user_instruction: str | None
    generation_type: GenerationType | None
    choices_count: int | None


@frameless_init
@dataclass(frozen=True, slots=True, kw_only=True)
class CompletionRequest:
    """Code around a cursor, to be continued.

    Args:
        file_name: Name or path of the file, not empty. It tells the language.
        content_above_cursor: All text before the cursor; what is sent of it is what
            is nearest to the cursor, see `RoutingPolicy.max_body_bytes`.
        content_below_cursor: All text after the cursor; likewise.
        language: Language identifier such as `"python"`; inferred from the file
            name when left out.
        project_path: GitLab project, such as `"group/project"`. It chooses the
            model and who is billed, so give it where it is known.
        intent: A completion, or a generation (through the instance only).
        context: Pieces of other files, the most helpful first.
        user_instruction: What to generate; for generations only.
        generation_type: What the generation starts from; for generations only.
        choices_count: How many alternatives are wished for, at least 1; servers of
            2025 and later give one whatever is asked.

    Raises:
        RequestRejectedError: When the request could go nowhere; the message says
            which field is wrong and what is right.
    """

    file_name: str
    content_above_cursor: str
    content_below_cursor: str = ""
    language: str | None = None
    project_path: str | None = None
    intent: Intent = Intent.COMPLETION
    context: tuple[ContextItem, ...] = ()
    user_instruction: str | None = None
    generation_type: GenerationType | None = None
    choices_count: int | None = None

    def __post_init__(self) -> None:
        check_filled("file_name", self.file_name, "it tells the language")
        check_text("content_above_cursor", self.content_above_cursor)
        check_text("content_below_cursor", self.content_below_cursor)
        if self.language is not None:
            check_text("language", self.language)
        if self.project_path is not None:
            check_text("project_path", self.project_path, most=MAX_PROJECT_PATH)
            if _NO_PATH.search(self.project_path):
                reject('project_path must look like "group/project", not like a URL')
        self._check_context()
        self._check_intent()
        if self.choices_count is not None:
            check_type("choices_count", self.choices_count, int, "a whole number")
            if self.choices_count < 1:
                reject(f"choices_count must be at least 1, not {self.choices_count}")

    def _check_context(self) -> None:
        check_type("context", self.context, tuple, "a tuple of ContextItem")
        for item in self.context:
            check_type("context", item, ContextItem, "a tuple of ContextItem")

    def _check_intent(self) -> None:
        check_type("intent", self.intent, Intent, "Intent.COMPLETION or .GENERATION")
        if self.user_instruction is not None:
            check_text("user_instruction", self.user_instruction, most=MAX_INSTRUCTION)
        if self.generation_type is not None:
            kind, right = GenerationType, "a GenerationType"
            check_type("generation_type", self.generation_type, kind, right)
        if self.intent is Intent.GENERATION:
            return
        for name in ("user_instruction", "generation_type"):
            if getattr(self, name) is not None:
                reject(f"{name} is for generations only: set intent to GENERATION")

    @classmethod
    @frameless
    def at_cursor(
        cls,
        text: str,
        offset: int,
        *,
        file_name: str,
        unit: OffsetUnit = "utf-32",
        **fields: Unpack[RequestFields],
    ) -> Self:
        """Split a whole file at the cursor.

        Args:
            text: The file's text.
            offset: The cursor's distance from the start of the text, counted in
                `unit`: code points (`"utf-32"`), UTF-16 code units as editors that
                speak LSP count them, or UTF-8 bytes. An offset inside a character
                stands for the start of that character.
            file_name: Name or path of the file.
            unit: What `offset` counts.
            **fields: Any other field of the request.

        Raises:
            RequestRejectedError: When the offset is outside the text, or a field is
                wrong.
        """
        above, below = split_at(text, offset, unit)
        return cls(
            file_name=file_name,
            content_above_cursor=above,
            content_below_cursor=below,
            **fields,
        )

    def __repr__(self) -> str:
        return (
            f"CompletionRequest(intent={self.intent.value!r}, "
            f"language={self.language!r}, "
            f"above=<{len(self.content_above_cursor)} characters>, "
            f"below=<{len(self.content_below_cursor)} characters>, "
            f"context=<{len(self.context)} items>)"
        )


class Choice(Record):
    """One suggestion: the text to insert at the cursor."""

    text: str
    index: int = 0
    finish_reason: str | None = None

    def __repr__(self) -> str:
        return f"Choice(index={self.index}, text=<{len(self.text)} characters>)"


class Model(Record):
    """The model that a server says it used; empty strings where it does not say."""

    engine: str
    name: str


class Attempt(Record):
    """One send on one route, within a call.

    Args:
        route: Where it went.
        started_s: Seconds from the start of the call to the send.
        elapsed_s: Seconds from the send to its end, or to the end of the call.
        status_code: HTTP status of the answer; `None` when there was none.
        error: Why it gave no completion; `None` when it did, or was superseded.
        superseded: The call ended while it was still in flight.
    """

    route: Route
    started_s: float
    elapsed_s: float
    status_code: int | None = None
    error: RouteError | None = None
    superseded: bool = False


class Completion(Record):
    """The answer to a call, and how it came about.

    No choices, and an empty `text`, mean that the model has nothing to suggest here.

    Args:
        choices: The suggestions, the best first.
        model: The model that was used, where the server says.
        route: The route that answered.
        reason: Why that route.
        attempts: Every send of the call, in order.
        elapsed_s: Seconds from call to answer.
        request_id: The answering server's id of the request, for its logs.
    """

    choices: tuple[Choice, ...]
    model: Model | None
    route: Route
    reason: RouteReason
    attempts: tuple[Attempt, ...]
    elapsed_s: float
    request_id: str | None

    @property
    def text(self) -> str:
        """The first choice's text, or an empty string when there is none."""
        return self.choices[0].text if self.choices else ""
