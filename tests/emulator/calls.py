"""Hosts without sockets, and requests that they take."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from gitlab_completions.emulator.access_tokens import AccessTokens
from gitlab_completions.emulator.answers import Answer, Request, as_object
from gitlab_completions.emulator.gateway import Gateway
from gitlab_completions.emulator.grants import Identity
from gitlab_completions.emulator.instance import Instance
from gitlab_completions.emulator.profiles import PROFILES
from gitlab_completions.emulator.tokens import Hs256Authority

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitlab_completions.emulator.model import Prompt
    from gitlab_completions.emulator.profiles import Profile

NOW = 1_800_000_000.0
OLD, NEW, NEWEST = "17.2", "19.3", "19.5"
ABOVE = "def is_even(n):\n    "
TOKENS = AccessTokens(
    valid="glpat-valid",
    expired="glpat-old",
    revoked="glpat-gone",
    wrong_scope="glpat-r",
    ai_features="glpat-ai",
    oauth="oauth-token",
    project_bot="glpat-bot",
    job="glcbt-job",
    admin="glpat-admin",
)


def make_gateway(profile: str = NEW, says: str = "mock completion") -> Gateway:
    def model(_prompt: Prompt) -> str:
        return says

    return Gateway(PROFILES[profile], Hs256Authority(), model=model)


def make_instance(profile: str | Profile = NEW, *, root: str = "") -> Instance:
    chosen = PROFILES[profile] if isinstance(profile, str) else profile
    return Instance(
        chosen,
        make_gateway(chosen.name),
        gateway_url="https://gateway.test/ai/",
        tokens=TOKENS,
        root=root,
    )


def user_headers(gateway: Gateway, **replaced: str | None) -> dict[str, str]:
    """Return good headers of a direct call; with `_` for dashes; None drops one."""
    identity = Identity()
    token, _ = gateway.mint(identity.claims(), NOW)
    headers: dict[str, str | None] = {
        "authorization": f"Bearer {token}",
        "x-gitlab-authentication-type": "oidc",
        "x-gitlab-instance-id": identity.instance_id,
        "x-gitlab-realm": identity.realm,
        "x-gitlab-global-user-id": identity.global_user_id,
        "content-type": "application/json",
    }
    headers |= {name.replace("_", "-"): value for name, value in replaced.items()}
    return {name: value for name, value in headers.items() if value is not None}


def completion_body(**replaced: object) -> dict[str, object]:
    file = {
        "file_name": "test.py",
        "content_above_cursor": ABOVE,
        "content_below_cursor": "\n",
    }
    return {"prompt_version": 1, "current_file": file, **replaced}


def file_body(**replaced: object) -> dict[str, object]:
    file = as_object(completion_body()["current_file"]) or {}
    return completion_body(current_file={**file, **replaced})


def components(
    *context: Mapping[str, object],
    type: str = "code_editor_completion",  # noqa: A002
    **payload: object,
) -> dict[str, object]:
    """Return a body of v3 and v4."""
    file = as_object(completion_body()["current_file"]) or {}
    first = {"type": type, "payload": {**file, **payload}}
    others = [{"type": "code_context", "payload": item} for item in context]
    return {"prompt_components": [first, *others]}


def without(fields: Mapping[str, object], name: str) -> dict[str, object]:
    return {key: value for key, value in fields.items() if key != name}


def direct(
    gateway: Gateway,
    body: object = None,
    *,
    raw: bytes | None = None,
    path: str = "/v2/completions",
    method: str = "POST",
    headers: Mapping[str, str] | None = None,
    now: float = NOW,
) -> Answer:
    """Send `raw`, or `body` as JSON, with good headers unless others are given."""
    sent = json.dumps(completion_body() if body is None else body).encode()
    request = Request(
        method=method,
        path=path,
        headers=user_headers(gateway) if headers is None else headers,
        body=sent if raw is None else raw,
    )
    return gateway.answer(request, now)


def ask(
    instance: Instance,
    path: str,
    body: object = None,
    *,
    raw: bytes | None = None,
    method: str = "POST",
    headers: Mapping[str, str] | None = None,
    now: float = NOW,
) -> Answer:
    """Send `raw` or `body` to a path below `/api/v4` with the good access token."""
    good = {"private-token": TOKENS.valid, "content-type": "application/json"}
    sent = b"" if body is None else json.dumps(body).encode()
    request = Request(
        method=method,
        path=f"{instance.root}/api/v4{path}",
        headers=good if headers is None else headers,
        body=sent if raw is None else raw,
    )
    return instance.answer(request, now)


def field(document: object, *names: str | int) -> object:
    """Walk into JSON by keys and positions."""
    for name in names:
        if isinstance(name, int):
            assert isinstance(document, list)
            document = document[name]
        else:
            document = (as_object(document) or {})[name]
    return document
