"""What is seen of a client and of what is around it; the judges read it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gitlab_completions._records import Record

if TYPE_CHECKING:
    from gitlab_completions._doctor.notebook import Entry
    from gitlab_completions._doctor.troubles import Trouble
    from gitlab_completions._shell.endings import Ending
    from gitlab_completions._shell.patient import Patient
    from gitlab_completions._transport.probes import Handshake, Lookup
    from gitlab_completions._transport.ways import Way
    from gitlab_completions._wire.introspection import TokenFacts, TokenForm
    from gitlab_completions._wire.messages import SendError
    from gitlab_completions._wire.refusals import Refusal
    from gitlab_completions.details import Endpoint
    from gitlab_completions.errors import DirectAccessError
    from gitlab_completions.models import Route
    from gitlab_completions.status import Availability


class Road(Record):
    """The way to a host, and what was met on it below HTTP.

    Args:
        host: The host.
        port: Its port.
        is_tls: Whether TLS is spoken there.
        way: How exchanges get there; `None`: by a sender that cannot be looked into.
        lookup: What the name stands for; `None` where a proxy asks for it.
        handshake: A connection, made and closed; `None` when there was none.
        error: Why there was none.
    """

    host: str
    port: int
    is_tls: bool
    way: Way | None = None
    lookup: Lookup | None = None
    handshake: Handshake | None = None
    error: SendError | None = None

    @property
    def connect_s(self) -> float | None:
        """Seconds until a new connection can be used."""
        shake = self.handshake
        if shake is None or shake.error is not None:
            return None
        return shake.connect_s + (shake.tls_s or 0.0)


class Granted(Record):
    """What a grant of direct access is worth.

    Args:
        lifetime_s: Seconds that its token lives.
        issued_at: Unix seconds at which the gateway says that it made the token.
        endpoints: What of the gateway may be asked.
        names_model: Whether it names a model.
    """

    lifetime_s: float
    issued_at: float | None
    endpoints: tuple[Endpoint, ...]
    names_model: bool


class Tasted(Record):
    """A small completion.

    Args:
        ending: What came of it.
        elapsed_s: Seconds on the wire; `None` without an answer.
    """

    ending: Ending
    elapsed_s: float | None


@dataclass(slots=True, kw_only=True, repr=False)
class Chart:
    """What was seen; `None` is what was not looked at.

    Args:
        patient: The client.
        overridden: `GITLAB_COMPLETIONS_DIRECT` has a say.
        project_given: A project was named.
        instance: The way to the instance.
        trouble: What made it useless to look further.
        contact: The instance's first answer.
        contact_refusal: What that says when it is no version.
        token_form: What the access token is by its looks.
        token: What GitLab tells of it.
        availability: Whether code suggestions work.
        granted: What direct access brought.
        direct_problem: Why it brought nothing.
        direct_refusal: The instance's refusal of it.
        gateway: The way to the gateway.
        health: The gateway's first answer.
        health_error: Why there was none.
        tasted: The completions.
        unsent: Why no completion was asked for, on either route.
        entries: All answers.
    """

    patient: Patient
    overridden: bool
    project_given: bool
    instance: Road
    trouble: Trouble | None = None
    contact: Entry | None = None
    contact_refusal: Refusal | None = None
    token_form: TokenForm = "unknown"
    token: TokenFacts | None = None
    availability: Availability | None = None
    granted: Granted | None = None
    direct_problem: DirectAccessError | None = None
    direct_refusal: Refusal | None = None
    gateway: Road | None = None
    health: Entry | None = None
    health_error: SendError | None = None
    tasted: dict[Route, Tasted] = field(default_factory=dict["Route", Tasted])
    unsent: str = ""
    entries: tuple[Entry, ...] = ()

    def came(self, route: Route) -> bool:
        """Tell whether a completion came by a route."""
        tasted = self.tasted.get(route)
        return tasted is not None and tasted.ending.error is None

    @property
    def completes(self) -> bool:
        """Whether any came: then all that is found is no more than a warning."""
        return any(self.came(route) for route in self.tasted)
