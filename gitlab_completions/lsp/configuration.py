"""What the client and the environment have set, and what is wrong with it.

The client's settings come from its `initializationOptions`, from
`workspace/didChangeConfiguration` and from its section `gitlab-completions`, and hold
over the environment's: `GITLAB_URL`, `GITLAB_TOKEN` and
`GITLAB_COMPLETIONS_ALLOW_PLAIN_HTTP`. (`GITLAB_COMPLETIONS_DIRECT` is the library's to
read.) A wrong value is told and leaves the default, so that one typing error switches
nothing else off.

One default is none, on purpose: a wrong address of the instance is not replaced by the
environment's, since source must not go where its author did not send it. For the same
reason the environment's token goes to the environment's instance alone, and where that
names none, to the one that the client began with: an address that comes later may be of
a repository's own settings (Emacs takes them from any `.dir-locals.el`), and whose that
is nobody knows.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeAlias, cast

from gitlab_completions._records import Record, replace
from gitlab_completions._secrets import Secret
from gitlab_completions.editor.policy import EditorPolicy
from gitlab_completions.errors import ConfigurationError, RequestRejectedError
from gitlab_completions.lsp.addresses import address_of
from gitlab_completions.models import CompletionRequest
from gitlab_completions.policy import DirectMode, RoutingPolicy
from gitlab_completions.tokens import PrivateToken

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ("SECTION", "Configuration", "Settings", "read_settings")

SECTION = "gitlab-completions"
"""The section that a client keeps the settings in."""

_PLAIN_HTTP = "GITLAB_COMPLETIONS_ALLOW_PLAIN_HTTP"
_INSTANCE = "instanceUrl"
_ALLOW = "allowPlainHttp"
_TRUE = frozenset({"1", "true", "t", "yes", "y", "on"})
"""What the command line takes for yes in an environment variable."""
_SIMILAR = 0.8
"""Likeness from which an unknown setting is taken for a misspelt one. Others are let
pass: clients keep settings of their own in the section, such as `trace`."""
_MOST_UNKNOWN, _MOST_KEY = 50, 40
"""Unknown settings, and characters of one, that are looked at."""
_MOST_WAIT_MS = 60_000
"""No author waits for longer than a minute."""
_DEFAULTS = EditorPolicy()


class Settings(Record):
    """What is set.

    Args:
        instance_url: The GitLab instance; `None` when nobody says which.
        token: The access token that the client gave.
        environment_token: The one in `GITLAB_TOKEN`, where it may go to this instance.
        keyring: Whether the keyring may be asked for one.
        project_path: The project of files whose remotes tell none.
        direct: Whether to go direct.
        ca: A file or folder of certificate authorities to trust as well.
        allow_plain_http: Whether the instance may be spoken to without TLS.
        redact_secrets: Whether secrets are taken out of what is sent.
        open_files: Whether other open files are sent along.
        editor: The knobs of the keystroke logic.
    """

    instance_url: str | None = None
    token: Secret | None = None
    environment_token: Secret | None = None
    keyring: bool = True
    project_path: str | None = None
    direct: DirectMode = DirectMode.AUTO
    ca: str | None = None
    allow_plain_http: bool = False
    redact_secrets: bool = False
    open_files: bool = True
    editor: EditorPolicy = _DEFAULTS

    @property
    def routing(self) -> RoutingPolicy:
        """How the client is to choose routes."""
        return RoutingPolicy(direct=self.direct, allow_plain_http=self.allow_plain_http)


class Configuration(Record):
    """Settings, and what is wrong with what they were read from.

    Args:
        settings: What holds.
        complaints: A line for people for each wrong value; never the value itself.
    """

    settings: Settings
    complaints: tuple[str, ...] = ()


_Reader: TypeAlias = "Callable[[Settings, object], object]"
"""Returns the value of a setting, or raises what follows its name in a complaint."""


def read_settings(*given: object, environment: Mapping[str, str]) -> Configuration:
    """Read what the client has set, over what the environment has.

    Args:
        *given: What the client sent, the latest last: the section, or what holds it.
            The first is what it was started with, which is the author's own.
        environment: The environment's variables.
    """
    complaints: list[str] = []
    values: dict[str, object] = {}
    sections = [_section(each, complaints) for each in given]
    for section in sections:
        values |= section
    settings = _of_environment(environment, values.get(_ALLOW), complaints)
    for key, (name, reader) in _READERS.items():
        value = values.get(key)
        if value is None or value == "":  # how clients say that it is not set
            continue
        try:
            settings = replace(settings, **{name: reader(settings, value)})
        except ConfigurationError as error:
            complaints.append(f"{SECTION}.{key} {error.message}")
            if name == "instance_url":
                settings = replace(settings, instance_url=None)
    complaints += _misspelt(values)
    began_with = sections[0].get(_INSTANCE) if sections else None
    settings = _with_safe_token(settings, environment, began_with, complaints)
    return Configuration(settings=settings, complaints=tuple(complaints))


def _section(given: object, complaints: list[str]) -> dict[str, object]:
    """Return the settings in what a client sent, which may hold other sections too."""
    if isinstance(given, Mapping):
        sections = cast("Mapping[str, object]", given)
        given = sections.get(SECTION, sections)
    if isinstance(given, Mapping):
        return dict(cast("Mapping[str, object]", given))
    if given is not None:
        complaints.append(f"{SECTION} must hold settings, not {_kind(given)}")
    return {}


def _of_environment(
    environment: Mapping[str, str], allowed: object, complaints: list[str]
) -> Settings:
    """Return what the environment has; of plain HTTP the client has the last word."""

    def variable(name: str) -> str:
        return environment.get(name, "").strip()

    if not isinstance(allowed, bool):
        allowed = variable(_PLAIN_HTTP).lower() in _TRUE
    settings = Settings(allow_plain_http=allowed)
    readers: tuple[tuple[str, str, _Reader], ...] = (
        ("GITLAB_URL", "instance_url", _url),
        ("GITLAB_TOKEN", "environment_token", _token),
    )
    for key, name, reader in readers:
        try:
            if variable(key):
                value = reader(settings, variable(key))
                settings = replace(settings, **{name: value})
        except ConfigurationError as error:
            complaints.append(f"{key} {error.message}")
    return settings


def _with_safe_token(
    settings: Settings,
    environment: Mapping[str, str],
    began_with: object,
    complaints: list[str],
) -> Settings:
    """Take the environment's token away from an instance that is not its own."""
    home = environment.get("GITLAB_URL", "").strip()
    if settings.environment_token is None or not (home or settings.instance_url):
        return settings
    own = home or (began_with.strip() if isinstance(began_with, str) else "")
    if address_of(own) == address_of(settings.instance_url):
        return settings
    if settings.token is None and settings.instance_url is not None:
        why = "GITLAB_URL, which it belongs to, is not the instance of"
        if not home:
            why = "set GITLAB_URL beside it, if it is of the instance of"
        complaints.append(f"GITLAB_TOKEN is not used: {why} {SECTION}.{_INSTANCE}")
    return replace(settings, environment_token=None)


def _misspelt(values: Mapping[str, object]) -> list[str]:
    """Complain of settings that nobody knows and that look like one that is known."""
    unknown = [str(key)[:_MOST_KEY] for key in values if key not in _READERS]
    if not unknown:
        return []
    from difflib import get_close_matches  # noqa: PLC0415 - few misspell

    known = {key.lower(): key for key in _READERS}
    complaints: list[str] = []
    for key in unknown[:_MOST_UNKNOWN]:
        plain = key.lower().replace("_", "").replace("-", "")
        complaints += [
            f"{SECTION} has an unknown setting: was {known[likely]} meant?"
            for likely in get_close_matches(plain, known, n=1, cutoff=_SIMILAR)
        ]
    return complaints


def _url(settings: Settings, value: object) -> str:
    url = _text(settings, value)
    address = address_of(url)
    if address is None or "@" in url:
        raise ConfigurationError(
            "must be an instance's address, such as https://gitlab.example.com, "
            "without credentials"
        )
    if address.scheme == "http" and not settings.allow_plain_http:
        raise ConfigurationError(
            "must start with https://, since token and source travel there; for an "
            f"emulator on this machine set {SECTION}.{_ALLOW}"
        )
    return url


def _token(settings: Settings, value: object) -> Secret:
    token = _text(settings, value)
    try:
        PrivateToken(token)
    except ConfigurationError:
        raise ConfigurationError(
            "must be a token as GitLab shows it: ASCII, without blanks"
        ) from None
    return Secret(token)


def _project(settings: Settings, value: object) -> str:
    path = _text(settings, value)
    try:
        CompletionRequest(file_name="a", content_above_cursor="", project_path=path)
    except RequestRejectedError:
        raise ConfigurationError(
            'must look like "group/project", not like a URL'
        ) from None
    return path


def _direct(settings: Settings, value: object) -> DirectMode:
    try:
        return DirectMode(_text(settings, value))
    except ValueError:
        raise ConfigurationError('must be "auto", "never" or "only"') from None


def _text(settings: Settings, value: object) -> str:
    del settings
    if not isinstance(value, str):
        raise ConfigurationError(f"must be a string, not {_kind(value)}")
    return value.strip()


def _switch(settings: Settings, value: object) -> bool:
    del settings
    if not isinstance(value, bool):
        raise ConfigurationError(f"must be true or false, not {_kind(value)}")
    return value


def _enabled(settings: Settings, value: object) -> EditorPolicy:
    return dataclasses.replace(settings.editor, enabled=_switch(settings, value))


def _automatic(settings: Settings, value: object) -> EditorPolicy:
    return dataclasses.replace(settings.editor, automatic=_switch(settings, value))


def _candidates(settings: Settings, value: object) -> EditorPolicy:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ConfigurationError("must be a whole number of at least 1")
    return dataclasses.replace(settings.editor, candidates=value)


def _most_wait(settings: Settings, value: object) -> EditorPolicy:
    """Return a policy with another longest debounce, below which the shortest stays."""
    right = f"must be a number of milliseconds from 1 to {_MOST_WAIT_MS}"
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ConfigurationError(right)
    if not 1 <= value <= _MOST_WAIT_MS:
        raise ConfigurationError(right)
    most_s = value / 1000
    least_s = min(settings.editor.least_wait_s, most_s)
    return dataclasses.replace(
        settings.editor, most_wait_s=most_s, least_wait_s=least_s
    )


def _languages_off(settings: Settings, value: object) -> EditorPolicy:
    names = cast("list[object] | tuple[object, ...]", value)
    if not isinstance(value, list | tuple) or not all(
        isinstance(name, str) for name in names
    ):
        raise ConfigurationError('must be a list of languages, such as ["markdown"]')
    off = frozenset(str(name) for name in names)
    return dataclasses.replace(settings.editor, languages_off=off)


def _kind(value: object) -> str:
    """Return what JSON calls such a value."""
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, str):
        return "a string"
    if isinstance(value, int | float):
        return "a number"
    return "an object" if isinstance(value, Mapping) else "a list"


# In this order: whether plain HTTP is allowed decides what an address may be.
_READERS: dict[str, tuple[str, _Reader]] = {
    _ALLOW: ("allow_plain_http", _switch),
    _INSTANCE: ("instance_url", _url),
    "token": ("token", _token),
    "keyring": ("keyring", _switch),
    "projectPath": ("project_path", _project),
    "direct": ("direct", _direct),
    "ca": ("ca", _text),
    "redactSecrets": ("redact_secrets", _switch),
    "openFiles": ("open_files", _switch),
    "enabled": ("editor", _enabled),
    "automatic": ("editor", _automatic),
    "candidates": ("editor", _candidates),
    "mostWaitMs": ("editor", _most_wait),
    "languagesOff": ("editor", _languages_off),
}
