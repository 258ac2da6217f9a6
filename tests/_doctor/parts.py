"""Charts as an examination fills them, made by hand."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from gitlab_completions import DirectMode, Health, Route, RouteReason, RoutingPolicy
from gitlab_completions._core.rollout import Rollout, Switch
from gitlab_completions._core.verdicts import Body, Observation
from gitlab_completions._doctor.chart import Chart, Granted, Road, Tasted
from gitlab_completions._doctor.notebook import Entry
from gitlab_completions._records import replace
from gitlab_completions._shell.access_token import TokenDesk
from gitlab_completions._shell.background import Background
from gitlab_completions._shell.endings import Ending, answered
from gitlab_completions._shell.patient import Patient
from gitlab_completions._shell.setup import Setup
from gitlab_completions._shell.spare import SpareConnections
from gitlab_completions._transport.engines import load
from gitlab_completions._transport.probes import Handshake, Lookup, Tried
from gitlab_completions._transport.ways import Way
from gitlab_completions._wire.messages import Answer, SendError
from gitlab_completions._wire.suggestions import Suggestion
from gitlab_completions.details import Endpoint
from gitlab_completions.errors import ErrorCode, RouteError, RouteServerError
from gitlab_completions.models import Choice
from gitlab_completions.status import Availability, CircuitWord, RoutingStatus
from gitlab_completions.testing import FakeGitLab, VirtualClock
from tests._transport.loopback import NO_AUTHORITIES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitlab_completions.senders import Purpose, Sender

AT = datetime(2026, 9, 1, tzinfo=UTC)
DATE = "Tue, 01 Sep 2026 00:00:00 GMT"
HOST = "gitlab.example.com"
ROOT = f"https://{HOST}"
PROXY = "http://user:canary@proxy.example:3128"
WELL = Availability(available=True, problem=None, gitlab_version="19.3.0")
CIRCUITS: dict[Route, CircuitWord] = {Route.DIRECT: "closed", Route.INDIRECT: "closed"}


def way(
    proxy: str | None = None, *, source: str = "", trust: str = "the system"
) -> Way:
    return Way(
        proxy=proxy,
        proxy_source=source,
        context=NO_AUTHORITIES,
        trust=trust,
        core=load("httpx").core,
    )


def tried(family: str = "IPv4", *, connected: bool = True) -> Tried:
    six = family == "IPv6"
    return Tried(
        family="IPv6" if six else "IPv4",
        address="2001:db8::1" if six else "192.0.2.1",
        elapsed_s=0.01,
        connected=connected,
    )


def lookup(*tries: Tried, elapsed_s: float = 0.002) -> Lookup:
    tries = tries or (tried(),)
    addresses = tuple(one.address for one in tries)
    return Lookup(addresses=addresses, tried=tries, elapsed_s=elapsed_s)


def shake(issuer: str = "R11", error: SendError | None = None) -> Handshake:
    return Handshake(
        connect_s=0.02,
        tls_s=None if error else 0.03,
        version="" if error else "TLSv1.3",
        issuer=issuer,
        error=error,
    )


def road(host: str = HOST, **changes: object) -> Road:
    whole = Road(
        host=host,
        port=443,
        is_tls=True,
        way=way(),
        lookup=lookup(),
        handshake=shake(),
    )
    return replace(whole, **changes)


def entry(
    status: int = 200,
    *,
    route: Route = Route.INDIRECT,
    path: str = "/api/v4/version",
    purpose: Purpose = "inquiry",
    headers: Mapping[str, str] | None = None,
    body: bytes = b'{"version": "19.3.0"}',
) -> Entry:
    return Entry(
        route=route,
        purpose=purpose,
        method="GET",
        url=f"{ROOT}{path}",
        answer=Answer(
            status_code=status, headers={"date": DATE} | dict(headers or {}), body=body
        ),
        elapsed_s=0.1,
        wall=AT,
    )


def granted(issued_at: float | None = None) -> Granted:
    return Granted(
        lifetime_s=3600.0,
        issued_at=issued_at,
        endpoints=(Endpoint.V2,),
        names_model=True,
    )


def came(elapsed_s: float = 0.2) -> Tasted:
    suggestion = Suggestion(choices=(Choice(text="left"),), model=None)
    return Tasted(ending=answered(suggestion, "id"), elapsed_s=elapsed_s)


def failed(
    route: Route,
    status: int = 503,
    code: ErrorCode | None = None,
    error: RouteError | None = None,
) -> Tasted:
    error = error or RouteServerError(
        f"it answered {status}", route=route, status_code=status, code=code
    )
    seen = Observation(status=status, body=Body.JSON)
    return Tasted(ending=Ending(seen=seen, error=error), elapsed_s=0.1)


def patient(
    policy: RoutingPolicy | None = None,
    *,
    sender: Sender | None = None,
    used: int = 0,
    in_share: bool = True,
    flag_on: bool = True,
    root: str = ROOT,
) -> Patient:
    switch = Switch()
    switch.on = flag_on
    return Patient(
        setup=Setup(
            root=root,
            access_token="glpat-canary",
            policy=policy or RoutingPolicy(),
            sender=sender or FakeGitLab(),
            replace=lambda _: True,
            observers=(),
            user_agent="test/1",
            clock=VirtualClock(),
            jitter=lambda: 0.5,
        ),
        desk=TokenDesk("glpat-canary", lambda: None),
        spare=SpareConnections(),
        background=Background(),
        rollout=Rollout(in_share=in_share, switch=switch),
        status=RoutingStatus(
            health=Health.STARTING,
            route=Route.DIRECT,
            reason=RouteReason.PREFERRED,
            problem=None,
            at=AT,
            recheck_in_s=None,
            token_age_s=None,
            token_expires_in_s=None,
            circuits=CIRCUITS,
            indirect_used=used,
            in_flight=0,
            counts={},
        ),
    )


def chart(**changes: object) -> Chart:
    """Return the chart of a client with which all is well, but for what is given."""
    first = entry()
    whole = Chart(
        patient=patient(),
        overridden=False,
        project_given=False,
        instance=road(),
        contact=first,
        availability=WELL,
        granted=granted(),
        gateway=road("cloud.gitlab.com"),
        health=entry(route=Route.DIRECT, path="/monitoring/healthz", body=b"{}"),
        tasted={Route.DIRECT: came(0.1), Route.INDIRECT: came(0.2)},
        entries=(first,),
    )
    for name, value in changes.items():
        setattr(whole, name, value)
    return whole


NEVER = RoutingPolicy(direct=DirectMode.NEVER)
ONLY = RoutingPolicy(direct=DirectMode.ONLY)
