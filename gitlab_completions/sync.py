"""SyncCompletionClient: the same verbs for hosts without asyncio.

A `CompletionClient` on an event loop in a thread of its own; how that thread starts and
ends is argued in `_shell/loop_thread.py`. Here is only who calls what where.
"""

from __future__ import annotations

import threading
import weakref
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Protocol, Self, TypeVar, Unpack, runtime_checkable

from gitlab_completions._arguments import (
    check_flag,
    check_project_path,
    check_request,
    from_environment,
    span_of,
    stream_span_of,
)
from gitlab_completions._frames import frameless, without_frames
from gitlab_completions._records import replace
from gitlab_completions._shell.loop_thread import LoopThread
from gitlab_completions.client import DEFAULT_POLICY, ClientOptions, CompletionClient
from gitlab_completions.errors import ClientClosedError, DeadlineExceededError
from gitlab_completions.flags import ANSWER_WAIT_S
from gitlab_completions.status import Availability, Health
from gitlab_completions.stream import SyncCompletionStream

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Future
    from types import TracebackType

    from gitlab_completions.diagnosis import Diagnosis
    from gitlab_completions.events import Observer
    from gitlab_completions.flags import Flag, FlagSource
    from gitlab_completions.ignoring import IgnoreList
    from gitlab_completions.models import AccessToken, Completion, CompletionRequest
    from gitlab_completions.policy import RoutingPolicy
    from gitlab_completions.redaction import Redactor
    from gitlab_completions.senders import Sender
    from gitlab_completions.shared import DetailsStore
    from gitlab_completions.status import RoutingStatus

__all__ = ("SyncCompletionClient",)

_T = TypeVar("_T")

OVERTIME_S = 1.0
"""Seconds past a call's deadline after which its thread is taken to be blocked."""
AVAILABILITY_S = 32.0
"""Seconds that it may take to find out: two for the token's source, twenty to wait for
the questions about other projects, and ten to ask."""
DIAGNOSIS_S = 82.0
"""Seconds that a diagnosis may take: a minute to ask, ten for the way to each of the
two hosts, and two for the token's source."""


class SyncCompletionClient:
    """Completions from one GitLab instance, for programs without asyncio.

    A context manager. Making one does no I/O; the first use starts its thread. All of
    it may be called in any thread, one that runs an event loop included, which waits
    meanwhile. Observers, and token sources that are async, run in the client's thread:
    what they do there holds up every call. A client ends with the interpreter, or when
    nothing, its observers included, refers to it any more and no call is under way. A
    forked child makes its own.

    Args:
        instance_url: See `CompletionClient`; so for all arguments.
        access_token: A token, or what supplies one; a plain function is called in a
            thread of its own.
        policy: How routes are chosen.
        sender: What sends; closed with a client that was used, since its connections
            are on the client's loop. Give `HttpxSender` settings, not an `AsyncClient`
            of yours: that would stay open there.
        store: Where the user's processes share what GitLab has told them; what it has
            opened on the client's loop is closed (by its `aclose`, if it has one).
        flags: Who is asked whether a feature is switched on.
        redact: What takes secrets out of the text before it is sent.
        ignore: Files that are never sent.
        observers: Who is told of events.
        user_agent: Your program, such as `"my-editor/2.1"`.

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
        self._client = CompletionClient(
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
        )
        self._policy = policy
        self._closables = [one for one in (sender, store) if isinstance(one, _Closable)]
        # A signal's handler may call in between, in the same thread.
        self._lock = threading.RLock()
        self._thread: LoopThread | None = None
        self._closed = False

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

    def __enter__(self) -> Self:
        self._check()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the client, and wait for that; a second time does nothing.

        Calls in flight end with `ClientClosedError`. It takes 0.1 s when there are
        some, and 10 s at most, if an observer or a sender blocks. In an observer it
        only begins; in a forked child the parent's connections are left alone.
        """
        with self._lock:
            self._closed = True
            thread = self._thread
        if thread is not None:
            thread.stop()
            thread.join()

    def complete(
        self, request: CompletionRequest, *, deadline_s: float | None = None
    ) -> Completion:
        """Return a completion, by the fastest route that works; wait for it.

        What interrupts the wait, such as Ctrl-C, supersedes the call.

        Args:
            request: The code around the cursor.
            deadline_s: Seconds that the call may take; the policy's when left out,
                `math.inf` for no limit.

        Returns:
            The completion, which may be empty: then the model has nothing to suggest.

        Raises:
            RequestRejectedError: When no route would take this request.
            AllRoutesFailedError: When no route gave a completion; its code and remedy
                are those of the deciding error, and it tells of every attempt.
            DeadlineExceededError: The kind of it for which the time was too short; also
                when something blocks the client's thread for a second longer.
            ClientClosedError: When the client is closed, before or meanwhile.
            ConfigurationError: When an argument is wrong, when an observer calls this,
                or when the process has forked since the client's first use.
        """
        thread = self._running()
        span_s = self._span_s(request, deadline_s)
        return thread.run(
            partial(self._complete, request, deadline_s), span_s + OVERTIME_S
        )

    def submit(
        self, request: CompletionRequest, *, deadline_s: float | None = None
    ) -> Future[Completion]:
        """Begin a call; return at once, in an observer too.

        Args:
            request: See `complete`.
            deadline_s: See `complete`.

        Returns:
            What has the completion, or the error, that `complete` would return or
            raise. Its `cancel()` supersedes the call, and is `False` only once it has
            ended. Its callbacks run in the client's thread, or in the one that cancels.

        Raises:
            ClientClosedError: When the client is closed.
            ConfigurationError: When an argument is wrong, or the process has forked
                since the client's first use.
        """
        thread = self._running()
        self._span_s(request, deadline_s)
        return thread.submit(partial(self._complete, request, deadline_s))

    def stream(
        self, request: CompletionRequest, *, deadline_s: float | None = None
    ) -> SyncCompletionStream:
        """Return a completion's text piece by piece, by the fastest route that works.

        Args:
            request: The code around the cursor.
            deadline_s: See `CompletionClient.stream`.

        Raises:
            ClientClosedError: When the client is closed.
            ConfigurationError: When an argument is wrong, or the process has forked
                since the client's first use.
        """
        thread = self._running()
        stream = self._client.stream(request, deadline_s=deadline_s)
        span_s = stream_span_of(deadline_s) + OVERTIME_S
        return SyncCompletionStream(self, thread, stream, span_s)

    def warm_up(self, project_path: str | None = None) -> Future[None]:
        """Begin to make ready for a first call; return at once.

        Worth calling when an editor opens, and at the first edit after a pause of a
        minute. What fails here fails silently, so nobody need wait for it.

        Args:
            project_path: The project that the first call will name.

        Raises:
            ClientClosedError: When the client is closed.
            ConfigurationError: When `project_path` is no string, or the process has
                forked since the client's first use.
        """
        thread = self._running()
        check_project_path(project_path)
        return thread.submit(partial(self._warm_up, project_path))

    def availability(self, project_path: str | None = None) -> Availability:
        """Tell whether code suggestions work for the user and a project; wait for it.

        See `CompletionClient.availability`.

        Args:
            project_path: The project, whose settings count too.

        Raises:
            ClientClosedError: When the client is closed, before or meanwhile.
            ConfigurationError: When `project_path` is no string, when an observer calls
                this, or when the process has forked since the client's first use.
        """
        thread = self._running()
        check_project_path(project_path)
        try:
            return thread.run(
                partial(self._availability, project_path), AVAILABILITY_S + OVERTIME_S
            )
        except DeadlineExceededError as error:
            problem = without_frames(error)
            return Availability(available=False, problem=problem, gitlab_version=None)

    def diagnose(self, project_path: str | None = None) -> Diagnosis:
        """Find out why completions do not come, or come slowly; wait for it.

        See `CompletionClient.diagnose`.

        Args:
            project_path: The project, whose settings count too.

        Raises:
            ClientClosedError: When the client is closed, before or meanwhile.
            ConfigurationError: When `project_path` is no string, when an observer calls
                this, or when the process has forked since the client's first use.
            DeadlineExceededError: When something blocks the client's thread.
        """
        thread = self._running()
        check_project_path(project_path)
        return thread.run(
            partial(self._diagnose, project_path), DIAGNOSIS_S + OVERTIME_S
        )

    def flag(self, name: str, /, *, default: bool = True) -> Flag:
        """Tell whether a feature is switched on; wait for it.

        Args:
            name: GitLab's name of the flag.
            default: What holds where nobody says anything.

        Raises:
            ClientClosedError: When the client is closed.
            ConfigurationError: When `name` is no string, or blank, or `default` neither
                `True` nor `False`, when an observer calls this, or when the process
                has forked since the client's first use.
            DeadlineExceededError: When something blocks the client's thread.
        """
        thread = self._running()
        check_flag(name, default=default)
        return thread.run(
            partial(self._flag, name, default), ANSWER_WAIT_S + OVERTIME_S
        )

    def status(self, project_path: str | None = None) -> RoutingStatus:
        """Tell how routing stands: the next call's route, why, and until when.

        Args:
            project_path: The project of that call.

        Raises:
            ConfigurationError: When `project_path` is no string, or the process has
                forked since the client's first use.
            DeadlineExceededError: When something blocks the client's thread.
        """
        status = self._at_rest(partial(self._client.status, project_path))
        if not self._closed:
            return status
        return replace(status, health=Health.CLOSED, route=None)

    def observe(self, observer: Observer, /) -> Callable[[], None]:
        """Tell an observer of events from now on; returns what ends that.

        It is called in the client's thread, in order, and every call waits while it
        runs: hand what takes long to another thread.

        Raises:
            ConfigurationError: When it is no plain function, or the process has forked
                since the client's first use.
        """
        self._check_process()
        return self._client.observe(observer)

    def reconfigure(self, policy: RoutingPolicy, /) -> None:
        """Go by another policy from the next call on; calls in flight keep theirs.

        See `CompletionClient.reconfigure` for what cannot change.

        Raises:
            ConfigurationError: When it is no policy, or allows plain HTTP otherwise, or
                the process has forked since the client's first use.
            DeadlineExceededError: When something blocks the client's thread.
        """
        self._at_rest(partial(self._reconfigure, policy))

    def __repr__(self) -> str:
        word = "closed" if self._closed else "open"
        return f"<SyncCompletionClient {word}, of {self._client!r}>"

    # In the caller's thread.

    def _check(self) -> None:
        if self._closed:
            raise ClientClosedError("the client is closed")
        self._check_process()

    def _check_process(self) -> None:
        if self._thread is not None:
            self._thread.check_process()

    def _running(self) -> LoopThread:
        """Return the thread, and start it at the first use."""
        self._check()
        if self._thread is not None:
            return self._thread
        with self._lock:
            self._check()
            if self._thread is None:
                self._thread = self._start_thread()
            return self._thread

    def _start_thread(self) -> LoopThread:
        try:
            thread = LoopThread(partial(_close, self._client, self._closables))
        except (OSError, RuntimeError) as error:
            raise ClientClosedError(
                f"the client cannot start: {error}",
                remedy="there is no room for a thread, or the process is ending",
            ) from error
        # A client that nobody closes ends like a file, and as quietly as a socket pool.
        weakref.finalize(self, thread.stop).atexit = False
        return thread

    def _at_rest(self, function: Callable[[], _T]) -> _T:
        """Call what needs the client to stand still: there, or here when it does."""
        with self._lock:
            thread = self._thread
            if thread is None:
                return function()
        thread.check_process()
        with suppress(ClientClosedError):
            return thread.call(function)
        thread.join()  # it has begun to end, and is still at work
        return function()

    def _span_s(self, request: CompletionRequest, deadline_s: float | None) -> float:
        check_request(request)
        return span_of(request, deadline_s, self._policy)

    # In the client's thread; a call that is under way keeps its client from ending.

    async def _complete(
        self, request: CompletionRequest, deadline_s: float | None
    ) -> Completion:
        return await self._client.complete(request, deadline_s=deadline_s)

    async def _availability(self, project_path: str | None) -> Availability:
        return await self._client.availability(project_path)

    async def _diagnose(self, project_path: str | None) -> Diagnosis:
        return await self._client.diagnose(project_path)

    async def _warm_up(self, project_path: str | None) -> None:
        await self._client.warm_up(project_path)

    async def _flag(self, name: str, default: bool) -> Flag:
        return await self._client.flag(name, default=default)

    def _reconfigure(self, policy: RoutingPolicy) -> None:
        self._client.reconfigure(policy)
        self._policy = policy


@runtime_checkable
class _Closable(Protocol):
    """What has connections on the client's loop."""

    async def aclose(self) -> None:
        """Close them."""
        ...


async def _close(client: CompletionClient, closables: Sequence[_Closable]) -> None:
    await client.aclose()
    for one in closables:
        await one.aclose()
