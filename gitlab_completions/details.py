"""Connection details: what a grant of direct access holds, ready to be used.

Secrets: the token is in `headers`, and a `repr` shows neither.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ("ConnectionDetails", "ModelDetails")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelDetails:
    """The model that the instance's administrator chose, for the gateway.

    Both parts go together: the gateway refuses a provider without its model.
    """

    provider: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionDetails:
    """What it takes to go direct.

    Args:
        base_url: The gateway's root, checked, without a trailing slash.
        token: The token that the gateway checks; never another host.
        headers: Header pairs for each direct request, the token's among them.
        lifetime_s: Seconds the token lives, counted from the answer that brought it.
        model_details: The model to ask for, or `None` where the instance names none.
    """

    base_url: str
    token: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    lifetime_s: float
    model_details: ModelDetails | None = None
