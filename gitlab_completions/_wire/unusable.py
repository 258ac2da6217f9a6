"""Answers that came with a good status and are still of no use."""

from __future__ import annotations

from typing import Literal

__all__ = (
    "GrantRefusal",
    "GrantRefusedError",
    "NotACompletionError",
    "NotAGrantError",
    "StreamCutError",
    "WebPageError",
)

GrantRefusal = Literal["no_model", "bad_grant", "clock"]


class NotACompletionError(Exception):
    """The body is not a completion.

    Args:
        reason: A few words of ours; never anything of the body.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason: str = reason


class WebPageError(NotACompletionError):
    """The body is a web page, as a captive portal's sign-in is."""

    def __init__(self) -> None:
        super().__init__("a web page")


class StreamCutError(Exception):
    """A stream's body ended before its text did.

    Args:
        reason: A few words of ours; never anything of the body.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason: str = reason


class NotAGrantError(Exception):
    """The body does not grant direct access: no token, or no JSON at all.

    Args:
        reason: A few words of ours; never anything of the body.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason: str = reason


class GrantRefusedError(Exception):
    """Direct access was granted, and the grant must not be used.

    Args:
        reason: `no_model` (the gateway would choose a model that the administrator
            did not), `bad_grant` (its address, token or headers are not acceptable),
            `clock` (it was over before it began).
    """

    def __init__(self, reason: GrantRefusal) -> None:
        super().__init__(reason)
        self.reason: GrantRefusal = reason
