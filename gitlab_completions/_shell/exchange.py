"""One attempt on the wire: the gate, the token, the send, the answer; never raises."""

from __future__ import annotations

import contextlib
import dataclasses
import logging
from typing import TYPE_CHECKING

from gitlab_completions._error_codes import ABOUT_TOKEN
from gitlab_completions._frames import frameless
from gitlab_completions._secrets import HostHeaders
from gitlab_completions._shell import endings
from gitlab_completions._shell.access_token import TokenSourceError
from gitlab_completions._shell.chance import new_request_id
from gitlab_completions._shell.traffic import Traffic
from gitlab_completions._wire import gateway_v2, gateway_v4, instance
from gitlab_completions._wire.headers import request_id
from gitlab_completions._wire.messages import SendError
from gitlab_completions._wire.refusals import decode_refusal, looks_like_html
from gitlab_completions._wire.suggestions import decode_suggestion
from gitlab_completions._wire.unusable import (
    NotACompletionError,
    StreamCutError,
    WebPageError,
)
from gitlab_completions.details import Endpoint
from gitlab_completions.errors import RequestRejectedError
from gitlab_completions.models import Route

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitlab_completions._secrets import Secret
    from gitlab_completions._shell.access_token import TokenDesk
    from gitlab_completions._shell.clock import Clock
    from gitlab_completions._shell.endings import Ending
    from gitlab_completions._shell.pour import Pour
    from gitlab_completions._wire.messages import WireRequest, WireResponse
    from gitlab_completions.details import ConnectionDetails
    from gitlab_completions.models import CompletionRequest
    from gitlab_completions.senders import Sender

logger = logging.getLogger("gitlab_completions")

WARM_UP_S = 5.0
"""Seconds for a warm-up: nobody waits for it."""
SUCCESS = 200
UNAUTHORIZED = 401
_BEFORE_SENDING = frozenset({"connect", "tls", "proxy", "pool"})
"""What goes wrong before there is a connection to send anything on."""


class Exchanger:
    """Performs attempts: a model in, an `Ending` out.

    Args:
        sender: Sends.
        desk: Has the access token.
        clock: Tells the time.
        root: The instance's URL.
        user_agent: Who we say we are.
        max_body_bytes: The policy's limit of a completion's body.
    """

    def __init__(
        self,
        sender: Sender,
        desk: TokenDesk,
        clock: Clock,
        root: str,
        user_agent: str,
        *,
        max_body_bytes: int | None = None,
    ) -> None:
        self.sender = sender
        self.desk = desk
        self.clock = clock
        self.root = root
        self.user_agent = user_agent
        self.max_body_bytes = max_body_bytes

    async def direct(
        self,
        request: CompletionRequest,
        details: ConnectionDetails,
        *,
        endpoint: Endpoint,
        ends_at: float,
        last_resort: bool,
        traffic: Traffic,
        pour: Pour | None = None,
    ) -> Ending:
        """Ask one of the gateway's endpoints for a completion, or the stream of one."""
        started = self.clock.now()
        v4 = endpoint is Endpoint.V4
        encode = gateway_v4.completion_request if v4 else gateway_v2.completion_request
        wire = encode(
            request,
            details,
            request_id=new_request_id(),
            timeout_s=ends_at - started,
            last_resort=last_resort,
            stream=pour is not None,
            max_body_bytes=self.max_body_bytes,
        )
        return await self._perform(wire, traffic, pour)

    async def indirect(
        self,
        request: CompletionRequest,
        *,
        ends_at: float,
        last_resort: bool,
        traffic: Traffic,
        pour: Pour | None = None,
    ) -> Ending:
        """Ask the instance for a completion; again if another token is to be had."""
        started = self.clock.now()
        try:
            token = await self.desk.get()
            wire = instance.completion_request(
                request,
                root=self.root,
                headers=self._authorization(token),
                request_id=new_request_id(),
                timeout_s=ends_at - self.clock.now(),
                last_resort=last_resort,
                stream=pour is not None,
                max_body_bytes=self.max_body_bytes,
            )
        except TokenSourceError as error:
            elapsed_s = self.clock.now() - started
            return endings.no_token(Route.INDIRECT, error, elapsed_s)
        except RequestRejectedError as error:
            return endings.unsendable(Route.INDIRECT, error)
        ending = await self._perform(wire, traffic, pour)
        if ending.error is None or not (
            ending.seen.status == UNAUTHORIZED and ending.error.code in ABOUT_TOKEN
        ):
            return ending
        other = await self.desk.another(token)
        if other is None:
            return ending
        return await self._perform(
            dataclasses.replace(
                wire,
                headers=HostHeaders(
                    self.root, {**wire.headers, **self._authorization(other)}
                ),
                timeout_s=ends_at - self.clock.now(),
            ),
            traffic,
            pour,
        )

    @frameless
    async def warm_up(self, details: ConnectionDetails | None) -> None:
        """Open a connection before it is needed: the gateway's, else the instance's."""
        with contextlib.suppress(TokenSourceError):
            if details is not None:
                wire = gateway_v2.health_request(details, timeout_s=WARM_UP_S)
            else:
                headers = self._authorization(await self.desk.get())
                wire = instance.version_request(
                    self.root, headers, timeout_s=WARM_UP_S, purpose="warm_up"
                )
            await self._perform(wire, Traffic())

    def _authorization(self, token: Secret) -> HostHeaders:
        agent = self.user_agent
        return instance.authorization(
            token, root=self.root, user_agent=agent, header=self.desk.header
        )

    async def _perform(
        self, wire: WireRequest, traffic: Traffic, pour: Pour | None = None
    ) -> Ending:
        """Send, and read what comes, whatever comes."""
        route, started = wire.route, self.clock.now()
        if wire.timeout_s <= 0:
            return endings.broken(route, SendError("timeout"), 0.0)
        traffic.sent += len(wire.body)
        try:
            async with self.sender.exchange(wire) as response:
                if pour is not None and response.status_code == SUCCESS:
                    return await self._drain(route, response, pour, started)
                body = await response.read()
                traffic.received += len(body)
                status, headers = response.status_code, response.headers
        except Exception as error:
            if not isinstance(error, SendError):
                logger.warning("The sender raised %s.", type(error).__name__)
            else:
                if error.kind in _BEFORE_SENDING:
                    traffic.sent -= len(wire.body)
                if pour is None:
                    traffic.received += error.bytes_received
            begun = pour is not None and pour.begun
            break_ = endings.cut_off if begun else endings.broke
            return break_(route, error, self.clock.now() - started)
        return self._read(route, status, headers, body, self.clock.now() - started)

    async def _drain(
        self, route: Route, response: WireResponse, pour: Pour, started: float
    ) -> Ending:
        """Hand a stream over while it comes."""
        try:
            suggestion = await pour.drain(response)
        except (NotACompletionError, StreamCutError) as error:
            elapsed_s = self.clock.now() - started
            if pour.begun:
                return endings.cut_off(route, error, elapsed_s)
            return endings.malformed(
                route,
                SUCCESS,
                error.reason,
                portal=isinstance(error, WebPageError),
                elapsed_s=elapsed_s,
            )
        return endings.answered(suggestion, request_id(response.headers))

    def _read(
        self,
        route: Route,
        status: int,
        headers: Mapping[str, str],
        body: bytes,
        elapsed_s: float,
    ) -> Ending:
        if status != SUCCESS:
            direct = route is Route.DIRECT
            read = decode_refusal if direct else instance.refusal
            return endings.refused(route, read(status, headers, body), elapsed_s)
        try:
            suggestion = decode_suggestion(body)
        except NotACompletionError as error:
            portal = looks_like_html(body, headers)
            return endings.malformed(
                route, status, error.reason, portal=portal, elapsed_s=elapsed_s
            )
        return endings.answered(suggestion, request_id(headers))
