"""Connection details: what a grant of direct access holds, ready to be used.

Secrets: the token is in `headers`, and a `repr` shows neither.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlab_completions._records import Record

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ("ConnectionDetails", "ModelDetails")


class ModelDetails(Record):
    """The model that the instance's administrator chose, for the gateway.

    Both parts go together: the gateway refuses a provider without its model.
    """

    provider: str
    name: str


class ConnectionDetails(Record):
    """What it takes to go direct.

    Args:
        base_url: The gateway's root, checked, without a trailing slash.
        token: The token that the gateway checks; never another host.
        headers: Header pairs for each direct request, the token's among them.
        lifetime_s: Seconds the token lives, counted from the answer that brought it.
        model_details: The model to ask for, or `None` where the instance names none.
    """

    base_url: str
    token: str
    headers: Mapping[str, str]
    lifetime_s: float
    model_details: ModelDetails | None = None

    def __repr__(self) -> str:
        return f"ConnectionDetails(base_url={self.base_url!r}, token=<secret>)"
