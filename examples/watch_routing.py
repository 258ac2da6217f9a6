"""What an observer hears while a gateway fails and recovers, on an emulator.

Needs `pip install 'gitlab-completions[emulator]'`. Ends by itself, in about 3 s.
"""

import asyncio
from collections.abc import Callable

from gitlab_completions import (
    Completion,
    CompletionClient,
    CompletionRequest,
    Route,
    RoutingPolicy,
    events,
)
from gitlab_completions.emulator import Emulator

REQUEST = CompletionRequest(
    file_name="total.py", content_above_cursor="total = 1\nprint(total)\ntot"
)
MOST_CALLS = 30


class Watcher:
    """Prints what changes; the calls in between are only counted."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, event: events.Event) -> None:
        """Take note of an event."""
        match event:
            case events.CallFinished():
                self.calls += 1
            case events.FellBack(route=route):
                self.tell(f"call {self.calls + 1} fell back to {route}")
            case events.CircuitTripped(route=route, rests_s=rests_s):
                self.tell(f"{route} rests for {rests_s:.1f} s")
            case events.CircuitProbed(route=route):
                self.tell(f"a probe goes {route}, beside a real call")
            case events.CircuitRecovered(route=route):
                self.tell(f"{route} has recovered")
            case events.StatusChanged(status=status):
                self.tell(f"{status.health}: next {status.route} ({status.reason})")

    def tell(self, what: str) -> None:
        """Print what has changed, and when."""
        print(f"  after {self.calls:2} calls: {what}")


async def complete_until(
    client: CompletionClient, enough: Callable[[Completion], bool]
) -> None:
    """Complete again and again, as an author who types."""
    for _ in range(MOST_CALLS):
        if enough(await client.complete(REQUEST)):
            return


async def main() -> None:
    async with (
        Emulator(direct_latency_s=0.05, indirect_latency_s=0.15) as gitlab,
        CompletionClient(
            gitlab.instance_url,
            gitlab.access_token,
            policy=RoutingPolicy(allow_plain_http=True),
            observers=[Watcher()],
        ) as client,
    ):
        print("All is well.")
        await client.warm_up()
        await complete_until(client, lambda done: done.route is Route.DIRECT)

        print("The gateway answers 503 from now on.")
        gitlab.gateway.fail(503)
        await complete_until(client, lambda done: done.reason == "circuit_open")

        print("The gateway is well again.")
        gitlab.gateway.heal()
        await complete_until(client, lambda done: done.reason == "preferred")


if __name__ == "__main__":
    asyncio.run(main())
