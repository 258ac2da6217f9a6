"""A fetch that many processes share: one of them asks, the others are told.

Ten editor windows whose details run out in the same second would make ten requests, of
which the instance allows fifty a minute. So each looks in the store first; who finds
nothing good there claims to be the one who asks; and whoever has waited for that looks
once more before it asks itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlab_completions._records import replace
from gitlab_completions._shell.fetch import Fetched
from gitlab_completions._wire.entries import decode_answer, encode_answer

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitlab_completions._secrets import Secret
    from gitlab_completions._shell.fetch import Fetcher
    from gitlab_completions._shell.sharing import Sharing, Told


def access_name(project_path: str | None) -> str:
    """Return the name of the entry that holds a project's direct access."""
    return f"direct access {project_path or ''}"


class SharedFetcher:
    """Asks the instance for direct access, unless another process has.

    Args:
        fetcher: Asks.
        sharing: Knows what others were told.
    """

    def __init__(self, fetcher: Fetcher, sharing: Sharing) -> None:
        self.fetcher = fetcher
        self.sharing = sharing

    async def fetch(
        self, project_path: str | None, takes: Callable[[Fetched], bool]
    ) -> Fetched:
        """Return what another process was told, if `takes` will have it, or ask."""
        token = await self.fetcher.token()
        if isinstance(token, Fetched):
            return token
        name = access_name(project_path)
        told = await self._told(token, name, takes)
        if told is not None:
            return told
        async with self.sharing.turn(token, name):
            told = await self._told(token, name, takes)
            if told is not None:
                return told
            # As old as the question: an answer may have been slept through.
            asked_at = self.sharing.now()
            fetched, asked_with = await self.fetcher.ask(project_path, token)
            await self._tell(asked_with, name, fetched, asked_at)
            return fetched

    def understand(self, told: Told) -> Fetched | None:
        """Say what another process was told; validated as if it had just come."""
        answer = decode_answer(told.content)
        if answer is None:
            return None
        return replace(self.fetcher.understand(answer), told_at=told.at)

    async def _told(
        self, token: Secret, name: str, takes: Callable[[Fetched], bool]
    ) -> Fetched | None:
        (told,) = await self.sharing.read(token, [name])
        fetched = None if told is None else self.understand(told)
        return fetched if fetched is not None and takes(fetched) else None

    async def _tell(
        self, token: Secret, name: str, fetched: Fetched, said_at: float
    ) -> None:
        """Tell the others what the instance said; what it did not say is not told."""
        grant, answer = fetched.grant, fetched.answer
        keep_s = fetched.verdict.again_s if grant is None else grant.details.lifetime_s
        if answer is None or keep_s is None or fetched.outdated:
            return
        content = encode_answer(answer)
        if content is not None:
            await self.sharing.write(
                token, name, content, said_at=said_at, keep_s=keep_s
            )
