"""How a process ends, forks and is interrupted while it has a client."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import gitlab_completions
from gitlab_completions.emulator import Emulator

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

pytestmark = pytest.mark.real_time

HOME = Path(gitlab_completions.__file__).parents[1]
PATIENCE_S = 40
FORKS = pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing forks here")

START = """
import asyncio, atexit, gc, logging, math, multiprocessing, os, sys, threading, warnings
from gitlab_completions import *
from gitlab_completions.events import RouteChosen, Superseded

logging.getLogger("asyncio").setLevel(logging.ERROR)  # of slow callbacks: -X dev
warnings.filterwarnings("ignore", "This process .* is multi-threaded")  # of forks

REQUEST = CompletionRequest(file_name="f.py", content_above_cursor="total = 1\\ntot")
chosen, superseded = threading.Semaphore(0), threading.Semaphore(0)

def observe(event):
    if isinstance(event, RouteChosen):
        chosen.release()
    if isinstance(event, Superseded):
        superseded.release()

def make(**keywords):
    client = SyncCompletionClient.from_env(**keywords)
    client.observe(observe)
    return client

def say(*words):
    print(*words, flush=True)

def outcome(call):
    try:
        return call().text.strip()
    except Exception as error:
        return f"{type(error).__name__}: {error}"

client = make()
"""
HANGING = (
    START
    + """
futures = [client.submit(REQUEST, deadline_s=math.inf) for _ in range(12)]
for _ in futures:
    chosen.acquire()
"""
)


class Ended:
    """What came of a process."""

    def __init__(self, process: subprocess.CompletedProcess[str]) -> None:
        self.code = process.returncode
        self.said = process.stdout.splitlines()
        self.complaint = process.stderr


@asynccontextmanager
async def emulator(*, hanging: bool = False) -> AsyncGenerator[Emulator, None]:
    async with Emulator(tls=True) as one:
        one.settings.direct_access_limit = one.settings.completions_limit = 0
        if hanging:
            one.gateway.hang()
            one.instance.hang()
        yield one


def command(script: str) -> list[str]:
    return [sys.executable, "-X", "dev", "-W", "error", "-c", script]


def environment(emulator: Emulator) -> dict[str, str]:
    names = ("GITLAB", "HTTP", "ALL_PROXY", "NO_PROXY", "SSL_", "COV", "PYTHON")
    kept = {k: v for k, v in os.environ.items() if not k.upper().startswith(names)}
    return {
        **kept,
        "GITLAB_URL": emulator.instance_url,
        "GITLAB_TOKEN": emulator.access_token,
        "SSL_CERT_FILE": str(emulator.ca_pem),
        "PYTHONPATH": str(HOME),
    }


async def run(emulator: Emulator, script: str) -> Ended:
    def in_a_process() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command(script),
            capture_output=True,
            check=False,
            env=environment(emulator),
            text=True,
            timeout=PATIENCE_S,
        )

    return Ended(await asyncio.to_thread(in_a_process))


async def ends_quietly(emulator: Emulator, script: str) -> list[str]:
    """Return what a script said that ends as it should."""
    ended = await run(emulator, script)
    assert ended.complaint == ""
    assert ended.code == 0
    return ended.said


# The end of a process. Calls have no deadline: who waited for them would never end.


@pytest.mark.parametrize(
    ("how", "code"),
    [
        ("", 0),
        ("sys.exit(3)", 3),
        ("del client; gc.collect()", 0),
        ("client.close(); client.close()", 0),
        ("atexit.register(client.close)", 0),
        ("futures[0].cancel(); del futures", 0),
        ("futures[0].add_done_callback(lambda done: done.result())", 0),
        ("os._exit(4)", 4),
    ],
)
async def test_a_process_ends_with_calls_in_flight(how: str, code: int) -> None:
    async with emulator(hanging=True) as gitlab:
        ended = await run(gitlab, f"{HANGING}\n{how}")
        assert ended.complaint == ""
        assert ended.code == code


async def test_an_exception_is_all_that_a_process_says_at_its_end() -> None:
    async with emulator(hanging=True) as gitlab:
        ended = await run(gitlab, f"{HANGING}\nraise LookupError('mine')")
        assert ended.code == 1
        assert ended.complaint.splitlines()[0].startswith("Traceback")
        assert ended.complaint.endswith("LookupError: mine\n")
        assert ended.complaint.count("Traceback") == 1


async def test_an_unused_client_ends_with_its_process() -> None:
    async with emulator() as gitlab:
        assert await ends_quietly(gitlab, START) == []


async def test_an_idle_client_ends_with_its_process() -> None:
    async with emulator() as gitlab:
        said = await ends_quietly(
            gitlab,
            START
            + "say(outcome(partial))".replace(
                "partial", "lambda: client.complete(REQUEST)"
            ),
        )
        assert len(said) == 1


async def test_a_daemon_that_waits_is_left_in_peace() -> None:
    script = HANGING + (
        "def wait():\n"
        "    client.complete(REQUEST, deadline_s=math.inf)\n"
        "for _ in range(3):\n"
        "    threading.Thread(target=wait, daemon=True).start()\n"
        "    chosen.acquire()\n"
    )
    async with emulator(hanging=True) as gitlab:
        assert await ends_quietly(gitlab, script) == []


async def test_a_thread_gets_its_completions_though_the_main_thread_has_ended() -> None:
    script = START + (
        "def go_on():\n"
        "    threading.main_thread().join()\n"
        "    for _ in range(3):\n"
        "        say(outcome(lambda: client.complete(REQUEST)))\n"
        "say(outcome(lambda: client.complete(REQUEST)))\n"
        "threading.Thread(target=go_on).start()\n"
    )
    async with emulator() as gitlab:
        said = await ends_quietly(gitlab, script)
        assert len(said) == 4
        assert len(set(said)) == 1


@pytest.mark.parametrize(
    "last",
    [
        "client.submit(REQUEST)",
        "client.warm_up(); client.submit(REQUEST).cancel()",
        "[make().warm_up() for _ in range(3)]",
    ],
)
async def test_a_process_may_end_as_its_first_call_begins(last: str) -> None:
    async with emulator() as gitlab:
        assert await ends_quietly(gitlab, START + last) == []


async def test_a_first_call_succeeds_though_the_main_thread_has_ended() -> None:
    script = START + (
        "def begin():\n"
        "    threading.main_thread().join()\n"
        "    say(outcome(lambda: client.complete(REQUEST)))\n"
        "client._running()\n"  # from Python 3.12 on it could not start later
        "threading.Thread(target=begin).start()\n"
    )
    async with emulator() as gitlab:
        assert await ends_quietly(gitlab, script) == ["al = 1"]


async def test_what_runs_at_exit_still_has_its_client() -> None:
    script = START + (
        "say(outcome(lambda: client.complete(REQUEST)))\n"
        "atexit.register(lambda: say(outcome(lambda: client.complete(REQUEST))))\n"
    )
    async with emulator() as gitlab:
        first, at_exit = await ends_quietly(gitlab, script)
        assert first == at_exit


async def test_what_runs_at_exit_after_the_client_is_told_that_it_is_closed() -> None:
    script = (
        "import atexit\n"
        "atexit.register(lambda: say(outcome(lambda: client.complete(REQUEST))))\n"
        f"{START}\nclient.complete(REQUEST)\n"
    )
    async with emulator() as gitlab:
        (said,) = await ends_quietly(gitlab, script)
        assert said.startswith("ClientClosedError")


async def test_at_exit_the_connections_are_closed_in_order() -> None:
    script = HANGING.replace(
        "client = make()",
        """
class Telling(HttpxSender):
    async def aclose(self):
        await super().aclose()
        say("closed", self._closed, sys.is_finalizing())

client = make(sender=Telling())
""",
    )
    async with emulator(hanging=True) as gitlab:
        assert await ends_quietly(gitlab, script) == ["closed True False"]


async def test_a_token_source_that_blocks_holds_up_no_exit() -> None:
    script = START + (
        "asked = threading.Event()\n"
        "def block():\n"
        "    asked.set()\n"
        "    threading.Event().wait()\n"
        "client = SyncCompletionClient(os.environ['GITLAB_URL'], block)\n"
        "client.submit(REQUEST)\n"
        "asked.wait()\n"
    )
    async with emulator() as gitlab:
        assert await ends_quietly(gitlab, script) == []


async def test_an_observer_that_blocks_holds_up_no_exit() -> None:
    script = START + (
        "entered = threading.Event()\n"
        "def block(event):\n"
        "    entered.set()\n"
        "    threading.Event().wait()\n"
        "client.observe(block)\n"
        "client.submit(REQUEST)\n"
        "entered.wait()\n"
    )
    async with emulator() as gitlab:
        assert await ends_quietly(gitlab, script) == []


async def test_a_client_that_is_forgotten_ends_quietly() -> None:
    script = START + (
        "for _ in range(3):\n"
        "    say(outcome(lambda: client.complete(REQUEST)))\n"
        "    thread = client._thread._thread\n"
        "    client = None\n"
        "    gc.collect()\n"
        "    thread.join()\n"
        "    client = make()\n"
        "say(threading.active_count())\n"
    )
    async with emulator() as gitlab:
        assert (await ends_quietly(gitlab, script))[-1] == "1"


# Ctrl-C.


def interrupt(emulator: Emulator, script: str) -> Ended:
    with subprocess.Popen(
        command(script),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(emulator),
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "waiting\n"
        process.send_signal(signal.SIGINT)
        said, complaint = process.communicate(timeout=PATIENCE_S)
        done = subprocess.CompletedProcess([], process.returncode, said, complaint)
        return Ended(done)


WAITING = START + (
    "def tell():\n"
    "    chosen.acquire()\n"
    "    say('waiting')\n"
    "threading.Thread(target=tell).start()\n"
)


@pytest.mark.skipif(sys.platform == "win32", reason="locks heed no Ctrl-C there")
async def test_ctrl_c_supersedes_the_call_that_is_waited_for() -> None:
    script = WAITING + (
        "try:\n"
        "    client.complete(REQUEST, deadline_s=math.inf)\n"
        "except KeyboardInterrupt:\n"
        "    superseded.acquire()\n"
        "    say(client.status().counts['superseded'])\n"
        "    say(len(client._thread._calls))\n"
    )
    async with emulator(hanging=True) as gitlab:
        ended = await asyncio.to_thread(interrupt, gitlab, script)
        assert (ended.code, ended.said, ended.complaint) == (0, ["1", "0"], "")


@pytest.mark.skipif(sys.platform == "win32", reason="locks heed no Ctrl-C there")
async def test_ctrl_c_ends_a_process_that_waits() -> None:
    script = WAITING + "client.complete(REQUEST, deadline_s=math.inf)\n"
    async with emulator(hanging=True) as gitlab:
        ended = await asyncio.to_thread(interrupt, gitlab, script)
        assert ended.code != 0
        assert ended.complaint.endswith("KeyboardInterrupt\n")
        assert ended.complaint.count("Traceback") == 1


# Forks.

FORKED = (
    START
    + """
def in_child(use):
    pid = os.fork()
    if not pid:
        use()
        sys.exit()
    say("child", os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))

say(outcome(lambda: client.complete(REQUEST)))
"""
)
REFUSAL = "ConfigurationError: this client was used before the process forked: make a"


@FORKS
async def test_a_forked_child_is_told_to_make_a_client_of_its_own() -> None:
    script = FORKED + (
        "def use():\n"
        "    for use in (\n"
        "        lambda: client.complete(REQUEST), lambda: client.submit(REQUEST),\n"
        "        client.warm_up, client.status, client.__enter__,\n"
        "        lambda: client.observe(print),\n"
        "        lambda: client.reconfigure(RoutingPolicy()),\n"
        "    ):\n"
        "        say(outcome(use))\n"
        "in_child(use)\n"
        "say(outcome(lambda: client.complete(REQUEST)))\n"
    )
    async with emulator() as gitlab:
        first, *refusals, child, again = await ends_quietly(gitlab, script)
        assert len(refusals) == 7
        assert all(one.startswith(REFUSAL) for one in refusals)
        assert child == "child 0"
        assert again == first
        assert gitlab.gateway_front.connections_opened <= 2


@FORKS
@pytest.mark.parametrize(
    "end", ["client.close()", "globals().pop('client'); gc.collect()", "pass"]
)
async def test_however_a_child_ends_its_parents_connections_live(end: str) -> None:
    script = FORKED + (
        f"def use():\n    {end}\n"
        "for _ in range(3):\n"
        "    in_child(use)\n"
        "    say(outcome(lambda: client.complete(REQUEST)))\n"
    )
    async with emulator() as gitlab:
        first, *then = await ends_quietly(gitlab, script)
        assert then == ["child 0", first] * 3
        assert gitlab.gateway_front.connections_opened <= 2


@FORKS
async def test_a_child_makes_a_client_of_its_own() -> None:
    script = FORKED + (
        "def use():\n"
        "    with make() as own:\n"
        "        say(outcome(lambda: own.complete(REQUEST)))\n"
        "    own = make()\n"
        "    say(outcome(lambda: own.complete(REQUEST)))\n"
        "in_child(use)\n"
    )
    async with emulator() as gitlab:
        first, second, third, child = await ends_quietly(gitlab, script)
        assert first == second == third
        assert child == "child 0"


@FORKS
async def test_a_client_that_is_first_used_after_the_fork_works_in_both() -> None:
    script = FORKED + (
        "client.close()\n"
        "client = make()\n"
        "use = lambda: say(outcome(lambda: client.complete(REQUEST)))\n"
        "in_child(use)\n"
        "use()\n"
    )
    async with emulator() as gitlab:
        first, in_child, child, in_parent = await ends_quietly(gitlab, script)
        assert first == in_child == in_parent
        assert child == "child 0"


@FORKS
async def test_a_fork_with_calls_in_flight_loses_none_of_them() -> None:
    script = FORKED + (
        "futures = [client.submit(REQUEST) for _ in range(4)]\n"
        "for _ in range(5):\n"
        "    chosen.acquire()\n"
        "in_child(lambda: say(outcome(lambda: client.complete(REQUEST))))\n"
        "for one in futures:\n"
        "    say(outcome(one.result))\n"
    )
    async with emulator() as gitlab:
        gitlab.gateway.delay(0.2)
        gitlab.instance.delay(0.2)
        first, refusal, child, *rest = await ends_quietly(gitlab, script)
        assert refusal.startswith(REFUSAL)
        assert child == "child 0"
        assert rest == [first] * 4


@FORKS
async def test_a_process_of_multiprocessing_is_told_too() -> None:
    script = FORKED + (
        "def use(queue):\n"
        "    queue.put(outcome(lambda: client.complete(REQUEST)))\n"
        "    with make() as own:\n"
        "        queue.put(outcome(lambda: own.complete(REQUEST)))\n"
        "context = multiprocessing.get_context('fork')\n"
        "queue = context.SimpleQueue()\n"
        "process = context.Process(target=use, args=(queue,))\n"
        "process.start()\n"
        "say(queue.get())\n"
        "say(queue.get())\n"
        "process.join()\n"
        "say(process.exitcode)\n"
        "say(outcome(lambda: client.complete(REQUEST)))\n"
    )
    async with emulator() as gitlab:
        first, refusal, own, code, again = await ends_quietly(gitlab, script)
        assert refusal.startswith(REFUSAL)
        assert (own, code, again) == (first, "0", first)


@FORKS
async def test_a_forked_child_is_told_by_the_asynchronous_client_too() -> None:
    script = (
        START
        + """
async def attempt(use):
    try:
        return (await use).text.strip()
    except ConfigurationError as error:
        return f"ConfigurationError: {error}"

async def main():
    client = CompletionClient.from_env()
    say(await attempt(client.complete(REQUEST)))
    pid = os.fork()
    if not pid:
        for use in client.complete(REQUEST), client.warm_up(), client.__aenter__():
            say(await attempt(use))
        await client.aclose()
        os._exit(0)
    say("child", os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
    say(await attempt(client.complete(REQUEST)))
    await client.aclose()

asyncio.run(main())
"""
    )
    async with emulator() as gitlab:
        first, *refusals, child, again = await ends_quietly(gitlab, script)
        assert len(refusals) == 3
        assert all(one.startswith(REFUSAL) for one in refusals)
        assert (child, again) == ("child 0", first)
        assert gitlab.gateway_front.connections_opened <= 2
