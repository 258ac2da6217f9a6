"""Code completions from GitLab Duo, by the fastest route that works.

GitLab lets an editor talk straight to its AI Gateway: *direct*, with a short-lived
token that the instance grants. Where that is switched off, or fails, completions come
through the instance: *indirect*. This library chooses, falls back within a call's
deadline, and says what it did::

    async with CompletionClient("https://gitlab.example.com", token) as client:
        completion = await client.complete(
            CompletionRequest(file_name="calc.py", content_above_cursor="def area(r):")
        )
    print(completion.text, completion.route, completion.reason)
"""

import logging

from gitlab_completions._version import __version__
from gitlab_completions.client import CompletionClient
from gitlab_completions.errors import (
    AllRoutesFailedError,
    ClientClosedError,
    ConfigurationError,
    DeadlineExceededError,
    ErrorCode,
    GitLabCompletionsError,
    RequestRejectedError,
    StreamBrokenError,
)
from gitlab_completions.events import Observer
from gitlab_completions.models import (
    Attempt,
    Choice,
    Completion,
    CompletionRequest,
    ContextItem,
    GenerationType,
    Intent,
    Model,
    Route,
    RouteReason,
    TokenSource,
)
from gitlab_completions.policy import (
    CircuitPolicy,
    DetailsPolicy,
    DirectMode,
    HedgePolicy,
    RoutingPolicy,
)
from gitlab_completions.senders import HttpxSender
from gitlab_completions.status import Availability, Health, RoutingStatus
from gitlab_completions.stream import CompletionStream, SyncCompletionStream
from gitlab_completions.sync import SyncCompletionClient

__all__ = (
    "AllRoutesFailedError",
    "Attempt",
    "Availability",
    "Choice",
    "CircuitPolicy",
    "ClientClosedError",
    "Completion",
    "CompletionClient",
    "CompletionRequest",
    "CompletionStream",
    "ConfigurationError",
    "ContextItem",
    "DeadlineExceededError",
    "DetailsPolicy",
    "DirectMode",
    "ErrorCode",
    "GenerationType",
    "GitLabCompletionsError",
    "Health",
    "HedgePolicy",
    "HttpxSender",
    "Intent",
    "Model",
    "Observer",
    "RequestRejectedError",
    "Route",
    "RouteReason",
    "RoutingPolicy",
    "RoutingStatus",
    "StreamBrokenError",
    "SyncCompletionClient",
    "SyncCompletionStream",
    "TokenSource",
    "__version__",
)

# A library says nothing unless its user wants to hear it.
logging.getLogger("gitlab_completions").addHandler(logging.NullHandler())
