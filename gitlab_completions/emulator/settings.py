"""What an admin, an operator or a bill can change while the instance runs."""

from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Final, cast

__all__ = ("Quota", "Settings")


class Quota(StrEnum):
    """What the gateway hears when it asks whether the user's credits suffice."""

    OK = "ok"
    EXCEEDED = "exceeded"
    NOT_ENTITLED = "not_entitled"


_TAKES: Final[dict[type, str]] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a word",
    tuple: "a list of words",
    Quota: f"one of {', '.join(Quota)}",
}


@dataclass(slots=True, kw_only=True)
class Settings:
    """Switches of one emulator, effective with the next request.

    Attributes:
        direct_enabled: The admin's connection method; off is 403 on direct access.
        code_suggestions_enabled: The operators' switch; off is 404 on both endpoints.
        has_seat: Whether the user may use the feature at all; else 401.
        missing_default_duo_group: Whether a `project_path` is needed for billing.
        has_paid_namespace: Whether the user belongs to one, which GitLab.com wants
            since 19.0; else 403 on direct access.
        pinned_model: GitLab's name of the model that the user's group has chosen, ""
            for none; from 18.2 to 18.9 it bars direct access, since 19.0 it is granted.
        hidden_projects: Paths of projects that the user does not see.
        projects_without_duo: Paths of projects that have Duo switched off.
        quota: What the gateway hears about the user's credits.
        direct_access_limit: Requests per minute, 0 for any number.
        completions_limit: The same for the instance's completion endpoint.
        minimum_language_server_version: The least version of GitLab's own language
            server that is let in, "" for every one.
        canary_cookie: Whether both hosts set a cookie, as GitLab.com and its edge do.
        v2_gone: Whether the gateway has no v2 any more, as is planned for GitLab 21.
        token_lifetime_s: How long a new user token is good, in seconds.
        instance_clock_offset_s: By how many seconds the instance's clock is ahead.
        gateway_clock_offset_s: The same for the gateway's, which also dates tokens.
        stream_piece_bytes: Into how many bytes each a stream is cut, in the midst of
            characters too; 0 leaves it cut at words and events.
        stream_gap_s: How long it pauses before each piece, in seconds.
    """

    direct_enabled: bool = True
    code_suggestions_enabled: bool = True
    has_seat: bool = True
    missing_default_duo_group: bool = False
    has_paid_namespace: bool = True
    pinned_model: str = ""
    hidden_projects: tuple[str, ...] = ()
    projects_without_duo: tuple[str, ...] = ()
    quota: Quota = Quota.OK
    direct_access_limit: int = 50
    completions_limit: int = 60
    minimum_language_server_version: str = ""
    canary_cookie: bool = False
    v2_gone: bool = False
    token_lifetime_s: int = 3600
    instance_clock_offset_s: float = 0.0
    gateway_clock_offset_s: float = 0.0
    stream_piece_bytes: int = 0
    stream_gap_s: float = 0.0

    def update(self, values: dict[str, object]) -> None:
        """Set several at once from JSON values, or none of them.

        Raises:
            ValueError: If a name is unknown or a value has the wrong type.
        """
        known = {field.name: getattr(self, field.name) for field in fields(self)}
        for name in values.keys() - known.keys():
            raise ValueError(f"there is no setting {name}, but {', '.join(known)}")
        checked = {
            name: _like(name, known[name], value) for name, value in values.items()
        }
        for name, value in checked.items():
            setattr(self, name, value)

    def document(self) -> dict[str, object]:
        """Return all of them as JSON values."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


def _like(name: str, old: object, new: object) -> object:
    """Return `new` when it is of the type of `old`.

    Raises:
        ValueError: If it is not.
    """
    if isinstance(old, Quota) and isinstance(new, str) and new in list(Quota):
        return Quota(new)
    if isinstance(old, tuple):
        return _words(name, new)
    number = isinstance(new, int | float) and not isinstance(new, bool)
    if isinstance(old, float) and number:
        return new
    if type(new) is not type(old):
        raise ValueError(f"{name} takes {_TAKES[type(old)]}")
    return new


def _words(name: str, new: object) -> tuple[str, ...]:
    """Return a list of words as a setting keeps it.

    Raises:
        ValueError: If it is none.
    """
    items = cast("list[object]", new) if isinstance(new, list | tuple) else [new]
    words = tuple(item for item in items if isinstance(item, str))
    if not isinstance(new, list | tuple) or len(words) != len(items):
        raise ValueError(f"{name} takes {_TAKES[tuple]}")
    return words
