"""Connection details: what a grant of direct access holds, ready to be used.

Secrets: the token is in `headers`, and a `repr` shows neither.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from gitlab_completions._records import Record

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ("ConnectionDetails", "Endpoint", "ModelDetails", "ModelMetadata")


class Endpoint(StrEnum):
    """A version of the gateway's endpoint for completions.

    GitLab means to take v2 away in its release 21.0. Until then no version serves all:
    the gateways of 2026-08 refuse v4 to users, and those before have none.
    """

    V2 = "v2"
    V4 = "v4"


GITLAB = "gitlab"
"""The provider of models that an administrator chose, by names of GitLab's own. Others
are what GitLab, and its gateway, go by where nobody chose."""


class ModelDetails(Record):
    """The model to ask for, as the gateway's v2 is told of it.

    Both parts go together: the gateway refuses a provider without its model.
    """

    provider: str
    name: str

    @property
    def is_pinned(self) -> bool:
        """Whether the instance's administrator chose it."""
        return self.provider == GITLAB


class ModelMetadata(Record):
    """The same as the gateway's v4 is told of it; granted since GitLab 19.5."""

    provider: str
    feature_setting: str
    identifier: str

    @property
    def is_pinned(self) -> bool:
        """Whether the instance's administrator chose it."""
        return self.provider == GITLAB


class ConnectionDetails(Record):
    """What it takes to go direct.

    Args:
        base_url: The gateway's root, checked, without a trailing slash.
        token: The token that the gateway checks; never another host.
        headers: Header pairs for each direct request, the token's among them.
        lifetime_s: Seconds the token lives, counted from the answer that brought it.
        model_details: The model to ask v2 for; `None` where the instance names none.
        model_metadata: The model to ask v4 for; `None` where the instance names none.
    """

    base_url: str
    token: str
    headers: Mapping[str, str]
    lifetime_s: float
    model_details: ModelDetails | None = None
    model_metadata: ModelMetadata | None = None

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """The endpoints that may be asked, the preferred one first.

        Whoever grants metadata speaks v4. An endpoint that cannot be told of the model
        that was chosen is not asked: it would take another one, perhaps of a vendor
        that the administrator did not choose.
        """
        details = self.model_details
        if self.model_metadata is not None:
            also = () if details is None else (Endpoint.V2,)
            return (Endpoint.V4, *also)
        is_pinned = details is not None and details.is_pinned
        return (Endpoint.V2,) if is_pinned else (Endpoint.V2, Endpoint.V4)

    def __repr__(self) -> str:
        return f"ConnectionDetails(base_url={self.base_url!r}, token=<secret>)"
