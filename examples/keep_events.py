"""An event log by GitLab's own telemetry names, with what only an editor knows.

Needs `pip install 'gitlab-completions[emulator,eventlog]'`. Prints the log's lines.
"""

import asyncio
import json
import tempfile
from pathlib import Path

from gitlab_completions import CompletionClient, CompletionRequest, RoutingPolicy
from gitlab_completions.emulator import Emulator
from gitlab_completions.event_log import EventLog

REQUEST = CompletionRequest(
    file_name="total.py", content_above_cursor="total = 1\nprint(total)\ntot"
)
SHOWN = ("action", "route", "api_status_code", "language", "user")


async def complete(log: EventLog) -> str:
    """Complete twice, the author takes the second one; return the second call's id."""
    async with (
        Emulator() as gitlab,
        CompletionClient(
            gitlab.instance_url,
            gitlab.access_token,
            policy=RoutingPolicy(allow_plain_http=True),
            observers=[log.observer(user="17")],
        ) as client,
    ):
        await client.complete(REQUEST)
        with log.tracked() as tracking_id:
            await client.complete(REQUEST)
        log.add("suggestion_accepted", unique_tracking_id=tracking_id, user="17")
        return tracking_id


def show(path: Path, tracking_id: str) -> None:
    """Print a call's lines: all that have its tracking id."""
    for text in path.read_text("utf-8").splitlines():
        line = json.loads(text)
        if line.get("unique_tracking_id") == tracking_id:
            print({name: line[name] for name in SHOWN if name in line})


def main() -> None:
    """Complete, and show what is kept of it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "completions.jsonl")
        with EventLog(path, gitlab_realm="self-managed") as log:
            tracking_id = asyncio.run(complete(log))
        show(path, tracking_id)


if __name__ == "__main__":
    main()
