"""Ghost text in an editor that has threads and a main loop, but no asyncio.

Each key supersedes the call of the one before. Completions come from the GitLab in
GITLAB_URL with the token in GITLAB_TOKEN; without GITLAB_URL from an emulator on this
machine, which needs `pip install 'gitlab-completions[emulator]'`.
"""

import os
import time
from concurrent.futures import Future
from queue import SimpleQueue
from threading import Thread

from anyio.from_thread import start_blocking_portal

from gitlab_completions import (
    Completion,
    CompletionRequest,
    GitLabCompletionsError,
    RoutingPolicy,
    SyncCompletionClient,
)
from gitlab_completions.emulator import Emulator

ABOVE = """\
def area(width, height):
    return width * height


def volume(width, height, depth):
"""
TYPED = "    return width *"
PAUSE_S = 0.03
"""Seconds between two keys: faster than a completion comes."""


class Editor:
    """What has the text; all of it runs in one thread, the main loop's."""

    def __init__(self, client: SyncCompletionClient) -> None:
        self.client = client
        self.text = ABOVE
        self.ghost: str | None = None
        self.events: SimpleQueue[str | Future[Completion]] = SimpleQueue()
        self.pending: Future[Completion] | None = None

    def run(self) -> None:
        """Be the main loop, until the author has stopped and sees a suggestion."""
        while self.ghost is None or not self.text.endswith(TYPED):
            event = self.events.get()
            if isinstance(event, str):
                self.press(event)
            elif event is self.pending:
                self.show(event)

    def press(self, key: str) -> None:
        """Take a key, and ask for what may follow it."""
        self.text += key
        self.ghost = None
        if self.pending is not None:
            self.pending.cancel()  # nobody wants its answer now
        request = CompletionRequest.at_cursor(
            self.text, len(self.text), file_name="boxes.py"
        )
        self.pending = self.client.submit(request)
        # Called in the client's thread, so it only rings the bell.
        self.pending.add_done_callback(self.events.put)

    def show(self, done: Future[Completion]) -> None:
        """Show what the last call has brought."""
        try:
            self.ghost = done.result().text
        except GitLabCompletionsError as error:
            self.ghost = ""
            print(f"no suggestion: {error}")


def type_line(editor: Editor) -> None:
    for key in TYPED:
        editor.events.put(key)
        time.sleep(PAUSE_S)


def edit(client: SyncCompletionClient) -> None:
    client.warm_up()  # while the author opens the file
    editor = Editor(client)
    Thread(target=type_line, args=[editor], daemon=True).start()
    editor.run()
    print(f"{TYPED.strip()}[{editor.ghost}]")
    superseded = client.status().counts.get("superseded", 0)
    print(f"{len(TYPED)} keys, {superseded} calls superseded on their way")


def main() -> None:
    if os.environ.get("GITLAB_URL"):
        with SyncCompletionClient.from_env() as client:
            edit(client)
        return
    plain = RoutingPolicy(allow_plain_http=True)  # the emulator has no certificate
    with (
        start_blocking_portal() as portal,  # the emulator does need asyncio
        portal.wrap_async_context_manager(Emulator(direct_latency_s=0.1)) as gitlab,
        SyncCompletionClient(
            gitlab.instance_url, gitlab.access_token, policy=plain
        ) as client,
    ):
        edit(client)


if __name__ == "__main__":
    main()
