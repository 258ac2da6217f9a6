"""Bodies of answers, for tests that mock HTTP by other means, such as respx."""

from __future__ import annotations

import time

from gitlab_completions.emulator.completion_shapes import Completion, v2_document
from gitlab_completions.emulator.gateway import Gateway
from gitlab_completions.emulator.grants import Identity, grant_document, grant_headers
from gitlab_completions.emulator.profiles import PROFILES
from gitlab_completions.emulator.settings import Settings
from gitlab_completions.emulator.tokens import Hs256Authority
from gitlab_completions.emulator.vendor_models import Engine

__all__ = ("completion_json", "grant_json")

_PROFILE = PROFILES["19.3"]
_ENGINE = Engine(engine="fireworks_ai", name="codestral_2508_fireworks")


def grant_json(base_url: str, *, lifetime_s: int = 3600) -> dict[str, object]:
    """Return the body of the 201 by which an instance grants direct access.

    Args:
        base_url: The gateway's URL.
        lifetime_s: Seconds from now (by the wall clock) until the token expires.
    """
    settings = Settings(token_lifetime_s=lifetime_s)
    gateway = Gateway(_PROFILE, Hs256Authority(), settings=settings)
    identity = Identity()
    token, expires_at = gateway.mint(identity.claims(), time.time())
    return grant_document(
        _PROFILE,
        base_url=base_url,
        token=token,
        expires_at_unix=expires_at,
        headers=grant_headers(_PROFILE, identity, with_project=False),
    )


def completion_json(*texts: str) -> dict[str, object]:
    """Return the body of a completion with one choice per text.

    Without a text it is what a gateway says that has nothing to suggest.
    """
    said = Completion(
        text="".join(texts),
        engine=_ENGINE,
        language="python",
        prompt_chars=0,
        context_chars=0,
        created_unix=int(time.time()),
    )
    choices = [
        {"text": text, "index": index, "finish_reason": "length"}
        for index, text in enumerate(texts)
    ]
    return {**v2_document(said, old=False), "choices": choices}
