"""The emulator: an instance and a gateway as two HTTP servers on loopback.

Every host is a front, where faults happen, before a uvicorn that carries records to the
pure `Instance` or `Gateway`. All of it runs as tasks of the caller's event loop.
"""

import ssl
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from gitlab_completions.emulator.access_tokens import (
    AccessTokens,
    Credential,
    TokenState,
)
from gitlab_completions.emulator.extras import require
from gitlab_completions.emulator.faults import Endpoint
from gitlab_completions.emulator.keys import Keys
from gitlab_completions.emulator.model import Model, continue_line
from gitlab_completions.emulator.profiles import PROFILES, Profile
from gitlab_completions.emulator.settings import Settings

if TYPE_CHECKING:
    from gitlab_completions.emulator.flags import Flags
    from gitlab_completions.emulator.front import Front
    from gitlab_completions.emulator.hosts import Hosts

__all__ = ("Emulator",)


class Emulator:
    """A GitLab instance and its AI Gateway; an async context manager, to be used once.

    Args:
        profile: A profile, or the name of one of `PROFILES`.
        tls: Whether both hosts speak TLS, with a throw-away authority.
        port: The instance's port, 0 for any free one.
        gateway_port: The gateway's port, 0 for any free one.
        relative_url_root: Where the instance lives on its host, such as "/gitlab".
        direct_latency_s: Seconds that the gateway takes for a completion.
        indirect_latency_s: Seconds that the instance takes for one.
        model: What completes; by default goes on as the text went on before.
        tokens: Access tokens; random ones if not given.
        keys: Directory that keeps the authority and the signing key, so that one who
            is started again, or another process, is the same host.
        gateway_url: Another emulator's gateway, which the instance then grants in
            place of its own; it must have the same `keys`.

    Attributes:
        settings: Switches, effective with the next request.
        tokens: Access tokens: valid, expired, revoked, of the wrong scope.

    Raises:
        KeyError: If there is no such profile.
    """

    def __init__(
        self,
        profile: str | Profile = "19.3",
        *,
        tls: bool = False,
        port: int = 0,
        gateway_port: int = 0,
        relative_url_root: str = "",
        direct_latency_s: float = 0.0,
        indirect_latency_s: float = 0.0,
        model: Model = continue_line,
        tokens: AccessTokens | None = None,
        keys: Path | None = None,
        gateway_url: str | None = None,
    ) -> None:
        self.profile: Profile = (
            PROFILES[profile] if isinstance(profile, str) else profile
        )
        self.settings: Settings = Settings()
        self.tokens: AccessTokens = AccessTokens() if tokens is None else tokens
        self._tls = tls
        self._ports = (port, gateway_port)
        self._root = relative_url_root.rstrip("/")
        self._latencies_s = (direct_latency_s, indirect_latency_s)
        self._model = model
        self._keys = None if keys is None else Keys(keys)
        self._gateway_url = gateway_url
        self._hosts: Hosts | None = None
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Start both servers.

        Raises:
            MissingExtraError: If a package of the `emulator` extra is missing.
            OSError: If a port is taken.
        """
        require("starlette", "uvicorn", "h11", "jwt", "cryptography")
        from gitlab_completions.emulator.hosts import Hosts  # noqa: PLC0415

        async with AsyncExitStack() as stack:
            hosts = Hosts(
                self.profile,
                settings=self.settings,
                tokens=self.tokens,
                model=self._model,
                root=self._root,
                tls=self._tls,
                keys=self._keys,
                gateway_url=self._gateway_url,
            )
            stack.push_async_callback(hosts.aclose)
            await hosts.start(*self._ports)
            hosts.gateway.endpoint.latency_s = self._latencies_s[0]
            hosts.instance.completions.latency_s = self._latencies_s[1]
            self._stack = stack.pop_all()
        self._hosts = hosts
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop both servers and drop their connections."""
        await self._stack.aclose()

    @property
    def instance_url(self) -> str:
        """The instance's URL, with its relative root."""
        return self._started.instance_url

    @property
    def gateway_url(self) -> str:
        """The gateway's URL, as direct access grants it."""
        return self._started.gateway_url

    @property
    def access_token(self) -> str:
        """The access token that is good."""
        return self.tokens.valid

    @property
    def ca_pem(self) -> Path | None:
        """The authority's certificate as a file, None without TLS."""
        certificates = self._started.certificates
        return None if certificates is None else certificates.ca_pem

    @property
    def server_context(self) -> ssl.SSLContext | None:
        """What both hosts speak TLS with, None without TLS.

        New connections follow what is changed in it: `load_cert_chain` shows another
        certificate, `verify_mode` and `load_verify_locations` demand the client's.
        """
        certificates = self._started.certificates
        return None if certificates is None else certificates.server_context

    def ssl_context(self) -> ssl.SSLContext | None:
        """Return a new client context that trusts the authority, None without TLS."""
        certificates = self._started.certificates
        return None if certificates is None else certificates.client_context()

    @property
    def direct_access(self) -> Endpoint:
        """The handle on the endpoint that grants direct access."""
        return self._started.instance.direct_access

    @property
    def gateway(self) -> Endpoint:
        """The handle on the gateway."""
        return self._started.gateway.endpoint

    @property
    def instance(self) -> Endpoint:
        """The handle on the instance's completion endpoint."""
        return self._started.instance.completions

    @property
    def inquiries(self) -> Endpoint:
        """The handle on the rest of the instance's API, GraphQL included."""
        return self._started.instance.inquiries

    @property
    def cookies_returned(self) -> int:
        """How many requests brought a cookie to the instance or to the gateway."""
        hosts = self._started
        return hosts.instance.cookies_returned + hosts.gateway.cookies_returned

    @property
    def instance_front(self) -> "Front":
        """The instance's front: its counters, its port."""
        return self._started.instance_front

    @property
    def gateway_front(self) -> "Front":
        """The gateway's front: its counters, its port."""
        return self._started.gateway_front

    def set_token(self, token: str, state: TokenState) -> None:
        """Let the instance know an access token, or think otherwise of one it knows."""
        known = self._started.instance.credentials
        known[token] = known.get(token, Credential()).in_state(state)

    def set_credential(self, token: str, credential: Credential) -> None:
        """Let the instance know an access token of a given kind, scope or user."""
        self._started.instance.credentials[token] = credential

    @property
    def flags(self) -> "Flags":
        """The instance's feature flags."""
        return self._started.instance.flags

    async def restart_gateway(self) -> None:
        """End every connection to the gateway, as a restart does; tokens stay good."""
        await self._started.gateway_front.drop_connections()

    def read_signing_key(self) -> None:
        """Sign and check with the key that `keys` holds now; another process made it.

        Tokens that were signed before are refused from then on.
        """
        self._started.read_signing_key()

    def describe(self) -> str:
        """Return a client's environment, a `NAME=value` line each.

        The gateway's URL is a comment, since clients learn it from the instance. With
        TLS, `SSL_CERT_FILE` names the authority's certificate.
        """
        lines = [
            f"# gateway: {self.gateway_url}",
            f"GITLAB_URL={self.instance_url}",
            f"GITLAB_TOKEN={self.access_token}",
        ]
        if self.ca_pem is not None:
            lines.append(f"SSL_CERT_FILE={self.ca_pem}")
        return "\n".join(lines)

    @property
    def _started(self) -> "Hosts":
        """Return the hosts of an emulator that is started."""
        if self._hosts is None:
            raise RuntimeError("the emulator is not started: use `async with`")
        return self._hosts
