"""Access tokens in the system's keyring: one for each instance.

The extra `keyring` brings what talks to macOS's Keychain, Windows' Credential Manager
and the Secret Service of Linux desktops. It is imported when it is first asked, and may
ask a person to unlock it, so all of this blocks.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Protocol, cast

from gitlab_completions._secrets import Secret
from gitlab_completions.errors import ConfigurationError
from gitlab_completions.lsp.addresses import address_of
from gitlab_completions.tokens import PrivateToken

if TYPE_CHECKING:
    from gitlab_completions.lsp.addresses import Address

__all__ = (
    "SERVICE",
    "Keyring",
    "forget_token",
    "is_installed",
    "kept_token",
    "save_token",
)

SERVICE = "gitlab-completions"
"""Under which the keyring shows the tokens; the account is the instance's address."""
_LIBRARY = "keyring"
_NO_BACKEND = "NoKeyringError"
"""The library's own, of a system that has none: a container, or no desktop."""


class Keyring(Protocol):
    """What is used of the library `keyring`, a module."""

    def get_password(self, service_name: str, username: str) -> str | None:
        """Return what is kept."""
        ...

    def set_password(self, service_name: str, username: str, password: str) -> None:
        """Keep it."""
        ...

    def delete_password(self, service_name: str, username: str) -> None:
        """Forget it."""
        ...


def kept_token(instance_url: str, keyring: Keyring | None = None) -> Secret | None:
    """Return the instance's token from the keyring, or `None`.

    Args:
        instance_url: The instance.
        keyring: Another one than the system's.

    Raises:
        ConfigurationError: When the keyring cannot be asked.
    """
    address = _checked(instance_url)
    keyring = keyring or _system_keyring()
    try:
        token = keyring.get_password(SERVICE, address.url)
    except Exception as error:
        raise _unusable("asked", error) from None
    return Secret(token.strip()) if token and token.strip() else None


def save_token(instance_url: str, token: str, keyring: Keyring | None = None) -> None:
    """Keep an instance's token in the keyring, instead of one that is there.

    Args:
        instance_url: The instance.
        token: The token.
        keyring: Another one than the system's.

    Raises:
        ConfigurationError: When it cannot be a token, or the keyring does not keep it.
    """
    address = _checked(instance_url)
    PrivateToken(token)
    keyring = keyring or _system_keyring()
    try:
        keyring.set_password(SERVICE, address.url, token)
    except Exception as error:
        raise _unusable("written to", error) from None


def forget_token(instance_url: str, keyring: Keyring | None = None) -> bool:
    """Take an instance's token out of the keyring; tell whether there was one.

    Args:
        instance_url: The instance.
        keyring: Another one than the system's.

    Raises:
        ConfigurationError: When the keyring cannot be asked.
    """
    address = _checked(instance_url)
    keyring = keyring or _system_keyring()
    if kept_token(instance_url, keyring) is None:
        return False
    try:
        keyring.delete_password(SERVICE, address.url)
    except Exception as error:
        raise _unusable("written to", error) from None
    return True


def is_installed() -> bool:
    """Tell whether there is what talks to a keyring."""
    return find_spec(_LIBRARY) is not None


def _system_keyring() -> Keyring:
    if not is_installed():
        raise ConfigurationError(
            "the keyring needs a package: pip install 'gitlab-completions[keyring]'"
        )
    return cast("Keyring", import_module(_LIBRARY))


def _checked(instance_url: str) -> Address:
    address = address_of(instance_url)
    if address is None:
        raise ConfigurationError(
            "the instance's URL must be like https://gitlab.example.com"
        )
    return address


def _unusable(verb: str, error: Exception) -> ConfigurationError:
    """Say so without the error's own words, which may hold what was to be kept."""
    kind = type(error).__name__
    if kind == _NO_BACKEND:
        return ConfigurationError("there is no keyring here: set GITLAB_TOKEN instead")
    return ConfigurationError(
        f"the keyring cannot be {verb} ({kind}): unlock it, or set GITLAB_TOKEN instead"
    )
