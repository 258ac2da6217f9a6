"""CompletionClient: lifetime and the public verbs."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Self, TypedDict, Unpack

from gitlab_completions._arguments import (
    check_collaborators,
    check_flag,
    check_flags,
    check_guards,
    check_policy,
    check_project_path,
    check_request,
    check_room,
    check_store,
    direct_variable,
    from_environment,
    overridden,
    span_of,
    stream_span_of,
)
from gitlab_completions._frames import frameless
from gitlab_completions._shell import chance
from gitlab_completions._shell.clock import SystemClock, wall_time
from gitlab_completions._shell.closing import Closing
from gitlab_completions._version import __version__
from gitlab_completions._wire.headers import user_agent as user_agent_of
from gitlab_completions._wire.urls import instance_root
from gitlab_completions.errors import ClientClosedError, ConfigurationError
from gitlab_completions.flags import FeatureFlags
from gitlab_completions.policy import RoutingPolicy
from gitlab_completions.senders import HttpxSender, ReplaceableSender, Sender
from gitlab_completions.stream import CompletionStream

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime
    from types import TracebackType

    from gitlab_completions._shell.clock import Clock
    from gitlab_completions._shell.handover import Handover
    from gitlab_completions.diagnosis import Diagnosis
    from gitlab_completions.events import Observer
    from gitlab_completions.flags import Flag, FlagSource
    from gitlab_completions.ignoring import IgnoreList
    from gitlab_completions.models import (
        AccessToken,
        Completion,
        CompletionRequest,
        Route,
    )
    from gitlab_completions.redaction import Redactor
    from gitlab_completions.shared import DetailsStore
    from gitlab_completions.status import Availability, RoutingStatus

__all__ = ("ClientOptions", "CompletionClient")

DEFAULT_POLICY = RoutingPolicy()


class ClientOptions(TypedDict, total=False):
    """What a client may be made with besides a URL and a token: `CompletionClient`."""

    policy: RoutingPolicy
    sender: Sender | None
    store: DetailsStore | None
    flags: FlagSource | None
    redact: Redactor | None
    ignore: IgnoreList | None
    observers: Sequence[Observer]
    user_agent: str | None


class CompletionClient:
    """Completions from one GitLab instance, by the fastest route that works.

    An async context manager. Making one does no I/O and needs no event loop; the first
    use binds it to the process and the loop that runs, and elsewhere it says so. One
    client serves any number of concurrent calls, and a caller may be cancelled at any
    moment, any number of times.

    Args:
        instance_url: The instance's URL, such as `"https://gitlab.example.com"`; a
            path is taken for GitLab's relative URL root.
        access_token: A token with the scope `api` or `ai_features`, or what supplies
            one: a function, plain or async, or a `TokenSource`. For another header than
            `Authorization`, and for OAuth, see `gitlab_completions.tokens`.
        policy: How routes are chosen.
        sender: What sends; by default an `HttpxSender`, which the client then closes.
        store: Where the user's processes share what GitLab has told them, such as
            `gitlab_completions.shared.FileStore()`; by default nothing is shared.
        flags: Who is asked whether a feature is switched on; by default the instance.
        redact: What takes secrets out of the text before it is sent, such as
            `gitlab_completions.redaction.SecretRedactor()`; by default nothing does.
        ignore: Files that are never sent, such as those of a `.gitlabduoignore`:
            `gitlab_completions.ignoring.ProjectIgnoreList(root)`.
        observers: Who is told of events.
        user_agent: Your program, such as `"my-editor/2.1"`, named after the library.

    Raises:
        ConfigurationError: When an argument is wrong; it says which, and what is right.
    """

    @frameless
    def __init__(
        self,
        instance_url: str,
        access_token: AccessToken,
        *,
        policy: RoutingPolicy = DEFAULT_POLICY,
        sender: Sender | None = None,
        store: DetailsStore | None = None,
        flags: FlagSource | None = None,
        redact: Redactor | None = None,
        ignore: IgnoreList | None = None,
        observers: Sequence[Observer] = (),
        user_agent: str | None = None,
    ) -> None:
        self._start(
            instance_url,
            access_token,
            policy=policy,
            sender=sender,
            store=store,
            flags=flags,
            redact=redact,
            ignore=ignore,
            observers=observers,
            user_agent=user_agent,
            clock=SystemClock(),
            jitter=chance.jitter,
            direct_override=direct_variable(),
        )

    @classmethod
    @frameless
    def from_env(cls, **options: Unpack[ClientOptions]) -> Self:
        """Make a client for `GITLAB_URL` with the token in `GITLAB_TOKEN`.

        Args:
            **options: The constructor's other arguments; an emulator without TLS needs
                a policy that says `allow_plain_http=True`.

        Raises:
            ConfigurationError: When a variable is missing, or wrong.
        """
        return cls(*from_environment(), **options)

    @classmethod
    def _for_testing(
        cls,
        instance_url: str,
        access_token: AccessToken,
        *,
        clock: Clock,
        jitter: Callable[[], float],
        wall: Callable[[], datetime] = wall_time,
        direct_override: str = "",
        **options: Unpack[ClientOptions],
    ) -> Self:
        """Make a client on another clock, without chance and this environment."""
        client = cls.__new__(cls)
        client._start(  # noqa: SLF001 - its own
            instance_url,
            access_token,
            clock=clock,
            jitter=jitter,
            wall=wall,
            direct_override=direct_override,
            **options,
        )
        return client

    def _start(
        self,
        instance_url: str,
        access_token: AccessToken,
        *,
        clock: Clock,
        jitter: Callable[[], float],
        direct_override: str,
        wall: Callable[[], datetime] = wall_time,
        policy: RoutingPolicy = DEFAULT_POLICY,
        sender: Sender | None = None,
        store: DetailsStore | None = None,
        flags: FlagSource | None = None,
        redact: Redactor | None = None,
        ignore: IgnoreList | None = None,
        observers: Sequence[Observer] = (),
        user_agent: str | None = None,
    ) -> None:
        # Who only imports names (a type, an error) need not wait for all that runs.
        from gitlab_completions._shell.engine import Engine  # noqa: PLC0415
        from gitlab_completions._shell.home import Home  # noqa: PLC0415
        from gitlab_completions._shell.setup import Setup  # noqa: PLC0415

        check_policy(policy)
        check_collaborators(sender, observers)
        check_room(sender, policy)
        check_store(store)
        check_guards(redact, ignore)
        check_flags(flags)
        self._root = instance_root(
            instance_url, allow_plain_http=policy.allow_plain_http
        )
        self._direct_override = direct_override
        policy = overridden(policy, direct_override, self._root)
        self._owns_sender = sender is None
        self._sender = sender or HttpxSender(max_in_flight=policy.max_in_flight)
        self._engine = Engine(
            Setup(
                root=self._root,
                access_token=access_token,
                policy=policy,
                sender=self._sender,
                replace=self._replace,
                observers=observers,
                user_agent=user_agent_of(user_agent, __version__),
                clock=clock,
                jitter=jitter,
                store=store,
                flags=flags,
                redact=redact,
                ignore=ignore,
                wall=wall,
            )
        )
        if isinstance(flags, FeatureFlags):
            flags.bind(_FlagsOf(self))
        self._home = Home()
        self._closing = Closing()
        self._closed = False
        self._end: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._enter()
        self._engine.prepare()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the client, and what it made; a second time only waits for that.

        Calls in flight end with `ClientClosedError`. What is on the wire gets 0.1 s to
        end by itself. A caller that is cancelled here does not keep it from closing.
        When the client's event loop is over already, its connections are too; in a
        forked child they are its parent's, and left alone.

        Raises:
            ConfigurationError: On another event loop than the client's.
        """
        if self._home.is_lost:
            self._closed = True
            return
        self._home.check_loop()
        if self._end is None:
            self._closed = True
            self._closing.come()
            self._engine.stop()
            self._end = asyncio.create_task(self._close())
        await asyncio.shield(self._end)

    async def _close(self) -> None:
        await self._engine.aclose()
        if self._owns_sender:
            await self._sender.aclose()

    async def complete(
        self, request: CompletionRequest, *, deadline_s: float | None = None
    ) -> Completion:
        """Return a completion, by the fastest route that works.

        Args:
            request: The code around the cursor.
            deadline_s: Seconds that the call may take; the policy's when left out,
                `math.inf` for no limit.

        Returns:
            The completion, which may be empty: then the model has nothing to suggest.

        Raises:
            RequestRejectedError: When no route would take this request, or the ignore
                list has its file, or what guards the source failed.
            AllRoutesFailedError: When no route gave a completion; its code and remedy
                are those of the deciding error, and it tells of every attempt.
            DeadlineExceededError: The kind of it for which the time was too short.
            ClientClosedError: When the client is closed, before or meanwhile.
            ConfigurationError: When an argument is of a wrong type, or `deadline_s` no
                positive number of seconds.
        """
        self._enter()
        check_request(request)
        span_s = span_of(request, deadline_s, self._engine.policy)
        with self._closing.awaited() as closing:
            return await self._engine.complete(request, span_s, closing)

    async def warm_up(self, project_path: str | None = None) -> None:
        """Make ready for a first call: connection details, and an open connection.

        Worth calling when an editor opens, and at the first edit after a pause of a
        minute; it saves the first call two to four round trips. What fails here fails
        silently: the first call finds out by itself.

        Args:
            project_path: The project that the first call will name.

        Raises:
            ClientClosedError: When the client is closed.
            ConfigurationError: When `project_path` is no string.
        """
        self._enter()
        check_project_path(project_path)
        with self._closing.awaited() as closing:
            await self._engine.warm_up(project_path, closing)

    async def availability(self, project_path: str | None = None) -> Availability:
        """Tell whether code suggestions work for the user and a project.

        Asks GitLab at most four times within 10 s, one project after the other, and for
        no completion. A yes is kept for five minutes and a no for one, until a call's
        end disproves it. Whatever a server answers, or does not, is told and not
        raised.

        Args:
            project_path: The project, whose settings count too.

        Raises:
            ClientClosedError: When the client is closed, before or meanwhile.
            ConfigurationError: When `project_path` is no string.
        """
        self._enter()
        check_project_path(project_path)
        with self._closing.awaited() as closing:
            return await self._engine.availability(project_path, closing)

    async def diagnose(self, project_path: str | None = None) -> Diagnosis:
        """Find out why completions do not come, or come slowly.

        Looks at all that is between here and a completion by either route: this side's
        settings, names and addresses, proxies, TLS, clocks, the access token, GitLab
        and its gateway. It makes twelve requests at most, two small completions among
        them, within about a minute, mostly in a second or two. It changes nothing: what
        the client knows of routes stays as it is, and no observer is told. Whatever is
        found is told and not raised.

        Args:
            project_path: The project, whose settings count too.

        Raises:
            ClientClosedError: When the client is closed, before or meanwhile.
            ConfigurationError: When `project_path` is no string.
        """
        self._enter()
        check_project_path(project_path)
        # Few are ever diagnosed, and need not import how.
        from gitlab_completions._doctor.doctor import diagnose  # noqa: PLC0415

        heeded = self._engine.policy.environment_override
        overridden = heeded and bool(self._direct_override)
        patient = self._engine.patient(project_path)
        with self._closing.awaited() as closing:
            return await diagnose(patient, project_path, closing, overridden=overridden)

    async def flag(self, name: str, /, *, default: bool = True) -> Flag:
        """Tell whether a feature is switched on, and why that is the answer.

            if (await client.flag("some_feature")).enabled:
                ...

        The instance is asked, unless the client was made with other `flags`; answers
        are kept for a minute, and older ones serve while they are asked for anew.

        Args:
            name: GitLab's name of the flag.
            default: What holds where nobody says anything, be it that the flag is gone:
                `True`, since GitLab removes a flag once its feature is there for all.

        Raises:
            ClientClosedError: When the client is closed.
            ConfigurationError: When `name` is no string, or blank, or `default` neither
                `True` nor `False`.
        """
        self._enter()
        check_flag(name, default=default)
        return await self._engine.flag(name, default=default)

    def stream(
        self, request: CompletionRequest, *, deadline_s: float | None = None
    ) -> CompletionStream:
        """Return a completion's text piece by piece, by the fastest route that works.

        Meant for generations, which take long and always go through the instance. A
        completion takes either route, and falls back to the other until its first
        piece, never after; it is not hedged. Four streams at a time are on the wire to
        each host; others wait.

        Args:
            request: The code around the cursor.
            deadline_s: Seconds from when it begins to its end; left out, or `math.inf`,
                there is no limit. 55 s without a byte end it anyway, but keep-alives
                are bytes too: a stream that nobody watches should have a deadline.

        Raises:
            ClientClosedError: When the client is closed.
            ConfigurationError: When an argument is of a wrong type, or `deadline_s` no
                positive number of seconds.
        """
        self._check_open()
        check_request(request)
        span_s = stream_span_of(deadline_s)

        async def call(handover: Handover) -> Completion:
            self._enter()
            with self._closing.awaited() as closing:
                return await self._engine.complete(request, span_s, closing, handover)

        return CompletionStream(self._engine.reader(request, call))

    def status(self, project_path: str | None = None) -> RoutingStatus:
        """Tell how routing stands: the next call's route, why, and until when.

        Args:
            project_path: The project of that call.

        Raises:
            ConfigurationError: When `project_path` is no string, or the client's event
                loop runs in another thread.
        """
        self._home.check_thread()
        check_project_path(project_path)
        return self._engine.status(project_path, closed=self._closed)

    def observe(self, observer: Observer, /) -> Callable[[], None]:
        """Tell an observer of events from now on; returns what ends that.

        Both may be called in any thread; the observer is called on the client's loop.

        Raises:
            ConfigurationError: When it is no plain function, or the process has forked
                since the client's first use.
        """
        self._home.check_process()
        check_collaborators(None, (observer,))
        return self._engine.bulletin.observe(observer)

    def reconfigure(self, policy: RoutingPolicy, /) -> None:
        """Go by another policy from the next call on; calls in flight keep theirs.

        What was refused is asked anew. Whether plain HTTP is allowed cannot change,
        `max_in_flight` can only be lowered, since connections were made for it, and
        as many projects are kept as before.

        Raises:
            ConfigurationError: When it is no policy, or allows plain HTTP otherwise, or
                leaves no route together with `GITLAB_COMPLETIONS_DIRECT`, or the
                client's event loop runs in another thread.
        """
        self._home.check_thread()
        check_policy(policy)
        if policy.allow_plain_http is not self._engine.policy.allow_plain_http:
            raise ConfigurationError(
                "allow_plain_http cannot change: make a new client"
            )
        self._engine.reconfigure(overridden(policy, self._direct_override, self._root))

    def __repr__(self) -> str:
        return f"<CompletionClient {self._root} {'closed' if self._closed else 'open'}>"

    def _enter(self) -> None:
        """Check that the client may be used here and now."""
        self._check_open()
        self._home.enter()
        self._engine.look_at_clock()

    def _check_open(self) -> None:
        if self._closed:
            raise ClientClosedError("the client is closed")

    def _replace(self, route: Route) -> bool:
        """Have what comes next go out on new connections; tell whether it will."""
        sender = self._sender
        return isinstance(sender, ReplaceableSender) and sender.replace(route)


class _FlagsOf:
    """Has `FeatureFlags` ask by way of the client, on its loop alone.

    Args:
        client: The client that they were given to.
    """

    def __init__(self, client: CompletionClient) -> None:
        self._client = client

    async def evaluate(self, name: str, /, *, default: bool) -> Flag:
        """Return the flag's value, or the default with the reason for it."""
        return await self._client.flag(name, default=default)
