"""Stores by which the processes of one user share what the servers have told them.

Ten editor windows are ten processes; without a store each asks for direct access of its
own, and each finds out for itself that GitLab is refusing it or asks for a pause::

    client = CompletionClient(url, token, store=FileStore())

What is shared: connection details, and a server's own words (a refusal of direct
access, a `Retry-After`). What one process finds wrong with its network is not. A store
that fails costs nothing but the sharing; for one that hangs a fetch waits 1 s, in
which calls go indirect, and then leaves it alone for a while.

- `FileStore`, for the processes of one user on one machine (extra `shared`).
- `RedisStore`, for services on many machines (extra `redis`).
- `MemoryStore`, for the clients of one process, and for tests.

Entries are sealed with the access token: what others wrote is not believed. They are
not encrypted: whoever can read a store can read the gateway's tokens in it, which live
for an hour.
"""

from gitlab_completions.shared._file import FileStore
from gitlab_completions.shared._memory import MemoryStore
from gitlab_completions.shared._protocol import DetailsStore, Reading, Release
from gitlab_completions.shared._redis import RedisStore

__all__ = (
    "DetailsStore",
    "FileStore",
    "MemoryStore",
    "Reading",
    "RedisStore",
    "Release",
)
