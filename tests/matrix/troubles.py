"""The faults of networks, of connections, and of answers that are none of GitLab's."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from gitlab_completions import ErrorCode as Code
from gitlab_completions._core.verdicts import Body, Observation
from gitlab_completions.emulator import Endpoint
from gitlab_completions.emulator.fault_answers import CAPTIVE_PORTAL
from tests.matrix.facts import GOOD, Fact, Trouble, broken, everywhere

if TYPE_CHECKING:
    from collections.abc import Callable

DRIP_BYTES_PER_S = 20

_OTHER = Observation(status=200, body=Body.OTHER)
_SILENCE = Fact(seen=broken("timeout"), code=Code.TIMEOUT)
_UNREACHED = Fact(seen=broken("connect"), code=Code.OFFLINE)
_UNREACHED_OR_SILENT = Fact(
    seen=broken("connect"),
    code=Code.OFFLINE,
    warm=(broken("timeout"), Code.TIMEOUT),
)
_BROKEN = Fact(seen=broken("broken"), code=Code.OFFLINE)
_UNTRUSTED = Fact(seen=broken("tls"), code=Code.TLS_UNTRUSTED)
_TOO_MUCH = Fact(seen=broken("protocol"), code=Code.MALFORMED)
_NONSENSE = Fact(seen=_OTHER, code=Code.MALFORMED)
_PORTAL = Fact(seen=_OTHER, code=Code.CAPTIVE_PORTAL)
_FINE = Fact(seen=GOOD)
_ELSEWHERE = Fact(seen=Observation(status=307, body=Body.OTHER), code=Code.MALFORMED)


def _on(strike: Callable[[Endpoint], None]) -> Callable[[Endpoint, str], None]:
    """Return what strikes an endpoint and needs no other host."""
    return lambda endpoint, _elsewhere: strike(endpoint)


def _page_as_json(endpoint: Endpoint, _elsewhere: str) -> None:
    headers = {"content-type": "application/json"}
    endpoint.fail(200, body=CAPTIVE_PORTAL.encode(), headers=headers)


CONNECTIONS = (
    Trouble(
        name="connection refused",
        strike=_on(Endpoint.refuse),
        facts=everywhere(_UNREACHED),
        whole_host=True,
        arrives=False,
    ),
    Trouble(
        name="connect never completes",
        strike=_on(Endpoint.blackhole),
        facts=everywhere(_UNREACHED_OR_SILENT),
        slow=True,
        whole_host=True,
        arrives=False,
    ),
    Trouble(
        name="accepted and not read",
        strike=_on(Endpoint.deaf),
        facts=everywhere(_UNREACHED_OR_SILENT),
        slow=True,
        whole_host=True,
        arrives=False,
    ),
    Trouble(
        name="certificate not trusted",
        strike=_on(Endpoint.untrusted),
        facts=everywhere(_UNTRUSTED),
        whole_host=True,
        arrives=False,
    ),
    Trouble(
        name="TLS handshake breaks",
        strike=_on(Endpoint.broken_handshake),
        facts=everywhere(_UNREACHED),
        whole_host=True,
        arrives=False,
    ),
    Trouble(
        name="read and not answered",
        strike=_on(Endpoint.hang),
        facts=everywhere(_SILENCE),
        slow=True,
    ),
    Trouble(
        name="slow drip",
        strike=_on(partial(Endpoint.drip, bytes_per_s=DRIP_BYTES_PER_S)),
        facts=everywhere(_SILENCE),
        slow=True,
    ),
    Trouble(
        name="reset before the answer",
        strike=_on(Endpoint.reset),
        facts=everywhere(_BROKEN),
        resent=1,
    ),
    Trouble(
        name="reset in the answer",
        strike=_on(Endpoint.reset_midway),
        facts=everywhere(_BROKEN),
    ),
    Trouble(
        name="truncated answer",
        strike=_on(Endpoint.half_answer),
        facts=everywhere(_BROKEN),
    ),
    Trouble(
        name="truncated chunks",
        strike=_on(Endpoint.cut_chunks),
        facts=everywhere(_BROKEN),
    ),
    Trouble(
        name="stale keep-alive",
        strike=_on(Endpoint.stale),
        facts=everywhere(_FINE),
        resent=1,
    ),
)

ANSWERS = (
    Trouble(name="HTML with 200", strike=_on(Endpoint.html), facts=everywhere(_PORTAL)),
    Trouble(
        name="HTML that says it is JSON",
        strike=_page_as_json,
        facts=everywhere(_PORTAL),
    ),
    Trouble(
        name="JSON that says it is text",
        strike=_on(Endpoint.wrong_content_type),
        facts=everywhere(_FINE),
    ),
    Trouble(
        name="JSON that says it is HTML",
        strike=_on(partial(Endpoint.wrong_content_type, content_type="text/html")),
        # Completions are read by what they are; a grant carries a token, so it is not.
        facts={**everywhere(_FINE), "direct_access": _PORTAL},
    ),
    Trouble(
        name="bad JSON with 200",
        strike=_on(Endpoint.bad_json),
        facts=everywhere(_NONSENSE),
    ),
    Trouble(
        name="10 MB body",
        strike=_on(Endpoint.huge),
        facts=everywhere(_TOO_MUCH),
        spare_s=10.0,
    ),
    Trouble(
        name="gzip bomb", strike=_on(Endpoint.gzip_bomb), facts=everywhere(_TOO_MUCH)
    ),
    Trouble(
        name="redirect to another host",
        strike=lambda endpoint, elsewhere: endpoint.redirect(elsewhere),
        facts=everywhere(_ELSEWHERE),
    ),
)


def _spoilt(field: str | None, facts: dict[str, Fact]) -> Trouble:
    """Return the trouble of a field, or of every field, with a wrong type."""
    names = {None: "every field", "": "the document"}
    return Trouble(
        name=f"wrong type: {names.get(field, field)}",
        strike=_on(partial(Endpoint.wrong_types, field=field)),
        facts=facts,
    )


def _completions(fact: Fact) -> dict[str, Fact]:
    return {"gateway": fact, "instance": fact}


def _no_grant(word: str) -> dict[str, Fact]:
    seen = Observation(status=201, body=Body.JSON, word=word)
    return {"direct_access": Fact(seen=seen, code=Code.DIRECT_BARRED)}


_NO_TOKEN = Fact(seen=Observation(status=201, body=Body.OTHER), code=Code.MALFORMED)
_GRANTED = Fact(seen=Observation(status=201, body=Body.GOOD))

TYPES = (
    _spoilt(None, {"direct_access": _NO_TOKEN, **_completions(_NONSENSE)}),
    _spoilt("", {"direct_access": _NO_TOKEN, **_completions(_NONSENSE)}),
    _spoilt("token", {"direct_access": _NO_TOKEN}),
    _spoilt("base_url", _no_grant("bad_grant")),
    _spoilt("headers", _no_grant("bad_grant")),
    _spoilt("model_details", _no_grant("no_model")),
    _spoilt("model_details.model_name", _no_grant("no_model")),
    _spoilt("expires_at", {"direct_access": _GRANTED}),  # the token tells it too
    _spoilt("choices", _completions(_NONSENSE)),
    _spoilt("choices.text", _completions(_NONSENSE)),
    _spoilt("choices.index", _completions(_FINE)),
    _spoilt("choices.finish_reason", _completions(_FINE)),
    _spoilt("model", _completions(_FINE)),
    _spoilt("model.name", _completions(_FINE)),
    _spoilt("metadata", _completions(_FINE)),
    _spoilt("created", _completions(_FINE)),
)

TOKENS = (
    Trouble(
        name="token expired",
        strike=_on(Endpoint.expired_token),
        facts={"direct_access": Fact(seen=_GRANTED.seen, refused_later=True)},
    ),
    Trouble(
        name="token with a bad signature",
        strike=_on(Endpoint.tampered_token),
        facts={"direct_access": Fact(seen=_GRANTED.seen, refused_later=True)},
    ),
)

TROUBLES = (*CONNECTIONS, *ANSWERS, *TYPES, *TOKENS)
