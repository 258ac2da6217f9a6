"""The keystroke logic of an editor, in a Python host: ask at each key.

Suggestions come from the GitLab in GITLAB_URL with the token in GITLAB_TOKEN; without
GITLAB_URL from one in memory, where the author types in virtual time.
"""

import asyncio
import os

from gitlab_completions import CompletionClient
from gitlab_completions.editor import Document, EditorSession, Part, Silence, Suggestion
from gitlab_completions.testing import FakeGitLab, run

ABOVE = "def volume(width, height, depth):\n"
LINE = "    return width * height * depth"
KEYS = LINE[:18]
PAUSE_S = 0.1
"""Seconds between two keys."""


class Editor:
    """What a host has anyway: a text with its cursor, grey text, and a status bar."""

    def __init__(self, session: EditorSession) -> None:
        self.session = session
        self.text = ABOVE
        self.ghost: Suggestion | None = None

    async def press(self, key: str) -> None:
        """Insert a key, and show what may follow it."""
        self.text += key
        self.ghost = None
        document = Document(uri="file:///boxes.py", text=self.text, language="python")
        found = await self.session.suggest(document, len(self.text))
        if found.silence is Silence.SUPERSEDED:
            return  # the author has typed on, and the newer call answers
        if found.items:
            self.ghost = found.items[0]
            self.session.shown(self.ghost)
            line = self.text.splitlines()[-1]
            print(f"{line}[{self.ghost.text}]  {self.ghost.source}")
        else:
            print(f"nothing: {found.explanation}")

    async def accept_word(self) -> None:
        """Take the next word of what is suggested; the rest of it stays."""
        if self.ghost is not None:
            self.session.accepted(self.ghost, Part.WORD)
            await self.press(self.ghost.word)


async def edit(client: CompletionClient) -> None:
    await client.warm_up()  # while the author opens the file
    async with EditorSession(client) as session:
        told: list[str] = []
        session.observe(lambda event: told.append(event.action))
        editor = Editor(session)
        async with asyncio.TaskGroup() as calls:
            for key in KEYS:
                calls.create_task(editor.press(key))
                await asyncio.sleep(PAUSE_S)
        await editor.accept_word()
    print(f"{len(KEYS)} keys, requests: {told.count('suggestion_requested')}")


async def edit_in_memory() -> None:
    gitlab = FakeGitLab(lambda prompt: LINE[len(prompt.above) - len(ABOVE) :])
    gitlab.gateway.latency_s = 0.25
    async with gitlab.client() as client:
        await edit(client)


async def edit_at_gitlab() -> None:
    async with CompletionClient.from_env() as client:
        await edit(client)


if __name__ == "__main__":
    if os.environ.get("GITLAB_URL"):
        asyncio.run(edit_at_gitlab())
    else:
        run(edit_in_memory())
