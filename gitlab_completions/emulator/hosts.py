"""The two hosts of an emulator, put together, started and stopped."""

from gitlab_completions.emulator.access_tokens import AccessTokens
from gitlab_completions.emulator.apps import make_app
from gitlab_completions.emulator.backend import Backend
from gitlab_completions.emulator.certificates import Certificates
from gitlab_completions.emulator.control import control_routes
from gitlab_completions.emulator.front import Front
from gitlab_completions.emulator.gateway import Gateway
from gitlab_completions.emulator.instance import Instance
from gitlab_completions.emulator.keys import Keys
from gitlab_completions.emulator.listener import HOST
from gitlab_completions.emulator.model import Model
from gitlab_completions.emulator.profiles import Profile
from gitlab_completions.emulator.settings import Settings
from gitlab_completions.emulator.tokens import Rs256Authority

__all__ = ("Hosts",)


class Hosts:
    """A front and a server behind it for the instance, and the same for the gateway.

    Args:
        profile: Which GitLab version they are.
        settings: Switches that both hosts share.
        tokens: The instance's access tokens.
        model: What completes.
        root: Relative URL root of the instance, "" for none.
        tls: Whether both speak TLS.
        keys: Where authority and signing key are kept, if they are.
        gateway_url: The gateway that is granted, if it is not the one here.

    Raises:
        MissingExtraError: If a package of the `emulator` extra is missing.
    """

    def __init__(
        self,
        profile: Profile,
        *,
        settings: Settings,
        tokens: AccessTokens,
        model: Model,
        root: str,
        tls: bool,
        keys: Keys | None = None,
        gateway_url: str | None = None,
    ) -> None:
        self.certificates: Certificates | None = Certificates(keys) if tls else None
        self._keys = keys
        self._granted_url = gateway_url
        self.gateway: Gateway = Gateway(
            profile, self._authority(), settings=settings, model=model
        )
        self.instance: Instance = Instance(
            profile, self.gateway, gateway_url="", tokens=tokens, root=root
        )
        endpoints = (
            self.instance.direct_access,
            self.instance.completions,
            self.instance.inquiries,
        )
        handles = (*endpoints, self.gateway.endpoint)
        routes = control_routes(
            {handle.name: handle for handle in handles},
            settings,
            self._description,
            {"root": self.instance.root, "access_token": tokens.admin},
        )
        self._scheme = "https" if tls else "http"
        self._instance_server = Backend(make_app(self.instance.answer, routes))
        self._gateway_server = Backend(make_app(self.gateway.answer))
        context = untrusted = None
        if self.certificates is not None:
            context = self.certificates.server_context
            untrusted = self.certificates.untrusted_context
        self.instance_front: Front = Front(
            self.instance.endpoint_of,
            endpoints=endpoints,
            keep_alive_s=profile.instance_keep_alive_s,
            tls=context,
            untrusted_tls=untrusted,
        )
        self.gateway_front: Front = Front(
            self.gateway.endpoint_of,
            endpoints=(self.gateway.endpoint,),
            keep_alive_s=profile.gateway_keep_alive_s,
            tls=context,
            untrusted_tls=untrusted,
        )

    @property
    def instance_url(self) -> str:
        """The instance's URL, with its relative root."""
        return f"{self._scheme}://{HOST}:{self.instance_front.port}{self.instance.root}"

    @property
    def gateway_url(self) -> str:
        """The gateway's URL."""
        if self._granted_url is not None:
            return self._granted_url
        return f"{self._scheme}://{HOST}:{self.gateway_front.port}"

    async def start(self, port: int, gateway_port: int) -> None:
        """Listen on the two ports, 0 for any free one.

        Raises:
            OSError: If a port is taken.
        """
        self.gateway_front.start(await self._gateway_server.start(), gateway_port)
        self.instance_front.start(await self._instance_server.start(), port)
        self.instance.gateway_url = self.gateway_url

    def read_signing_key(self) -> None:
        """Sign and check from now on with the key that is kept now."""
        self.gateway.authority = self._authority()

    async def aclose(self) -> None:
        """Stop both hosts; harmless when they were never started."""
        await self.instance_front.aclose()
        await self.gateway_front.aclose()
        await self._instance_server.aclose()
        await self._gateway_server.aclose()
        if self.certificates is not None:
            self.certificates.close()

    def _authority(self) -> Rs256Authority:
        """Return what signs with the key that is kept, or with this process's."""
        return Rs256Authority(None if self._keys is None else self._keys.signing_key())

    def _description(self) -> dict[str, object]:
        """Return what the control interface tells beyond faults and settings."""
        return {
            "profile": self.instance.profile.name,
            "version": self.instance.profile.version,
            "instance_url": self.instance_url,
            "gateway_url": self.gateway_url,
            "cookies_returned": self.instance.cookies_returned
            + self.gateway.cookies_returned,
            "connections": {
                "instance": self.instance_front.connections_opened,
                "gateway": self.gateway_front.connections_opened,
            },
        }
