"""A keyring that keeps nothing beyond a test."""

from __future__ import annotations


class MemoryKeyring:
    """Keeps in memory; fails on demand, as a locked one does."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.kept: dict[tuple[str, str], str] = {}
        self.failure = failure
        self.failure_of_delete: Exception | None = None
        self.asked = 0

    def get_password(self, service_name: str, username: str) -> str | None:
        self.asked += 1
        self._fail()
        return self.kept.get((service_name, username))

    def set_password(self, service_name: str, username: str, password: str) -> None:
        self._fail()
        self.kept[service_name, username] = password

    def delete_password(self, service_name: str, username: str) -> None:
        if self.failure_of_delete is not None:
            raise self.failure_of_delete
        del self.kept[service_name, username]

    def _fail(self) -> None:
        if self.failure is not None:
            raise self.failure
