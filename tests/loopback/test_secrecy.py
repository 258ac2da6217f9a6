"""Nobody is told a secret, whatever breaks, whoever sends, and whatever prints it."""

from __future__ import annotations

import asyncio
import gc
import ssl
from contextlib import AsyncExitStack, aclosing, asynccontextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, NoReturn

import httpx
import httpx2
import pytest
import pytest_asyncio

from gitlab_completions import (
    CompletionClient,
    CompletionRequest,
    ConfigurationError,
    ContextItem,
    GenerationType,
    GitLabCompletionsError,
    HttpxSender,
    Intent,
    RequestRejectedError,
    RoutingPolicy,
)
from gitlab_completions.emulator import Endpoint
from gitlab_completions.errors import StreamBrokenError
from gitlab_completions.flags import FeatureFlags
from gitlab_completions.tokens import JobToken, OAuthToken, PrivateToken
from tests.loopback.scene import ACCESS_TOKEN, SOURCE, all_closed, emulate
from tests.loopback.witness import PROXY_PASSWORD

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterator
    from pathlib import Path

    from gitlab_completions.emulator import Emulator
    from gitlab_completions.flags import Flag
    from gitlab_completions.senders import WireRequest
    from tests.loopback.witness import Witness

ABOVE = f"def area_{SOURCE}(r, x, {SOURCE}):\n    return {SOURCE}\n\n\ndef area_"
"""The emulator's model goes on as it began, which is source again, in four pieces."""
REQUEST = CompletionRequest(
    file_name="secret_file.py",
    content_above_cursor=ABOVE,
    content_below_cursor=f"\n{SOURCE}\n",
    context=(ContextItem(name="secret_file_2.py", content=f"{SOURCE} = 1"),),
)
GENERATION = CompletionRequest(
    file_name="secret_file.py",
    content_above_cursor=ABOVE,
    intent=Intent.GENERATION,
    user_instruction=f"explain {SOURCE}",
    generation_type=GenerationType.COMMENT,
)
ENGINES = ("own", "own2", "httpx", "httpx2")
SHORT_S = 0.25
ENDS = (asyncio.CancelledError, GitLabCompletionsError)
POLICY = RoutingPolicy(
    indirect_per_minute=None,
    direct_timeout_s=SHORT_S,
    indirect_timeout_s=SHORT_S,
    generation_deadline_s=2 * SHORT_S,
)
ECHO = {"detail": [{"input": SOURCE}], "message": f"{SOURCE} {ACCESS_TOKEN}"}
"""As old gateways echo the request's body, and some proxies its headers."""
FAULTS: dict[str, Callable[[Endpoint], None]] = {
    **{
        str(status): partial(Endpoint.fail, status=status, json=ECHO)
        for status in (302, 400, 401, 402, 403, 404, 407, 413, 422, 429, 500, 503)
    },
    "no_json": partial(Endpoint.fail, status=200, body=f"{{{SOURCE}".encode()),
    "hang": Endpoint.hang,
    "drip": partial(Endpoint.drip, bytes_per_s=20),
    "blackhole": Endpoint.blackhole,
    "refuse": Endpoint.refuse,
    "reset": Endpoint.reset,
    "half_answer": Endpoint.half_answer,
    "html": Endpoint.html,
    "called_html": partial(Endpoint.wrong_content_type, content_type="text/html"),
    "broken_at_once": partial(Endpoint.break_stream, pieces=0),
    "broken_stream": partial(Endpoint.break_stream, pieces=2),
    "ended_stream": partial(Endpoint.end_stream, pieces=2),
    "silent_stream": partial(Endpoint.hang_stream, pieces=2),
}


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def emulator() -> AsyncGenerator[Emulator, None]:
    loop = asyncio.get_running_loop()
    loop.set_debug(True)  # asyncio then tells each step of each task
    loop.slow_callback_duration = 0.0
    async with emulate() as started:
        yield started


@pytest.fixture(autouse=True)
def _nothing_is_told(witness: Witness) -> Iterator[None]:
    """Fail the test in which something leaks, and not all that follow."""
    yield
    leaks = list(witness.leaks)
    witness.leaks.clear()
    assert leaks == []


@asynccontextmanager
async def sender_of(
    engine: str, ca_pem: Path | None
) -> AsyncGenerator[HttpxSender, None]:
    """Give a sender: one with clients of ours, or with a user's in all its trust."""
    async with AsyncExitStack() as stack:
        if engine == "own":
            sender = HttpxSender(verify=ca_pem)
        elif engine == "own2":
            sender = HttpxSender(verify=ca_pem, engine="httpx2")
        else:
            library = httpx if engine == "httpx" else httpx2
            context = ssl.create_default_context(cafile=ca_pem)
            client = library.AsyncClient(verify=context, follow_redirects=True)
            sender = HttpxSender(await stack.enter_async_context(client))
        yield await stack.enter_async_context(aclosing(sender))


async def look_at_calls(client: CompletionClient, witness: Witness) -> None:
    """Complete and generate, and show the witness all that a program holds then."""
    for request in (REQUEST, GENERATION):
        try:
            done = await client.complete(request)
        except GitLabCompletionsError as error:
            witness.look_at(error)
            for attempt in getattr(error, "attempts", ()):
                witness.look_at(attempt)
                if attempt.error is not None:
                    assert_bare(attempt.error)
        else:
            witness.look_at(done)
        for thing in (client, client.status(), request, *asyncio.all_tasks()):
            witness.look_at(thing)
    for request in (REQUEST, GENERATION):
        await look_at_stream(client, request, witness)
    witness.look_at(await client.flag("some_feature"))
    found = await client.availability("group/app")
    witness.look_at(found)
    if found.problem is not None:
        witness.look_at(found.problem)
        assert_bare(found.problem)


async def look_at_stream(
    client: CompletionClient, request: CompletionRequest, witness: Witness
) -> None:
    """Read a stream to its end, and show the witness what a program holds meanwhile."""
    stream = client.stream(request, deadline_s=2 * SHORT_S)
    try:
        async with stream:
            while await anext(stream, None) is not None:
                witness.look_at(stream)
            witness.look_at(await stream.completion())
    except GitLabCompletionsError as error:
        if isinstance(error, StreamBrokenError):
            error.text = ""  # which is the reader's, and goes where the reader sends it
        witness.look_at(error)
    for thing in (stream, stream._reader):
        witness.look_at(thing)


def assert_bare(error: BaseException) -> None:
    assert (error.__traceback__, error.__cause__, error.__context__) == (None,) * 3


def endpoints_of(emulator: Emulator) -> tuple[Endpoint, ...]:
    return (
        emulator.gateway,
        emulator.instance,
        emulator.direct_access,
        emulator.inquiries,
    )


async def meet(emulator: Emulator, witness: Witness, engine: str, fault: str) -> None:
    """Have a warm client meet a fault on every endpoint, and look at all it has."""
    token = PrivateToken(ACCESS_TOKEN) if engine.endswith("2") else ACCESS_TOKEN
    async with (
        sender_of(engine, emulator.ca_pem) as sender,
        CompletionClient(
            emulator.instance_url,
            token,
            policy=POLICY,
            sender=sender,
            observers=(witness.note,),
        ) as client,
    ):
        await client.warm_up()
        for endpoint in endpoints_of(emulator):
            FAULTS[fault](endpoint)
        await look_at_calls(client, witness)
        for thing in (sender, client._engine, client._engine._setup):
            witness.look_at(thing)


@pytest.mark.parametrize("fault", FAULTS)
async def test_no_fault_makes_anyone_tell_a_secret(
    emulator: Emulator,
    witness: Witness,
    fault: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("gitlab_completions._shell.inspection.MOST_S", SHORT_S)
    try:
        # Two of the four for each, by turns: all that is held then is much to look at.
        turn = list(FAULTS).index(fault) % 2
        await asyncio.gather(
            *(meet(emulator, witness, engine, fault) for engine in ENGINES[turn::2])
        )
    finally:
        for endpoint in endpoints_of(emulator):
            endpoint.heal()
    if fault == "broken_stream":
        assert "StreamBrokenError" in witness.heard  # or there was nothing to look at


# What a program does wrong, or what breaks in its own code.


wrong: Callable[..., Callable[[], object]] = partial  # no checker knows better


def wrong_arguments() -> Iterator[Callable[[], object]]:
    """Give constructions with something wrong beside a secret."""
    yield wrong(CompletionClient, f"https://me:{PROXY_PASSWORD}@a.example", "t")
    yield wrong(CompletionClient, "https://a.example", f"{ACCESS_TOKEN}\n")
    yield wrong(CompletionClient, "https://a.example:x", ACCESS_TOKEN)
    yield wrong(CompletionClient, "https://a.example", ACCESS_TOKEN, policy=None)
    yield wrong(CompletionClient, "https://a.example", ACCESS_TOKEN, polity=None)
    yield wrong(OAuthToken, ACCESS_TOKEN, refresh=None)
    yield wrong(OAuthToken, ACCESS_TOKEN, refresh=print, expires_in_s=-1)
    yield wrong(PrivateToken, OAuthToken(ACCESS_TOKEN, refresh=str))
    yield wrong(JobToken, OAuthToken(ACCESS_TOKEN, refresh=str))
    yield wrong(CompletionClient, "https://a.example", ACCESS_TOKEN, redact=print)
    yield wrong(CompletionClient, "https://a.example", ACCESS_TOKEN, ignore=[SOURCE])
    yield wrong(CompletionClient, "https://a.example", ACCESS_TOKEN, flags={SOURCE: 1})
    yield wrong(HttpxSender, proxy=f"http://me:{PROXY_PASSWORD}@")
    yield wrong(HttpxSender, proxy=f"http://me:{PROXY_PASSWORD}/x@proxy.example")
    yield wrong(HttpxSender, proxy=f"http://me:{PROXY_PASSWORD}@p", verify="/nowhere")
    yield wrong(CompletionRequest, file_name="", content_above_cursor=SOURCE)
    yield wrong(CompletionRequest, file_name="secret_file.py", content_above_cursor=7)
    yield wrong(CompletionRequest, file_name="a", content_above=SOURCE)
    yield wrong(
        CompletionRequest,
        file_name="secret_file.py",
        content_above_cursor=SOURCE,
        user_instruction=SOURCE,
    )
    yield wrong(CompletionRequest.at_cursor, SOURCE, 99, file_name="secret_file.py")
    yield wrong(CompletionRequest.at_cursor, f"{SOURCE}\u00e9", -1, file_name="a")
    yield wrong(ContextItem, name="secret_file.py", content=SOURCE, type="dir")
    yield wrong(ContextItem, name=" ", content=SOURCE)


@pytest.mark.parametrize("number", range(len(list(wrong_arguments()))))
async def test_a_wrong_argument_takes_no_other_along(
    witness: Witness, number: int
) -> None:
    construct = list(wrong_arguments())[number]
    with pytest.raises((ConfigurationError, RequestRejectedError, TypeError)) as caught:
        construct()
    del construct  # its arguments are this frame's own
    witness.look_at(caught.value)


async def test_an_override_of_the_environment_is_not_told(
    witness: Witness, monkeypatch: pytest.MonkeyPatch
) -> None:
    for value in (PROXY_PASSWORD, f"a.example={PROXY_PASSWORD}", f"{PROXY_PASSWORD}=7"):
        monkeypatch.setenv("GITLAB_COMPLETIONS_DIRECT", value)
        with pytest.raises(ConfigurationError) as caught:
            CompletionClient("https://a.example", ACCESS_TOKEN)
        del value
        witness.look_at(caught.value)


WRONG_URLS = ("", "a.example", f"https://a.example?{PROXY_PASSWORD}")


async def test_the_environment_is_not_told(
    witness: Witness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITLAB_TOKEN", ACCESS_TOKEN)
    for index in range(len(WRONG_URLS)):
        monkeypatch.setenv("GITLAB_URL", WRONG_URLS[index])
        with pytest.raises(ConfigurationError) as caught:
            CompletionClient.from_env()
        witness.look_at(caught.value)


@pytest.mark.parametrize("proxy", ["a/b", "a#b", "a?b", "a b"])
async def test_a_proxy_of_the_environment_is_not_told(
    emulator: Emulator, witness: Witness, monkeypatch: pytest.MonkeyPatch, proxy: str
) -> None:
    password = f"{PROXY_PASSWORD}{proxy}"
    monkeypatch.setenv("https_proxy", f"http://me:{password}@proxy.example:3128")
    async with (
        sender_of("own", emulator.ca_pem) as sender,
        CompletionClient(emulator.instance_url, ACCESS_TOKEN, sender=sender) as client,
    ):
        await look_at_calls(client, witness)
        witness.look_at(sender)


class Broken(httpx.AsyncBaseTransport):
    """A user's transport that raises with all in its hands."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    async def handle_async_request(self, request: httpx.Request) -> NoReturn:
        held = await request.aread(), list(request.headers.raw)
        assert all(held)
        raise self.error


def never() -> NoReturn:
    raise AssertionError


class BrokenSender:
    """A user's sender that raises what it must not."""

    @asynccontextmanager
    async def exchange(self, request: WireRequest) -> AsyncGenerator[NoReturn, None]:
        held = request.body, dict(request.headers)
        if all(held):
            raise LookupError("no luck")
        yield never()

    async def aclose(self) -> None:
        pass


def broken_source() -> str:
    token = str(ACCESS_TOKEN)
    raise LookupError(f"no luck with {len(token)}")


def broken_observer(event: object) -> None:
    token = f"{event} {ACCESS_TOKEN}"
    raise LookupError(token)


async def test_an_exception_of_a_users_sender_keeps_its_place_and_no_frame(
    emulator: Emulator, witness: Witness
) -> None:
    async with CompletionClient(
        emulator.instance_url, ACCESS_TOKEN, sender=BrokenSender()
    ) as client:
        await look_at_calls(client, witness)
        with pytest.raises(GitLabCompletionsError) as caught:
            await client.complete(REQUEST)
    cause = caught.value.__cause__
    assert isinstance(cause, LookupError)
    assert cause.__traceback__ is None
    assert f"{__file__}:" in cause.__notes__[0]


async def test_an_exception_of_a_token_source_keeps_its_place_and_no_frame(
    emulator: Emulator, witness: Witness
) -> None:
    async with CompletionClient(emulator.instance_url, broken_source) as client:
        await look_at_calls(client, witness)
        with pytest.raises(GitLabCompletionsError) as caught:
            await client.complete(REQUEST)
    cause = caught.value.__cause__
    assert isinstance(cause, LookupError)
    assert cause.__traceback__ is None
    assert cause.__notes__[0].endswith("in broken_source")


async def test_an_observer_that_raises_tells_nothing(
    emulator: Emulator, witness: Witness
) -> None:
    async with (
        sender_of("own", emulator.ca_pem) as sender,
        CompletionClient(
            emulator.instance_url,
            ACCESS_TOKEN,
            sender=sender,
            observers=(broken_observer,),
        ) as client,
    ):
        await look_at_calls(client, witness)


@pytest.mark.parametrize("error", [LookupError("no luck"), httpx.ReadError("no luck")])
async def test_an_exception_of_a_users_transport_has_no_frame(
    emulator: Emulator, witness: Witness, error: Exception
) -> None:
    async with (
        httpx.AsyncClient(transport=Broken(error)) as own,
        CompletionClient(
            emulator.instance_url, ACCESS_TOKEN, sender=HttpxSender(own)
        ) as client,
    ):
        await look_at_calls(client, witness)


class BrokenGuard:
    """A user's redactor and ignore list, which raise with all in their hands."""

    def redact(self, text: str, /) -> str:
        raise LookupError(text)

    def excludes(self, path: str, /) -> bool:
        raise LookupError(path)


class WrongGuard:
    """One whose redactor gives back another text."""

    def redact(self, text: str, /) -> str:
        return f"{text} and more"

    def excludes(self, path: str, /) -> bool:
        return "secret_file_2" in path


@pytest.mark.parametrize("guard", [BrokenGuard(), WrongGuard()])
@pytest.mark.parametrize("part", ["redact", "ignore"])
async def test_a_guard_of_the_source_tells_nothing_of_it(
    emulator: Emulator, witness: Witness, guard: BrokenGuard | WrongGuard, part: str
) -> None:
    async with (
        sender_of("own", emulator.ca_pem) as sender,
        CompletionClient(
            emulator.instance_url,
            ACCESS_TOKEN,
            sender=sender,
            redact=guard if part == "redact" else None,
            ignore=guard if part == "ignore" else None,
            observers=(witness.note,),
        ) as client,
    ):
        emulator.gateway.requests.clear()
        emulator.instance.requests.clear()
        await look_at_calls(client, witness)
        sent = [*emulator.gateway.requests, *emulator.instance.requests]
        assert bool(sent) is (part == "ignore" and isinstance(guard, WrongGuard))
        assert not any(b"secret_file_2" in one.body for one in sent)


class BrokenFlags:
    """A user's source of flags, which raises with a secret in its words."""

    async def evaluate(self, name: str, /, *, default: bool) -> Flag:
        raise LookupError(f"{name} {default} {ACCESS_TOKEN}")


async def test_a_source_of_flags_that_raises_tells_nothing(
    emulator: Emulator, witness: Witness
) -> None:
    for flags in (BrokenFlags(), FeatureFlags(overrides={"secret_file": True})):
        async with (
            sender_of("own", emulator.ca_pem) as sender,
            CompletionClient(
                emulator.instance_url,
                ACCESS_TOKEN,
                sender=sender,
                flags=flags,
                observers=(witness.note,),
            ) as client,
        ):
            await look_at_calls(client, witness)
            witness.look_at(flags)


async def test_an_oauth_token_and_its_refresh_tell_nothing(
    emulator: Emulator, witness: Witness
) -> None:
    for token in (
        OAuthToken(refresh=lambda: {"access_token": ACCESS_TOKEN, "scope": SOURCE}),
        OAuthToken(refresh=lambda: {"acces_token": ACCESS_TOKEN}),
        OAuthToken(ACCESS_TOKEN, refresh=str, expires_in_s=0.1),
    ):
        async with (
            sender_of("own", emulator.ca_pem) as sender,
            CompletionClient(
                emulator.instance_url,
                token,
                sender=sender,
                observers=(witness.note,),
            ) as client,
        ):
            await look_at_calls(client, witness)
            for thing in (token, *vars(token).values()):
                witness.look_at(thing)


async def test_a_reader_who_leaves_is_told_nothing(
    emulator: Emulator, witness: Witness
) -> None:
    async with (
        sender_of("own", emulator.ca_pem) as sender,
        CompletionClient(
            emulator.instance_url,
            ACCESS_TOKEN,
            sender=sender,
            observers=(witness.note,),
        ) as client,
    ):
        await client.warm_up()
        emulator.gateway.hang_stream(pieces=2)
        try:
            left, closed = client.stream(REQUEST), client.stream(REQUEST)
            for stream in (left, closed):
                assert await anext(stream)
            left.cancel()
            witness.look_at(await left.completion())
            reading = asyncio.create_task(closed.completion())
            await asyncio.sleep(0)
            await client.aclose()
            with pytest.raises(GitLabCompletionsError) as caught:
                await reading
            witness.look_at(caught.value)
            for thing in (left, closed, left._reader, closed._reader, reading):
                witness.look_at(thing)
        finally:
            emulator.gateway.heal()


async def test_a_caller_who_leaves_is_told_nothing(
    emulator: Emulator, witness: Witness
) -> None:
    async with (
        sender_of("own", emulator.ca_pem) as sender,
        CompletionClient(emulator.instance_url, ACCESS_TOKEN, sender=sender) as client,
    ):
        await client.warm_up()
        emulator.gateway.hang()
        emulator.instance.hang()
        try:
            left = asyncio.create_task(client.complete(REQUEST))
            closed = asyncio.create_task(client.complete(REQUEST))
            await asyncio.wait({left, closed}, timeout=SHORT_S)  # both on the wire
            left.cancel()
            await asyncio.wait({left})
            await client.aclose()
            for task in (left, closed):
                with pytest.raises(ENDS) as caught:
                    await task
                witness.look_at(caught.value)
        finally:
            emulator.gateway.heal()
            emulator.instance.heal()


# What a program is left with afterwards.


def holders(parts: list[str]) -> list[str]:
    """Return the kinds of objects that hold a string, or bytes, with the needle."""
    needle, found = "".join(parts), []
    for holder in gc.get_objects():
        for held in gc.get_referents(holder):
            text = held.decode("latin-1") if isinstance(held, bytes) else held
            if isinstance(text, str) and needle in text:
                found.append(type(holder).__name__)
    return found


def secret_request(needle: str) -> CompletionRequest:
    return CompletionRequest(file_name="a.py", content_above_cursor=f"x = {needle}\n")


@pytest.mark.parametrize("engine", ENGINES)
async def test_a_failed_call_leaves_nobody_with_the_source(
    emulator: Emulator, engine: str
) -> None:
    parts = ["nee", "dle", "_6071"]  # so that no constant of the code holds it
    gc.collect()
    gc.disable()
    asyncio.get_running_loop().set_debug(False)  # it keeps the frames of each task
    try:
        async with (
            sender_of(engine, emulator.ca_pem) as sender,
            CompletionClient(
                emulator.instance_url, ACCESS_TOKEN, policy=POLICY, sender=sender
            ) as client,
        ):
            await client.warm_up()
            for fault in ("reset", "503", "html", "hang"):
                FAULTS[fault](emulator.gateway)
                FAULTS[fault](emulator.instance)
                with suppress(GitLabCompletionsError):
                    await client.complete(secret_request("".join(parts)))
            emulator.gateway.reset()
            emulator.instance.reset()
            with pytest.raises(GitLabCompletionsError) as caught:
                await client.complete(secret_request("".join(parts)))
            del caught
            for endpoint in (emulator.gateway, emulator.instance):
                endpoint.heal()
                endpoint.requests.clear()
            await all_closed(emulator.gateway_front, emulator.instance_front)
            if engine == "httpx":  # its answers and their streams hold each other
                gc.collect()
            assert holders(parts) == []
    finally:
        asyncio.get_running_loop().set_debug(True)
        gc.enable()
        emulator.gateway.heal()
        emulator.instance.heal()
